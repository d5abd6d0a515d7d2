//! The tokens of a person or service account, on one's own page and on the one administrators see, each with a button to
//! revoke it.

use leptos::prelude::*;
use protocol::ids::{PersonId, TokenId};
use protocol::tokens::{LastUse, Reach, Scope, TokenView};

use super::api::{RevokeToken, RevokeTokenOf, access_tokens, tokens_of};
use crate::ui::dialog::use_changes;
use crate::ui::form::{DraftForm, FormSentence, FormState};
use crate::ui::notice::Refused;
use crate::ui::when::{Day, When};

/// One's own tokens.
#[component]
pub fn OwnTokens() -> impl IntoView {
    let revoke = ServerAction::<RevokeToken>::new();
    let state = FormState::of(revoke);
    let changes = use_changes();
    let tokens = Resource::new_blocking(
        move || (revoke.version().get(), changes.get()),
        |_| access_tokens(),
    );
    view! {
        <section class="card">
            <header>
                <h2>"Access tokens"</h2>
                <a class="btn" href="/account/tokens/new">"New token"</a>
            </header>
            <FormSentence state />
            <Transition>
                {move || Suspend::new(async move {
                    match tokens.await {
                        Ok(list) if list.is_empty() => {
                            view! {
                                <p class="muted">
                                    "None. A token is what a native client, a job or the command line acts with in your name."
                                </p>
                            }
                                .into_any()
                        }
                        Ok(list) => {
                            let rows = list
                                .into_iter()
                                .map(|token| {
                                    let (id, name) = (token.id.clone(), token.name.clone());

                                    view! {
                                        <TokenRow token everything="All records I may launch" command_line="The command line, as me">
                                            <DraftForm action=revoke state check=|_| Vec::new()>
                                                <RevokeFields id name />
                                            </DraftForm>
                                        </TokenRow>
                                    }
                                })
                                .collect_view();

                            view! { <TokenTable>{rows}</TokenTable> }.into_any()
                        }
                        Err(error) => view! { <Refused error /> }.into_any(),
                    }
                })}
            </Transition>
        </section>
    }
}

/// Whose tokens an administrator looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// They make their own.
    Persons,
    /// It has its tokens from who looks; while it is switched off it gets none.
    Accounts { is_active: bool },
}

impl Whose {
    /// What a token for all records, and one for the command line, is called.
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Persons => ("All records they may launch", "The command line, as them"),
            Self::Accounts { .. } => (
                "All records shared with it for launch",
                "The command line, in its name",
            ),
        }
    }
}

/// The tokens of a person or service account, for an administrator.
#[component]
pub fn TokensOf(person: PersonId, whose: Whose) -> impl IntoView {
    let revoke = ServerAction::<RevokeTokenOf>::new();
    let state = FormState::of(revoke);
    let new = (whose == Whose::Accounts { is_active: true }).then(|| format!("/people/{person}/tokens/new"));
    let (everything, command_line) = whose.words();
    let person = StoredValue::new(person);
    let changes = use_changes();
    let tokens = Resource::new_blocking(
        move || (revoke.version().get(), changes.get()),
        move |_| tokens_of(person.get_value()),
    );

    view! {
        <section class="card">
            <header>
                <h2>"Access tokens"</h2>
                {new.map(|href| view! { <a class="btn" href=href>"New token"</a> })}
            </header>
            <FormSentence state />
            <Transition>
                {move || Suspend::new(async move {
                    match tokens.await {
                        Ok(list) if list.is_empty() => {
                            view! { <p class="muted">"None."</p> }.into_any()
                        }
                        Ok(list) => {
                            let rows = list
                                .into_iter()
                                .map(|token| {
                                    let (id, name) = (token.id.clone(), token.name.clone());

                                    view! {
                                        <TokenRow token everything command_line>
                                            <DraftForm action=revoke state check=|_| Vec::new()>
                                                <input
                                                    type="hidden"
                                                    name="person"
                                                    value=person.get_value().to_string()
                                                />
                                                <RevokeFields id name />
                                            </DraftForm>
                                        </TokenRow>
                                    }
                                })
                                .collect_view();

                            view! { <TokenTable>{rows}</TokenTable> }.into_any()
                        }
                        Err(error) => view! { <Refused error /> }.into_any(),
                    }
                })}
            </Transition>
        </section>
    }
}

#[component]
fn RevokeFields(id: TokenId, name: String) -> impl IntoView {
    view! {
        <input type="hidden" name="id" value=id.to_string() />
        <button class="danger" aria-label=format!("Revoke {name}")>
            "Revoke"
        </button>
    }
}

#[component]
fn TokenTable(children: Children) -> impl IntoView {
    view! {
        <table>
            <caption class="unseen">"Access tokens"</caption>
            <thead>
                <tr>
                    <th scope="col">"Token"</th>
                    <th scope="col" class="hide">"Created"</th>
                    <th scope="col">"Expires"</th>
                    <th scope="col" class="hide">"Last used"</th>
                    <th scope="col">
                        <span class="unseen">"Actions"</span>
                    </th>
                </tr>
            </thead>
            <tbody>{children()}</tbody>
        </table>
    }
    .into_any()
}

#[component]
fn TokenRow(
    token: TokenView,
    everything: &'static str,
    command_line: &'static str,
    children: Children,
) -> impl IntoView {
    let opened = match token.scope {
        Scope::Launch => opens(token.reach, everything),
        Scope::CommandLine => command_line.into_any(),
    };

    view! {
        <tr>
            <td>
                <b>{token.name}</b>
                <div class="muted">{opened}</div>
            </td>
            <td class="hide muted">
                <Day at=token.created_at />
            </td>
            <td>
                {if token.is_expired {
                    view! { <span class="tag">"Expired"</span> }.into_any()
                } else {
                    view! { <Day at=token.expires_at /> }.into_any()
                }}
            </td>
            <td class="hide">{used(token.last_use)}</td>
            <td class="tight">{children()}</td>
        </tr>
    }
    .into_any()
}

/// What a token for clients opens.
fn opens(reach: Reach, everything: &'static str) -> AnyView {
    match reach {
        Reach::Everything => everything.into_any(),
        Reach::Record { id, title } => view! { <a href=format!("/vault/{id}")>{title}</a> }.into_any(),
        Reach::Hidden => "A record that is not shared any more".into_any(),
    }
}

fn used(last_use: Option<LastUse>) -> AnyView {
    match last_use {
        Some(LastUse { at, address }) => view! {
            <When at />
            <div class="faint mono">{address}</div>
        }
        .into_any(),
        None => view! { <span class="faint">"Never"</span> }.into_any(),
    }
}
