//! The list of sessions: what is live, who did what where, what is recorded.

mod filters;
pub(super) mod rows;

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use leptos_router::params::ParamsMap;
use protocol::forms::Draft;
use protocol::people::Role;
use protocol::sessions::{SessionFilter, SessionList};

use self::filters::Filters;
use self::rows::{Live, NoSessions, Rows};
use super::api::list_sessions;
use crate::terminal::xterm;
use crate::ui::fetched::fetched;
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
    // Whoever points at a session opens it next.
    let is_pointed_at = RwSignal::new(false);
    let _ahead = fetched(
        move || is_pointed_at.get().then_some(()),
        |()| xterm::fetch_ahead(),
    );

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
                    let is_evidence = role.is_some_and(sees_everybody);

                    match sessions.await {
                        Ok(list) => view! { <Sessions list filter is_evidence is_pointed_at /> }.into_any(),
                        Err(error) => view! { <Refused error /> }.into_any(),
                    }
                })}
            </Transition>
        </Page>
    }
}

/// `is_evidence`: the viewer may watch and end what is live.
#[component]
fn Sessions(
    list: SessionList,
    filter: Memo<SessionFilter>,
    is_evidence: bool,
    is_pointed_at: RwSignal<bool>,
) -> impl IntoView {
    let SessionList {
        live,
        sessions,
        next,
        now,
    } = list;
    if live.is_empty() && sessions.is_empty() {
        return view! { <NoSessions filter /> }.into_any();
    }
    let live = (!live.is_empty()).then(|| view! { <Live sessions=live now is_evidence /> });
    let others = (!sessions.is_empty()).then(|| view! { <Rows sessions now is_evidence /> });
    let older = next.map(|cursor| filter.with_untracked(|filter| page_before(filter, &cursor)));

    view! {
        <div on:pointerover=move |_| is_pointed_at.set(true) on:focusin=move |_| is_pointed_at.set(true)>
            {live}
            {others}
        </div>
        <nav class="pager" aria-label="Pages">
            {move || {
                filter
                    .with(|filter| {
                        (!filter.before.is_empty())
                            .then(|| view! { <a class="btn" href=page_before(filter, "")>"Newest"</a> })
                    })
            }}
            {older.map(|href| view! { <a class="btn" href=href>"Older"</a> })}
        </nav>
    }
    .into_any()
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
        kind: get("kind"),
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
            ("kind", &filter.kind),
            ("before", before),
        ],
    )
}
