//! A value to be copied by a button, or by hand where the browser has no clipboard for us.

use leptos::html::Input;
use leptos::prelude::*;

use crate::ui::clipboard::copy;

/// The value, with its button.
#[component]
pub fn Copyable(id: &'static str, label: &'static str, value: String) -> impl IntoView {
    let field = NodeRef::<Input>::new();
    let select = move || {
        if let Some(field) = field.get_untracked() {
            field.select();
        }
    };
    // Only a browser that runs this can copy; without it the value is selected by hand.
    let can_copy = RwSignal::new(false);
    let copied = RwSignal::new(false);
    Effect::new(move |_| can_copy.set(true));
    let text = value.clone();
    let copy = move |_| {
        copied.set(copy(&text));
        select();
    };

    view! {
        <label class="unseen" for=id>
            {label}
        </label>
        <div class="once">
            <input
                id=id
                class="mono"
                readonly
                autocomplete="off"
                spellcheck="false"
                value=value
                node_ref=field
                on:focus=move |_| select()
            />
            <button type="button" hidden=move || !can_copy.get() on:click=copy>
                {move || if copied.get() { "Copied" } else { "Copy" }}
            </button>
        </div>
    }
}
