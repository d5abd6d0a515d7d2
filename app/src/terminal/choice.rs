//! The choice of an account, where the person may launch with several.

use leptos::prelude::*;
use protocol::terminal::{LaunchChoice, LaunchView};

use crate::ui::icon::{Icon, Shape};
use crate::ui::layout::Dialog;

/// One link for each account, the launch credential first.
#[component]
pub(super) fn Choose(offer: LaunchView) -> impl IntoView {
    let back = format!("/vault/{}", offer.record);
    let mut choices = offer.choices;
    choices.sort_by_key(|choice| !choice.is_launch_credential);
    let said = match choices.is_empty() {
        true => "There is no account here that you may launch with. Ask who shared the record with you.",
        false => "Choose the account to work as. Nobody sees its password, you neither.",
    };
    let links = choices
        .into_iter()
        .map(|choice| view! { <Account choice /> })
        .collect_view();

    view! {
        <Dialog title="Launch" about=offer.record_title back>
            <div class="dialog-body">
                <p>{said}</p>
                <nav class="accounts" aria-label="Accounts">
                    {links}
                </nav>
                <noscript inner_html=NEEDS_JAVASCRIPT></noscript>
            </div>
        </Dialog>
    }
}

/// What stands where the terminal would be.
pub(super) const NEEDS_JAVASCRIPT: &str =
    "<p>The terminal needs JavaScript. Switch it on for this site and reload the page.</p>";

#[component]
fn Account(choice: LaunchChoice) -> impl IntoView {
    view! {
        <a href=format!("?account={}", choice.account)>
            <Icon shape=Shape::Key />
            <b>{choice.login}</b>
            <span class="muted">{choice.title}</span>
            {choice.is_launch_credential.then(|| view! { <span class="tag acc">"launch credential"</span> })}
        </a>
    }
}
