//! Sessions as rows: those that run, one page of the others, and those of one record.

use std::time::Duration;

use leptos::prelude::*;
use protocol::service_accounts::in_words;
use protocol::sessions::{Recordings, SessionFilter, SessionKind, SessionRow, SessionState, SessionView};
use protocol::time::Timestamp;

use crate::ui::notice::Empty;
use crate::ui::size::size;
use crate::ui::when::{When, duration};

/// What runs at this moment, each with how long, counting on.
#[component]
pub(super) fn Live(sessions: Vec<SessionRow>, now: Timestamp, is_evidence: bool) -> impl IntoView {
    let n_live = sessions.len();

    view! {
        <section class="live" aria-labelledby="live-heading">
            <h2 id="live-heading">
                "Live now " <span class="muted">{n_live}</span>
            </h2>
            <Table sessions now is_evidence caption="Sessions that run now" />
        </section>
    }
}

/// One page of sessions, newest first.
#[component]
pub(super) fn Rows(sessions: Vec<SessionRow>, now: Timestamp, is_evidence: bool) -> impl IntoView {
    view! { <Table sessions now is_evidence caption="Sessions, newest first" /> }
}

#[component]
fn Table(
    sessions: Vec<SessionRow>,
    now: Timestamp,
    is_evidence: bool,
    caption: &'static str,
) -> impl IntoView {
    let rows = sessions
        .into_iter()
        .map(|row| view! { <Row row now is_evidence /> })
        .collect_view();

    view! {
        <div class="table sessions">
            <table>
                <caption class="unseen">{caption}</caption>
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
    }
    .into_any()
}

#[component]
fn Row(row: SessionRow, now: Timestamp, is_evidence: bool) -> impl IntoView {
    let session = row.session;
    let standing = session.standing();
    let errors = (session.errors > 0).then(|| view! { <div class="danger">{session.errors} " failed"</div> });
    let size = (session.bytes > 0).then(|| view! { <div class="faint">{size(session.bytes)}</div> });
    let target = target_of(&session, row.may_replay, is_evidence);
    let statements = counted(&session).map_or_else(|| "–".to_owned(), |n| n.to_string());
    let terminate = (is_evidence && session.state == SessionState::Live).then(|| {
        view! {
            <a class="btn small" href=format!("/sessions/{}/terminate", session.id)>
                "Terminate"
            </a>
        }
    });

    view! {
        <tr>
            <td>
                {match target {
                    Some(href) => {
                        view! {
                            <a class="row-link" href=href>
                                {session.record_title}
                            </a>
                        }
                            .into_any()
                    }
                    None => view! { <b>{session.record_title}</b> }.into_any(),
                }}
                " " <Kind kind=session.kind /> <div class="faint mono">{session.account} " · " {session.database}</div>
                <div class="faint only-small">
                    {in_words(&session.person_email)} <br /> <When at=session.started_at />
                </div>
            </td>
            <td class="hide">
                {in_words(&session.person_email)} <div class="faint mono">{session.remote_address}</div>
            </td>
            <td class="tight hide">
                <When at=session.started_at />
            </td>
            <td class="num">
                <Elapsed started_at=session.started_at ended_at=session.ended_at now />
            </td>
            <td class="num hide">{statements} {errors}</td>
            <td class="hide">
                <Recorded kind=session.kind recordings=session.recordings state=session.state />
                {size}
            </td>
            <td>
                <div class="state">
                    <State state=session.state standing />
                    {terminate}
                </div>
            </td>
        </tr>
    }
    .into_any()
}

/// A session on the page of its record, where there is no room for a table.
#[component]
pub fn Brief(row: SessionRow, now: Timestamp) -> impl IntoView {
    let session = row.session;
    let standing = session.standing();
    let target = target_of(&session, row.may_replay, true).unwrap_or_default();
    let statements = counted(&session).map(|n| format!(" · {n} statements"));
    let errors =
        (session.errors > 0).then(|| view! { <span class="danger">" · " {session.errors} " failed"</span> });

    view! {
        <li>
            <a class="row-link" href=target>
                {in_words(&session.person_email)}
            </a>
            " "
            <Kind kind=session.kind />
            <span class="end">
                <State state=session.state standing />
            </span>
            <div class="faint">
                <When at=session.started_at /> " · "
                <Elapsed started_at=session.started_at ended_at=session.ended_at now /> " · " {session.account}
                {statements} {errors}
            </div>
        </li>
    }
    .into_any()
}

/// Statements that were run; how many is known when the session has ended.
fn counted(session: &SessionView) -> Option<u64> {
    match session.state {
        SessionState::Starting | SessionState::Live => None,
        SessionState::Ended | SessionState::Failed => Some(session.statements),
    }
}

/// Where a row leads: to the live view of what runs and has a screen, to the player of everything else.
fn target_of(session: &SessionView, may_replay: bool, is_evidence: bool) -> Option<String> {
    match session.state {
        SessionState::Live if is_evidence && session.kind.has_screen() => {
            Some(format!("/sessions/{}/live", session.id))
        }
        SessionState::Starting | SessionState::Live | SessionState::Ended | SessionState::Failed => {
            may_replay.then(|| format!("/sessions/{}", session.id))
        }
    }
}

/// How long a session took, or has been running: that counts on in the browser.
#[component]
fn Elapsed(started_at: Timestamp, ended_at: Option<Timestamp>, now: Timestamp) -> impl IntoView {
    let passed = RwSignal::new(0_i64);
    if ended_at.is_none() {
        Effect::new(move |_| {
            let tick = set_interval_with_handle(
                move || passed.update(|passed| *passed += 1_000_000),
                Duration::from_secs(1),
            );
            on_cleanup(move || {
                if let Ok(tick) = tick {
                    tick.clear();
                }
            });
        });
    }
    let until = ended_at.unwrap_or(now);
    let took = until.micros() - started_at.micros();

    view! { <span>{move || duration(took + passed.get())}</span> }
}

/// What is not the terminal's says so.
#[component]
fn Kind(kind: SessionKind) -> impl IntoView {
    match kind {
        SessionKind::Terminal => None,
        SessionKind::Listener | SessionKind::Tunnel => {
            Some(view! { <span class="tag kind">{kind.label()}</span> })
        }
    }
}

/// What a session is, or was, recorded as.
#[component]
fn Recorded(kind: SessionKind, recordings: Recordings, state: SessionState) -> impl IntoView {
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

    let kinds = match kind {
        SessionKind::Terminal => kinds.join(", "),
        SessionKind::Listener | SessionKind::Tunnel => "statements".to_owned(),
    };

    view! { <span class=class>{kinds}</span> }.into_any()
}

/// Live, or why it ended.
#[component]
fn State(state: SessionState, standing: &'static str) -> impl IntoView {
    let class = match state {
        SessionState::Starting => "tag acc",
        SessionState::Live => "tag ok",
        SessionState::Failed => "tag bad",
        SessionState::Ended => "muted",
    };

    view! { <span class=class>{standing}</span> }
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
