//! Why a session does not go on, in the words every kind of session has for it.

use protocol::terminal::{EndReason, Ended};

/// Goes on, or ends for a reason.
pub type Step = Result<(), Ended>;

pub fn ended(reason: EndReason, sentence: impl Into<String>) -> Ended {
    Ended {
        reason,
        sentence: sentence.into(),
    }
}

/// What cannot be recorded does not happen.
pub fn unrecorded() -> Ended {
    ended(
        EndReason::RecordingFailed,
        "The session was ended: its recording could not be written, and this resource requires recording.",
    )
}
