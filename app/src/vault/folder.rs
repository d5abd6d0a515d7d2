//! Folders: made, renamed, shared, deleted when empty.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use protocol::forms::Draft;
use protocol::ids::{FolderId, PersonId};
use protocol::vault::{FolderView, ShareView};

use super::api::{CreateFolder, DeleteFolder, RenameFolder, ShareFolder, UnshareFolder, folder};
use super::new::{Administrators, Finish};
use super::sharing::{Offers, ShareFields, ShareRow, ShareTable};
use super::{FolderDetail, named, successes, use_folder_id};
use crate::ui::field::TextField;
use crate::ui::form::{DraftForm, FormSentence, FormState};
use crate::ui::layout::{Dialog, Page, Top};
use crate::ui::notice::Refused;
use crate::ui::raw::raw_text;

/// *New folder*.
#[component]
pub fn NewFolderPage() -> impl IntoView {
    view! {
        <Page title="New folder">
            <Administrators>
                <Dialog title="New folder" back="/vault/new">
                    <NewFolderForm />
                </Dialog>
            </Administrators>
        </Page>
    }
}

#[component]
fn NewFolderForm() -> impl IntoView {
    let action = ServerAction::<CreateFolder>::new();
    let state = FormState::of(action);

    view! {
        <DraftForm action state check=|sent: &CreateFolder| sent.draft.check()>
            <TextField
                state
                name="draft[name]"
                label="Name"
                hint="Whoever holds a share on a folder holds it on the records in it."
                autofocus=true
            />
            <Finish state back="/vault/new" word="Create" />
        </DraftForm>
    }
}

/// The actions of the page: each of them loads it again.
#[derive(Clone, Copy)]
struct Actions {
    rename: ServerAction<RenameFolder>,
    share: ServerAction<ShareFolder>,
    unshare: ServerAction<UnshareFolder>,
}

/// A folder: name, shares, the way to its records.
#[component]
pub fn FolderPage() -> impl IntoView {
    let id = use_folder_id();
    let actions = Actions {
        rename: ServerAction::new(),
        share: ServerAction::new(),
        unshare: ServerAction::new(),
    };
    let renamed = successes(actions.rename);
    let (shared, unshared) = (successes(actions.share), successes(actions.unshare));
    let versions = move || (renamed.get(), shared.get(), unshared.get());
    let detail = Resource::new_blocking(
        move || (id.get(), versions()),
        |(id, _)| async move { folder(named(id)?).await },
    );

    view! {
        <Page title="Folder">
            <Transition>
                {move || Suspend::new(async move {
                    match detail.await {
                        Ok(detail) => view! { <Folder detail actions /> }.into_any(),
                        Err(error) => view! { <Refused error /> }.into_any(),
                    }
                })}
            </Transition>
        </Page>
    }
}

#[component]
fn Folder(detail: FolderDetail, actions: Actions) -> impl IntoView {
    let FolderDetail {
        folder,
        shares,
        people,
        may_configure,
    } = detail;
    let id = folder.id.clone();
    let records = match folder.n_records {
        0 => "No record is in it.".to_owned(),
        1 => "One record is in it.".to_owned(),
        n => format!("{n} records are in it."),
    };
    let renamed = use_query_map().with_untracked(|query| query.get("saved").is_some());
    let manage = may_configure.then(|| {
        view! {
            <RenameForm action=actions.rename folder=folder.clone() />
            <FolderShares id=id.clone() shares people actions />
            <DeleteForm folder=folder.clone() />
        }
    });

    view! {
        <Title text=raw_text(&format!("{} · Postern", folder.name)) />
        <Top heading=folder.name.clone()>
            <a class="btn" href=format!("/vault?folder={id}")>
                "Show its records"
            </a>
        </Top>
        <div class="column">
            {renamed.then(|| view! { <p class="done" role="status">"Saved."</p> })}
            <p class="muted">{records}</p>
            {manage}
        </div>
    }
    .into_any()
}

#[component]
fn RenameForm(action: ServerAction<RenameFolder>, folder: FolderView) -> impl IntoView {
    let state = FormState::of(action);

    view! {
        <DraftForm action state check=|sent: &RenameFolder| sent.draft.check() class="card">
            <h2>"Name"</h2>
            <FormSentence state />
            <input type="hidden" name="id" value=folder.id.to_string() />
            <TextField state name="draft[name]" label="Name" value=folder.name />
            <footer>
                <button>"Rename"</button>
            </footer>
        </DraftForm>
    }
}

#[component]
fn FolderShares(
    id: FolderId,
    shares: Vec<ShareView>,
    people: Vec<(PersonId, String)>,
    actions: Actions,
) -> impl IntoView {
    let state = FormState::of(actions.share);
    let removing = FormState::of(actions.unshare);
    let is_empty = shares.is_empty();
    let rows = shares
        .into_iter()
        .map(|share| {
            let name = share.person_name.clone();
            let person = share.person.to_string();
            let id = id.to_string();

            view! {
                <ShareRow share>
                    <DraftForm action=actions.unshare state=removing check=|_: &UnshareFolder| Vec::new()>
                        <input type="hidden" name="id" value=id />
                        <input type="hidden" name="person" value=person />
                        <button class="danger" aria-label=format!("Remove the share of {name}")>
                            "Remove"
                        </button>
                    </DraftForm>
                </ShareRow>
            }
        })
        .collect_view();

    view! {
        <section class="card">
            <h2>"Shared with"</h2>
            <FormSentence state=removing />
            {if is_empty {
                view! { <p class="muted">"Nobody. Administrators see every record."</p> }.into_any()
            } else {
                view! { <ShareTable>{rows}</ShareTable> }.into_any()
            }}
        </section>
        <DraftForm action=actions.share state check=|sent: &ShareFolder| sent.draft.check() class="card">
            <h2>"Share with a person"</h2>
            <FormSentence state />
            <input type="hidden" name="id" value=id.to_string() />
            <ShareFields state people offers=Offers::ALL />
            <footer>
                <button class="primary">"Share"</button>
            </footer>
        </DraftForm>
    }
    .into_any()
}

#[component]
fn DeleteForm(folder: FolderView) -> impl IntoView {
    let action = ServerAction::<DeleteFolder>::new();
    let state = FormState::of(action);

    view! {
        <section class="card">
            <h2>"Delete"</h2>
            <FormSentence state />
            {if folder.n_records > 0 {
                view! { <p class="muted">"Only an empty folder can be deleted. Move its records first."</p> }.into_any()
            } else {
                view! {
                    <DraftForm action state check=|_: &DeleteFolder| Vec::new()>
                        <input type="hidden" name="id" value=folder.id.to_string() />
                        <footer>
                            <p class="muted">"Deletes the folder and its shares."</p>
                            <button class="danger">"Delete this folder"</button>
                        </footer>
                    </DraftForm>
                }
                    .into_any()
            }}
        </section>
    }
}
