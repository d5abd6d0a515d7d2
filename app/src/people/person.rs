//! One person: role, access, a new link when the password is lost. One service account: its tokens and its access.

use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};
use protocol::errors::{Code, Refusal};
use protocol::ids::PersonId;
use protocol::people::{PersonState, PersonView, Role};

use super::api::{ChangeRole, ResetPerson, SwitchOff, SwitchOn, person};
use super::invite::role_options;
use super::once::OneTimeLink;
use super::{PersonDetail, tag_of};
use crate::errors::AppError;
use crate::tokens::{TokensOf, Whose};
use crate::ui::field::ChoiceField;
use crate::ui::form::{DraftForm, FormSentence, FormState, answer_of};
use crate::ui::layout::{Page, Top};
use crate::ui::notice::Refused;
use crate::ui::when::When;

#[component]
pub fn PersonPage() -> impl IntoView {
    let params = use_params_map();
    let query = use_query_map();
    let reset = ServerAction::<ResetPerson>::new();
    let detail = Resource::new_blocking(
        move || {
            (
                params.with(|params| params.get("person").unwrap_or_default()),
                query.get(),
                reset.version().get(),
            )
        },
        |(id, _, _)| async move {
            match id.parse::<PersonId>() {
                Ok(id) => person(id).await,
                Err(_) => Err(AppError(Refusal::new(
                    Code::PamNotFound,
                    "There is no such person.",
                ))),
            }
        },
    );

    view! {
        <Page title="Person">
            <Transition>
                {move || Suspend::new(async move {
                    match detail.await {
                        Ok(detail) if detail.person.is_service_account() => {
                            view! { <ServiceAccount account=detail.person /> }.into_any()
                        }
                        Ok(detail) => view! { <Person detail reset /> }.into_any(),
                        Err(error) => view! { <Refused error /> }.into_any(),
                    }
                })}
            </Transition>
        </Page>
    }
}

#[component]
fn Person(detail: PersonDetail, reset: ServerAction<ResetPerson>) -> impl IntoView {
    let PersonDetail {
        person,
        n_sign_ins,
        is_viewer,
    } = detail;
    let saved = use_query_map().with_untracked(|query| query.get("saved").as_deref().and_then(saved));

    view! {
        <Top heading=person.name.clone()>
            <a class="btn" href="/people">"All people"</a>
        </Top>
        <div class="column">
            {saved.map(|sentence| view! { <p class="done" role="status">{sentence}</p> })}
            <section class="card">
                <dl class="facts">
                    <dt>"Email"</dt>
                    <dd>{person.handle.clone()} {is_viewer.then_some(" (you)")}</dd>
                    <dt>"State"</dt>
                    <dd>
                        <span class=tag_of(person.state)>{person.state.label()}</span>
                    </dd>
                    <dt>"Since"</dt>
                    <dd>
                        <When at=person.created_at />
                    </dd>
                    <dt>"Open sign-ins"</dt>
                    <dd>{n_sign_ins}</dd>
                </dl>
            </section>
            <RoleForm id=person.id.clone() role=person.role />
            <TokensOf person=person.id.clone() whose=Whose::Persons />
            {(!is_viewer).then(|| view! { <Access person=person.clone() reset /> })}
        </div>
    }
}

#[component]
fn ServiceAccount(account: PersonView) -> impl IntoView {
    let saved =
        use_query_map().with_untracked(|query| query.get("saved").as_deref().and_then(saved_of_account));
    let is_active = account.state == PersonState::Active;
    let id = account.id.clone();

    view! {
        <Top heading=account.name.clone()>
            <a class="btn" href="/people">"All people"</a>
        </Top>
        <div class="column">
            {saved.map(|sentence| view! { <p class="done" role="status">{sentence}</p> })}
            <section class="card">
                <dl class="facts">
                    <dt>"State"</dt>
                    <dd>
                        <span class=tag_of(account.state)>{account.state.label()}</span>
                    </dd>
                    <dt>"Since"</dt>
                    <dd>
                        <When at=account.created_at />
                    </dd>
                    <dt>"May"</dt>
                    <dd>"Launch what is shared with it, on the page of a record or folder."</dd>
                </dl>
            </section>
            <TokensOf person=id.clone() whose=Whose::Accounts { is_active } />
            {if is_active {
                view! {
                    <SwitchOffForm
                        id
                        about="Ends its sessions at once and revokes its access tokens. What it did stays in the audit log."
                    />
                }
                    .into_any()
            } else {
                view! { <SwitchOnForm id about="What is shared with it is so again. It needs new access tokens." /> }
                    .into_any()
            }}
        </div>
    }
}

/// What a saved change of a service account is called above the page.
fn saved_of_account(what: &str) -> Option<&'static str> {
    match what {
        "added" => Some("Added. Share with it what it is to launch, and give it an access token."),
        "off" => Some("Switched off: its sessions have ended, its access tokens are revoked."),
        what => saved(what),
    }
}

/// What a saved change is called above the page.
fn saved(what: &str) -> Option<&'static str> {
    match what {
        "role" => Some("The role was changed."),
        "off" => {
            Some("Switched off: their sign-ins and sessions have ended, their access tokens are revoked.")
        }
        "on" => Some("Switched on again."),
        "token" => Some("The token was revoked: sessions opened with it have ended."),
        _ => None,
    }
}

#[component]
fn RoleForm(id: PersonId, role: Role) -> impl IntoView {
    let action = ServerAction::<ChangeRole>::new();
    let state = FormState::of(action);

    view! {
        <DraftForm action state check=|_| Vec::new() class="card">
            <h2>"Rights"</h2>
            <FormSentence state />
            <input type="hidden" name="draft[id]" value=id.to_string() />
            <ChoiceField
                state
                name="draft[role]"
                label="Role"
                hint="Takes effect at once, also in open sessions."
                value=role.as_str()
                options=role_options()
            />
            <footer>
                <button class="primary">"Change role"</button>
            </footer>
        </DraftForm>
    }
}

/// Password and access of somebody else; one's own are on the account page.
#[component]
fn Access(person: PersonView, reset: ServerAction<ResetPerson>) -> impl IntoView {
    let id = person.id;

    match person.state {
        PersonState::Off => {
            view! { <SwitchOnForm id about="They sign in again with the password they had." /> }.into_any()
        }
        PersonState::Invited | PersonState::Active => view! {
            <ResetForm id=id.clone() state_of=person.state action=reset />
            <SwitchOffForm
                id
                about="Ends their sign-ins and sessions at once and revokes their access tokens. What they did stays in the audit log."
            />
        }
        .into_any(),
    }
}

#[component]
fn ResetForm(id: PersonId, state_of: PersonState, action: ServerAction<ResetPerson>) -> impl IntoView {
    let state = FormState::of(action);
    let answer = answer_of(action);
    let (about, button) = match state_of {
        PersonState::Invited => (
            "They have not chosen a password yet. A new link ends the one before.",
            "New link",
        ),
        PersonState::Active | PersonState::Off => (
            "Ends their sign-ins, revokes their access tokens and gives you a link by which they choose another password.",
            "Reset password",
        ),
    };

    view! {
        <DraftForm action state check=|_| Vec::new() class="card">
            <h2>"Password"</h2>
            <FormSentence state />
            <input type="hidden" name="id" value=id.to_string() />
            {move || answer.get().map(|new| view! { <OneTimeLink new /> })}
            <footer>
                <p class="muted">{about}</p>
                <button>{button}</button>
            </footer>
        </DraftForm>
    }
}

#[component]
fn SwitchOffForm(id: PersonId, about: &'static str) -> impl IntoView {
    let action = ServerAction::<SwitchOff>::new();
    let state = FormState::of(action);

    view! {
        <DraftForm action state check=|_| Vec::new() class="card">
            <AccessFields state id about>
                <button class="danger">"Switch off"</button>
            </AccessFields>
        </DraftForm>
    }
}

#[component]
fn SwitchOnForm(id: PersonId, about: &'static str) -> impl IntoView {
    let action = ServerAction::<SwitchOn>::new();
    let state = FormState::of(action);

    view! {
        <DraftForm action state check=|_| Vec::new() class="card">
            <AccessFields state id about>
                <button class="primary">"Switch on"</button>
            </AccessFields>
        </DraftForm>
    }
}

/// Who is switched on or off, and what it means.
#[component]
fn AccessFields(state: FormState, id: PersonId, about: &'static str, children: Children) -> impl IntoView {
    view! {
        <h2>"Access"</h2>
        <FormSentence state />
        <input type="hidden" name="id" value=id.to_string() />
        <footer>
            <p class="muted">{about}</p>
            {children()}
        </footer>
    }
}
