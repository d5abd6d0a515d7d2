//! Rows the engine does not hold: kept and fetched where it may take its time, one chunk after the other, while the
//! session stays awake.

use std::io;
use std::sync::Arc;

use bytes::Bytes;
use terminal::Shortage;
use tokio::task::JoinHandle;
use tokio_util::task::TaskTracker;
use tracing::warn;

use super::Task;
use crate::sessions::spool::{Space, Spool};
use crate::state::AppState;

/// What the session keeps of a result. Dropped, it frees its file with the chunk that is on its way.
pub struct Spooling {
    space: Arc<Space>,
    tasks: TaskTracker,
    spool: Option<Spool>,
    work: Option<Work>,
}

/// A chunk on its way.
enum Work {
    Out(Bytes, JoinHandle<(Option<Spool>, Result<(), Shortage>)>),
    Back(JoinHandle<(Spool, io::Result<Option<Bytes>>)>),
}

/// What became of a chunk.
pub enum Spooled {
    Kept,
    Refused(Bytes, Shortage),
    Back(Bytes),
    Lost,
}

impl Spooling {
    pub fn of(state: &AppState) -> Self {
        Self {
            space: Arc::clone(&state.spools),
            tasks: state.tasks.clone(),
            spool: None,
            work: None,
        }
    }

    /// Keeps a chunk behind those kept before.
    pub fn keep(&mut self, chunk: Bytes) {
        let (spool, space, rows) = (self.spool.take(), Arc::clone(&self.space), chunk.clone());
        let writing = move || {
            let mut spool = match spool.map_or_else(|| Spool::create(&space), Ok) {
                Ok(spool) => spool,
                Err(error) => {
                    warn!(error = &error as &dyn std::error::Error, "no file for rows");

                    return (None, Err(Shortage::Disk));
                }
            };
            let kept = spool.push(&rows);

            (Some(spool), kept)
        };
        self.work = Some(Work::Out(chunk, self.tasks.spawn_blocking(writing)));
    }

    /// Fetches the first chunk back; false where there is none.
    pub fn fetch(&mut self) -> bool {
        let Some(mut spool) = self.spool.take() else {
            return false;
        };
        let reading = move || {
            let chunk = spool.pop();

            (spool, chunk)
        };
        self.work = Some(Work::Back(self.tasks.spawn_blocking(reading)));

        true
    }

    /// Keeps nothing any longer.
    pub fn clear(&mut self) {
        self.work = None;
        self.spool = None;
    }

    /// Waits for the chunk on its way, for ever while there is none. Nothing is lost when the future is dropped.
    pub async fn done(&mut self) -> Spooled {
        let done = match &mut self.work {
            Some(Work::Out(chunk, writing)) => match writing.await {
                Ok((spool, kept)) => {
                    self.spool = spool;
                    kept.map_or_else(
                        |shortage| Spooled::Refused(chunk.clone(), shortage),
                        |()| Spooled::Kept,
                    )
                }
                Err(_) => Spooled::Refused(chunk.clone(), Shortage::Disk),
            },
            Some(Work::Back(reading)) => match reading.await {
                Ok((spool, Ok(Some(chunk)))) => {
                    self.spool = Some(spool);
                    Spooled::Back(chunk)
                }
                Ok((_, Ok(None))) | Err(_) => Spooled::Lost,
                Ok((_, Err(error))) => {
                    warn!(error = &error as &dyn std::error::Error, "rows not read back");
                    Spooled::Lost
                }
            },
            None => std::future::pending().await,
        };
        self.work = None;

        done
    }
}

impl Task {
    pub(super) fn fetch_rows(&mut self) {
        if !self.spooling.fetch() {
            self.engine.handle_unspooled(None);
        }
    }

    pub(super) fn hear_of_rows(&mut self, spooled: Spooled) {
        match spooled {
            Spooled::Kept => self.engine.handle_spooled(),
            Spooled::Refused(chunk, shortage) => self.engine.handle_spool_refused(chunk, shortage),
            Spooled::Back(chunk) => self.engine.handle_unspooled(Some(chunk)),
            Spooled::Lost => self.engine.handle_unspooled(None),
        }
    }
}
