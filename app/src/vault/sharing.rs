//! *Sharing*: who may do what with a record, directly or by its folder.

use leptos::prelude::*;
use protocol::forms::Draft;
use protocol::ids::{PersonId, RecordId};
use protocol::vault::{RecordKind, ShareScope, ShareView};

use super::api::{ShareRecord, UnshareRecord, shares};
use super::record::{Beside, Head, Tab};
use super::{SharingDetail, named, successes, use_record_id};
use crate::ui::dialog::use_changes;
use crate::ui::field::{CheckField, SelectField};
use crate::ui::form::{DraftForm, FormSentence, FormState};
use crate::ui::notice::Refused;
use crate::ui::when::When;

#[component]
pub fn SharingPage() -> impl IntoView {
    let id = use_record_id();
    let share = ServerAction::<ShareRecord>::new();
    let unshare = ServerAction::<UnshareRecord>::new();
    let (shared, unshared) = (successes(share), successes(unshare));
    let changes = use_changes();
    let detail = Resource::new_blocking(
        move || (id.get(), shared.get(), unshared.get(), changes.get()),
        |(id, ..)| async move { shares(named(id)?).await },
    );

    view! {
        <Beside id>
            <Transition>
                {move || Suspend::new(async move {
                    match detail.await {
                        Ok(detail) => view! { <Sharing detail share unshare /> }.into_any(),
                        Err(error) => view! { <Refused error /> }.into_any(),
                    }
                })}
            </Transition>
        </Beside>
    }
}

#[component]
fn Sharing(
    detail: SharingDetail,
    share: ServerAction<ShareRecord>,
    unshare: ServerAction<UnshareRecord>,
) -> impl IntoView {
    let SharingDetail {
        record,
        shares,
        people,
    } = detail;
    let id = record.id.clone();
    let kind = record.body.kind();
    let state = FormState::of(share);
    let removing = FormState::of(unshare);
    let rows = shares
        .into_iter()
        .map(|share| {
            let end = match &share.scope {
                ShareScope::Record(_) => {
                    view! { <RemoveShare unshare state=removing id=id.clone() person=share.person.clone() name=share.person_name.clone() /> }
                        .into_any()
                }
                ShareScope::Folder(folder) => {
                    let name = share.folder_name.clone().unwrap_or_default();

                    view! { <a href=format!("/folders/{folder}")>{format!("from folder {name}")}</a> }.into_any()
                }
            };

            view! { <ShareRow share>{end}</ShareRow> }
        })
        .collect_view();

    view! {
        <Head record tab=Tab::Sharing />
        <section class="card">
            <header>
                <h2>"Shared with"</h2>
            </header>
            <FormSentence state=removing />
            <ShareTable>{rows}</ShareTable>
        </section>
        <DraftForm action=share state check=|sent: &ShareRecord| sent.draft.check() class="card">
            <h2>"Share with a person"</h2>
            <FormSentence state />
            <input type="hidden" name="id" value=id.to_string() />
            <ShareFields state people offers=Offers::of(kind) />
            <footer>
                <button class="primary">"Share"</button>
            </footer>
        </DraftForm>
    }
    .into_any()
}

#[component]
fn RemoveShare(
    unshare: ServerAction<UnshareRecord>,
    state: FormState,
    id: RecordId,
    person: PersonId,
    name: String,
) -> impl IntoView {
    view! {
        <DraftForm action=unshare state check=|_: &UnshareRecord| Vec::new()>
            <input type="hidden" name="id" value=id.to_string() />
            <input type="hidden" name="person" value=person.to_string() />
            <button class="danger" aria-label=format!("Remove the share of {name}")>
                "Remove"
            </button>
        </DraftForm>
    }
}

/// Which rights a share of this kind of thing can give beyond view.
#[derive(Debug, Clone, Copy)]
pub struct Offers {
    pub edit: bool,
    pub launch: bool,
    pub reveal: bool,
}

impl Offers {
    /// Of a folder: its records may be of every kind.
    pub const ALL: Self = Self {
        edit: true,
        launch: true,
        reveal: true,
    };

    pub fn of(kind: RecordKind) -> Self {
        match kind {
            RecordKind::Configuration => Self {
                edit: false,
                launch: false,
                reveal: false,
            },
            RecordKind::Database => Self {
                edit: true,
                launch: true,
                reveal: false,
            },
            RecordKind::User => Self {
                edit: true,
                launch: false,
                reveal: true,
            },
        }
    }
}

/// Whom, and what they may do; view is part of every share.
#[component]
pub fn ShareFields(state: FormState, people: Vec<(PersonId, String)>, offers: Offers) -> impl IntoView {
    let none = (String::new(), "Choose a person".to_owned());
    let options = std::iter::once(none)
        .chain(people.into_iter().map(|(id, name)| (id.to_string(), name)))
        .collect();

    view! {
        <SelectField
            state
            name="draft[person]"
            label="Person"
            hint="They may view. Who holds a share already gets the rights chosen here instead."
            options
        />
        {offers
            .launch
            .then(|| {
                view! {
                    <CheckField
                        state
                        name="draft[launch]"
                        label="Launch"
                        hint="Open sessions, with the accounts whose list they are on."
                    />
                }
            })}
        {offers
            .edit
            .then(|| {
                view! {
                    <CheckField
                        state
                        name="draft[edit]"
                        label="Edit"
                        hint="Change fields and secrets; not host, port, TLS, PAM settings or shares."
                    />
                }
            })}
        {offers
            .reveal
            .then(|| {
                view! {
                    <CheckField
                        state
                        name="draft[reveal]"
                        label="Reveal"
                        hint="See the stored password or key, after giving their own password again."
                    />
                }
            })}
    }
    .into_any()
}

/// The list of shares.
#[component]
pub fn ShareTable(children: Children) -> impl IntoView {
    view! {
        <table>
            <thead>
                <tr>
                    <th>"Person"</th>
                    <th>"May"</th>
                    <th class="hide">"Since"</th>
                    <th class="tight">
                        <span class="unseen">"Remove"</span>
                    </th>
                </tr>
            </thead>
            <tbody>{children()}</tbody>
        </table>
    }
    .into_any()
}

/// One share; `children` are what can be done about it.
#[component]
pub fn ShareRow(share: ShareView, children: Children) -> impl IntoView {
    view! {
        <tr>
            <td>
                <b>{share.person_name}</b>
            </td>
            <td>{share.permissions.words()}</td>
            <td class="hide muted">
                <When at=share.granted_at />
                <div class="faint">"by " {share.granted_by_name}</div>
            </td>
            <td class="tight">{children()}</td>
        </tr>
    }
    .into_any()
}
