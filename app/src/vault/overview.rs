//! What a record says: facts by kind, accounts, PAM settings, and who links to it.

mod cards;
mod facts;

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use protocol::vault::{Body, RecordView, SettingsView, TestedCredential};

use self::cards::{Accounts, LinkedFrom, SettingsSummary};
use self::facts::{ConfigurationFacts, DatabaseFacts, Stamps, UserFacts};
use super::test::TestConnection;
use crate::ui::copyable::Copyable;

/// Everything below the tabs of a record's first page.
#[component]
pub fn Overview(
    record: RecordView,
    settings: Option<SettingsView>,
    tests: Vec<TestedCredential>,
    tunnel: Option<String>,
) -> impl IntoView {
    let id = record.id.clone();
    let configures = record.may_configure;
    let facts = match record.body.clone() {
        Body::Configuration(view) => view! { <ConfigurationFacts view /> }.into_any(),
        Body::Database(view) => view! { <DatabaseFacts view /> }.into_any(),
        Body::User(view) => {
            view! { <UserFacts id=id.clone() view may_reveal=record.permissions.reveal /> }.into_any()
        }
    };
    let cards = settings.map(|settings| {
        view! {
            {configures.then(|| view! { <Accounts id=id.clone() settings=settings.clone() /> })}
            <SettingsSummary id=id.clone() settings configures />
        }
    });
    let test = (!tests.is_empty()).then(|| {
        view! { <TestConnection id=record.id.clone() credentials=tests tested=record.tested.clone() /> }
    });

    let unreachable = record.unreachable.clone().map(|sentence| {
        view! {
            <p class="warning" role="status">
                {sentence}
            </p>
        }
    });

    view! {
        <PastedCredential />
        {unreachable}
        {facts}
        {tunnel.map(|command| view! { <StartTunnel command /> })}
        {cards}
        {test}
        <LinkedFrom linked=record.linked_from.clone() />
        <Stamps record />
    }
}

/// The command that opens a tunnel: a browser cannot listen on a port.
#[component]
fn StartTunnel(command: String) -> impl IntoView {
    view! {
        <section class="card" id="tunnel">
            <header>
                <h2>"Start tunnel"</h2>
            </header>
            <p class="muted">
                "With psql, pgAdmin, DBeaver or any other client on your machine, without the password: run this there."
            </p>
            <Copyable id="tunnel-command" label="Command" value=command />
        </section>
    }
}

/// Says where the credential of a pasted connection string belongs.
#[component]
fn PastedCredential() -> impl IntoView {
    let query = use_query_map();

    move || {
        query.with(|query| query.get("pasted").is_some()).then(|| {
            view! {
                <p class="warning" role="status">
                    "The login and password of the connection string were not kept: a credential belongs into a PAM User. "
                    <a href="/vault/new/user">"Create the PAM User"</a>
                </p>
            }
        })
    }
}
