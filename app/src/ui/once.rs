//! A value that is shown once.

use leptos::prelude::*;

use crate::ui::copyable::Copyable;

/// The value, below what to do with it.
#[component]
pub fn ShownOnce(id: &'static str, label: &'static str, value: String, children: Children) -> impl IntoView {
    view! {
        <div class="once-shown" role="status">
            {children()}
            <Copyable id label value />
        </div>
    }
}
