//! Server function: who is signed in.

use leptos::prelude::*;

use super::ViewerView;
use crate::errors::AppError;

/// The person signed in, or `None`.
#[server(prefix = "/api", endpoint = "viewer")]
pub async fn viewer() -> Result<Option<ViewerView>, AppError> {
    let ctx = crate::ctx::RequestCtx::current()?;

    Ok(ctx.actor().map(|actor| ViewerView {
        id: actor.person.id.clone(),
        email: actor.person.handle.to_string(),
        name: actor.person.name.clone(),
        role: actor.role(),
    }))
}
