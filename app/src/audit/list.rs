//! One page of events, newest first.

use leptos::prelude::*;
use protocol::audit::{AuditFilter, EventPage, EventView, Outcome};
use protocol::service_accounts::in_words;

use super::page::page_before;
use crate::ui::notice::Empty;
use crate::ui::when::When;

#[component]
pub(super) fn Events(page: EventPage, filter: Memo<AuditFilter>) -> impl IntoView {
    if page.events.is_empty() {
        return view! {
            <Empty title="No events">
                "Nothing in the log matches. " <a href="/audit">"Clear the filter"</a>
            </Empty>
        }
        .into_any();
    }
    let is_later_page = move || filter.with(|filter| !filter.before.is_empty());
    let older = page
        .next
        .map(|seq| filter.with_untracked(|filter| page_before(filter, &seq.to_string())));
    let rows = page
        .events
        .into_iter()
        .map(|event| view! { <Event event /> })
        .collect_view();

    view! {
        <div class="table audit">
            <table>
                <caption class="unseen">"Events, newest first"</caption>
                <thead>
                    <tr>
                        <th scope="col">"Time (UTC)"</th>
                        <th scope="col">"Event"</th>
                        <th scope="col" class="hide">"Person"</th>
                        <th scope="col" class="hide">"Record"</th>
                        <th scope="col">"Result"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
        <nav class="pager" aria-label="Pages">
            {move || {
                is_later_page()
                    .then(|| {
                        let newest = filter.with(|filter| page_before(filter, ""));

                        view! { <a class="btn" href=newest>"Newest"</a> }
                    })
            }}
            {older.map(|href| view! { <a class="btn" href=href>"Older"</a> })}
        </nav>
    }
    .into_any()
}

#[component]
fn Event(event: EventView) -> impl IntoView {
    let facts = facts(&event);
    let outcome = match event.outcome {
        Outcome::Ok => "tag ok",
        Outcome::Denied => "tag warn",
        Outcome::Failed => "tag bad",
    };
    let session = event.session.map(|session| {
        view! {
            <dt>"session"</dt>
            <dd>
                <a class="mono" href=format!("/sessions/{session}")>{session.to_string()}</a>
            </dd>
        }
    });

    view! {
        <tr>
            <td class="tight">
                <When at=event.at />
            </td>
            <td>
                <details>
                    <summary>{event.name.label()}</summary>
                    <dl class="facts">
                        {session}
                        {facts
                            .into_iter()
                            .map(|(name, value)| {
                                view! {
                                    <dt>{name}</dt>
                                    <dd class="mono">{value}</dd>
                                }
                            })
                            .collect_view()}
                    </dl>
                </details>
            </td>
            <td class="hide">{event.person_email.as_deref().map(in_words)}</td>
            <td class="hide">{event.record_title}</td>
            <td class="tight">
                <span class=outcome>{event.outcome.as_str()}</span>
            </td>
        </tr>
    }
}

/// What an event says beyond its row: its own details, then the envelope.
fn facts(event: &EventView) -> Vec<(String, String)> {
    let own = event
        .details
        .iter()
        .map(|(key, value)| (key.replace('_', " "), value.clone()));
    let envelope = [
        ("person", event.person_email.as_deref().map(in_words)),
        ("record", event.record_title.clone()),
        ("address", event.remote_address.clone()),
        ("request", event.request.as_ref().map(ToString::to_string)),
        ("event", Some(event.name.as_str().to_owned())),
        ("number", Some(event.seq.to_string())),
        ("hash", Some(event.hash.clone())),
        ("hash before", Some(event.prev_hash.clone())),
    ];
    let envelope = envelope
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)));
    let has_value = |(_, value): &(String, String)| !value.is_empty();

    own.chain(envelope).filter(has_value).collect()
}
