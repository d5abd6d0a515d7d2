//! The editor pane of `\e`: a text, saved or left as it was.

use leptos::ev;
use leptos::html;
use leptos::prelude::*;
use protocol::terminal::MAX_EDIT;

use super::clipboard::{forbid_copy, forbid_paste};
use super::held::Held;
use super::shown::Shown;
use crate::ui::raw::raw_text;

#[component]
pub(super) fn Editor(held: Held, shown: Shown) -> impl IntoView {
    let pane = NodeRef::<html::Dialog>::new();
    let field = NodeRef::<html::Textarea>::new();
    let length = RwSignal::new(0_usize);
    let is_too_long = move || length.get() > MAX_EDIT;

    Effect::new(move || {
        let (Some(pane), Some(field)) = (pane.get(), field.get()) else {
            return;
        };
        match shown.edit.get() {
            Some(text) => {
                length.set(text.len());
                field.set_value(&text);
                if !pane.open() {
                    // A pane that cannot be opened leaves the session waiting, which Ctrl-C ends.
                    let _opened = pane.show_modal();
                }
                let _focused = field.focus();
            }
            None => pane.close(),
        }
    });

    let answer = move |text: Option<String>| {
        shown.edit.set(None);
        held.with(|line| {
            line.edited(text);
            line.focus();
        });
    };
    let save = move || {
        let text = field
            .get_untracked()
            .map(|field| field.value())
            .unwrap_or_default();
        if text.len() <= MAX_EDIT {
            answer(Some(text));
        }
    };
    let keys = move |event: ev::KeyboardEvent| {
        if event.key() == "Enter" && (event.ctrl_key() || event.meta_key()) {
            event.prevent_default();
            save();
        }
    };
    let leave = move |event: ev::Event| {
        event.prevent_default();
        answer(None);
    };
    let written = move |event: ev::Event| length.set(event_target_value(&event).len());

    view! {
        <dialog class="dialog wide terminal-editor" aria-labelledby="terminal-editor" node_ref=pane on:cancel=leave>
            <header>
                <h2 id="terminal-editor">"Edit"</h2>
                <span class="muted">"what you save goes to the terminal"</span>
            </header>
            <textarea
                aria-label="Statement"
                rows="16"
                spellcheck="false"
                autocomplete="off"
                node_ref=field
                on:input=written
                on:keydown=keys
                on:copy=move |event| forbid_copy(&event, shown)
                on:cut=move |event| forbid_copy(&event, shown)
                on:paste=move |event| forbid_paste(&event, shown)
            >
                {raw_text("")}
            </textarea>
            <p class="error" role="alert" hidden=move || !is_too_long()>
                {format!("At most {} KiB can be edited here.", MAX_EDIT / 1024)}
            </p>
            <footer>
                <span class="muted">
                    <kbd>"Ctrl-Enter"</kbd>
                    " saves, "
                    <kbd>"Esc"</kbd>
                    " leaves it as it was"
                </span>
                <button on:click=move |_| answer(None)>"Cancel"</button>
                <button class="primary" disabled=is_too_long on:click=move |_| save()>
                    "Save"
                </button>
            </footer>
        </dialog>
    }
}
