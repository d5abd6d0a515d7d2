//! The session an address names.

use leptos::prelude::*;
use leptos_router::hooks::use_params_map;
use protocol::errors::{Code, Refusal};
use protocol::ids::SessionId;

use crate::errors::AppError;

/// The session the URL names; `None` when it names none.
pub(super) fn use_session_id() -> Memo<Option<SessionId>> {
    let params = use_params_map();

    Memo::new(move |_| params.with(|params| params.get("session")?.parse().ok()))
}

/// An id a URL named, or the answer to what does not exist.
pub(super) fn named(session: Option<SessionId>) -> Result<SessionId, AppError> {
    session.ok_or_else(|| AppError(Refusal::new(Code::PamNotFound, "There is no such session.")))
}
