//! Copying out of the terminal and pasting into it, where the record's settings allow it (spec §12).

use leptos::ev;
use leptos::task::spawn_local;
use wasm_bindgen_futures::JsFuture;

use super::held::Held;
use super::shown::Shown;
use crate::ui::clipboard::{clipboard, copy};

pub(super) const NO_COPY: &str = "Copying is disabled by your administrator.";
pub(super) const NO_PASTE: &str = "Pasting is disabled by your administrator.";

/// Cancels a copy the settings do not allow.
pub(super) fn forbid_copy(event: &ev::ClipboardEvent, shown: Shown) {
    if !shown.allows(|look| look.can_copy) {
        forbid(event, shown, NO_COPY);
    }
}

/// Cancels a paste the settings do not allow.
pub(super) fn forbid_paste(event: &ev::ClipboardEvent, shown: Shown) {
    if !shown.allows(|look| look.can_paste) {
        forbid(event, shown, NO_PASTE);
    }
}

fn forbid(event: &ev::ClipboardEvent, shown: Shown, sentence: &'static str) {
    event.prevent_default();
    event.stop_propagation();
    shown.say(sentence);
}

/// Where copying is not allowed nothing is selected by the mouse either: what is selected can be dragged, and lies in
/// the clipboard of the middle button by itself.
pub(super) fn forbid_selecting(event: &ev::MouseEvent, held: Held, shown: Shown) {
    if event.button() == 0 && !shown.allows(|look| look.can_copy) {
        event.prevent_default();
        event.stop_propagation();
        held.with(|line| line.focus());
    }
}

/// Ctrl-Shift-C and *Copy*: Ctrl-C is the database's.
pub(super) fn copy_selection(held: Held, shown: Shown) {
    if !shown.allows(|look| look.can_copy) {
        shown.say(NO_COPY);
        return;
    }
    let selection = held.with(|line| line.selection()).unwrap_or_default();
    if selection.is_empty() {
        shown.say("Select something first.");
        return;
    }

    // A browser that refuses leaves the clipboard as it was.
    let _copied = copy(&selection);
}

/// *Paste*, for who has no keys. Ctrl-V is the browser's.
pub(super) fn paste_clipboard(held: Held, shown: Shown) {
    if !shown.allows(|look| look.can_paste) {
        shown.say(NO_PASTE);
        return;
    }
    let Some(clipboard) = clipboard() else {
        shown.say("This browser shows the clipboard to no page here. Press Ctrl-V.");
        return;
    };
    spawn_local(async move {
        let read = JsFuture::from(clipboard.read_text()).await;
        match read.ok().and_then(|text| text.as_string()) {
            Some(text) => {
                held.with(|line| line.paste(&text));
            }
            None => shown.say("The browser did not show the clipboard. Press Ctrl-V."),
        }
    });
}
