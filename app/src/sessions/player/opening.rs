//! What a replay begins with, fetched while its page is being made: the contents, and the frames of its first screen.

use leptos::prelude::*;
use protocol::ids::SessionId;

use super::fetch::{self, Missing};
use super::playback::{Action, Micros};
use super::shelf::Shelf;
use super::words::moment_of;

/// A recording that can be played.
#[derive(Debug, Clone)]
pub(super) struct Opening {
    /// The address may name another session by the time this has come.
    pub(super) session: SessionId,
    pub(super) shelf: Shelf,
    /// The moment the address says.
    pub(super) at: Micros,
    /// Why the recording is not whole.
    pub(super) trouble: Option<String>,
}

/// Fetches what the replay of a session begins with. Frames that do not come now are asked for again by the replay.
pub(super) async fn fetch_opening(session: SessionId) -> Result<Opening, Missing> {
    let contents = fetch::contents(&session).await?;
    let trouble = contents.missing.first().map(|(_, sentence)| sentence.clone());
    let mut shelf = Shelf::new(contents);
    let at = window().location().hash().map_or(0, |hash| moment_of(&hash));
    let at = at.clamp(0, shelf.total());
    let want = shelf.scene(Action::Jump { until: at }).err();
    if let Some(want) = want
        && let Ok(frames) = fetch::frames(&session, &want).await
    {
        // Fewer than there should be are told of by the replay, which asks for them again.
        if !shelf.insert(&want, frames) {
            shelf.forget(&want);
        }
    }

    Ok(Opening {
        session,
        shelf,
        at,
        trouble,
    })
}
