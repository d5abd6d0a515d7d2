//! *Edit*: the form of a record that exists.

use leptos::prelude::*;
use protocol::errors::{Code, Refusal};
use protocol::forms::Draft;
use protocol::ids::RecordId;
use protocol::vault::{Body, ConfigurationView, DatabaseView, FolderView, RecordView, UserView};

use super::api::{SaveConfiguration, SaveDatabase, SaveUser, record};
use super::fields::{ConfigurationFields, DatabaseFields, UserFields, check_database};
use super::new::Finish;
use super::{RecordDetail, named, use_record_id};
use crate::errors::AppError;
use crate::ui::form::{DraftForm, FormState};
use crate::ui::layout::{Dialog, Page};
use crate::ui::notice::Refused;

#[component]
pub fn EditPage() -> impl IntoView {
    let id = use_record_id();
    let detail = Resource::new_blocking(move || id.get(), |id| async move { record(named(id)?).await });

    view! {
        <Page title="Edit record">
            <Transition>
                {move || Suspend::new(async move {
                    match detail.await.and_then(editable) {
                        Ok(detail) => {
                            view! { <EditForm record=detail.record folders=detail.folders /> }.into_any()
                        }
                        Err(error) => view! { <Refused error /> }.into_any(),
                    }
                })}
            </Transition>
        </Page>
    }
}

/// The record, if the viewer may change it; saving is authorized again.
fn editable(detail: RecordDetail) -> Result<RecordDetail, AppError> {
    if detail.record.permissions.edit {
        return Ok(detail);
    }

    Err(AppError(Refusal::new(
        Code::PamPolicyDenied,
        "You may see this record but not change it. Ask an administrator for the right to edit.",
    )))
}

#[component]
fn EditForm(record: RecordView, folders: Vec<FolderView>) -> impl IntoView {
    let title = format!("Edit {}", record.body.kind().label());
    let back = format!("/vault/{}", record.id);

    view! {
        <Dialog title about=record.title.clone() back>
            {match record.body.clone() {
                Body::Configuration(view) => view! { <EditConfiguration record view folders /> }.into_any(),
                Body::Database(view) => view! { <EditDatabase record view folders /> }.into_any(),
                Body::User(view) => view! { <EditUser record view folders /> }.into_any(),
            }}
        </Dialog>
    }
}

/// Which record, in which version, the form is about.
#[component]
pub fn Which(state: FormState, id: RecordId, version: i64) -> impl IntoView {
    // A form that comes back keeps its version: what somebody else saved meanwhile is not overwritten unseen.
    let version = state.kept_or("version", version.to_string());

    view! {
        <input type="hidden" name="id" value=id.to_string() />
        <input type="hidden" name="version" value=version />
    }
}

#[component]
fn EditConfiguration(record: RecordView, view: ConfigurationView, folders: Vec<FolderView>) -> impl IntoView {
    let action = ServerAction::<SaveConfiguration>::new();
    let state = FormState::of(action);
    let draft = view.draft(&record.title, record.folder.as_ref());

    view! {
        <DraftForm action state check=|sent: &SaveConfiguration| sent.draft.check()>
            <Which state id=record.id.clone() version=record.version />
            <ConfigurationFields state draft folders />
            <Finish state back=format!("/vault/{}", record.id) word="Save" />
        </DraftForm>
    }
}

#[component]
fn EditDatabase(record: RecordView, view: DatabaseView, folders: Vec<FolderView>) -> impl IntoView {
    let action = ServerAction::<SaveDatabase>::new();
    let state = FormState::of(action);
    let draft = view.draft(&record.title, record.folder.as_ref());

    view! {
        <DraftForm action state check=|sent: &SaveDatabase| check_database(&sent.draft)>
            <Which state id=record.id.clone() version=record.version />
            <DatabaseFields state draft folders configures=record.may_configure />
            <Finish state back=format!("/vault/{}", record.id) word="Save" />
        </DraftForm>
    }
}

#[component]
fn EditUser(record: RecordView, view: UserView, folders: Vec<FolderView>) -> impl IntoView {
    let action = ServerAction::<SaveUser>::new();
    let state = FormState::of(action);
    let draft = view.draft(&record.title, record.folder.as_ref());

    view! {
        <DraftForm action state check=|sent: &SaveUser| sent.draft.check()>
            <Which state id=record.id.clone() version=record.version />
            <UserFields
                state
                draft
                folders
                configures=record.may_configure
                has_password=view.has_password
                has_private_key=view.has_private_key
            />
            <Finish state back=format!("/vault/{}", record.id) word="Save" />
        </DraftForm>
    }
}
