//! `/sessions/{session}/live`: a session while it runs, seen as its person sees it.

mod stage;
mod watch;

use leptos::prelude::*;
use leptos_meta::Title;
use protocol::service_accounts::in_words;
use protocol::sessions::{SessionState, SessionView};

use self::stage::Stage;
use super::address::{named, use_session_id};
use super::api::session;
use crate::ui::layout::Page;
use crate::ui::notice::{Empty, Refused};
use crate::ui::raw::raw_text;
use crate::ui::when::When;

#[component]
pub fn LivePage() -> impl IntoView {
    let id = use_session_id();
    let found = Resource::new_blocking(move || id.get(), |id| async move { session(named(id)?).await });

    view! {
        <Page title="Live session">
            <Transition>
                {move || Suspend::new(async move {
                    match found.await {
                        Ok(session) => view! { <Live session /> }.into_any(),
                        Err(error) => view! { <Refused error /> }.into_any(),
                    }
                })}
            </Transition>
        </Page>
    }
}

#[component]
fn Live(session: SessionView) -> impl IntoView {
    let path = format!("/sessions/{}", session.id);
    let title = format!("{} · Live · Postern", session.record_title);
    let has_ended = RwSignal::new(false);
    let runs = match session.state {
        SessionState::Starting | SessionState::Live => true,
        SessionState::Ended | SessionState::Failed => false,
    };
    let badge = runs.then(|| {
        view! {
            <span class="tag live-badge" hidden=move || has_ended.get()>
                "LIVE"
            </span>
            <a class="btn danger" href=format!("{path}/terminate") hidden=move || has_ended.get()>
                "Terminate"
            </a>
        }
    });
    let body = if runs && !session.kind.has_screen() {
        view! {
            <Empty title="There is no screen to watch">
                "This session is of native clients: what they run is listed in its replay."
            </Empty>
        }
        .into_any()
    } else if runs {
        view! { <Stage id=session.id.clone() started_at=session.started_at has_ended /> }.into_any()
    } else {
        view! { <Empty title="This session has ended">"What was recorded of it can be replayed."</Empty> }
            .into_any()
    };

    view! {
        <Title text=raw_text(&title) />
        <div class="player">
            <header class="player-bar">
                <h1>{session.record_title}</h1>
                <p class="muted">
                    {in_words(&session.person_email)} " as " {session.account} " · since " <When at=session.started_at /> " UTC"
                </p>
                {badge}
                <a class="btn" href=path>
                    {if runs { "Replay so far" } else { "Replay" }}
                </a>
            </header>
            {body}
        </div>
    }
    .into_any()
}
