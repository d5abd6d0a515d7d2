//! *History*: what was done to a record, by whom, field by field.

use leptos::prelude::*;
use protocol::vault::{FieldChange, HistoryEntry};

use super::api::record_history;
use super::record::{Beside, Head, Tab};
use super::{named, use_record_id};
use crate::ui::dialog::use_changes;
use crate::ui::notice::Refused;
use crate::ui::when::When;

#[component]
pub fn HistoryPage() -> impl IntoView {
    let id = use_record_id();
    let changes = use_changes();
    let detail = Resource::new_blocking(
        move || (id.get(), changes.get()),
        |(id, _)| async move { record_history(named(id)?).await },
    );

    view! {
        <Beside id>
            <Transition>
                {move || Suspend::new(async move {
                    match detail.await {
                        Ok(detail) => {
                            view! {
                                <Head record=detail.record tab=Tab::History />
                                <Entries entries=detail.entries />
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
fn Entries(entries: Vec<HistoryEntry>) -> impl IntoView {
    let rows = entries
        .into_iter()
        .map(|entry| view! { <Entry entry /> })
        .collect_view();

    view! {
        <section class="card history">
            <table>
                <thead>
                    <tr>
                        <th class="tight num">"No."</th>
                        <th>"What"</th>
                        <th>"Who and when"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </section>
    }
    .into_any()
}

#[component]
fn Entry(entry: HistoryEntry) -> impl IntoView {
    let changes = entry
        .changes
        .into_iter()
        .map(|change| view! { <Change change /> })
        .collect_view();

    view! {
        <tr>
            <td class="tight num faint">{entry.number}</td>
            <td>
                <b>{entry.action.label()}</b>
                <ul class="changes">{changes}</ul>
            </td>
            <td>
                {entry.person_name}
                <div class="faint">
                    <When at=entry.at />
                </div>
            </td>
        </tr>
    }
    .into_any()
}

#[component]
fn Change(change: FieldChange) -> impl IntoView {
    // A name of ours in words; one with spaces is somebody's, e.g. of an account.
    let field = if change.field.contains(' ') {
        change.field
    } else {
        change.field.replace('_', " ")
    };
    let told = match (change.before, change.after) {
        (None, Some(after)) => view! { <span class="wrap">{after}</span> }.into_any(),
        (Some(before), None) => view! { <del class="wrap">{before}</del> }.into_any(),
        (Some(before), Some(after)) => view! {
            <del class="wrap">{before}</del>
            " → "
            <span class="wrap">{after}</span>
        }
        .into_any(),
        (None, None) => ().into_any(),
    };

    view! {
        <li>
            <span class="muted">{field} ": "</span>
            {told}
        </li>
    }
    .into_any()
}
