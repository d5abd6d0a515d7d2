//! The cookie of a sign-in, and who stands behind a request.
//!
//! The cookie holds 256 random bits; the store knows only their SHA-256. The sign-in is looked up on every
//! request, so that signing out, switching off a person and changing a role take effect with the next one.

use app::ctx::Actor;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use cookie::{Cookie, SameSite};
use http::request::Parts;
use http::{HeaderMap, header};
use protocol::errors::Refusal;
use store::tokens::{Token, TokenHash};
use tracing::error;

use crate::clock;
use crate::state::AppState;

/// Puts the [`app::ctx::Actor`] of the request's cookie, if it is good, into the request.
pub async fn load(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    look(&state, &mut parts).await;

    next.run(Request::from_parts(parts, body)).await
}

/// Looks up who stands behind the cookie now, in place of who stood behind it before. A body may be sent as slowly
/// as its sender likes: who was switched off meanwhile must not act with it.
pub async fn look(state: &AppState, request: &mut Parts) {
    request.extensions.remove::<Actor>();
    let Some(token) = token_of(&request.headers, name(state)) else {
        return;
    };
    match crate::people::sign_in::actor_behind(state, &TokenHash::of(&token), clock::now()).await {
        Ok(Some(actor)) => {
            request.extensions.insert(actor);
        }
        Ok(None) => {}
        // Nobody is signed in while the store does not answer: closed, not open.
        Err(error) => error!(error = &error as &dyn std::error::Error, "sign-in not looked up"),
    }
}

/// Who a request is from.
pub fn actor_of(request: &Request) -> Result<Actor, Refusal> {
    request
        .extensions()
        .get::<Actor>()
        .cloned()
        .ok_or_else(Refusal::signed_out)
}

/// A new token: 256 random bits.
pub fn new_token() -> Token {
    Token::from_random(clock::draw())
}

/// `__Host-` makes the browser insist on TLS, this host and the whole path.
fn name(state: &AppState) -> &'static str {
    if secure(state) {
        "__Host-postern"
    } else {
        "postern"
    }
}

fn secure(state: &AppState) -> bool {
    state.config.http.public_url.starts_with("https://")
}

/// `Set-Cookie` of a new sign-in; it ends with the browser or with the sign-in, whichever is first.
pub fn cookie_of(state: &AppState, token: &Token) -> String {
    Cookie::build((name(state), token.expose()))
        .http_only(true)
        .secure(secure(state))
        .same_site(SameSite::Lax)
        .path("/")
        .build()
        .to_string()
}

/// `Set-Cookie` that takes the cookie away.
pub fn no_cookie(state: &AppState) -> String {
    Cookie::build((name(state), ""))
        .http_only(true)
        .secure(secure(state))
        .same_site(SameSite::Lax)
        .path("/")
        .max_age(time::Duration::ZERO)
        .build()
        .to_string()
}

fn token_of(headers: &HeaderMap, name: &str) -> Option<String> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(Cookie::split_parse)
        .filter_map(Result::ok)
        .find(|cookie| cookie.name() == name && cookie.value().len() <= 64)
        .map(|cookie| cookie.value().to_owned())
}
