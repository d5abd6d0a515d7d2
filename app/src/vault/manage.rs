//! Duplicate, move, delete: plain forms behind a summary, so that none of them needs JavaScript.

use leptos::prelude::*;
use protocol::ids::RecordId;
use protocol::vault::{FolderView, RecordView};

use super::api::{DeleteRecord, DuplicateRecord, MoveRecord};
use super::fields::folder_options;
use crate::ui::field::SelectField;
use crate::ui::form::{DraftForm, FormSentence, FormState};

/// What an administrator, or the owner of a personal credential, may do with a record as a whole.
#[component]
pub fn Manage(record: RecordView, folders: Vec<FolderView>) -> impl IntoView {
    (record.may_configure || record.is_personal).then(|| {
        let id = record.id.clone();
        let chosen = record
            .folder
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default();

        view! {
            <section class="card manage">
                <header>
                    <h2>"Manage"</h2>
                </header>
                {record
                    .may_configure
                    .then(|| {
                        view! {
                            <DuplicateForm id=id.clone() />
                            <MoveForm id=id.clone() folders chosen />
                        }
                    })}
                <DeleteForm id title=record.title.clone() n_links=record.linked_from.len() />
            </section>
        }
    })
}

#[component]
fn DuplicateForm(id: RecordId) -> impl IntoView {
    let action = ServerAction::<DuplicateRecord>::new();
    let state = FormState::of(action);

    view! {
        <Fold summary="Duplicate" state>
            <DraftForm action state check=|_: &DuplicateRecord| Vec::new()>
                <p class="muted">
                    "Makes a record with the same fields and PAM settings, titled “Copy of …”. Secrets and shares are not copied."
                </p>
                <FormSentence state />
                <input type="hidden" name="id" value=id.to_string() />
                <div class="actions">
                    <button>"Duplicate"</button>
                </div>
            </DraftForm>
        </Fold>
    }
}

#[component]
fn MoveForm(id: RecordId, folders: Vec<FolderView>, chosen: String) -> impl IntoView {
    let action = ServerAction::<MoveRecord>::new();
    let state = FormState::of(action);

    view! {
        <Fold summary="Move" state>
            <DraftForm action state check=|_: &MoveRecord| Vec::new()>
                <FormSentence state />
                <input type="hidden" name="id" value=id.to_string() />
                <SelectField
                    state
                    name="folder"
                    label="Folder"
                    hint="Whoever holds a share on a folder holds it on the records in it."
                    value=chosen
                    options=folder_options(folders)
                />
                <div class="actions">
                    <button>"Move"</button>
                </div>
            </DraftForm>
        </Fold>
    }
}

#[component]
fn DeleteForm(id: RecordId, title: String, n_links: usize) -> impl IntoView {
    let action = ServerAction::<DeleteRecord>::new();
    let state = FormState::of(action);
    let body = if n_links > 0 {
        view! {
            <p class="muted">
                "The records under “Used by” link to this one. Unlink it there before it can be deleted."
            </p>
        }
        .into_any()
    } else {
        view! {
            <DraftForm action state check=|_: &DeleteRecord| Vec::new()>
                <p>"Deletes “" {title} "” with its secrets, settings and shares. Its sessions and events are kept."</p>
                <input type="hidden" name="id" value=id.to_string() />
                <div class="actions">
                    <button class="danger">"Delete this record"</button>
                </div>
            </DraftForm>
        }
        .into_any()
    };

    view! {
        <Fold summary="Delete" state>
            <FormSentence state />
            {body}
        </Fold>
    }
}

/// What is behind a summary; open where it was refused, since the sentence stands inside.
#[component]
fn Fold(summary: &'static str, state: FormState, children: Children) -> impl IntoView {
    let is_refused = state.sentence().get_untracked().is_some();

    view! {
        <details open=is_refused>
            <summary>{summary}</summary>
            {children()}
        </details>
    }
}
