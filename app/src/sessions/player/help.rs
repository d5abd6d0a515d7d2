//! The keys of the player.

use leptos::html;
use leptos::prelude::*;

/// The keys of a replay on a screen.
pub(super) const PLAYER: [(&str, &str); 8] = [
    ("Space", "Play, pause"),
    ("← →", "5 seconds back, forward"),
    ("Shift ← →", "Statement before, after"),
    ("< >", "Slower, faster"),
    ("Home End", "Start, end"),
    ("f", "Full screen"),
    ("?", "This list"),
    ("Esc", "Close"),
];

/// A list that opens over the page while `helps` is set.
#[component]
pub(super) fn Help(helps: RwSignal<bool>, keys: &'static [(&'static str, &'static str)]) -> impl IntoView {
    let dialog = NodeRef::<html::Dialog>::new();
    Effect::new(move || {
        let Some(dialog) = dialog.get() else {
            return;
        };
        if helps.get() && !dialog.open() {
            // It is on the page, so it can open.
            let _opened = dialog.show_modal();
        } else if !helps.get() && dialog.open() {
            dialog.close();
        }
    });
    let keys = move || {
        let rows = keys.iter().map(|(key, what)| {
            view! {
                <dt>
                    <kbd>{*key}</kbd>
                </dt>
                <dd>{*what}</dd>
            }
        });

        helps.get().then(|| rows.collect_view())
    };

    view! {
        <dialog class="help" aria-label="Keys" on:close=move |_| helps.set(false) node_ref=dialog>
            <h2>"Keys"</h2>
            <dl>{keys}</dl>
            <form method="dialog">
                <button class="primary">"Close"</button>
            </form>
        </dialog>
    }
}
