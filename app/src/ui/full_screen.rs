//! A part of the page that fills the screen.

use leptos::html;
use leptos::prelude::*;
use send_wrapper::SendWrapper;

use super::callback::callback_with;

/// Whether something of the page fills the screen.
pub fn is_full_screen() -> RwSignal<bool> {
    let is_full = RwSignal::new(false);

    Effect::new(move || {
        let look = move |_| is_full.set(document().fullscreen_element().is_some());
        let changed = callback_with(look);
        let target = document();
        // The browser has the event wherever it has the action.
        let _added = target.add_event_listener_with_callback("fullscreenchange", &changed);
        let held = SendWrapper::new((target, changed));
        on_cleanup(move || {
            let (target, changed) = held.take();
            let _removed = target.remove_event_listener_with_callback("fullscreenchange", &changed);
        });
    });

    is_full
}

/// Makes `frame` fill the screen, or lets go of it.
pub fn toggle_full_screen(frame: NodeRef<html::Div>) {
    let document = document();
    if document.fullscreen_element().is_some() {
        document.exit_fullscreen();
        return;
    }
    if let Some(frame) = frame.get_untracked() {
        // A browser that does not allow it leaves the page as it is.
        let _filled = frame.request_fullscreen();
    }
}
