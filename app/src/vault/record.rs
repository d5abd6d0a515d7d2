//! One record: its head, its tabs, and the page of its facts.

use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_meta::Title;
use protocol::ids::RecordId;
use protocol::people::Role;
use protocol::vault::{Body, RecordView};

use super::api::record;
use super::list::Shelf;
use super::manage::Manage;
use super::overview::Overview;
use super::{named, use_record_id};
use crate::parts;
use crate::ui::dialog::use_changes;
use crate::ui::icon::{Icon, Shape};
use crate::ui::notice::Refused;
use crate::ui::raw::raw_text;
use crate::viewer::use_viewer;

/// What the tabs of a record lead to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tab {
    Overview,
    Sharing,
    Activity,
    History,
}

/// The facts of a record.
#[component]
pub fn RecordPage() -> impl IntoView {
    let id = use_record_id();
    let changes = use_changes();
    let detail = Resource::new_blocking(
        move || (id.get(), changes.get()),
        |(id, _)| async move { record(named(id)?).await },
    );

    view! {
        <Beside id>
            <Transition>
                {move || Suspend::new(async move {
                    match detail.await {
                        Ok(detail) => {
                            view! {
                                <Head record=detail.record.clone() tab=Tab::Overview />
                                <Overview
                                    record=detail.record.clone()
                                    settings=detail.settings
                                    tests=detail.tests
                                    tunnel=detail.tunnel
                                />
                                <Manage record=detail.record folders=detail.folders />
                            }
                                .into_any()
                        }
                        Err(error) => view! { <Refused error /> }.into_any(),
                    }
                })}
            </Transition>
        </Beside>
    }
}

/// The list with a record beside it; on a small screen the record alone.
#[component]
pub fn Beside(id: Memo<Option<RecordId>>, children: Children) -> impl IntoView {
    view! {
        <Shelf title="Record" shown=id>
            <aside class="vault-detail" aria-label="Record">
                <a class="back" href="/vault">
                    "← Vault"
                </a>
                {children()}
            </aside>
        </Shelf>
    }
}

/// Title, kind, *Launch*, *Edit* and the tabs.
#[component]
pub fn Head(record: RecordView, tab: Tab) -> impl IntoView {
    let path = format!("/vault/{}", record.id);
    let about: Vec<String> = [Some(kind_words(&record.body)), record.folder_name.clone()]
        .into_iter()
        .flatten()
        .collect();
    let launch = (record.launchable && record.permissions.launch).then(|| {
        let terminal = format!("{path}/terminal");
        // What the person is about to ask for is on its way before they do.
        Effect::new({
            let terminal = terminal.clone();

            move || {
                let terminal = terminal.clone();
                spawn_local(async move { parts::fetch(&terminal).await });
            }
        });

        view! {
            <a class="btn primary" href=terminal>
                <Icon shape=Shape::Launch />
                "Launch"
            </a>
        }
    });
    let edit = record
        .permissions
        .edit
        .then(|| view! { <a class="btn" href=format!("{path}/edit")>"Edit"</a> });
    let current = move |of: Tab| (tab == of).then_some("page");
    let sharing = record.may_configure.then(|| {
        view! {
            <a href=format!("{path}/sharing") aria-current=current(Tab::Sharing)>
                "Sharing"
            </a>
        }
    });
    let activity =
        view! { <ActivityTab path=path.clone() of_database=matches!(record.body, Body::Database(_)) tab /> };
    let history = record.permissions.edit.then(|| {
        view! {
            <a href=format!("{path}/history") aria-current=current(Tab::History)>
                "History"
            </a>
        }
    });

    view! {
        <Title text=raw_text(&format!("{} · Postern", record.title)) />
        <header>
            <div>
                <h1>{record.title}</h1>
                <p class="muted">{about.join(" · ")}</p>
            </div>
            <div class="actions">{edit.into_any()} {launch.into_any()}</div>
        </header>
        <nav class="tabs" aria-label="Record">
            <a href=path.clone() aria-current=current(Tab::Overview)>
                "Overview"
            </a>
            {sharing.into_any()}
            {activity}
            {history.into_any()}
        </nav>
    }
    .into_any()
}

/// *Session Activity* is for who may replay every session.
#[component]
fn ActivityTab(path: String, of_database: bool, tab: Tab) -> impl IntoView {
    let viewer = use_viewer();
    let path = StoredValue::new(format!("{path}/activity"));

    view! {
        <Suspense>
            {move || Suspend::new(async move {
                let role = viewer.await.ok().flatten().map(|viewer| viewer.role);
                let sees = of_database && role.is_some_and(Role::sees_evidence);

                sees.then(|| {
                    view! {
                        <a href=path.get_value() aria-current=(tab == Tab::Activity).then_some("page")>
                            "Session Activity"
                        </a>
                    }
                })
            })}
        </Suspense>
    }
    .into_any()
}

fn kind_words(body: &Body) -> String {
    match body {
        Body::Database(database) => format!("{} · {}", body.kind().label(), database.database_type.label()),
        Body::Configuration(_) | Body::User(_) => body.kind().label().to_owned(),
    }
}
