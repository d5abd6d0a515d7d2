//! `/sessions/{session}`: the replay of one session, its statements beside the screen.

mod controls;
mod deck;
mod fetch;
mod head;
mod help;
mod idle;
mod keys;
mod lanes;
mod list;
mod opening;
pub(super) mod painter;
mod playback;
pub(super) mod reel;
mod retry;
mod shelf;
mod stage;
mod statements;
mod timeline;
pub(super) mod words;

use leptos::prelude::*;
use leptos_meta::Title;
use protocol::recordings::RecordingView;
use protocol::sessions::SessionKind;

use self::deck::Shown;
use self::head::Head;
use self::lanes::Lanes;
use self::opening::Asked;
use self::stage::Stage;
use super::address::{named, use_session_id};
use super::api::look_at_recording;
use crate::errors::AppError;
use crate::ui::layout::Page;
use crate::ui::notice::{Empty, Refused};
use crate::ui::raw::raw_text;

#[component]
pub fn PlayerPage() -> impl IntoView {
    let session = use_session_id();
    let opening = Asked::nothing();
    let recording = Resource::new_blocking(
        move || session.get(),
        move |session| async move {
            let recording = look_at_recording(named(session)?).await?;
            if is_browser() && recording.session.kind.has_screen() {
                // Its opening is noted by now. Before the page is made, which takes longer.
                opening.ask(&recording.session.id, 0);
            }

            Ok::<_, AppError>(recording)
        },
    );

    view! {
        <Page title="Recording">
            <Transition>
                {move || Suspend::new(async move {
                    match recording.await {
                        Ok(recording) => view! { <Player recording opening /> }.into_any(),
                        Err(error) => view! { <Refused error /> }.into_any(),
                    }
                })}
            </Transition>
        </Page>
    }
}

#[component]
fn Player(recording: RecordingView, opening: Asked) -> impl IntoView {
    let title = format!("{} · Recording · Postern", recording.session.record_title);
    let length = recording.session.ended_at.map_or(0, |ended_at| {
        ended_at.micros() - recording.session.started_at.micros()
    });
    let shown = Shown::new(length);
    let is_recorded = recording.session.recordings.any();
    let is_empty = recording.first.is_none();
    let head = view! { <Head recording=recording.clone() has_begun=shown.has_begun /> };
    let kind = recording.session.kind;
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
        (true, false) => match kind {
            SessionKind::Terminal => view! { <Stage recording opening shown /> }.into_any(),
            SessionKind::Listener | SessionKind::Tunnel => {
                view! { <Lanes session=recording.session has_begun=shown.has_begun /> }.into_any()
            }
        },
    };

    view! {
        <Title text=raw_text(&title) />
        <div class="player">{head} {rest}</div>
    }
}
