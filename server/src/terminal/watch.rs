//! `GET /sessions/{session}/watch`: the WebSocket of a live view.

use axum::RequestExt;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::{Path, Request, State};
use axum::response::Response;
use protocol::audit::{EventName, Outcome};
use protocol::errors::{Code, Refusal};
use protocol::ids::SessionId;
use protocol::terminal::watch::{MAX_WATCHER_FRAME, SUBPROTOCOL};
use protocol::terminal::{EndReason, Ended};
use store::audit;

use super::socket::{READ_BUFFER, split_into};
use crate::clock;
use crate::http::pages;
use crate::people::sign_in::event;
use crate::people::store_failed;
use crate::routes::refuse;
use crate::sessions::knocks::{Knock, Watching};
use crate::state::AppState;
use crate::viewer::viewer_of;

/// Lets somebody watch who may see evidence; that they do is in the audit log before they see anything.
pub async fn watch(
    State(state): State<AppState>,
    Path(session): Path<SessionId>,
    mut request: Request,
) -> Response {
    let client = pages::context(&state, &request).client;
    let viewer = match viewer_of(&request) {
        Ok(viewer) => viewer,
        Err(refusal) => return refuse(&refusal),
    };
    if let Err(refusal) = vault::authorize::audit(&viewer.person) {
        return refuse(&refusal);
    }
    let Some(place) = state.sessions.place(&session) else {
        return refuse(&over());
    };
    let Ok(socket) = request.extract_parts::<WebSocketUpgrade>().await else {
        return refuse(&Refusal::new(Code::Validation, "A WebSocket was expected here."));
    };
    let watched = event(EventName::SessionWatched, Outcome::Ok, &client, clock::now())
        .by(&viewer.person)
        .about(&place.record, place.record_title)
        .in_session(&session);
    if let Err(refusal) = note(&state, watched).await {
        return refuse(&refusal);
    }

    socket
        .protocols([SUBPROTOCOL])
        .read_buffer_size(READ_BUFFER)
        .max_message_size(MAX_WATCHER_FRAME)
        .max_frame_size(MAX_WATCHER_FRAME)
        .on_upgrade(move |socket| async move {
            let ends = split_into(socket, MAX_WATCHER_FRAME, &state.tasks);
            let watching = Knock::Watcher(Box::new(Watching { viewer, ends }));
            if let Err(knock) = state.sessions.knock(&session, watching).await {
                knock.refuse(Ended {
                    reason: EndReason::ConnectionLost,
                    sentence: over().sentence,
                });
            }
        })
}

async fn note(state: &AppState, event: vault::audit::Event) -> Result<(), Refusal> {
    let mut tx = state.db.write().await.map_err(store_failed)?;
    audit::append(&mut tx, event).await.map_err(store_failed)?;
    tx.commit().await.map_err(store_failed)?;

    Ok(())
}

/// Of a session that has ended, and of one there never was.
fn over() -> Refusal {
    Refusal::new(
        Code::PamNotFound,
        "No session of this id is live. One that has ended can be played where it was recorded.",
    )
}
