//! *Set Up*: the PAM settings of a database, two tabs of one dialog, each a page of its own.

mod connection;
mod general;

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use self::connection::ConnectionForm;
use self::general::GeneralForm;
use super::api::{SaveConnection, SaveGeneral, settings};
use super::{SettingsDetail, named, successes, use_record_id};
use crate::ui::form::FormState;
use crate::ui::layout::{Dialog, Page};
use crate::ui::notice::Refused;

/// What the *Connection* tab needs first (spec §6).
const FIRST: &str = "Select a PAM configuration and an administrative credential first.";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tab {
    General,
    Connection,
}

#[component]
pub fn SettingsPage() -> impl IntoView {
    let id = use_record_id();
    let query = use_query_map();
    let tab = Memo::new(move |_| {
        query.with(|query| match query.get("tab").as_deref() {
            Some("connection") => Tab::Connection,
            _ => Tab::General,
        })
    });
    let (general, connection) = (
        ServerAction::<SaveGeneral>::new(),
        ServerAction::<SaveConnection>::new(),
    );
    let (saved_general, saved_connection) = (successes(general), successes(connection));
    // Loaded again for each tab and after each save: the one tab may have changed what the other shows.
    let detail = Resource::new_blocking(
        move || (id.get(), tab.get(), saved_general.get(), saved_connection.get()),
        |(id, ..)| async move { settings(named(id)?).await },
    );

    view! {
        <Page title="PAM settings">
            <Transition>
                {move || Suspend::new(async move {
                    match detail.await {
                        Ok(detail) => view! { <Forms detail tab=tab.get_untracked() general connection /> }.into_any(),
                        Err(error) => view! { <Refused error /> }.into_any(),
                    }
                })}
            </Transition>
        </Page>
    }
}

#[component]
fn Forms(
    detail: SettingsDetail,
    tab: Tab,
    general: ServerAction<SaveGeneral>,
    connection: ServerAction<SaveConnection>,
) -> impl IntoView {
    let complete = detail.settings.is_general_complete();
    let back = format!("/vault/{}", detail.record);

    view! {
        <Dialog title="PAM settings" about=detail.title.clone() back wide=true>
            {match (tab, complete) {
                (Tab::Connection, true) => view! { <ConnectionForm detail action=connection /> }.into_any(),
                (Tab::Connection, false) | (Tab::General, _) => view! { <GeneralForm detail action=general /> }.into_any(),
            }}
        </Dialog>
    }
}

/// The tabs, with the number of fields that need attention at the one that is open.
#[component]
fn Tabs(state: FormState, path: String, current: Tab, complete: bool) -> impl IntoView {
    let total = state.total();
    let count = move |of: Tab| {
        (of == current).then(|| {
            view! {
                <span class="count" hidden=move || total.get() == 0>
                    {move || total.get()}
                </span>
            }
        })
    };
    let at = move |of: Tab| (of == current).then_some("page");
    let connection = if complete {
        view! {
            <a href=format!("{path}?tab=connection") aria-current=at(Tab::Connection)>
                "Connection"
                {count(Tab::Connection)}
            </a>
        }
        .into_any()
    } else {
        view! {
            <button type="button" disabled title=FIRST>
                "Connection"
            </button>
        }
        .into_any()
    };

    view! {
        <nav class="form-tabs" aria-label="PAM settings">
            <a href=format!("{path}?tab=general") aria-current=at(Tab::General)>
                "General"
                {count(Tab::General)}
            </a>
            {connection}
        </nav>
    }
    .into_any()
}
