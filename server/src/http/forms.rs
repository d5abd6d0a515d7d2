//! Server functions: for the wasm as they are, for a plain form by a redirect or by the page with what was wrong.

use std::time::Duration;

use app::ctx::{Actor, own_path};
use app::pages::page_at;
use app::ui::form::{PostedForm, PostedOutcome, STANDS_ON};
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, Method, StatusCode, Uri, header};
use http_body_util::{BodyExt, Limited};
use leptos::prelude::provide_context;
use protocol::errors::{Code, Refusal};
use protocol::forms::SECRET_FIELDS;
use protocol::vault::DatabaseDraft;
use tokio::time::timeout;

use super::{pages, sign_in};
use crate::routes::refuse;
use crate::state::AppState;

/// Longest body of a form, in bytes: certificates and keys are the longest things people paste.
const MAX_BODY: usize = 256 * 1024;

/// What a function that has nothing to say answers.
const NOTHING: &[u8] = b"null";

/// How long a form may take to arrive.
const PATIENCE: Duration = Duration::from_secs(30);

/// Set by `leptos_axum::redirect` for a caller that is not a plain form.
const REDIRECT: &str = "serverfnredirect";

/// Runs a server function.
pub async fn serve(State(state): State<AppState>, request: Request) -> Response {
    let (mut parts, body) = request.into_parts();
    let Ok(arrived) = timeout(PATIENCE, Limited::new(body, MAX_BODY).collect()).await else {
        return refuse(&Refusal::new(
            Code::Validation,
            "The form did not arrive within 30 s.",
        ));
    };
    let Ok(body) = arrived else {
        return refuse(&Refusal::new(
            Code::Validation,
            "The form is longer than 256 KiB.",
        ));
    };
    let body = body.to_bytes();
    sign_in::look(&state, &mut parts).await;
    let plain = parts
        .headers
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"));

    let mut call = Request::from_parts(parts.clone(), Body::from(body.clone()));
    // The function always answers as it answers the wasm; a plain form is answered below.
    call.headers_mut()
        .insert(header::ACCEPT, HeaderValue::from_static("application/json"));
    let ctx = pages::context(&state, &call);
    let answer = leptos_axum::handle_server_fns_with_context(move || provide_context(ctx.clone()), call)
        .await
        .into_response();
    let (mut head, answer) = answer.into_parts();
    let Ok(answer) = answer.collect().await else {
        return refuse(&Refusal::new(
            Code::Internal,
            "The answer was cut short. Try again.",
        ));
    };
    let answer = answer.to_bytes();
    let failure = head.status.is_server_error().then(|| refusal_of(&answer));

    match (plain, failure) {
        (false, failure) => {
            if let Some(refusal) = failure {
                head.status = status_of(&refusal);
            }

            Response::from_parts(head, Body::from(answer))
        }
        (true, None) if !head.headers.contains_key(header::LOCATION) && answer.as_ref() != NOTHING => {
            let value = String::from_utf8_lossy(&answer).into_owned();

            page_again(&state, parts, &body, PostedOutcome::Answered(value)).await
        }
        (true, None) => redirected(head, &parts.headers),
        (true, Some(refusal)) => {
            let refused = PostedOutcome::Refused {
                refusal,
                values: kept(&body),
            };

            page_again(&state, parts, &body, refused).await
        }
    }
}

/// The refusal a function answered with, or a sentence for what is none.
fn refusal_of(body: &Bytes) -> Refusal {
    serde_json::from_slice(body).unwrap_or_else(|_| {
        Refusal::new(
            Code::Internal,
            "Something went wrong on the server. Try again; if it stays, tell an administrator.",
        )
    })
}

fn status_of(refusal: &Refusal) -> StatusCode {
    StatusCode::from_u16(refusal.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// A plain form that succeeded goes where the function said, or back to where it stood.
fn redirected(mut head: http::response::Parts, request: &http::HeaderMap) -> Response {
    let to = head
        .headers
        .remove(header::LOCATION)
        .or_else(|| request.get(header::REFERER).cloned())
        .unwrap_or(HeaderValue::from_static("/"));
    head.headers.remove(REDIRECT);
    head.headers.remove(header::CONTENT_TYPE);
    head.headers.remove(header::CONTENT_LENGTH);
    head.headers.insert(header::LOCATION, to);
    head.status = StatusCode::SEE_OTHER;

    Response::from_parts(head, Body::empty())
}

/// Renders the page the form stands on.
async fn page_again(
    state: &AppState,
    mut parts: http::request::Parts,
    body: &Bytes,
    outcome: PostedOutcome,
) -> Response {
    let status = match &outcome {
        PostedOutcome::Refused { refusal, .. } => status_of(refusal),
        PostedOutcome::Answered(_) => StatusCode::OK,
    };
    let role = parts.extensions.get::<Actor>().map(Actor::role);
    let page = stands_on(body).or_else(|| referer_of(state, &parts.headers));
    // A page somebody may not see is not shown for having been named.
    let page = page.filter(|page| page_at(page.path()).is_some_and(|page| page.who.includes(role)));
    let Some(page) = page else {
        return match outcome {
            PostedOutcome::Refused { refusal, .. } => refuse(&refusal),
            PostedOutcome::Answered(value) => {
                ([(header::CONTENT_TYPE, "application/json")], value).into_response()
            }
        };
    };
    let posted = PostedForm {
        path: parts.uri.path().to_owned(),
        outcome,
    };
    parts.uri = page;
    parts.method = Method::GET;
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.remove(header::CONTENT_TYPE);

    pages::again(state, Request::from_parts(parts, Body::empty()), posted, status).await
}

/// The page the form names itself.
fn stands_on(body: &Bytes) -> Option<Uri> {
    let (_, page) = entered(body).find(|(name, _)| name == STANDS_ON)?;

    own_path(&page)?.parse().ok()
}

/// The page the browser names. It is ours: the origin has been checked.
fn referer_of(state: &AppState, headers: &http::HeaderMap) -> Option<Uri> {
    let referer = headers.get(header::REFERER)?.to_str().ok()?;

    referer
        .strip_prefix(state.config.http.public_url.as_str())?
        .parse()
        .ok()
}

/// What was entered, without secrets.
fn kept(body: &Bytes) -> Vec<(String, String)> {
    entered(body)
        .filter(|(name, value)| name != STANDS_ON && !is_secret(name, value))
        .collect()
}

/// Names and values of the form.
fn entered(body: &Bytes) -> impl Iterator<Item = (String, String)> {
    body.split(|byte| *byte == b'&').filter_map(|pair| {
        let pair = String::from_utf8_lossy(pair);
        let (name, value) = pair.split_once('=')?;

        Some((decode(name), decode(value)))
    })
}

/// A secret, or a host that is a pasted connection string and may have a password in it.
fn is_secret(name: &str, value: &str) -> bool {
    let field = name.rsplit('[').next().unwrap_or(name).trim_end_matches(']');

    SECRET_FIELDS.contains(&field) || (field == "host" && is_connection_string(value))
}

fn is_connection_string(host: &str) -> bool {
    let mut draft = DatabaseDraft {
        host: host.to_owned(),
        ..DatabaseDraft::default()
    };

    !matches!(draft.spread_connection_string(), Ok(None))
}

fn decode(text: &str) -> String {
    let spaced = text.replace('+', " ");

    percent_encoding::percent_decode_str(&spaced)
        .decode_utf8_lossy()
        .into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_not_kept() {
        let body = Bytes::from_static(
            b"stands_on=%2Fa&draft%5Blogin%5D=app&draft%5Bpassword%5D=s3cret&draft[private_key]=k&draft%5Bnotes%5D=a+b%26c",
        );

        assert_eq!(
            kept(&body),
            [("draft[login]", "app"), ("draft[notes]", "a b&c")]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
        );
    }

    #[test]
    fn a_pasted_connection_string_is_not_kept() {
        let body = Bytes::from_static(b"draft[host]=postgres%3A%2F%2Fapp%3As3cret%40db%2Fx&draft[port]=5432");

        assert_eq!(kept(&body), [("draft[port]".to_owned(), "5432".to_owned())]);
    }

    #[test]
    fn a_form_names_the_page_it_stands_on() {
        for (body, expected) in [
            (
                "a=b&stands_on=%2Fpeople%2Finvite%3Fq%3D1",
                Some("/people/invite?q=1"),
            ),
            ("stands_on=%2F%2Fevil.example%2F", None),
            ("stands_on=https%3A%2F%2Fevil.example%2F", None),
            ("a=b", None),
        ] {
            let page = stands_on(&Bytes::from_static(body.as_bytes()));

            assert_eq!(page.map(|page| page.to_string()).as_deref(), expected, "{body}");
        }
    }
}
