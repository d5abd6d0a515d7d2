//! What the browser keeps: how the person likes a terminal, and the session a page was left with.
//!
//! Where a browser keeps nothing, everything is as at first.

use leptos::prelude::window;
use protocol::ids::{RecordId, SessionId};

use super::xterm::Size;

/// Kept for good, for every terminal of this browser.
const READS_ALOUD: &str = "postern.terminal.reads-aloud";
const LETTER_STEPS: &str = "postern.terminal.letter-steps";
const SIZE: &str = "postern.terminal.size";

/// Whether what is printed is to be read aloud.
pub(super) fn reads_aloud() -> bool {
    liked(READS_ALOUD).as_deref() == Some("yes")
}

pub(super) fn keep_reads_aloud(reads_aloud: bool) {
    like(READS_ALOUD, if reads_aloud { "yes" } else { "no" });
}

/// How many sizes larger than the record says letters are to be.
pub(super) fn letter_steps() -> i8 {
    liked(LETTER_STEPS)
        .and_then(|steps| steps.parse().ok())
        .unwrap_or(0)
}

pub(super) fn keep_letter_steps(steps: i8) {
    like(LETTER_STEPS, &steps.to_string());
}

/// The size terminals had last: what one that is not measured yet will probably have.
pub(super) fn size() -> Size {
    let kept = liked(SIZE);
    let parts = kept.as_deref().and_then(|kept| kept.split_once('x'));
    let size = parts.and_then(|(cols, rows)| {
        Some(Size {
            cols: cols.parse().ok()?,
            rows: rows.parse().ok()?,
        })
    });

    size.unwrap_or(Size { cols: 80, rows: 24 })
}

pub(super) fn keep_size(Size { cols, rows }: Size) {
    like(SIZE, &format!("{cols}x{rows}"));
}

/// Notes that this tab is being left while it shows `session`: a reload comes back to it by itself. A tab that is
/// opened as a copy of another finds no such note, since the other was not left.
pub(super) fn note_left(record: &RecordId, session: &SessionId) {
    if let Ok(Some(storage)) = window().session_storage() {
        // A full storage is a reload that asks.
        let _kept = storage.set_item(&left_by(record), session.as_str());
    }
}

/// Takes the note.
pub(super) fn take_left(record: &RecordId) -> Option<SessionId> {
    let storage = window().session_storage().ok()??;
    let key = left_by(record);
    let session = storage.get_item(&key).ok()??;
    storage.remove_item(&key).ok()?;

    session.parse().ok()
}

fn left_by(record: &RecordId) -> String {
    format!("postern.terminal.left.{record}")
}

fn liked(key: &str) -> Option<String> {
    window().local_storage().ok()??.get_item(key).ok()?
}

fn like(key: &str, value: &str) {
    if let Ok(Some(storage)) = window().local_storage() {
        // A browser that keeps nothing asks again.
        let _kept = storage.set_item(key, value);
    }
}
