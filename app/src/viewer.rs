//! The person who looks at the page: name, role, and what the navigation shows.

pub mod api;

use leptos::prelude::*;
use leptos_router::hooks::use_location;
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

/// Loads the viewer for the pages inside; again when somebody steps in or out.
#[component]
pub fn Viewing(children: Children) -> impl IntoView {
    let path = use_location().pathname;
    let is_outside =
        Memo::new(move |_| path.with(|path| path == "/sign-in" || path.starts_with("/welcome/")));
    let viewer: ViewerResource = Resource::new_blocking(move || is_outside.get(), |_| api::viewer());
    provide_context(viewer);

    children()
}

/// The viewer, wherever a page needs it.
pub fn use_viewer() -> ViewerResource {
    expect_context()
}
