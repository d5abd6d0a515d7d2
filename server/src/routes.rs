//! Every way in: raw doors, server functions, pages. Declared once, walked by the door test.

mod doors;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use http::Method;

pub use doors::{Door, Doors, Takes, no_token, refuse};

use crate::state::AppState;
use crate::{http as web, terminal};
use app::pages::{PAGES, Who};

/// Declares every door of the public address.
pub fn doors(state: &AppState) -> Doors {
    let mut doors = Doors::new(state.clone())
        .door(Method::GET, "/healthz", Who::Anyone, crate::health::healthz)
        .door(Method::GET, "/pkg/{*file}", Who::Anyone, web::assets::serve)
        .door(Method::GET, "/xterm/{*file}", Who::Anyone, web::assets::serve)
        .door(Method::GET, "/{file}", Who::Anyone, web::assets::serve_top)
        .door(Method::POST, "/cli/login", Who::Anyone, crate::device::begin)
        .door(
            Method::POST,
            "/cli/login/token",
            Who::Anyone,
            crate::device::token,
        )
        .door(
            Method::GET,
            "/terminal",
            Who::SignedIn,
            terminal::upgrade::upgrade,
        )
        .door_for_tokens_too(
            Method::GET,
            "/sessions/{session}/watch",
            Who::Evidence,
            terminal::watch::watch,
        )
        .door(
            Method::POST,
            protocol::import::PATH,
            Who::TokenHolder,
            crate::import::import,
        )
        .door(
            Method::POST,
            "/cli/logout",
            Who::TokenHolder,
            crate::access_tokens::logout,
        )
        .door(
            Method::GET,
            "/cli/whoami",
            Who::TokenHolder,
            crate::access_tokens::whoami,
        )
        .door(
            Method::GET,
            "/cli/sessions",
            Who::TokenHolder,
            crate::cli::sessions,
        )
        .door(
            Method::POST,
            "/cli/sessions/{session}/terminate",
            Who::TokenHolder,
            crate::cli::terminate,
        )
        .door(
            Method::POST,
            "/cli/sessions/{session}/replay",
            Who::TokenHolder,
            crate::cli::replay,
        )
        .door(
            Method::POST,
            "/cli/sessions/{session}/verify",
            Who::TokenHolder,
            crate::cli::verify,
        )
        .door(
            Method::GET,
            protocol::tunnel::PATH,
            Who::TokenHolder,
            crate::tunnel::upgrade,
        )
        .door(
            Method::GET,
            protocol::terminal::script::PATH,
            Who::TokenHolder,
            terminal::command_line::upgrade,
        )
        .door(
            Method::GET,
            protocol::gateways::words::PATH,
            Who::Anyone,
            crate::gateways::upgrade,
        )
        .door(Method::GET, "/audit/export", Who::Evidence, crate::audit::export)
        .door_for_tokens_too(
            Method::GET,
            "/sessions/{session}/contents",
            Who::SignedIn,
            crate::recordings::contents,
        )
        .door_for_tokens_too(
            Method::GET,
            "/sessions/{session}/frames",
            Who::SignedIn,
            crate::recordings::frames,
        )
        .door_for_tokens_too(
            Method::GET,
            "/sessions/{session}/chapters",
            Who::SignedIn,
            crate::recordings::chapters,
        )
        .door_for_tokens_too(
            Method::GET,
            "/sessions/{session}/export",
            Who::Evidence,
            crate::recordings::export::export,
        );
    for page in PAGES {
        doors = doors.door(Method::GET, page.path, page.who, web::pages::render);
    }
    for (path, method) in leptos::server_fn::axum::server_fn_paths() {
        let who = if app::pages::OPEN_FUNCTIONS.contains(&path) {
            Who::Anyone
        } else {
            Who::SignedIn
        };
        doors = doors.door(method, path, who, web::forms::serve);
    }

    doors
}

/// The router of the public address.
pub fn router(state: &AppState) -> Router {
    // Pages are rendered on tokio. A second router of the same process finds it set already.
    let _ = any_spawner::Executor::init_tokio();

    doors(state)
        .build(web::pages::not_found)
        .layer(from_fn_with_state(state.clone(), web::sign_in::load))
        .layer(from_fn_with_state(state.clone(), web::origin::check))
        .layer(tower_http::catch_panic::CatchPanicLayer::new())
        .layer(from_fn(web::headers::add))
        .layer(from_fn(web::trace::request))
}
