//! The size of the browser's window, taken no faster than anybody can look: each one is a picture of the screen on
//! record. Between two of them the last one wins.

use std::time::{Duration, Instant};

use terminal::Size;
use tokio::time::sleep;

use super::{MAX_SCREEN, Step, Task, unrecorded};
use crate::clock;

/// Between two sizes.
const PAUSE: Duration = Duration::from_millis(100);

/// What the browser has said of its window that is not done yet.
#[derive(Debug, Default)]
pub struct Window {
    wanted: Option<Size>,
    taken_at: Option<Instant>,
}

impl Window {
    /// Resolves when a size waits and may be taken.
    pub async fn still(&self) {
        if self.wanted.is_none() {
            std::future::pending::<()>().await;
        }
        sleep(self.pause()).await;
    }

    fn pause(&self) -> Duration {
        let elapsed = self
            .taken_at
            .map(|taken_at| clock::instant().saturating_duration_since(taken_at));

        elapsed.map_or(Duration::ZERO, |elapsed| PAUSE.saturating_sub(elapsed))
    }
}

impl Task {
    /// Takes a size, now or when the one before has stood for a moment.
    pub(super) fn want_size(&mut self, size: Size) -> Step {
        self.window.wanted = Some(size);
        if !self.window.pause().is_zero() {
            return Ok(());
        }

        self.take_size()
    }

    pub(super) fn take_size(&mut self) -> Step {
        match self.window.wanted {
            Some(size) => self.resize(size),
            None => Ok(()),
        }
    }

    pub(super) fn resize(&mut self, size: Size) -> Step {
        self.window.wanted = None;
        if size == self.size {
            return Ok(());
        }
        self.window.taken_at = Some(clock::instant());
        // What was printed before belongs to the screen as it was.
        self.show()?;
        self.size = size;
        let now = clock::now();
        self.lane
            .resize(now.micros(), size.cols, size.rows)
            .map_err(|_| unrecorded())?;
        self.fanout.resize(size.cols, size.rows, now);
        self.presence.resize(size.rows, self.hello.look.scrollback);
        self.engine.handle_resize(size);

        Ok(())
    }
}

pub(super) fn size_of(cols: u16, rows: u16) -> Size {
    Size {
        cols: cols.clamp(1, MAX_SCREEN),
        rows: rows.clamp(1, MAX_SCREEN),
    }
}
