//! The one error of every server function: a refusal in words, never a driver's message.

use std::fmt;

use protocol::errors::{Code, Refusal};
use serde::{Deserialize, Serialize};
use server_fn::codec::JsonEncoding;
use server_fn::error::{FromServerFnError, ServerFnErrorErr};

/// A [`Refusal`] as server functions carry it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AppError(pub Refusal);

impl fmt::Display for AppError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for AppError {}

impl From<Refusal> for AppError {
    fn from(refusal: Refusal) -> Self {
        Self(refusal)
    }
}

impl FromServerFnError for AppError {
    type Encoder = JsonEncoding;

    /// What goes wrong outside our functions: the network in the browser, a body that is no draft on the server.
    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        Self(match error {
            ServerFnErrorErr::Args(_)
            | ServerFnErrorErr::MissingArg(_)
            | ServerFnErrorErr::Deserialization(_) => Refusal::new(
                Code::Validation,
                "The form sent something this page does not know. Reload it and try again.",
            ),
            ServerFnErrorErr::Request(_) => Refusal::new(
                Code::Unavailable,
                "Postern could not be reached. Check the network and try again.",
            ),
            ServerFnErrorErr::Registration(_)
            | ServerFnErrorErr::UnsupportedRequestMethod(_)
            | ServerFnErrorErr::ServerError(_)
            | ServerFnErrorErr::MiddlewareError(_)
            | ServerFnErrorErr::Serialization(_)
            | ServerFnErrorErr::Response(_) => Refusal::new(
                Code::Internal,
                "Something went wrong on the server. Try again; if it stays, tell an administrator.",
            ),
        })
    }
}
