//! The one-time link, shown once.

use leptos::prelude::*;

use super::NewLink;
use crate::ui::once::ShownOnce;

/// The one-time link and what to do with it.
#[component]
pub fn OneTimeLink(new: NewLink) -> impl IntoView {
    view! {
        <ShownOnce id="one-time-link" label="One-time link" value=new.link>
            <p>"Pass this link on to " <b>{new.email}</b> ". It works once, for 24 hours, and is not shown again."</p>
        </ShownOnce>
    }
}
