//! The list of records, alone or beside the record that is looked at.

use leptos::html::Input;
use leptos::prelude::*;
use leptos_router::components::Form;
use protocol::ids::RecordId;
use protocol::people::Role;
use protocol::vault::{FolderView, RecordKind, RecordSummary, Tested};

use super::RecordList;
use super::api::records;
use super::find::{Find, use_find};
use crate::ui::breaks::Breaks;
use crate::ui::dialog::use_changes;
use crate::ui::filter::follow;
use crate::ui::icon::{Icon, Shape};
use crate::ui::layout::{Page, Top};
use crate::ui::notice::{Empty, Refused};
use crate::ui::shortcut::{SEARCH_KEY, SearchKey};
use crate::ui::when::When;
use crate::viewer::use_viewer;

/// Ties the controls of the search, which stand in two places, to one form.
const SEARCH: &str = "find";

/// The list alone.
#[component]
pub fn VaultPage() -> impl IntoView {
    let nothing = Memo::new(|_| None);

    view! { <Shelf title="Vault" shown=nothing /> }
}

/// The page with the list, and what stands beside it.
#[component]
pub fn Shelf(
    title: &'static str,
    /// The record the detail beside the list is about.
    shown: Memo<Option<RecordId>>,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    let find = use_find();
    let changes = use_changes();
    let list = Resource::new_blocking(
        move || (find.get().0, changes.get()),
        |(find, _)| async move { records(find).await },
    );

    view! {
        <Page title>
            <Top heading="Vault">
                <SearchForm find />
                <CreateNew />
            </Top>
            <div class="vault">
                <section class="vault-list" aria-label="Records">
                    <Transition>
                        {move || Suspend::new(async move {
                            match list.await {
                                Ok(list) => view! { <Found list find shown /> }.into_any(),
                                Err(error) => view! { <Refused error /> }.into_any(),
                            }
                        })}
                    </Transition>
                </section>
                {children.map(|children| children())}
            </div>
        </Page>
    }
}

#[component]
fn SearchForm(find: Memo<(Find, String)>) -> impl IntoView {
    let text = Signal::derive(move || find.get().0.q);
    let search = NodeRef::<Input>::new();
    follow(text, move |text| {
        if let Some(search) = search.get_untracked() {
            search.set_value(text);
        }
    });

    view! {
        <div class="search" role="search">
            <Form method="get" action="/vault" attr:id=SEARCH>
                <input
                    type="search"
                    name="q"
                    aria-label="Search records, hosts, logins"
                    placeholder="Search records, hosts, logins"
                    autocomplete="off"
                    maxlength="200"
                    value=text.get_untracked()
                    node_ref=search
                    aria-keyshortcuts=SEARCH_KEY
                />
                <SearchKey />
            </Form>
        </div>
    }
}

/// *Create new*: for administrators any record, for users a credential of their own.
#[component]
fn CreateNew() -> impl IntoView {
    let viewer = use_viewer();

    view! {
        <Suspense>
            {move || Suspend::new(async move {
                match viewer.await.ok().flatten()?.role {
                    Role::Administrator => {
                        Some(view! { <a class="btn primary" href="/vault/new">"Create new"</a> })
                    }
                    Role::User => {
                        Some(view! { <a class="btn" href="/vault/new/personal">"New personal credential"</a> })
                    }
                    Role::Auditor => None,
                }
            })}
        </Suspense>
    }
}

#[component]
fn Found(list: RecordList, find: Memo<(Find, String)>, shown: Memo<Option<RecordId>>) -> impl IntoView {
    let (wanted, _) = find.get_untracked();
    let narrow = wanted.is_narrow();
    let filters = (narrow || !list.records.is_empty() || !list.folders.is_empty())
        .then(|| view! { <Filters folders=list.folders wanted /> });

    view! {
        {filters}
        {match (list.records.is_empty(), narrow) {
            (true, false) => view! { <FirstSteps /> }.into_any(),
            (true, true) => {
                view! {
                    <Empty title="Nothing matches">
                        "Search looks at titles, hosts and logins. " <a href="/vault">"Show every record"</a>
                    </Empty>
                }
                    .into_any()
            }
            (false, _) => view! { <Table records=list.records find shown /> }.into_any(),
        }}
    }
}

/// What to do in a vault that holds nothing.
#[component]
fn FirstSteps() -> impl IntoView {
    let viewer = use_viewer();

    view! {
        <Suspense>
            {move || Suspend::new(async move {
                let administers =
                    viewer.await.ok().flatten().is_some_and(|viewer| viewer.role == Role::Administrator);

                if administers {
                    view! {
                        <Empty title="The vault is empty">
                            "A database takes three records. First a "
                            <a href="/vault/new/configuration">"PAM Configuration"</a>
                            ", which says how targets are reached; then a " <a href="/vault/new/user">"PAM User"</a>
                            " for the credential; then the " <a href="/vault/new/database">"PAM Database"</a>
                            " itself, whose Set Up links the other two."
                        </Empty>
                    }
                        .into_any()
                } else {
                    view! {
                        <Empty title="Nothing is shared with you yet">
                            "Records appear here when an administrator shares them with you."
                        </Empty>
                    }
                        .into_any()
                }
            })}
        </Suspense>
    }
}

#[component]
fn Filters(folders: Vec<FolderView>, wanted: Find) -> impl IntoView {
    let clear = wanted
        .is_narrow()
        .then(|| view! { <a class="btn ghost" href="/vault">"Clear"</a> });
    let folder_page = wanted.folder.as_ref().map(
        |folder| view! { <a class="btn ghost" href=format!("/folders/{folder}")>"About this folder"</a> },
    );
    let folders = folders
        .into_iter()
        .map(|folder| {
            let selected = wanted.folder.as_ref() == Some(&folder.id);

            view! {
                <option value=folder.id.to_string() selected=selected>
                    {format!("{} ({})", folder.name, folder.n_records)}
                </option>
            }
        })
        .collect_view();
    let kinds = RecordKind::ALL
        .into_iter()
        .map(|kind| {
            view! {
                <option value=kind.name() selected=wanted.kind == Some(kind)>
                    {kind.label()}
                </option>
            }
        })
        .collect_view();

    view! {
        <div class="filters">
            <div class="filter">
                <label for="find-folder">"Folder"</label>
                <select id="find-folder" name="folder" form=SEARCH>
                    <option value="">"All folders"</option>
                    {folders}
                </select>
            </div>
            <div class="filter">
                <label for="find-kind">"Kind"</label>
                <select id="find-kind" name="kind" form=SEARCH>
                    <option value="">"All kinds"</option>
                    {kinds}
                </select>
            </div>
            <div class="actions">
                <button form=SEARCH>"Show"</button>
                {clear}
                {folder_page}
            </div>
        </div>
    }
    .into_any()
}

#[component]
fn Table(
    records: Vec<RecordSummary>,
    find: Memo<(Find, String)>,
    shown: Memo<Option<RecordId>>,
) -> impl IntoView {
    let rows = records
        .into_iter()
        .map(|record| view! { <Row record find shown /> })
        .collect_view();

    view! {
        <table>
            <thead>
                <tr>
                    <th class="tight">
                        <span class="unseen">"Kind"</span>
                    </th>
                    <th>"Record"</th>
                    <th class="hide">"Folder"</th>
                    <th class="hide">"Last used"</th>
                    <th>"State"</th>
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </table>
    }
    .into_any()
}

#[component]
fn Row(record: RecordSummary, find: Memo<(Find, String)>, shown: Memo<Option<RecordId>>) -> impl IntoView {
    let RecordSummary {
        id,
        kind,
        title,
        folder_name,
        subtitle,
        tested,
        last_used,
        is_personal,
        is_template,
        ..
    } = record;
    let path = format!("/vault/{id}");
    let href = move || format!("{path}{}", find.get().1);
    let current = move || (shown.get().as_ref() == Some(&id)).then_some("true");
    let used = match (kind, last_used) {
        (_, Some(at)) => view! { <When at /> }.into_any(),
        (RecordKind::Database, None) => "never".into_any(),
        (RecordKind::Configuration | RecordKind::User, None) => ().into_any(),
    };
    let state = (kind == RecordKind::Database && !is_template).then(|| view! { <State tested /> });
    let personal = is_personal.then(|| view! { <span class="tag">"Personal"</span> });

    view! {
        <tr aria-current=current>
            <td class="tight">
                <Icon shape=shape_of(kind) />
                <span class="unseen">{kind.label()}</span>
            </td>
            <td>
                <a class="row-link" href=href>
                    {title}
                </a>
                <div class="faint mono">
                    <Breaks text=subtitle />
                </div>
            </td>
            <td class="hide muted">{folder_name}</td>
            <td class="hide muted">{used}</td>
            <td>{state} {personal}</td>
        </tr>
    }
    .into_any()
}

/// Whether a database answered when last tested, in one word.
#[component]
pub fn State(tested: Tested) -> impl IntoView {
    let class = match tested {
        Tested::Never => "tag warn",
        Tested::Verified { .. } => "tag ok",
        Tested::Failed { .. } => "tag bad",
    };

    view! { <span class=class>{tested.label()}</span> }
}

/// The icon of a kind of record.
pub fn shape_of(kind: RecordKind) -> Shape {
    match kind {
        RecordKind::Configuration => Shape::Configuration,
        RecordKind::Database => Shape::Database,
        RecordKind::User => Shape::Key,
    }
}
