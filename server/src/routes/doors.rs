//! Doors: the only way to declare a route. Records method, path and who may, and guards the handler with it.

use app::ctx::{Actor, Client};
use app::pages::Who;
use axum::Router;
use axum::extract::Request;
use axum::handler::Handler;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{MethodFilter, on};
use http::{HeaderMap, Method, StatusCode, header};
use protocol::errors::{Code, Refusal};
use protocol::tokens::PREFIX;
use zeroize::Zeroizing;

use crate::access_tokens::{Holder, holder_of};
use crate::http::pages;
use crate::people::{network_of, store_failed};
use crate::state::AppState;
use crate::viewer::Viewer;

/// One declared way in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Door {
    pub method: Method,
    /// In axum's spelling, `{name}` for a parameter.
    pub path: String,
    pub who: Who,
    pub takes: Takes,
}

/// What who comes may bring to say who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Takes {
    /// The cookie of a sign-in; where only holders of a token may pass, that.
    TheirOwn,
    /// The cookie, or in its place an access token for the command line.
    TokensToo,
}

/// Collects doors and builds the router they lead to.
pub struct Doors {
    state: AppState,
    router: Router<AppState>,
    list: Vec<Door>,
}

impl Doors {
    pub fn new(state: AppState) -> Self {
        Self {
            state,
            router: Router::new(),
            list: Vec::new(),
        }
    }

    /// Declares a door: `handler` runs only for those `who` names.
    pub fn door<H, T>(self, method: Method, path: &str, who: Who, handler: H) -> Self
    where
        H: Handler<T, AppState>,
        T: 'static,
    {
        self.declare(method, path, who, Takes::TheirOwn, handler)
    }

    /// The same, and a command line passes in its person's name. The handler asks [`crate::viewer::viewer_of`].
    pub fn door_for_tokens_too<H, T>(self, method: Method, path: &str, who: Who, handler: H) -> Self
    where
        H: Handler<T, AppState>,
        T: 'static,
    {
        self.declare(method, path, who, Takes::TokensToo, handler)
    }

    #[expect(clippy::disallowed_methods, reason = "the one place that declares routes")]
    fn declare<H, T>(mut self, method: Method, path: &str, who: Who, takes: Takes, handler: H) -> Self
    where
        H: Handler<T, AppState>,
        T: 'static,
    {
        let filter = MethodFilter::try_from(method.clone()).unwrap_or(MethodFilter::GET);
        let state = self.state.clone();
        let guarded = on(filter, handler).layer(from_fn(move |request, next| {
            guard(state.clone(), who, takes, request, next)
        }));
        self.router = self.router.route(path, guarded);
        self.list.push(Door {
            method,
            path: path.to_owned(),
            who,
            takes,
        });

        self
    }

    /// What has been declared, in order.
    pub fn list(&self) -> &[Door] {
        &self.list
    }

    /// The router, with `fallback` for everything that was not declared.
    pub fn build<H, T>(self, fallback: H) -> Router
    where
        H: Handler<T, AppState>,
        T: 'static,
    {
        self.router.fallback(fallback).with_state(self.state)
    }
}

/// Lets the request through to its handler, or refuses it with a sentence.
async fn guard(state: AppState, who: Who, takes: Takes, mut request: Request, next: Next) -> Response {
    if who == Who::TokenHolder {
        let token = bearer(request.headers());
        return match holder(&state, token, &pages::client(&request)).await {
            Ok(holder) => {
                request.extensions_mut().insert(holder);

                next.run(request).await
            }
            Err(refusal) => refuse(&refusal),
        };
    }
    let mut role = request.extensions().get::<Actor>().map(Actor::role);
    // What a proxy on the way adds for itself is none of ours, and counts as nothing.
    if let Some(token) = bearer(request.headers()).filter(|token| token.starts_with(PREFIX))
        && takes == Takes::TokensToo
    {
        match viewer(&state, token, &pages::client(&request)).await {
            Ok(viewer) => {
                role = Some(viewer.role());
                request.extensions_mut().insert(viewer);
            }
            Err(refusal) => return refuse(&refusal),
        }
    }

    if who.includes(role) {
        return next.run(request).await;
    }

    if role.is_none() {
        return signed_out(&request);
    }
    let sentence = match who {
        Who::Anyone | Who::SignedIn | Who::Evidence | Who::TokenHolder => {
            "This is for administrators and auditors."
        }
        Who::Launcher => "Your role does not allow launching, so there is nothing here to launch with.",
        Who::Administrator => "Only an administrator may do this.",
    };

    refuse(&Refusal::new(Code::PamPolicyDenied, sentence))
}

/// The token a request brings.
fn bearer(headers: &HeaderMap) -> Option<Zeroizing<String>> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;

    value
        .strip_prefix("Bearer ")
        .map(|token| Zeroizing::new(token.to_owned()))
}

/// Who looks with the token.
async fn viewer(state: &AppState, token: Zeroizing<String>, client: &Client) -> Result<Viewer, Refusal> {
    holder(state, Some(token), client).await?.try_into()
}

/// Who holds the token.
async fn holder(
    state: &AppState,
    token: Option<Zeroizing<String>>,
    client: &Client,
) -> Result<Holder, Refusal> {
    let Some(_comer) = state.strangers.join(network_of(client)) else {
        return Err(Refusal::new(
            Code::TooMany,
            "Too many requests from this network wait for their token to be looked up. Try again in a moment.",
        ));
    };
    let found = match token {
        Some(token) => holder_of(state, &token, client).await.map_err(store_failed)?,
        None => None,
    };

    found.ok_or_else(no_token)
}

/// The answer to who shows no token, or one that is not good.
pub fn no_token() -> Refusal {
    Refusal::new(
        Code::SignedOut,
        "A valid access token is needed: sign in with postern login, or make a token under Account in Postern; a service \
         account's is made by an administrator.",
    )
}

/// A browser that asks for a page is sent to sign in and comes back, one that posts a form is sent there too;
/// everything else is told.
fn signed_out(request: &Request) -> Response {
    let wants_page = request
        .headers()
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"));
    if wants_page && request.method() != Method::GET {
        return Redirect::to("/sign-in").into_response();
    }
    if wants_page {
        let wanted = request.uri().path_and_query().map_or("/", |path| path.as_str());
        let next = percent_encoding::utf8_percent_encode(wanted, percent_encoding::NON_ALPHANUMERIC);

        return Redirect::to(&format!("/sign-in?next={next}")).into_response();
    }

    refuse(&Refusal::signed_out())
}

/// A refusal as a raw door answers it: status, and the code with its sentence as JSON.
pub fn refuse(refusal: &Refusal) -> Response {
    let status = StatusCode::from_u16(refusal.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);

    (status, axum::Json(refusal.clone())).into_response()
}
