//! What a replay begins with, fetched while its page is being made: the contents, and the frames of its first screen.

use leptos::prelude::*;
use leptos::task::spawn_local;
use protocol::ids::SessionId;

use super::fetch::{self, Missing};
use super::playback::{Action, Micros};
use super::shelf::Shelf;
use super::words::moment_of;

/// A recording that can be played.
#[derive(Debug, Clone)]
pub(super) struct Opening {
    pub(super) shelf: Shelf,
    /// The moment the address says.
    pub(super) at: Micros,
    /// Why the recording is not whole.
    pub(super) trouble: Option<String>,
}

/// What was asked for of the session the page is about, and what came.
#[derive(Clone, Copy)]
pub(super) struct Asked {
    /// The session, and the number of the attempt.
    of: StoredValue<Option<(SessionId, u32)>>,
    came: RwSignal<Option<Result<Opening, Missing>>>,
}

impl Asked {
    pub(super) fn nothing() -> Self {
        Self {
            of: StoredValue::new(None),
            came: RwSignal::new(None),
        }
    }

    /// Asks once for each session and attempt.
    pub(super) fn ask(self, session: &SessionId, attempt: u32) {
        let of = (session.clone(), attempt);
        if self.of.with_value(|asked| asked.as_ref() == Some(&of)) {
            return;
        }
        self.of.set_value(Some(of.clone()));
        self.came.set(None);

        spawn_local(async move {
            let opening = fetch_opening(&of.0).await;
            // The page may have gone meanwhile, or be about another session.
            if self.of.try_get_value() == Some(Some(of)) {
                let _gone = self.came.try_set(Some(opening));
            }
        });
    }

    /// Tracked.
    pub(super) fn came(self) -> Option<Result<Opening, Missing>> {
        self.came.get()
    }
}

/// Frames that do not come now are asked for again by the replay.
async fn fetch_opening(session: &SessionId) -> Result<Opening, Missing> {
    let contents = fetch::contents(session).await?;
    let trouble = contents.missing.first().map(|(_, sentence)| sentence.clone());
    let mut shelf = Shelf::new(contents);
    let at = window().location().hash().map_or(0, |hash| moment_of(&hash));
    let at = at.clamp(0, shelf.total());
    let want = shelf.scene(Action::Jump { until: at }).err();
    if let Some(want) = want
        && let Ok(frames) = fetch::frames(session, &want).await
        && !shelf.insert(&want, frames)
    {
        shelf.forget(&want);
    }

    Ok(Opening { shelf, at, trouble })
}
