//! Keys of the statement timeline.

use leptos::ev;
use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::Element;

use super::desk::Desk;

pub(super) const KEYS: [(&str, &str); 9] = [
    ("↑ ↓", "Statement before, after"),
    ("Home End", "First, last"),
    ("e", "Next error"),
    ("+ −", "Zoom in, out"),
    ("← →", "Earlier, later on the axis"),
    ("0", "All of the time"),
    ("/", "Search"),
    ("?", "This list"),
    ("Esc", "Close"),
];

/// Keys work wherever the focus is but on what takes these keys itself.
pub(super) fn handle(
    event: &ev::KeyboardEvent,
    desk: Desk,
    search: NodeRef<html::Input>,
    helps: RwSignal<bool>,
) {
    if event.ctrl_key() || event.alt_key() || event.meta_key() || event.default_prevented() {
        return;
    }
    let target = event
        .target()
        .and_then(|target| target.dyn_into::<Element>().ok());
    let is_in = |what: &str| {
        target
            .as_ref()
            .is_some_and(|target| matches!(target.closest(what), Ok(Some(_))))
    };
    let key = event.key();
    // Text that is longer than its pane is scrolled by them.
    let scrolls = matches!(
        key.as_str(),
        "ArrowUp" | "ArrowDown" | "Home" | "End" | "ArrowLeft" | "ArrowRight"
    );
    if is_in("input, select, textarea, dialog") || scrolls && is_in(".run, .lane-rows") {
        return;
    }
    match key.as_str() {
        "ArrowDown" => desk.step(1),
        "ArrowUp" => desk.step(-1),
        "Home" => desk.step_to_end(false),
        "End" => desk.step_to_end(true),
        "e" => desk.step_to_error(),
        "+" | "=" => desk.zoom_in(),
        "-" => desk.zoom_out(),
        "0" => desk.zoom.set(None),
        "ArrowLeft" => desk.pan(-1),
        "ArrowRight" => desk.pan(1),
        "/" => {
            if let Some(search) = search.get_untracked() {
                // It is on the page, so it takes the focus.
                let _focused = search.focus();
            }
        }
        "?" => helps.set(true),
        _ => return,
    }
    event.prevent_default();
}
