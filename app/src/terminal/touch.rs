//! Keys a keyboard on glass does not have.

use leptos::ev;
use leptos::prelude::*;

use super::held::Held;

/// Name and what xterm.js would send.
const KEYS: [(&str, &str, &str); 7] = [
    ("Ctrl-C", "Ctrl-C", "\x03"),
    ("Esc", "Esc", "\x1b"),
    ("Tab", "Tab", "\t"),
    ("↑", "Up", "\x1b[A"),
    ("↓", "Down", "\x1b[B"),
    ("←", "Left", "\x1b[D"),
    ("→", "Right", "\x1b[C"),
];

/// A row of keys, where pointers are fingers.
#[component]
pub(super) fn TouchKeys(held: Held) -> impl IntoView {
    let keys = KEYS
        .into_iter()
        .map(|(shown, name, sent)| {
            view! {
                <button
                    aria-label=name
                    // The terminal keeps the focus, and the keyboard on the glass stays.
                    on:mousedown=|event: ev::MouseEvent| event.prevent_default()
                    on:click=move |_| {
                        held.with(|line| line.type_keys(sent));
                    }
                >
                    {shown}
                </button>
            }
        })
        .collect_view();

    view! {
        <div class="terminal-touch" role="group" aria-label="Keys">
            {keys}
        </div>
    }
}
