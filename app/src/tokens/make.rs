//! *New access token*, of one's own or of a service account: name, what it is for, how long; then its text, once.

use leptos::prelude::*;
use leptos_router::hooks::use_params_map;
use protocol::errors::{Code, Refusal};
use protocol::forms::Draft;
use protocol::ids::PersonId;
use protocol::people::Role;
use protocol::tokens::{Lifetime, Scope};
use protocol::vault::Link;

use super::api::{CreateToken, CreateTokenOf, token_records, token_records_of};
use super::{NewToken, OfAccount};
use crate::errors::AppError;
use crate::ui::field::{OwnPassword, SelectField, TextField};
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
                Some(new) => view! { <Created new back="/account" /> }.into_any(),
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

    view! {
        <DraftForm action state check=|sent: &CreateToken| sent.draft.check() class="token-form">
            <TokenFields state records scopes words=OWN />
            <TokenEnd back="/account" />
        </DraftForm>
    }
}

#[component]
pub fn NewTokenOfPage() -> impl IntoView {
    let params = use_params_map();
    let id = Memo::new(move |_| params.with(|params| params.get("person")?.parse::<PersonId>().ok()));
    let choices = Resource::new_blocking(
        move || id.get(),
        |id| async move {
            match id {
                Some(id) => token_records_of(id.clone()).await.map(|of| (id, of)),
                None => Err(AppError(Refusal::new(
                    Code::PamNotFound,
                    "There is no such service account.",
                ))),
            }
        },
    );

    view! {
        <Page title="New access token">
            <Transition>
                {move || Suspend::new(async move {
                    match choices.await {
                        Ok((id, of)) => view! { <NewTokenOfDialog id of /> }.into_any(),
                        Err(error) => view! { <Refused error /> }.into_any(),
                    }
                })}
            </Transition>
        </Page>
    }
}

#[component]
fn NewTokenOfDialog(id: PersonId, of: OfAccount) -> impl IntoView {
    let action = ServerAction::<CreateTokenOf>::new();
    let answer = answer_of(action);
    let back = format!("/people/{id}");

    view! {
        <Dialog title="New access token" about=format!("of {}", of.name) back=back.clone()>
            {move || match answer.get() {
                Some(new) => view! { <Created new back=back.clone() /> }.into_any(),
                None => {
                    view! { <TokenOfForm action id=id.clone() records=of.records.clone() /> }.into_any()
                }
            }}
        </Dialog>
    }
}

#[component]
fn TokenOfForm(action: ServerAction<CreateTokenOf>, id: PersonId, records: Vec<Link>) -> impl IntoView {
    let state = FormState::of(action);
    let back = format!("/people/{id}");

    view! {
        <DraftForm action state check=|sent: &CreateTokenOf| sent.draft.check() class="token-form">
            <input type="hidden" name="person" value=id.to_string() />
            <TokenFields state records scopes=&Scope::ALL words=ACCOUNTS />
            <TokenEnd back />
        </DraftForm>
    }
}

/// How the form says whose token it is.
struct Words {
    everything: &'static str,
    scope: &'static str,
    record: &'static str,
}

const OWN: Words = Words {
    everything: "All records I may launch",
    scope: "Clients connect to databases. The command line does that too, and whatever else you may do with it.",
    record: "Never more than you may launch yourself at that moment.",
};

const ACCOUNTS: Words = Words {
    everything: "All records shared with it for launch",
    scope: "Clients connect to databases. The command line does that too, and lists the service account's sessions.",
    record: "Never more than is shared with the service account at that moment.",
};

#[component]
fn TokenFields(
    state: FormState,
    records: Vec<Link>,
    scopes: &'static [Scope],
    words: Words,
) -> impl IntoView {
    let everything = (String::new(), words.everything.to_owned());
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
        <FormSentence state />
        <TextField
            state
            name="draft[name]"
            label="Name"
            hint="Where it is used, e.g. the client or the job."
            autofocus=true
        />
        <SelectField state name="draft[scope]" label="For" hint=words.scope options=scopes />
        <SelectField state name="draft[record]" label="Opens" hint=words.record options=records />
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
        <OwnPassword state name="draft[password]" />
    }
    .into_any()
}

#[component]
fn TokenEnd(#[prop(into)] back: String) -> impl IntoView {
    view! {
        <footer>
            <p class="muted">"The token is shown once."</p>
            <Leave href=back word="Cancel" />
            <button class="primary">"Create token"</button>
        </footer>
    }
}

#[component]
fn Created(new: NewToken, #[prop(into)] back: String) -> impl IntoView {
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
            <Leave href=back word="Done" primary=true />
        </footer>
    }
}
