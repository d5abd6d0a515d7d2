//! Frames from the server's door, one segment at a time.

use bytes::Bytes;
use js_sys::{ArrayBuffer, Uint8Array};
use leptos::prelude::window;
use protocol::errors::Refusal;
use protocol::ids::SessionId;
use recording::Frame;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::Response;

/// A segment that did not come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Missing {
    /// The server says why this one cannot be shown; others may.
    Refused(String),
    /// The server did not answer; neither would it the next time.
    Unreachable,
}

/// The frames of a segment.
pub(super) async fn segment(session: &SessionId, number: u32) -> Result<Vec<Frame>, Missing> {
    let (is_fine, bytes) = get(&format!("/sessions/{session}/frames?segment={number}"))
        .await
        .map_err(|_| Missing::Unreachable)?;
    if !is_fine {
        let sentence = serde_json::from_slice::<Refusal>(&bytes).map(|refusal| refusal.sentence);

        return Err(Missing::Refused(sentence.unwrap_or_else(|_| {
            format!("Segment {number} of this recording could not be read.")
        })));
    }

    recording::player::decode(bytes).map_err(|_| {
        Missing::Refused(format!(
            "Segment {number} has a form this page does not know. Reload the page."
        ))
    })
}

/// Whether the server agreed, and the body.
async fn get(url: &str) -> Result<(bool, Bytes), JsValue> {
    let response: Response = JsFuture::from(window().fetch_with_str(url)).await?.dyn_into()?;
    let body: ArrayBuffer = JsFuture::from(response.array_buffer()?).await?.dyn_into()?;

    Ok((response.ok(), Uint8Array::new(&body).to_vec().into()))
}
