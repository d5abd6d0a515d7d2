//! The second half of a native client's way in: the session it belongs to, and its connection to the database.

use app::ctx::Client;
use pg_proto::backend::Fields;
use pg_proto::server::Refusal;
use protocol::audit::{EventName, Outcome};
use protocol::errors::{self, Code};
use protocol::sessions::SessionKind;
use protocol::terminal::LaunchDraft;
use proxy::{ConnectError, Upstream, Wishes, connect};
use tracing::{Instrument, info_span};
use vault::authorize::{Authorized, Launch};
use vault::people::Person;

use crate::people::store_failed;
use crate::sessions::bound::CHANGED;
use crate::sessions::native::{self, Aimed, Found, Hall, Key, Place, Shut};
use crate::sessions::open::{NotOpened, Opened, Way, open};
use crate::state::AppState;
use crate::{clock, launch, sessions, target};

/// A client's place in a session and its connection to the database.
pub struct Joined {
    pub place: Place,
    pub upstream: Upstream,
    /// The database it works in.
    pub database: String,
    /// What of its startup message the server was told.
    pub settings: Vec<(String, String)>,
}

/// Whose connection it is.
pub struct Asking<'a> {
    pub person: &'a Person,
    pub client: &'a Client,
    pub authorized: &'a Authorized<Launch>,
    pub key: Key,
    pub wishes: &'a Wishes,
}

/// Joins the open session of the same key, or opens one, and connects to the database.
pub async fn join(state: &AppState, asking: &Asking<'_>) -> Result<Joined, Refusal> {
    let found = state
        .halls
        .enter(&asking.key, open_hall(state, asking))
        .await
        .map_err(|denial| denial.0)?;

    match found {
        Found::Opened(place, (upstream, database)) => Ok(Joined {
            place,
            upstream,
            database,
            settings: asking.wishes.settings().to_vec(),
        }),
        Found::Open(place) => dial(state, asking, place).await,
    }
}

/// Opens a session with its first connection.
async fn open_hall(state: &AppState, asking: &Asking<'_>) -> Result<(Hall, (Upstream, String)), Denial> {
    let draft = LaunchDraft {
        record: asking.key.record.clone(),
        account: Some(asking.key.account.clone()),
    };
    // Once more, with the number of sessions, and the token: who waited to get here may have lost it.
    let refused = |refusal| Denial(denied(&refusal));
    let launch = launch::authorize(state, asking.person, &draft, asking.client)
        .await
        .map_err(refused)?;
    launch::may_stay_with_token(state, &asking.key.token, &draft)
        .await
        .map_err(refused)?;
    let way = Way::Listener(asking.wishes);
    let Opened {
        id,
        aim,
        effective,
        upstream,
        tape,
        closing,
    } = open(state, asking.person, asking.client, &launch, way).await?;
    let aimed = Aimed::of(&aim);
    let database = aim.target.database;
    let hall = Hall::new(closing, tape.clone(), effective, aimed, database.clone());
    let owner = native::task::Owner {
        key: asking.key.clone(),
        place: sessions::Place {
            kind: SessionKind::Listener,
            person: asking.person.id.clone(),
            record: draft.record,
            record_title: aim.record_title,
            account: aim.credential.user,
            started_at: clock::now(),
        },
    };
    let task = native::task::run(state.clone(), hall.clone(), tape, owner);
    state
        .tasks
        .spawn(task.instrument(info_span!("session", session.id = %id)));

    Ok((hall, (upstream, database)))
}

/// Another connection of a session that is open.
async fn dial(state: &AppState, asking: &Asking<'_>, place: Place) -> Result<Joined, Refusal> {
    let aim = target::aim_at(state, asking.authorized).await;
    let mut aim = aim.map_err(|refusal| denied(&refusal))?;
    if Aimed::of(&aim) != *place.hall().aim() {
        return Err(Refusal::new("57P01", CHANGED));
    }
    asking.wishes.apply(&mut aim.target);
    let upstream = match connect(aim.dial, &aim.target, &aim.credential, &|_| ()).await {
        Ok(upstream) => upstream,
        Err(error) => {
            note_failure(state, asking.client, place.hall(), &error)
                .await
                .map_err(failed)?;

            return Err(Denial::from(NotOpened::from(error)).0);
        }
    };
    let database = aim.target.database;
    if let Some(databases) = place.hall().note_database(&database) {
        note_databases(state, place.hall(), &databases)
            .await
            .map_err(failed)?;
    }

    Ok(Joined {
        place,
        upstream,
        database,
        settings: asking.wishes.settings().to_vec(),
    })
}

async fn note_failure(
    state: &AppState,
    client: &Client,
    hall: &Hall,
    error: &ConnectError,
) -> Result<(), store::Error> {
    let event = hall
        .closing()
        .event_from(client, EventName::ConnectionFailed, Outcome::Failed, clock::now())
        .with("reason", target::refusal(error).sentence);
    let mut tx = state.db.write().await?;
    store::audit::append(&mut tx, event).await?;

    tx.commit().await
}

async fn note_databases(state: &AppState, hall: &Hall, databases: &str) -> Result<(), store::Error> {
    let mut tx = state.db.write().await?;
    store::sessions::change_database(&mut tx, hall.session(), databases).await?;

    tx.commit().await
}

/// Why a connection is not let in, from whichever side.
struct Denial(Refusal);

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
fn said(fields: &Fields) -> Refusal {
    Refusal {
        sqlstate: fields.code().into_owned().into(),
        message: fields.message().into_owned(),
    }
}

/// A denial of ours as a native client is told it.
pub fn denied(refusal: &errors::Refusal) -> Refusal {
    let sqlstate = match refusal.code {
        Code::PamDbUnreachable | Code::PamDbTls | Code::PamDbAuth | Code::PamDbRejected => "08001",
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
        | Code::PamPasswordRequired
        | Code::CrossOrigin => "28000",
    };

    Refusal::new(sqlstate, refusal.sentence.clone())
}

/// A failure of the store, logged once, as a native client is told it.
pub fn failed(error: store::Error) -> Refusal {
    denied(&store_failed(error))
}
