//! Refusals: a code for programs and a sentence a person can act on (spec §27).

use serde::{Deserialize, Serialize};

use crate::forms::FieldError;

/// Why something was refused. The text form is what programs match; keep it stable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Code {
    /// A form with wrong fields: `Refusal::fields` names them.
    Validation,
    SignedOut,
    /// The person's role does not allow it.
    PamPolicyDenied,
    /// Also when it exists but is not shared: existence is not revealed.
    PamNotFound,
    PamConfigDenied,
    PamDisabledOnRecord,
    PamPrereq,
    PamNoCredential,
    /// Somebody else saved first.
    PamConflict,
    PamLimitSessions,
    PamTicketInvalid,
    /// A host somebody gave is not one that may be reached.
    PamTargetDenied,
    PamRecordingRequired,
    /// No instance of the record's gateway is connected.
    PamGatewayOffline,
    PamDbUnreachable,
    PamDbTls,
    PamDbAuth,
    PamDbRejected,
    /// The password was not given again, or was wrong, where an action asks for it.
    PamPasswordRequired,
    /// Too many attempts: throttled or locked out.
    TooMany,
    /// The request came from another site or without what a browser sends.
    CrossOrigin,
    /// A part of a recording is not there, or not as it was recorded: asking again does not help.
    RecordingDamaged,
    Unavailable,
    Internal,
}

impl Code {
    /// HTTP status of an answer with this code.
    pub fn status(self) -> u16 {
        match self {
            Self::Validation => 422,
            Self::SignedOut => 401,
            Self::PamPolicyDenied
            | Self::PamConfigDenied
            | Self::PamDisabledOnRecord
            | Self::PamPasswordRequired
            | Self::PamTicketInvalid
            | Self::PamTargetDenied
            | Self::CrossOrigin => 403,
            Self::PamNotFound => 404,
            Self::PamPrereq | Self::PamNoCredential | Self::PamConflict => 409,
            Self::PamLimitSessions | Self::TooMany => 429,
            Self::PamDbUnreachable | Self::PamDbTls | Self::PamDbAuth | Self::PamDbRejected => 502,
            Self::PamRecordingRequired | Self::PamGatewayOffline | Self::Unavailable => 503,
            Self::RecordingDamaged | Self::Internal => 500,
        }
    }
}

/// A deliberate "no", as it travels to the browser. Never carries a driver's message or a secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    pub code: Code,
    /// What failed, why, what to do; a full sentence.
    pub sentence: String,
    #[serde(default)]
    pub fields: Vec<FieldError>,
}

impl Refusal {
    pub fn new(code: Code, sentence: impl Into<String>) -> Self {
        Self {
            code,
            sentence: sentence.into(),
            fields: Vec::new(),
        }
    }

    /// A form that was not accepted: the sentences stand beside the fields.
    pub fn invalid(fields: Vec<FieldError>) -> Self {
        let sentence = match fields.len() {
            1 => "One field needs attention.".to_owned(),
            n => format!("{n} fields need attention."),
        };

        Self {
            code: Code::Validation,
            sentence,
            fields,
        }
    }

    pub fn not_found() -> Self {
        Self::new(Code::PamNotFound, "Record not found.")
    }

    /// Who asks is not signed in.
    pub fn signed_out() -> Self {
        Self::new(Code::SignedOut, "You are signed out. Sign in and try again.")
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.sentence)
    }
}

impl std::error::Error for Refusal {}
