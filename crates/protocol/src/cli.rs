//! What the command line asks the server of sessions and recordings, beside what pages ask too.

use serde::{Deserialize, Serialize};

use crate::ids::SessionId;
use crate::recordings::VerdictView;

/// Body of `POST /cli/sessions/{session}/terminate`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TerminateOrder {
    /// Its person reads it.
    pub reason: String,
}

/// What a check of a recording has found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verified {
    pub session: SessionId,
    /// Whether anything of what happened was to be recorded.
    pub was_recorded: bool,
    /// None where there is nothing, and nothing is missed: the session did not open.
    pub verdict: Option<VerdictView>,
}
