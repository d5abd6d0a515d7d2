//! A value that is shown once: to be copied by a button, or by hand where the browser has no clipboard for us.

use leptos::html::Input;
use leptos::prelude::*;

use super::NewLink;
use crate::ui::clipboard::copy;

/// The one-time link and what to do with it.
#[component]
pub fn OneTimeLink(new: NewLink) -> impl IntoView {
    let field = NodeRef::<Input>::new();
    let select = move || {
        if let Some(field) = field.get_untracked() {
            field.select();
        }
    };
    // Only a browser that runs this can copy; without it the link is selected by hand.
    let can_copy = RwSignal::new(false);
    let copied = RwSignal::new(false);
    Effect::new(move |_| can_copy.set(true));
    let link = new.link.clone();
    let copy = move |_| {
        copied.set(copy(&link));
        select();
    };

    view! {
        <div class="once-shown" role="status">
            <p>"Pass this link on to " <b>{new.email}</b> ". It works once, for 24 hours, and is not shown again."</p>
            <label class="unseen" for="one-time-link">"One-time link"</label>
            <div class="once">
                <input
                    id="one-time-link"
                    class="mono"
                    readonly
                    autocomplete="off"
                    spellcheck="false"
                    value=new.link
                    node_ref=field
                    on:focus=move |_| select()
                />
                <button type="button" hidden=move || !can_copy.get() on:click=copy>
                    {move || if copied.get() { "Copied" } else { "Copy" }}
                </button>
            </div>
        </div>
    }
}
