//! *Create new*: what kind, then its form.

use leptos::prelude::*;
use leptos_router::hooks::use_params_map;
use protocol::errors::Refusal;
use protocol::forms::Draft;
use protocol::people::Role;
use protocol::vault::{ConfigurationDraft, DatabaseDraft, FolderView, RecordKind, UserDraft};

use super::api::{CreateConfiguration, CreateDatabase, CreatePersonal, CreateUser, folders};
use super::fields::{ConfigurationFields, DatabaseFields, UserFields, check_database};
use super::find::kind_named;
use super::list::shape_of;
use crate::errors::AppError;
use crate::ui::form::{DraftForm, FormSentence, FormState};
use crate::ui::icon::{Icon, Shape};
use crate::ui::layout::{Dialog, Leave, Page};
use crate::ui::notice::Refused;
use crate::viewer::use_viewer;

/// Which of the three kinds, or a folder.
#[component]
pub fn NewPage() -> impl IntoView {
    view! {
        <Page title="Create new">
            <Administrators>
                <Dialog title="Create new" back="/vault">
                    <nav class="kinds" aria-label="Kinds of records">
                        <Kind
                            href="/vault/new/database"
                            shape=shape_of(RecordKind::Database)
                            name=RecordKind::Database.label()
                            about="A PostgreSQL server people connect to: host, port, TLS, default database."
                        />
                        <Kind
                            href="/vault/new/user"
                            shape=shape_of(RecordKind::User)
                            name=RecordKind::User.label()
                            about="A role of a PostgreSQL server and its password, key or certificate."
                        />
                        <Kind
                            href="/vault/new/personal"
                            shape=shape_of(RecordKind::User)
                            name="Personal credential"
                            about="A role and password of your own, to launch with. Nobody else sees it."
                        />
                        <Kind
                            href="/vault/new/configuration"
                            shape=shape_of(RecordKind::Configuration)
                            name=RecordKind::Configuration.label()
                            about="How databases are reached, what sessions may do at most, and what is recorded."
                        />
                        <Kind
                            href="/folders/new"
                            shape=Shape::Folder
                            name="Folder"
                            about="Records that are shared together."
                        />
                    </nav>
                </Dialog>
            </Administrators>
        </Page>
    }
}

#[component]
fn Kind(href: &'static str, shape: Shape, name: &'static str, about: &'static str) -> impl IntoView {
    view! {
        <a href=href>
            <Icon shape />
            <b>{name}</b>
            <p>{about}</p>
        </a>
    }
}

/// Shows its children to administrators, and to everybody else why not.
#[component]
pub fn Administrators(children: ChildrenFn) -> impl IntoView {
    let viewer = use_viewer();
    let children = StoredValue::new(children);

    view! {
        <Suspense>
            {move || Suspend::new(async move {
                match viewer.await.ok().flatten() {
                    Some(viewer) if viewer.role == Role::Administrator => {
                        children.with_value(|children| children()).into_any()
                    }
                    Some(_) | None => {
                        let error = AppError(Refusal::new(
                            protocol::errors::Code::PamPolicyDenied,
                            "Your role does not allow creating records and folders.",
                        ));
                        view! { <Refused error /> }.into_any()
                    }
                }
            })}
        </Suspense>
    }
}

/// The form of one kind.
#[component]
pub fn NewKindPage() -> impl IntoView {
    let params = use_params_map();
    let kind = Memo::new(move |_| params.with(|params| params.get("kind").as_deref().and_then(kind_named)));
    let offered = Resource::new_blocking(|| (), |()| folders());

    view! {
        <Page title="Create new">
            <Transition>
                {move || Suspend::new(async move {
                    match (kind.get(), offered.await) {
                        (Some(kind), Ok(folders)) => view! { <NewForm kind folders /> }.into_any(),
                        (None, Ok(_)) => view! { <Refused error=AppError(Refusal::not_found()) /> }.into_any(),
                        (_, Err(error)) => view! { <Refused error /> }.into_any(),
                    }
                })}
            </Transition>
        </Page>
    }
}

#[component]
fn NewForm(kind: RecordKind, folders: Vec<FolderView>) -> impl IntoView {
    view! {
        <Dialog title=format!("New {}", kind.label()) back="/vault/new">
            {match kind {
                RecordKind::Configuration => view! { <NewConfiguration folders /> }.into_any(),
                RecordKind::Database => view! { <NewDatabase folders /> }.into_any(),
                RecordKind::User => view! { <NewUser folders /> }.into_any(),
            }}
        </Dialog>
    }
}

#[component]
fn NewConfiguration(folders: Vec<FolderView>) -> impl IntoView {
    let action = ServerAction::<CreateConfiguration>::new();
    let state = FormState::of(action);

    view! {
        <DraftForm action state check=|sent: &CreateConfiguration| sent.draft.check()>
            <ConfigurationFields state draft=ConfigurationDraft::default() folders />
            <Finish state back="/vault/new" word="Create" />
        </DraftForm>
    }
}

#[component]
fn NewDatabase(folders: Vec<FolderView>) -> impl IntoView {
    let action = ServerAction::<CreateDatabase>::new();
    let state = FormState::of(action);

    view! {
        <DraftForm action state check=|sent: &CreateDatabase| check_database(&sent.draft)>
            <DatabaseFields state draft=DatabaseDraft::default() folders configures=true />
            <Finish state back="/vault/new" word="Create" />
        </DraftForm>
    }
}

#[component]
fn NewUser(folders: Vec<FolderView>) -> impl IntoView {
    let action = ServerAction::<CreateUser>::new();
    let state = FormState::of(action);

    view! {
        <DraftForm action state check=|sent: &CreateUser| sent.draft.check()>
            <UserFields state draft=UserDraft::default() folders configures=true />
            <Finish state back="/vault/new" word="Create" />
        </DraftForm>
    }
}

/// `/vault/new/personal`: whoever may launch keeps credentials of their own.
#[component]
pub fn NewPersonalPage() -> impl IntoView {
    view! {
        <Page title="New personal credential">
            <NewPersonal />
        </Page>
    }
}

#[component]
fn NewPersonal() -> impl IntoView {
    let action = ServerAction::<CreatePersonal>::new();
    let state = FormState::of(action);

    view! {
        <Dialog title="New personal credential" back="/vault">
            <DraftForm action state check=|sent: &CreatePersonal| sent.draft.check()>
                <p class="muted">
                    "For you alone: where a record lets people select credentials from their vault, you may launch with it. \
                     Nobody else sees that it exists, administrators neither."
                </p>
                <UserFields state draft=UserDraft::default() folders=Vec::new() configures=false />
                <Finish state back="/vault" word="Create" />
            </DraftForm>
        </Dialog>
    }
}

/// The end of every form in a dialog: what is wrong, *Cancel* and the button that sends it.
#[component]
pub fn Finish(state: FormState, #[prop(into)] back: String, word: &'static str) -> impl IntoView {
    view! {
        <footer>
            <FormSentence state />
            <Leave href=back word="Cancel" />
            <button class="primary">{word}</button>
        </footer>
    }
}
