//! The person who looks at the page: name, role, and what the navigation shows.

pub mod api;

use leptos::prelude::*;
use protocol::ids::PersonId;
use protocol::people::Role;
use serde::{Deserialize, Serialize};

use crate::errors::AppError;

/// The person who looks, as every page needs them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ViewerView {
    pub id: PersonId,
    pub email: String,
    pub name: String,
    pub role: Role,
}

/// Who looks; `None` when signed out.
pub type ViewerResource = Resource<Result<Option<ViewerView>, AppError>>;

/// Loads the viewer once for all pages.
pub fn provide_viewer() {
    let viewer: ViewerResource = Resource::new_blocking(|| (), |()| api::viewer());

    provide_context(viewer);
}

/// The viewer, wherever a page needs it.
pub fn use_viewer() -> ViewerResource {
    expect_context()
}
