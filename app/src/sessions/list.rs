//! The list of sessions: who did what where, what is live, what is recorded.

mod filters;
mod rows;

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use leptos_router::params::ParamsMap;
use protocol::forms::Draft;
use protocol::people::Role;
use protocol::sessions::SessionFilter;

use self::filters::Filters;
use self::rows::{NoSessions, Rows};
use super::api::list_sessions;
use crate::ui::layout::{Page, Top};
use crate::ui::notice::Refused;
use crate::ui::query::address;
use crate::viewer::use_viewer;

#[component]
pub fn SessionsPage() -> impl IntoView {
    let query = use_query_map();
    let filter = Memo::new(move |_| query.with(filter_of));
    let errors = Memo::new(move |_| filter.with(Draft::check));
    let sessions = Resource::new_blocking(move || filter.get(), list_sessions);
    let viewer = use_viewer();

    view! {
        <Page title="Sessions">
            <Top heading="Sessions">
                <a class="btn" rel="external" href=move || filter.with(|filter| page_before(filter, ""))>
                    "Refresh"
                </a>
            </Top>
            <Suspense>
                {move || Suspend::new(async move {
                    let role = viewer.await.ok().flatten().map(|viewer| viewer.role);

                    view! { <Filters filter errors sees_everybody=role.is_some_and(sees_everybody) /> }
                })}
            </Suspense>
            <Transition>
                {move || Suspend::new(async move {
                    let role = viewer.await.ok().flatten().map(|viewer| viewer.role);
                    let may_replay = role.is_some_and(sees_everybody);

                    match sessions.await {
                        Ok((page, _)) if page.sessions.is_empty() => view! { <NoSessions filter /> }.into_any(),
                        Ok((page, now)) => view! { <Rows page now filter may_replay /> }.into_any(),
                        Err(error) => view! { <Refused error /> }.into_any(),
                    }
                })}
            </Transition>
        </Page>
    }
}

fn sees_everybody(role: Role) -> bool {
    match role {
        Role::Administrator | Role::Auditor => true,
        Role::User => false,
    }
}

/// The filter an address says.
fn filter_of(query: &ParamsMap) -> SessionFilter {
    let get = |name| query.get(name).unwrap_or_default();

    SessionFilter {
        from: get("from"),
        to: get("to"),
        person: get("person"),
        record: get("record"),
        state: get("state"),
        before: get("before"),
    }
}

/// The address that says `filter`, from the session `before` on.
fn page_before(filter: &SessionFilter, before: &str) -> String {
    address(
        "/sessions",
        &[
            ("from", &filter.from),
            ("to", &filter.to),
            ("person", &filter.person),
            ("record", &filter.record),
            ("state", &filter.state),
            ("before", before),
        ],
    )
}
