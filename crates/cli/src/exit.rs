//! Why the program ends: a sentence for people, an exit code for scripts.

use gateway::reach::ReachError;
use protocol::errors::{Code, Refusal};

/// Exit codes of every command but `connect`, which has psql's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Something else, such as a server that cannot be reached.
    Failed,
    /// The command line does not make sense; clap's code for it.
    Usage,
    /// No token, or one that is not good.
    Authentication,
    /// A rule of Postern says no.
    Denied,
    /// No gateway is there that reaches the database.
    Gateway,
    /// The database, or the way to it.
    Database,
    /// The time is over.
    Expired,
}

impl Exit {
    pub fn code(self) -> u8 {
        match self {
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Authentication => 3,
            Self::Denied => 4,
            Self::Gateway => 5,
            Self::Database => 6,
            Self::Expired => 7,
        }
    }

    /// The word for it in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Usage => "usage",
            Self::Authentication => "authentication",
            Self::Denied => "denied",
            Self::Gateway => "gateway",
            Self::Database => "database",
            Self::Expired => "expired",
        }
    }
}

/// The end of a command that did not do what it was asked for.
#[derive(Debug)]
pub struct Failure {
    pub exit: Exit,
    /// What failed, where, what to do.
    pub sentence: String,
    /// What the server calls it, where it was the server that refused.
    pub code: Option<Code>,
}

impl Failure {
    pub fn new(exit: Exit, sentence: impl Into<String>) -> Self {
        Self {
            exit,
            sentence: sentence.into(),
            code: None,
        }
    }
}

/// What is wrong before a server is asked.
impl From<ReachError> for Failure {
    fn from(error: ReachError) -> Self {
        Self::new(Exit::Usage, error.to_string())
    }
}

/// A deliberate no of the server.
impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        let exit = match refusal.code {
            Code::SignedOut => Exit::Authentication,
            Code::Validation => Exit::Usage,
            Code::PamPolicyDenied
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
            | Code::PamPasswordRequired
            | Code::TooMany
            | Code::CrossOrigin => Exit::Denied,
            Code::PamGatewayOffline => Exit::Gateway,
            Code::PamDbUnreachable | Code::PamDbTls | Code::PamDbAuth | Code::PamDbRejected => Exit::Database,
            Code::RecordingDamaged | Code::Unavailable | Code::Internal => Exit::Failed,
        };

        // Of a form that was wrong each field has its own sentence.
        let fields: Vec<String> = refusal.fields.into_iter().map(|field| field.message).collect();
        let sentence = if fields.is_empty() {
            refusal.sentence
        } else {
            fields.join(" ")
        };

        Self {
            exit,
            sentence,
            code: Some(refusal.code),
        }
    }
}
