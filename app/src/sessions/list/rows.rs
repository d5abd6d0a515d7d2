//! One page of sessions, newest first.

use leptos::prelude::*;
use protocol::sessions::{Recordings, SessionFilter, SessionPage, SessionState, SessionView};
use protocol::terminal::EndReason;
use protocol::time::Timestamp;

use super::page_before;
use crate::ui::notice::Empty;
use crate::ui::when::{When, duration};

#[component]
pub(super) fn Rows(
    page: SessionPage,
    now: Timestamp,
    filter: Memo<SessionFilter>,
    /// Whether rows lead to the player.
    may_replay: bool,
) -> impl IntoView {
    let older = page
        .next
        .map(|cursor| filter.with_untracked(|filter| page_before(filter, &cursor)));
    let rows = page
        .sessions
        .into_iter()
        .map(|session| view! { <Row session now may_replay /> })
        .collect_view();

    view! {
        <div class="table sessions">
            <table>
                <caption class="unseen">"Sessions, newest first"</caption>
                <thead>
                    <tr>
                        <th scope="col">"Session"</th>
                        <th scope="col" class="hide">"Person"</th>
                        <th scope="col" class="hide">"Started (UTC)"</th>
                        <th scope="col" class="num">"Duration"</th>
                        <th scope="col" class="num hide">"Statements"</th>
                        <th scope="col" class="hide">"Recorded"</th>
                        <th scope="col">"State"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
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
}

#[component]
fn Row(session: SessionView, now: Timestamp, may_replay: bool) -> impl IntoView {
    let until = session.ended_at.unwrap_or(now);
    let took = duration(until.micros() - session.started_at.micros());
    let errors = (session.errors > 0).then(|| view! { <div class="danger">{session.errors} " failed"</div> });

    view! {
        <tr>
            <td>
                {match may_replay {
                    true => {
                        view! {
                            <a class="row-link" href=format!("/sessions/{}", session.id)>
                                {session.record_title}
                            </a>
                        }
                            .into_any()
                    }
                    false => view! { <b>{session.record_title}</b> }.into_any(),
                }}
                <div class="faint mono">{session.account} " · " {session.database}</div>
            </td>
            <td class="hide">
                {session.person_email} <div class="faint mono">{session.remote_address}</div>
            </td>
            <td class="tight hide">
                <When at=session.started_at />
            </td>
            <td class="num">{took}</td>
            <td class="num hide">{session.statements} {errors}</td>
            <td class="hide">
                <Recorded recordings=session.recordings state=session.state />
            </td>
            <td>
                <State state=session.state reason=session.end_reason />
            </td>
        </tr>
    }
}

/// What a session is, or was, recorded as.
#[component]
fn Recorded(recordings: Recordings, state: SessionState) -> impl IntoView {
    if !recordings.any() {
        return view! { <span class="muted">"not recorded"</span> }.into_any();
    }
    let kinds = [
        (recordings.graphical, "graphical"),
        (recordings.text, "text"),
        (recordings.keys, "keys"),
    ];
    let kinds: Vec<&str> = kinds
        .into_iter()
        .filter_map(|(is_on, kind)| is_on.then_some(kind))
        .collect();
    let class = match state {
        SessionState::Starting | SessionState::Live => "rec",
        SessionState::Ended | SessionState::Failed => "muted",
    };

    view! { <span class=class>{kinds.join(", ")}</span> }.into_any()
}

/// Live, or why it ended.
#[component]
fn State(state: SessionState, reason: Option<EndReason>) -> impl IntoView {
    match state {
        SessionState::Starting => view! { <span class="tag acc">"starting"</span> }.into_any(),
        SessionState::Live => view! { <span class="tag ok">"live"</span> }.into_any(),
        SessionState::Failed => view! { <span class="tag bad">"not opened"</span> }.into_any(),
        SessionState::Ended => view! { <span class="muted">{reason.map_or("ended", why)}</span> }.into_any(),
    }
}

/// Why a session ended, in a few words.
fn why(reason: EndReason) -> &'static str {
    match reason {
        EndReason::Goodbye => "ended by its person",
        EndReason::Duration => "duration complete",
        EndReason::Idle => "inactivity",
        EndReason::ConnectionLost => "database connection lost",
        EndReason::ClientGone => "browser gone",
        EndReason::Terminated => "ended by an administrator",
        EndReason::PolicyChanged => "access taken away",
        EndReason::RecordingFailed => "recording failed",
        EndReason::Shutdown => "server stopped",
        EndReason::Crash => "server crashed",
    }
}

#[component]
pub(super) fn NoSessions(filter: Memo<SessionFilter>) -> impl IntoView {
    let is_filtered = filter.with_untracked(|filter| *filter != SessionFilter::default());

    if is_filtered {
        return view! {
            <Empty title="No sessions">
                "No session matches. " <a href="/sessions">"Clear the filter"</a>
            </Empty>
        }
        .into_any();
    }

    view! {
        <Empty title="No sessions yet">
            "Open a PAM Database in the vault and press Launch; what happens there is listed here. "
            <a href="/vault">"Go to the vault"</a>
        </Empty>
    }
    .into_any()
}
