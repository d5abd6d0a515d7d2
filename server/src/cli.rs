//! Doors of the command line at which it asks what pages ask their functions: sessions, their end, their recordings. What
//! is answered, to whom, and what is put on the trail is the same.

use app::sessions::api::list;
use axum::Extension;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, Request, State};
use axum::response::{IntoResponse, Response};
use protocol::cli::{TerminateOrder, Verified};
use protocol::errors::{Code, Refusal};
use protocol::forms::Draft;
use protocol::ids::SessionId;
use protocol::recordings::RecordingView;
use protocol::sessions::{SessionFilter, SessionList};
use protocol::terminal::TerminateDraft;
use serde::Serialize;

use crate::access_tokens::Holder;
use crate::http::{json, pages};
use crate::people::store_failed;
use crate::recordings::{self, Checked};
use crate::routes::refuse;
use crate::state::AppState;
use crate::viewer::Viewer;
use crate::{clock, sessions};

/// `GET /cli/sessions?…`: one page of the sessions their holder may see.
pub async fn sessions(
    State(state): State<AppState>,
    Extension(holder): Extension<Holder>,
    filter: Result<Query<SessionFilter>, QueryRejection>,
) -> Response {
    answer(page(&state, holder, filter).await)
}

async fn page(
    state: &AppState,
    holder: Holder,
    filter: Result<Query<SessionFilter>, QueryRejection>,
) -> Result<SessionList, Refusal> {
    let viewer = Viewer::try_from(holder)?;
    let Query(filter) = filter.map_err(|_| unknown_filter())?;
    check(&filter)?;
    let mut snapshot = state.db.read().await.map_err(store_failed)?;

    list(&mut snapshot, &viewer.person, &filter, clock::now())
        .await
        .map_err(|error| error.0)
}

/// `POST /cli/sessions/{session}/terminate`: ends a live session.
pub async fn terminate(
    State(state): State<AppState>,
    Path(session): Path<SessionId>,
    Extension(holder): Extension<Holder>,
    request: Request,
) -> Response {
    answer(end(&state, session, holder, request).await)
}

async fn end(state: &AppState, session: SessionId, holder: Holder, request: Request) -> Result<(), Refusal> {
    let viewer = Viewer::try_from(holder)?;
    vault::authorize::terminate(&viewer.person)?;
    let client = pages::client(&request);
    let TerminateOrder { reason } = json::read(request.into_body()).await?;
    let draft = TerminateDraft { session, reason };
    check(&draft)?;

    sessions::terminate(state, &viewer, &draft, &client).await
}

/// `POST /cli/sessions/{session}/replay`: opens a recording, which is on the trail; then its frames can be asked for.
pub async fn replay(
    State(state): State<AppState>,
    Path(session): Path<SessionId>,
    Extension(holder): Extension<Holder>,
    request: Request,
) -> Response {
    let client = pages::client(&request);
    let opening = async {
        let viewer = Viewer::try_from(holder)?;

        recordings::look_at(&state, &viewer, &session, &client).await
    };

    answer::<RecordingView>(opening.await)
}

/// `POST /cli/sessions/{session}/verify`: reads every byte of a recording.
pub async fn verify(
    State(state): State<AppState>,
    Path(session): Path<SessionId>,
    Extension(holder): Extension<Holder>,
    request: Request,
) -> Response {
    let client = pages::client(&request);
    let checking = async {
        let viewer = Viewer::try_from(holder)?;

        recordings::verify(&state, &viewer, &session, &client).await
    };

    answer(checking.await.map(|(session, checked)| Verified {
        session: session.id,
        was_recorded: session.recordings.any(),
        verdict: match checked {
            Checked::Empty => None,
            Checked::Found(verdict) => Some(verdict),
        },
    }))
}

fn check(draft: &impl Draft) -> Result<(), Refusal> {
    let errors = draft.check();
    if errors.is_empty() {
        return Ok(());
    }

    Err(Refusal::invalid(errors))
}

fn unknown_filter() -> Refusal {
    Refusal::new(
        Code::Validation,
        "The filter has a field this server does not know. Is the command line of another version than the server?",
    )
}

fn answer<T: Serialize>(answer: Result<T, Refusal>) -> Response {
    match answer {
        Ok(answer) => axum::Json(answer).into_response(),
        Err(refusal) => refuse(&refusal),
    }
}
