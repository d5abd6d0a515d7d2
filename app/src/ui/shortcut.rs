//! `/` moves the focus to the search of the page.

use leptos::ev;
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use leptos::web_sys::{HtmlElement, HtmlInputElement, KeyboardEvent};

/// The one key; `aria-keyshortcuts` of the field it leads to.
pub const SEARCH_KEY: &str = "/";

/// Listens for the key, once for all pages. Where somebody types, it is a letter.
pub fn provide_search_key() {
    if is_browser() {
        // It lives as long as the document.
        let _listening = window_event_listener(ev::keydown, handle_key);
    }
}

fn handle_key(event: KeyboardEvent) {
    let is_plain = event.key() == SEARCH_KEY && !(event.ctrl_key() || event.meta_key() || event.alt_key());
    if !is_plain || event.default_prevented() || is_typing() {
        return;
    }
    let search = document()
        .query_selector("[aria-keyshortcuts='/']")
        .ok()
        .flatten()
        .and_then(|search| search.dyn_into::<HtmlInputElement>().ok());
    if let Some(search) = search {
        event.prevent_default();
        // Below an open dialog it cannot take the focus, and need not.
        let _focused = search.focus();
        search.select();
    }
}

/// Whether the focus is where keys are text or a choice.
fn is_typing() -> bool {
    document()
        .active_element()
        .and_then(|focused| focused.dyn_into::<HtmlElement>().ok())
        .is_some_and(|focused| {
            focused.is_content_editable() || focused.matches("input, textarea, select").unwrap_or(false)
        })
}

/// The key, beside the field it leads to; only where there is a script to hear it.
#[component]
pub fn SearchKey() -> impl IntoView {
    let is_heard = RwSignal::new(false);
    Effect::new(move |_| is_heard.set(true));

    view! {
        <kbd aria-hidden="true" hidden=move || !is_heard.get()>
            {SEARCH_KEY}
        </kbd>
    }
}
