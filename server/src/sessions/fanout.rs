//! Where recorded output goes besides the owner's browser: the picture that newcomers are painted from, and live
//! watchers. A watcher joins between two pieces of output: snapshot, then tail, no gap and no duplicate.
//!
//! A watcher never slows the session. One that owes [`WATCH_WINDOW`] bytes of acknowledgement is left out until it
//! has caught up and then gets another snapshot; one that does not catch up is dropped and may join again.
//!
//! Bounds: [`MAX_WATCHERS`], and for each the frames of its channel.

use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use protocol::terminal::watch::{WATCH_WINDOW, WatchFrame, WatchHello, WatcherFrame};
use protocol::terminal::{Ended, RESUMED_LINES};
use protocol::time::Timestamp;
use recording::Tape;

use super::knocks::Watching;
use crate::terminal::socket::Ends;
use crate::viewer::Viewer;

/// People who watch one session at once.
const MAX_WATCHERS: usize = 16;

/// How long a watcher may be left out.
const PATIENCE: Duration = Duration::from_secs(30);

/// Between two pictures for who has caught up: each costs as much as the whole screen and what is above it.
const PAUSE: Duration = Duration::from_millis(500);

/// Frames a watcher that has caught up is sent: whether a browser is there, and a picture.
const CAUGHT_UP: usize = 2;

/// Acknowledgements of one watcher read at once.
const ACKS: usize = 8;

const TOO_MANY: &str = "Too many people watch this session already.";
const TOO_SLOW: &str = "The live view could not keep up. Open it again.";

/// Everybody who sees what the terminal shows.
pub struct Fanout {
    /// Keeps the screen, whatever it keeps of what is shown there.
    tape: Tape,
    size: (u16, u16),
    /// Whether a browser shows the session to its person.
    is_attached: bool,
    watchers: Vec<Watcher>,
    /// When somebody was painted anew last.
    painted_at: Option<Timestamp>,
}

struct Watcher {
    viewer: Viewer,
    ends: Ends<WatcherFrame, WatchFrame>,
    sent: u64,
    parsed: u64,
    behind_since: Option<Timestamp>,
}

impl Fanout {
    pub fn new(tape: Tape, cols: u16, rows: u16) -> Self {
        Self {
            tape,
            size: (cols, rows),
            is_attached: true,
            watchers: Vec::new(),
            painted_at: None,
        }
    }

    /// Passes on what the tape has accepted; the next snapshot holds it.
    pub fn publish(&mut self, output: &Bytes, now: Timestamp) {
        for watcher in &mut self.watchers {
            watcher.print(output, now);
        }
        self.catch_up(now);
    }

    /// The screen has another size.
    pub fn resize(&mut self, cols: u16, rows: u16, now: Timestamp) {
        self.size = (cols, rows);
        self.tell(&WatchFrame::Resize { cols, rows }, now);
    }

    /// The owner's browser came or went.
    pub fn attach(&mut self, is_attached: bool, now: Timestamp) {
        self.is_attached = is_attached;
        self.tell(&WatchFrame::Attached(is_attached), now);
    }

    /// Passes on what is no output: small, and of no use to who comes later. One whose channel is full falls behind,
    /// and is told what counts when it has caught up.
    pub fn tell(&mut self, frame: &WatchFrame, now: Timestamp) {
        for watcher in &mut self.watchers {
            if watcher.behind_since.is_none() && watcher.ends.to_browser.try_send(frame.clone()).is_err() {
                watcher.behind_since = Some(now);
            }
        }
    }

    /// What makes an empty terminal show what this one shows, with at most `n_lines` lines above the screen.
    pub fn snapshot(&self, n_lines: usize) -> Vec<u8> {
        self.tape
            .snapshot(n_lines)
            .map(|(_, snapshot)| snapshot.bytes)
            .unwrap_or_default()
    }

    /// Lets a watcher in, who is painted everything that is shown.
    pub fn join(&mut self, watching: Watching, hello: WatchHello) {
        let Watching { viewer, ends } = watching;
        if self.watchers.len() >= MAX_WATCHERS {
            let _told = ends.to_browser.try_send(WatchFrame::Dropped(TOO_MANY.to_owned()));
            return;
        }
        let mut watcher = Watcher {
            viewer,
            ends,
            sent: 0,
            parsed: 0,
            behind_since: None,
        };
        if watcher.ends.to_browser.try_send(WatchFrame::Hello(hello)).is_ok() {
            let (picture, n_bytes) = self.picture();
            watcher.paint(picture, n_bytes);
            self.watchers.push(watcher);
        }
    }

    pub fn is_watched(&self) -> bool {
        !self.watchers.is_empty()
    }

    /// Who watches; their rights are weighed again while they do.
    pub fn viewers(&self) -> Vec<Viewer> {
        self.watchers
            .iter()
            .map(|watcher| watcher.viewer.clone())
            .collect()
    }

    /// Drops who may not watch any longer.
    pub fn dismiss(&mut self, viewer: &Viewer, sentence: &str) {
        self.drop_if(|watcher| watcher.viewer.by == viewer.by, sentence);
    }

    /// Paints anew who has caught up, drops who has not for too long.
    pub fn check(&mut self, now: Timestamp) {
        self.catch_up(now);
        let is_late = |since: Timestamp| now.since(since) >= PATIENCE;
        self.drop_if(|watcher| watcher.behind_since.is_some_and(is_late), TOO_SLOW);
    }

    /// Waits until a watcher has something to say, and hears it.
    pub async fn listen(&mut self) {
        let watchers = &mut self.watchers;
        let heard = std::future::poll_fn(|context| {
            for (idx, watcher) in watchers.iter_mut().enumerate() {
                if let Poll::Ready(frame) = watcher.ends.from_browser.poll_recv(context) {
                    return Poll::Ready((idx, frame));
                }
            }

            Poll::Pending
        });
        match heard.await {
            (idx, Some(frame)) => {
                if let Some(watcher) = self.watchers.get_mut(idx) {
                    watcher.hear(&frame);
                }
            }
            (idx, None) => drop(self.watchers.swap_remove(idx)),
        }
    }

    /// The session's last word.
    pub fn part(self, ended: &Ended) {
        for watcher in self.watchers {
            // One that is gone or full learns it from the end of its socket.
            let _told = watcher.ends.to_browser.try_send(WatchFrame::Ended(ended.clone()));
        }
    }

    /// What a watcher is painted with, and how many bytes its terminal parses for it.
    fn picture(&self) -> (WatchFrame, u64) {
        let screen = self.snapshot(RESUMED_LINES);
        let (cols, rows) = self.size;
        let n_bytes = screen.len() as u64;

        (WatchFrame::Snapshot { cols, rows, screen }, n_bytes)
    }

    /// Paints anew whoever was left out and has caught up.
    pub fn catch_up(&mut self, now: Timestamp) {
        if !self.is_painting_due(now) {
            return;
        }
        self.painted_at = Some(now);
        let (picture, n_bytes) = self.picture();
        let is_attached = self.is_attached;
        for watcher in self.watchers.iter_mut().filter(|watcher| watcher.has_caught_up()) {
            watcher.catch_up(is_attached, picture.clone(), n_bytes);
        }
    }

    /// Whether somebody has caught up, and it is not too soon. Who comes too soon is painted with the next output, or
    /// when the watchers are looked at.
    fn is_painting_due(&self, now: Timestamp) -> bool {
        let is_time = self.painted_at.is_none_or(|last| now.since(last) >= PAUSE);

        is_time && self.watchers.iter().any(Watcher::has_caught_up)
    }

    fn drop_if(&mut self, is_dropped: impl Fn(&Watcher) -> bool, sentence: &str) {
        self.watchers.retain(|watcher| {
            let is_dropped = is_dropped(watcher);
            if is_dropped {
                let _told = watcher
                    .ends
                    .to_browser
                    .try_send(WatchFrame::Dropped(sentence.to_owned()));
            }

            !is_dropped
        });
    }
}

impl Watcher {
    fn print(&mut self, output: &Bytes, now: Timestamp) {
        for _ in 0..ACKS {
            let Ok(frame) = self.ends.from_browser.try_recv() else {
                break;
            };
            self.hear(&frame);
        }
        if self.behind_since.is_some() {
            return;
        }
        let n_bytes = output.len() as u64;
        let fits = self.sent - self.parsed + n_bytes <= WATCH_WINDOW;
        if fits
            && self
                .ends
                .to_browser
                .try_send(WatchFrame::Output(output.to_vec()))
                .is_ok()
        {
            self.sent += n_bytes;
        } else {
            self.behind_since = Some(now);
        }
    }

    /// Whether it was left out, owes nothing by its own words, and has taken what it was sent: who acknowledges
    /// without reading gets nothing.
    fn has_caught_up(&self) -> bool {
        self.behind_since.is_some()
            && self.parsed == self.sent
            && self.ends.to_browser.capacity() >= CAUGHT_UP
    }

    fn paint(&mut self, picture: WatchFrame, n_bytes: u64) {
        if self.ends.to_browser.try_send(picture).is_ok() {
            self.sent += n_bytes;
            self.behind_since = None;
        }
    }

    /// Tells who was left out whether a browser is there, then paints. The picture comes last: where the first does
    /// not fit neither does it, and both come later.
    fn catch_up(&mut self, is_attached: bool, picture: WatchFrame, n_bytes: u64) {
        let told = self.ends.to_browser.try_send(WatchFrame::Attached(is_attached));
        if told.is_ok() {
            self.paint(picture, n_bytes);
        }
    }

    fn hear(&mut self, frame: &WatcherFrame) {
        match frame {
            WatcherFrame::Ack { parsed } => self.parsed = (*parsed).clamp(self.parsed, self.sent),
        }
    }
}

#[cfg(test)]
mod tests;
