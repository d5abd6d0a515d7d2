//! JSON that programs send to a door: small, soon there, and of the shape that was asked for.

use std::time::Duration;

use axum::body::Body;
use http_body_util::{BodyExt, Limited};
use protocol::errors::{Code, Refusal};
use serde::de::DeserializeOwned;
use tokio::time::timeout;

/// Longest body, in bytes.
const MAX_BODY: usize = 4 * 1024;

/// How long it may take to arrive.
const PATIENCE: Duration = Duration::from_secs(10);

/// What was sent.
///
/// # Errors
/// It is too long, too slow, or something else.
pub async fn read<T: DeserializeOwned>(body: Body) -> Result<T, Refusal> {
    let wrong = |sentence| Refusal::new(Code::Validation, sentence);
    let arrived = timeout(PATIENCE, Limited::new(body, MAX_BODY).collect())
        .await
        .map_err(|_| wrong("The request did not arrive within 10 s."))?
        .map_err(|_| wrong("The request is longer than 4 KiB, or was cut short."))?;

    serde_json::from_slice(&arrived.to_bytes()).map_err(|_| {
        wrong(
            "The request is not what this server expects. Is the command line of another version than the server?",
        )
    })
}
