//! What a player fetches from the server's doors: contents, frames, chapters.

use bytes::Bytes;
use js_sys::{ArrayBuffer, Uint8Array};
use leptos::prelude::window;
use protocol::errors::{Code, Refusal};
use protocol::ids::SessionId;
use protocol::recordings::{Chapter, Contents, MAX_CHAPTERS};
use recording::Frame;
use serde::de::DeserializeOwned;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::Response;

use super::shelf::{Extent, Want};

/// Why something did not come, each with its sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Missing {
    /// The network or the server is not there: it may come later.
    Unreachable(String),
    /// The recording is damaged there. The rest of it can be had.
    Damaged(String),
    /// Asking again does not help.
    Refused(String),
}

impl Missing {
    fn from_answer(body: &[u8]) -> Self {
        let Ok(refusal) = serde_json::from_slice::<Refusal>(body) else {
            return Self::unreachable();
        };
        match refusal.code {
            Code::RecordingDamaged => Self::Damaged(refusal.sentence),
            Code::Internal | Code::Unavailable | Code::TooMany => Self::Unreachable(refusal.sentence),
            Code::Validation
            | Code::SignedOut
            | Code::PamPolicyDenied
            | Code::PamNotFound
            | Code::PamConfigDenied
            | Code::PamDisabledOnRecord
            | Code::PamPrereq
            | Code::PamNoCredential
            | Code::PamConflict
            | Code::PamLimitSessions
            | Code::PamTicketInvalid
            | Code::PamRecordingRequired
            | Code::PamDbUnreachable
            | Code::PamDbTls
            | Code::PamDbAuth
            | Code::PamDbRejected
            | Code::PamPasswordRequired
            | Code::CrossOrigin => Self::Refused(refusal.sentence),
        }
    }

    fn unreachable() -> Self {
        Self::Unreachable(UNREACHABLE.to_owned())
    }
}

const UNREACHABLE: &str = "The rest of the recording cannot be loaded. Check the network.";
const UNKNOWN_FORM: &str = "The recording has a form this page does not know. Reload the page.";

pub(super) async fn contents(session: &SessionId) -> Result<Contents, Missing> {
    parsed(get(&format!("/sessions/{session}/contents")).await?)
}

pub(super) async fn frames(session: &SessionId, want: &Want) -> Result<Vec<Frame>, Missing> {
    let segment = want.segment;
    let extent = match want.extent {
        Extent::Blocks(first, last) => format!("first={first}&last={last}"),
        Extent::Whole => "whole=true".to_owned(),
    };
    let address = format!("/sessions/{session}/frames?segment={segment}&{extent}");

    recording::player::decode(get(&address).await?).map_err(|_| unknown_form())
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
    postcard::from_bytes(&bytes).map_err(|_| unknown_form())
}

fn unknown_form() -> Missing {
    Missing::Refused(UNKNOWN_FORM.to_owned())
}

async fn get(address: &str) -> Result<Bytes, Missing> {
    let (is_fine, bytes) = fetched(address).await.map_err(|_| Missing::unreachable())?;
    if is_fine {
        return Ok(bytes);
    }

    Err(Missing::from_answer(&bytes))
}

/// Whether the server agreed, and the body.
async fn fetched(address: &str) -> Result<(bool, Bytes), JsValue> {
    let response: Response = JsFuture::from(window().fetch_with_str(address))
        .await?
        .dyn_into()?;
    let body: ArrayBuffer = JsFuture::from(response.array_buffer()?).await?.dyn_into()?;

    Ok((response.ok(), Uint8Array::new(&body).to_vec().into()))
}
