//! `/sessions/{session}`: the replay of one session, its statements beside the screen.

mod controls;
mod deck;
mod fetch;
mod painter;
mod playback;
mod reel;
mod stage;
mod statements;
mod words;

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;
use protocol::errors::{Code, Refusal};
use protocol::ids::SessionId;
use protocol::recordings::RecordingView;
use protocol::sessions::{SessionState, SessionView};

use self::stage::Stage;
use super::api::look_at_recording;
use crate::errors::AppError;
use crate::ui::layout::Page;
use crate::ui::notice::{Empty, Refused};
use crate::ui::raw::raw_text;
use crate::ui::when::{When, duration};

#[component]
pub fn PlayerPage() -> impl IntoView {
    let params = use_params_map();
    let session = Memo::new(move |_| params.with(|params| params.get("session")?.parse::<SessionId>().ok()));
    let recording = Resource::new_blocking(
        move || session.get(),
        |session| async move {
            let missing = || AppError(Refusal::new(Code::PamNotFound, "There is no such recording."));

            look_at_recording(session.ok_or_else(missing)?).await
        },
    );

    view! {
        <Page title="Recording">
            <Transition>
                {move || Suspend::new(async move {
                    match recording.await {
                        Ok(recording) => view! { <Player recording /> }.into_any(),
                        Err(error) => view! { <Refused error /> }.into_any(),
                    }
                })}
            </Transition>
        </Page>
    }
}

#[component]
fn Player(recording: RecordingView) -> impl IntoView {
    let title = format!("{} · Recording · Postern", recording.session.record_title);
    let is_recorded = recording.session.recordings.any();
    let is_empty = recording.segments.is_empty();
    let head = view! { <Head recording=recording.clone() /> };
    let rest = match (is_recorded, is_empty) {
        (false, _) => view! {
            <Empty title="Not recorded">
                "The record's settings had every recording switched off when this session started."
            </Empty>
        }
        .into_any(),
        (true, true) => view! {
            <Empty title="Nothing to play">"This session ended before anything was written of it."</Empty>
        }
        .into_any(),
        (true, false) => view! { <Stage recording /> }.into_any(),
    };

    view! {
        <Title text=raw_text(&title) />
        <div class="player">{head} {rest}</div>
    }
}

/// Whose session it was, when, how long, and whether the recording is what was written.
#[component]
fn Head(recording: RecordingView) -> impl IntoView {
    let SessionView {
        record_title,
        person_email,
        account,
        started_at,
        ended_at,
        state,
        ..
    } = recording.session;
    let took = ended_at.map(|ended_at| format!(" · {}", duration(ended_at.micros() - started_at.micros())));
    let live = match state {
        SessionState::Starting | SessionState::Live => Some(view! { <span class="tag acc">"live"</span> }),
        SessionState::Ended | SessionState::Failed => None,
    };
    let (class, verdict) = words::verdict(&recording.verdict);

    view! {
        <header class="player-bar">
            <h1>{record_title}</h1>
            <p class="muted">
                {person_email} " as " {account} " · " <When at=started_at /> " UTC" {took}
            </p>
            {live}
            <span class=class>{verdict}</span>
        </header>
    }
}
