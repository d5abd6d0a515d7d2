//! Why a native client is not let in, as PostgreSQL's clients are told such things.

use pg_proto::backend::Fields;
use pg_proto::server::Refusal;
use protocol::errors::{self, Code};

use crate::people::store_failed;
use crate::sessions::native::{self, Shut};
use crate::sessions::open::NotOpened;

/// Why a connection is not let in, from whichever side.
pub struct Denial(pub Refusal);

impl From<Shut> for Denial {
    fn from(shut: Shut) -> Self {
        Self(match shut {
            Shut::Over(ended) => Refusal::new(native::sqlstate(ended.reason), ended.sentence),
            Shut::Full(most) => Refusal::new(
                "53300",
                format!("connection limit exceeded for this session: it has {most} connections"),
            ),
        })
    }
}

impl From<NotOpened> for Denial {
    fn from(not_opened: NotOpened) -> Self {
        let NotOpened { refusal, answer } = not_opened;

        Self(match answer {
            // What the server says of the vault's credential is no news of the client's password.
            Some(fields) if *fields.code() == *POOLER => Refusal {
                sqlstate: POOLER.into(),
                message: refusal.sentence,
            },
            Some(fields) if refusal.code != Code::PamDbAuth => said(&fields),
            Some(_) | None => denied(&refusal),
        })
    }
}

/// What a pooler before the server says of everything it refuses itself; its words do not say what to do.
const POOLER: &str = "08P01";

/// The database server's own words, with its own code.
pub fn said(fields: &Fields) -> Refusal {
    Refusal {
        sqlstate: fields.code().into_owned().into(),
        message: fields.message().into_owned(),
    }
}

/// A denial of ours as a native client is told it.
pub fn denied(refusal: &errors::Refusal) -> Refusal {
    let sqlstate = match refusal.code {
        Code::PamGatewayOffline
        | Code::PamDbUnreachable
        | Code::PamDbTls
        | Code::PamDbAuth
        | Code::PamDbRejected => "08001",
        Code::PamLimitSessions | Code::TooMany => "53300",
        Code::PamRecordingRequired => "58030",
        Code::Internal | Code::Unavailable | Code::RecordingDamaged => "58000",
        Code::Validation
        | Code::SignedOut
        | Code::PamPolicyDenied
        | Code::PamNotFound
        | Code::PamConfigDenied
        | Code::PamDisabledOnRecord
        | Code::PamPrereq
        | Code::PamNoCredential
        | Code::PamConflict
        | Code::PamTicketInvalid
        | Code::PamTargetDenied
        | Code::PamPasswordRequired
        | Code::CrossOrigin => "28000",
    };

    Refusal::new(sqlstate, refusal.sentence.clone())
}

/// A failure of the store, logged once, as a native client is told it.
pub fn failed(error: store::Error) -> Refusal {
    denied(&store_failed(error))
}
