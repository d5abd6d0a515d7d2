//! What is asked before a launch: the account, where the person may launch with several, and the host of a connection
//! template.

use leptos::prelude::*;
use leptos_router::components::Form;
use protocol::terminal::{HOST_REQUIRED, LaunchChoice, LaunchView};
use protocol::vault::Link;

use crate::ui::icon::{Icon, Shape};
use crate::ui::layout::Dialog;

/// What the address says of a launch; empty for what it does not.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Asked {
    pub(super) account: Option<String>,
    pub(super) host: String,
    pub(super) host_record: String,
    /// The form of a template was sent.
    was_sent: bool,
}

impl Asked {
    pub(super) fn of(value: impl Fn(&str) -> Option<String>) -> Self {
        let host = value("host");

        Self {
            account: value("account").filter(|account| !account.is_empty()),
            was_sent: host.is_some(),
            host: host.unwrap_or_default().trim().to_owned(),
            host_record: value("host_record").unwrap_or_default(),
        }
    }

    /// What a connection template cannot be launched without (spec §9.4).
    pub(super) fn lacks(&self) -> Option<&'static str> {
        match (self.host.is_empty(), self.host_record.is_empty()) {
            (true, true) => Some(HOST_REQUIRED),
            (false, false) => Some("Enter a host or choose a record, not both."),
            (true, false) | (false, true) => None,
        }
    }
}

#[component]
pub(super) fn Choose(offer: LaunchView, asked: Asked) -> impl IntoView {
    let back = format!("/vault/{}", offer.record);
    let mut choices = offer.choices;
    choices.sort_by_key(|choice| !choice.is_launch_credential);
    let body = match offer.hosts {
        Some(hosts) => {
            let action = format!("{back}/terminal");

            view! { <Host action choices hosts asked /> }.into_any()
        }
        None => view! { <Accounts choices /> }.into_any(),
    };

    view! {
        <Dialog title="Launch" about=offer.record_title back>
            <div class="dialog-body">
                {body} <noscript inner_html=NEEDS_JAVASCRIPT></noscript>
            </div>
        </Dialog>
    }
}

/// What stands where the terminal would be.
pub(super) const NEEDS_JAVASCRIPT: &str =
    "<p>The terminal needs JavaScript. Switch it on for this site and reload the page.</p>";

const NOBODY: &str = "There is no account here that you may launch with. Ask who shared the record with you.";

/// One link for each account, the launch credential first.
#[component]
fn Accounts(choices: Vec<LaunchChoice>) -> impl IntoView {
    let said = match choices.is_empty() {
        true => NOBODY,
        false => "Choose the account to work as. Nobody sees its password, you neither.",
    };
    let links = choices
        .into_iter()
        .map(|choice| view! { <Account choice /> })
        .collect_view();

    view! {
        <p>{said}</p>
        <nav class="accounts" aria-label="Accounts">
            {links}
        </nav>
    }
}

#[component]
fn Account(choice: LaunchChoice) -> impl IntoView {
    view! {
        <a href=format!("?account={}", choice.account)>
            <Icon shape=Shape::Key />
            <b>{choice.login}</b>
            <span class="muted">{choice.title}</span>
            {choice.is_launch_credential.then(|| view! { <span class="tag acc">"launch credential"</span> })}
            {choice.is_personal.then(|| view! { <span class="tag">"personal"</span> })}
        </a>
    }
}

/// The host of a connection template, typed or taken from a record, and the account.
#[component]
fn Host(action: String, choices: Vec<LaunchChoice>, hosts: Vec<Link>, asked: Asked) -> impl IntoView {
    let sentence = asked.was_sent.then(|| asked.lacks()).flatten();
    if choices.is_empty() {
        return view! { <p>{NOBODY}</p> }.into_any();
    }
    let accounts = choices
        .into_iter()
        .map(|choice| {
            let words = match (choice.is_launch_credential, choice.is_personal) {
                (true, _) => " (launch credential)",
                (_, true) => " (personal)",
                (false, false) => "",
            };
            let id = choice.account.to_string();
            let is_chosen = asked.account.as_ref() == Some(&id);

            view! {
                <option value=id selected=is_chosen>
                    {choice.login}
                    " · "
                    {choice.title}
                    {words}
                </option>
            }
        })
        .collect_view();
    let records = hosts
        .into_iter()
        .map(|host| {
            let id = host.id.to_string();
            let is_chosen = asked.host_record == id;

            view! {
                <option value=id selected=is_chosen>
                    {host.title}
                    " · "
                    {host.subtitle}
                </option>
            }
        })
        .collect_view();

    view! {
        <Form method="get" action>
            <p>"A connection template: say which database server to work on."</p>
            <div class="field">
                <div class="field-label">
                    <label for="template-host">"Host"</label>
                    <p id="template-host-hint">"A name or an address, with :port if it is another than the template's."</p>
                </div>
                <div class="field-control">
                    <input
                        id="template-host"
                        name="host"
                        class="mono"
                        value=asked.host.clone()
                        autocomplete="off"
                        spellcheck="false"
                        maxlength="300"
                        autofocus
                        aria-invalid=sentence.is_some().then_some("true")
                        aria-describedby="template-host-hint template-host-error"
                    />
                    <p class="field-error" id="template-host-error" role="alert" hidden=sentence.is_none()>
                        {sentence}
                    </p>
                </div>
            </div>
            <div class="field">
                <div class="field-label">
                    <label for="template-record">"Or the host of a record"</label>
                </div>
                <div class="field-control">
                    <select id="template-record" name="host_record">
                        <option value="">"None"</option>
                        {records}
                    </select>
                </div>
            </div>
            <div class="field">
                <div class="field-label">
                    <label for="template-account">"Account"</label>
                </div>
                <div class="field-control">
                    <select id="template-account" name="account">
                        {accounts}
                    </select>
                </div>
            </div>
            <div class="actions">
                <button class="primary">"Launch"</button>
            </div>
        </Form>
    }
    .into_any()
}
