//! The bar above a replay: whose session it was, whether the recording is what was written, and how to take it along.

use leptos::prelude::*;
use protocol::ids::SessionId;
use protocol::recordings::{ExportFormat, RecordingView};
use protocol::service_accounts::in_words;
use protocol::sessions::{SessionKind, SessionState, SessionView};

use super::words;
use crate::sessions::api::verify_recording;
use crate::ui::fetched::fetched;
use crate::ui::when::{When, duration};

/// Whose session it was, when, how long.
#[component]
pub(super) fn Head(recording: RecordingView, has_begun: RwSignal<bool>) -> impl IntoView {
    let SessionView {
        id,
        kind,
        record_title,
        person_email,
        account,
        started_at,
        ended_at,
        state,
        recordings,
        ..
    } = recording.session;
    let took = ended_at.map(|ended_at| format!(" · {}", duration(ended_at.micros() - started_at.micros())));
    let live = match state {
        SessionState::Live if recording.is_evidence => Some(match kind {
            SessionKind::Terminal => view! {
                <a class="btn" href=format!("/sessions/{id}/live")>
                    "Watch live"
                </a>
            },
            SessionKind::Listener | SessionKind::Tunnel => view! {
                <a class="btn" href=format!("/sessions/{id}/terminate")>
                    "Terminate"
                </a>
            },
        }),
        SessionState::Starting | SessionState::Live | SessionState::Ended | SessionState::Failed => None,
    };
    let can_be_taken = recording.is_evidence && recording.first.is_some();
    let evidence = can_be_taken.then(|| {
        view! {
            <Verdict session=id.clone() has_begun />
            <ExportMenu session=id.clone() kind has_keys=recordings.keys />
        }
    });
    let transcript = recording.first.map(|_| {
        view! {
            <a class="btn" href=format!("/sessions/{id}/transcript")>
                "Transcript"
            </a>
        }
    });

    view! {
        <header class="player-bar">
            <h1>{record_title}</h1>
            <p class="muted">
                {in_words(&person_email)} " as " {account} " · " <When at=started_at /> " UTC" {took}
            </p>
            {live}
            {evidence}
            {transcript}
        </header>
    }
    .into_any()
}

/// What the chain says. It is asked for once the first frame is there: reading every byte takes its time.
#[component]
fn Verdict(session: SessionId, has_begun: RwSignal<bool>) -> impl IntoView {
    let wanted = move || has_begun.get().then(|| session.clone());
    let verdict = fetched(wanted, verify_recording);
    let said = Memo::new(move |_| match verdict.get() {
        Some(Ok(verdict)) => words::verdict(&verdict),
        Some(Err(error)) => ("tag bad", error.0.sentence),
        None => ("tag", "verifying…".to_owned()),
    });

    view! {
        <span role="status" class=move || said.get().0>
            {move || said.get().1}
        </span>
    }
}

/// Every form a recording of this kind can be had in.
#[component]
fn ExportMenu(session: SessionId, kind: SessionKind, has_keys: bool) -> impl IntoView {
    let link = move |format: ExportFormat, with_keys: bool| {
        let keys = if with_keys { "&keys=on" } else { "" };
        let href = format!("/sessions/{session}/export?format={}{keys}", format.as_str());
        let label = match with_keys {
            true => format!("{}, with keys", format.label()),
            false => format.label().to_owned(),
        };

        view! {
            <li>
                <a href=href rel="external" download="">
                    {label}
                </a>
            </li>
        }
    };
    let plain = ExportFormat::ALL
        .into_iter()
        .filter(|format| format.is_of(kind))
        .map(|format| link(format, false))
        .collect_view();
    let with_keys = (has_keys && kind.has_screen()).then(|| link(ExportFormat::JsonLines, true));

    view! {
        <details class="menu">
            <summary class="btn">"Export"</summary>
            <ul>{plain} {with_keys}</ul>
        </details>
    }
}
