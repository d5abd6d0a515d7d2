//! What a player fetches from the server's doors: contents, frames, chapters.

use bytes::Bytes;
use js_sys::{ArrayBuffer, Uint8Array};
use leptos::prelude::window;
use protocol::errors::Refusal;
use protocol::ids::SessionId;
use protocol::recordings::{Chapter, Contents, MAX_CHAPTERS};
use recording::Frame;
use serde::de::DeserializeOwned;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::Response;

use super::shelf::Want;

/// Why something did not come, as a sentence.
pub(super) type Missing = String;

const UNREACHABLE: &str =
    "The rest of the recording could not be loaded. Check the network and reload the page.";
const UNKNOWN_FORM: &str = "The recording has a form this page does not know. Reload the page.";

pub(super) async fn contents(session: &SessionId) -> Result<Contents, Missing> {
    parsed(get(&format!("/sessions/{session}/contents")).await?)
}

pub(super) async fn frames(session: &SessionId, want: &Want) -> Result<Vec<Frame>, Missing> {
    let Want {
        segment,
        blocks: (first, last),
        ..
    } = want;
    let address = format!("/sessions/{session}/frames?segment={segment}&first={first}&last={last}");

    recording::player::decode(get(&address).await?).map_err(|_| UNKNOWN_FORM.to_owned())
}

/// The chapters of some segments from number `from` on.
pub(super) async fn chapters(session: &SessionId, from: u32) -> Result<Vec<Chapter>, Missing> {
    parsed(
        get(&format!(
            "/sessions/{session}/chapters?from={from}&count={MAX_CHAPTERS}"
        ))
        .await?,
    )
}

fn parsed<T: DeserializeOwned>(bytes: Bytes) -> Result<T, Missing> {
    postcard::from_bytes(&bytes).map_err(|_| UNKNOWN_FORM.to_owned())
}

async fn get(address: &str) -> Result<Bytes, Missing> {
    let (is_fine, bytes) = fetched(address).await.map_err(|_| UNREACHABLE.to_owned())?;
    if is_fine {
        return Ok(bytes);
    }
    let refusal: Result<Refusal, _> = serde_json::from_slice(&bytes);

    Err(refusal.map_or_else(|_| UNREACHABLE.to_owned(), |refusal| refusal.sentence))
}

/// Whether the server agreed, and the body.
async fn fetched(address: &str) -> Result<(bool, Bytes), JsValue> {
    let response: Response = JsFuture::from(window().fetch_with_str(address))
        .await?
        .dyn_into()?;
    let body: ArrayBuffer = JsFuture::from(response.array_buffer()?).await?.dyn_into()?;

    Ok((response.ok(), Uint8Array::new(&body).to_vec().into()))
}
