//! *New access token*: name, what it is for, how long; then its text, once.

use leptos::prelude::*;
use protocol::forms::Draft;
use protocol::people::Role;
use protocol::tokens::{Lifetime, Scope};
use protocol::vault::Link;

use super::NewToken;
use super::api::{CreateToken, token_records};
use crate::ui::field::{SelectField, TextField};
use crate::ui::form::{DraftForm, FormSentence, FormState, answer_of};
use crate::ui::layout::{Dialog, Leave, Page};
use crate::ui::notice::Refused;
use crate::ui::once::ShownOnce;
use crate::viewer::use_viewer;

#[component]
pub fn NewTokenPage() -> impl IntoView {
    let records = Resource::new_blocking(|| (), |()| token_records());
    let viewer = use_viewer();

    view! {
        <Page title="New access token">
            <Transition>
                {move || Suspend::new(async move {
                    let role = viewer.await.ok().flatten().map(|viewer| viewer.role);
                    match records.await {
                        Ok(records) => view! { <NewTokenDialog records scopes=scopes(role) /> }.into_any(),
                        Err(error) => view! { <Refused error /> }.into_any(),
                    }
                })}
            </Transition>
        </Page>
    }
}

/// What a person of this role may have a token for: who launches nothing has no use for a client.
fn scopes(role: Option<Role>) -> &'static [Scope] {
    match role {
        Some(Role::Auditor) => &[Scope::CommandLine],
        Some(Role::Administrator | Role::User) | None => &Scope::ALL,
    }
}

#[component]
fn NewTokenDialog(records: Vec<Link>, scopes: &'static [Scope]) -> impl IntoView {
    let action = ServerAction::<CreateToken>::new();
    let answer = answer_of(action);

    view! {
        <Dialog title="New access token" back="/account">
            {move || match answer.get() {
                Some(new) => view! { <Created new /> }.into_any(),
                None => view! { <TokenForm action records=records.clone() scopes /> }.into_any(),
            }}
        </Dialog>
    }
}

#[component]
fn TokenForm(
    action: ServerAction<CreateToken>,
    records: Vec<Link>,
    scopes: &'static [Scope],
) -> impl IntoView {
    let state = FormState::of(action);
    let everything = (String::new(), "All records I may launch".to_owned());
    let records = std::iter::once(everything)
        .chain(
            records
                .into_iter()
                .map(|record| (record.id.to_string(), record.title)),
        )
        .collect();
    let scopes = scopes
        .iter()
        .map(|scope| (scope.as_str().to_owned(), scope.label().to_owned()))
        .collect();
    let lifetimes = Lifetime::ALL
        .map(|lifetime| (lifetime.as_str().to_owned(), lifetime.label().to_owned()))
        .to_vec();

    view! {
        <DraftForm action state check=|sent: &CreateToken| sent.draft.check() class="token-form">
            <FormSentence state />
            <TextField
                state
                name="draft[name]"
                label="Name"
                hint="Where you use it, e.g. the client or the job."
                autofocus=true
            />
            <SelectField
                state
                name="draft[scope]"
                label="For"
                hint="Clients connect to databases. The command line does that too, and whatever else you may do with it."
                options=scopes
            />
            <SelectField
                state
                name="draft[record]"
                label="Opens"
                hint="Never more than you may launch yourself at that moment."
                options=records
            />
            <SelectField
                state
                name="draft[lifetime]"
                label="Expires"
                value=Lifetime::default().as_str()
                options=lifetimes
            />
            <TextField
                state
                name="draft[day]"
                label="Last day"
                hint="UTC, within a year."
                kind="date"
            />
            <TextField
                state
                name="draft[password]"
                label="Your password"
                hint="The password you sign in to Postern with."
                kind="password"
                autocomplete="current-password"
            />
            <footer>
                <p class="muted">"The token is shown once."</p>
                <Leave href="/account" word="Cancel" />
                <button class="primary">"Create token"</button>
            </footer>
        </DraftForm>
    }
}

#[component]
fn Created(new: NewToken) -> impl IntoView {
    let used = match new.scope {
        Scope::Launch => view! {
            "Connect with the user name "
            <code>"record"</code>
            " or "
            <code>"record/account"</code>
            " and the token for a password."
        }
        .into_any(),
        Scope::CommandLine => view! { "Give it to " <code>"postern"</code> " in the variable " <code>"POSTERN_TOKEN"</code> "." }.into_any(),
    };

    view! {
        <div class="dialog-body">
            <ShownOnce id="new-token" label="Access token" value=new.token>
                <p>
                    "This is the token " <b>{new.name}</b>
                    ". Copy it where it is used: it is not shown again."
                </p>
            </ShownOnce>
            <p>{used}</p>
        </div>
        <footer>
            <Leave href="/account" word="Done" primary=true />
        </footer>
    }
}
