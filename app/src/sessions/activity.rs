//! *Session Activity*: the sessions of one record, on the record's page.

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use protocol::sessions::SessionFilter;

use super::ActivityDetail;
use super::api::session_activity;
use super::list::rows::Brief;
use crate::ui::notice::{Empty, Refused};
use crate::vault::{Beside, Head, Tab, named, use_record_id};

#[component]
pub fn ActivityPage() -> impl IntoView {
    let id = use_record_id();
    let query = use_query_map();
    let before = Memo::new(move |_| query.with(|query| query.get("before").unwrap_or_default()));
    let detail = Resource::new_blocking(
        move || (id.get(), before.get()),
        |(id, before)| async move {
            let filter = SessionFilter {
                before,
                ..SessionFilter::default()
            };

            session_activity(named(id)?, filter).await
        },
    );

    view! {
        <Beside id>
            <Transition>
                {move || Suspend::new(async move {
                    match detail.await {
                        Ok(detail) => {
                            view! {
                                <Head record=detail.record.clone() tab=Tab::Activity />
                                <Activity detail />
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

#[component]
fn Activity(detail: ActivityDetail) -> impl IntoView {
    let ActivityDetail { record, list } = detail;
    if list.live.is_empty() && list.sessions.is_empty() {
        return view! {
            <Empty title="No sessions yet">"Nobody has launched a session on this record."</Empty>
        }
        .into_any();
    }
    let all = format!("/sessions?record={}", record.id);
    let older = list
        .next
        .map(|cursor| format!("/vault/{}/activity?before={cursor}", record.id));
    let now = list.now;
    let rows = list
        .live
        .into_iter()
        .chain(list.sessions)
        .map(|row| view! { <Brief row now /> })
        .collect_view();

    view! {
        <section class="card activity">
            <ul>{rows}</ul>
            <nav class="pager" aria-label="Pages">
                {older.map(|href| view! { <a class="btn" href=href>"Older"</a> })}
                <a class="btn ghost" href=all>
                    "Filter in Sessions"
                </a>
            </nav>
        </section>
    }
    .into_any()
}
