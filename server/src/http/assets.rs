//! Files of the site: inside the binary in release, from the target folder in debug; compressed beforehand.

use std::collections::HashMap;
use std::sync::OnceLock;

use app::parts::Part;
use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use rust_embed::{EmbeddedFile, RustEmbed};
use serde::de::DeserializeOwned;

use super::pages;
use crate::state::AppState;

/// What `cargo run -p xtask -- site` made.
#[derive(RustEmbed)]
#[folder = "$POSTERN_SITE"]
#[allow_missing = true]
struct Site;

/// `/pkg/…` and `/xterm/…`.
pub async fn serve(request: Request) -> Response {
    let path = request.uri().path().trim_start_matches('/').to_owned();

    answer(&path, request.uri().query(), request.headers())
}

/// Files at the top: the icon and the small modules of ours. Every other name is a page that is not there.
pub async fn serve_top(
    State(state): State<AppState>,
    Path(file): Path<String>,
    request: Request,
) -> Response {
    if Site::get(&file).is_none() {
        return pages::not_found(State(state), request).await;
    }

    answer(&file, request.uri().query(), request.headers())
}

/// The URL of a file, with the hash of its content; it may be kept for ever.
pub fn url(file: &str) -> String {
    hashes()
        .get(file)
        .map_or_else(|| format!("/{file}"), |hash| format!("/{file}?v={hash}"))
}

/// The URLs of the files a part of the module is made of.
pub fn part(part: Part) -> Vec<String> {
    static PARTS: OnceLock<HashMap<String, Vec<String>>> = OnceLock::new();
    let parts = PARTS.get_or_init(|| read("pkg/parts.json"));

    parts
        .get(part.name())
        .into_iter()
        .flatten()
        .map(|file| url(&format!("pkg/{file}.wasm")))
        .collect()
}

/// Whether the site has been built; without it pages have neither style nor script.
pub fn built() -> bool {
    !hashes().is_empty()
}

fn hashes() -> &'static HashMap<String, String> {
    static HASHES: OnceLock<HashMap<String, String>> = OnceLock::new();

    HASHES.get_or_init(|| read("manifest.json"))
}

/// A file of JSON; nothing if the site has not been built.
fn read<T: DeserializeOwned + Default>(file: &str) -> T {
    Site::get(file)
        .and_then(|file| serde_json::from_slice(&file.data).ok())
        .unwrap_or_default()
}

fn answer(path: &str, query: Option<&str>, headers: &HeaderMap) -> Response {
    let accepted = headers
        .get(header::ACCEPT_ENCODING)
        .and_then(|value| value.to_str().ok())
        .unwrap_or("");
    let Some((file, encoding)) = find(path, accepted) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let kind = mime_guess::from_path(path).first_or_octet_stream();
    let hash = hashes().get(path).map(String::as_str);
    let forever = hash.is_some() && query.and_then(|query| query.strip_prefix("v=")) == hash;
    let cache = if forever {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    let mut response = file.data.into_response();
    let answer = response.headers_mut();
    if let Ok(kind) = HeaderValue::from_str(kind.as_ref()) {
        answer.insert(header::CONTENT_TYPE, kind);
    }
    answer.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    answer.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if let Some(encoding) = encoding {
        answer.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }

    response
}

/// The file in the best encoding the browser accepts.
fn find(path: &str, accepted: &str) -> Option<(EmbeddedFile, Option<&'static str>)> {
    for (token, suffix) in [("br", "br"), ("gzip", "gz")] {
        if accepted
            .split(',')
            .any(|part| part.trim().split(';').next() == Some(token))
            && let Some(file) = Site::get(&format!("{path}.{suffix}"))
        {
            return Some((file, Some(token)));
        }
    }

    Site::get(path).map(|file| (file, None))
}
