//! What a player fetches from the server's doors: contents, frames, chapters.

use bytes::Bytes;
use js_sys::{ArrayBuffer, Uint8Array};
use leptos::prelude::window;
use protocol::errors::{Code, Refusal};
use protocol::ids::SessionId;
use protocol::recordings::{Chapter, Contents};
use recording::Frame;
use serde::de::DeserializeOwned;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::Response;

use super::shelf::{Extent, Want};
use crate::sessions::api::look_at_recording;

/// Why something did not come, each with its sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Missing {
    /// The network or the server is not there: it may come later.
    Unreachable(String),
    /// The recording is damaged there. The rest of it can be had.
    Damaged(String),
    /// Asking again does not help before somebody has done something about it.
    Refused(String),
    /// The page is older than the server.
    Unknown(&'static str),
}

impl From<Refusal> for Missing {
    fn from(refusal: Refusal) -> Self {
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
            | Code::PamTargetDenied
            | Code::PamRecordingRequired
            | Code::PamGatewayOffline
            | Code::PamDbUnreachable
            | Code::PamDbTls
            | Code::PamDbAuth
            | Code::PamDbRejected
            | Code::PamPasswordRequired
            | Code::CrossOrigin => Self::Refused(refusal.sentence),
        }
    }
}

const UNREACHABLE: &str = "The rest of the recording cannot be loaded. Check the network.";
const UNKNOWN: Missing =
    Missing::Unknown("The recording has a form this page does not know. Reload the page.");

pub(super) async fn contents(session: &SessionId) -> Result<Contents, Missing> {
    parsed(get(session, "contents").await?)
}

pub(super) async fn frames(session: &SessionId, want: &Want) -> Result<Vec<Frame>, Missing> {
    let segment = want.segment;
    let extent = match want.extent {
        Extent::Blocks(first, last) => format!("first={first}&last={last}"),
        Extent::Whole => "whole=true".to_owned(),
    };
    let bytes = get(session, &format!("frames?segment={segment}&{extent}")).await?;

    recording::player::decode(bytes).map_err(|_| UNKNOWN)
}

/// The chapters of `count` segments from number `from` on.
pub(super) async fn chapters(session: &SessionId, from: u32, count: u32) -> Result<Vec<Chapter>, Missing> {
    parsed(get(session, &format!("chapters?from={from}&count={count}")).await?)
}

fn parsed<T: DeserializeOwned>(bytes: Bytes) -> Result<T, Missing> {
    postcard::from_bytes(&bytes).map_err(|_| UNKNOWN)
}

/// What a door of the recording gives. A server that was started again knows of no openings: the recording is opened
/// again, which the audit log notes.
async fn get(session: &SessionId, door: &str) -> Result<Bytes, Missing> {
    let address = format!("/sessions/{session}/{door}");
    let bytes = match ask(&address).await {
        // These doors say it of nothing else.
        Err(refusal) if refusal.code == Code::PamConflict => {
            look_at_recording(session.clone())
                .await
                .map_err(|error| error.0)?;

            ask(&address).await?
        }
        answer => answer?,
    };

    Ok(bytes)
}

/// What is no answer of ours is as good as none.
async fn ask(address: &str) -> Result<Bytes, Refusal> {
    let unreachable = || Refusal::new(Code::Unavailable, UNREACHABLE);
    let (is_fine, body) = fetched(address).await.map_err(|_| unreachable())?;
    if !is_fine {
        return Err(serde_json::from_slice(&body).unwrap_or_else(|_| unreachable()));
    }

    Ok(body)
}

/// Whether the server agreed, and the body.
async fn fetched(address: &str) -> Result<(bool, Bytes), JsValue> {
    let response: Response = JsFuture::from(window().fetch_with_str(address))
        .await?
        .dyn_into()?;
    let body: ArrayBuffer = JsFuture::from(response.array_buffer()?).await?.dyn_into()?;

    Ok((response.ok(), Uint8Array::new(&body).to_vec().into()))
}
