//! The recipe that opens a session: row and ledger → credential → dial, TLS, authenticate → recorder → audit.
//! What it acquires, [`super::close`] releases, also when a later step fails.

use std::sync::Arc;

use app::ctx::Client;
use pg_proto::backend::Fields;
use protocol::audit::{EventName, Outcome};
use protocol::errors::{Code, Refusal};
use protocol::ids::SessionId;
use protocol::sessions::Recordings;
use proxy::{ConnectError, Upstream, connect};
use recording::{Header, SessionKey, Switches, Tape};
use store::sessions::{Added, Limits, NewSession};
use store::{acquisitions, audit, sessions};
use tracing::error;
use vault::authorize::{Authorized, Launch};
use vault::effective::Effective;
use vault::people::Person;

use super::close::{self, Closing};
use super::supervise;
use crate::clock;
use crate::people::store_failed;
use crate::recorder::{Folder, aside};
use crate::recordings::begun;
use crate::state::AppState;
use crate::target::{self, Aim};

/// What the ledger calls the things a session holds.
pub const HELD: [&str; 2] = ["recording", "connection"];

/// Size of the person's screen.
#[derive(Debug, Clone, Copy)]
pub struct Screen {
    pub cols: u16,
    pub rows: u16,
}

/// What a session is opened with.
#[derive(Clone, Copy)]
pub struct Opening<'a> {
    pub person: &'a Person,
    pub client: &'a Client,
    pub launch: &'a Authorized<Launch>,
    pub aim: &'a Aim,
    /// Where it has one.
    pub screen: Option<Screen>,
}

/// A session that has been opened, with what was reached of its database.
pub struct Opened<U> {
    pub id: SessionId,
    pub effective: Effective,
    pub upstream: U,
    pub tape: Tape,
    pub closing: Closing,
}

/// What was reached of a database, and the server's version as far as it is known.
pub type Reached<U> = Result<(U, String), NotOpened>;

/// Connects with the session's credential.
pub async fn reach(aim: &Aim) -> Reached<Upstream> {
    let upstream = connect(Arc::clone(&aim.dial), &aim.target, &aim.credential, &|_| ()).await?;
    let version = upstream.parameter("server_version").unwrap_or_default();

    Ok((upstream, version))
}

/// Why a session was not opened.
#[derive(Debug)]
pub struct NotOpened {
    pub refusal: Refusal,
    /// Where it was the database server that refused: what it said.
    pub answer: Option<Box<Fields>>,
}

impl From<Refusal> for NotOpened {
    fn from(refusal: Refusal) -> Self {
        Self {
            refusal,
            answer: None,
        }
    }
}

impl From<ConnectError> for NotOpened {
    fn from(error: ConnectError) -> Self {
        Self {
            refusal: target::refusal(&error),
            answer: error.server().cloned().map(Box::new),
        }
    }
}

/// Opens a session for the person, with the account and under the settings of its launch. `reaching` is how its database
/// is reached, once the session is on the books.
pub async fn open<U>(
    state: &AppState,
    opening: Opening<'_>,
    reaching: impl Future<Output = Reached<U>>,
) -> Result<Opened<U>, NotOpened> {
    let Opening {
        person,
        client,
        launch,
        aim,
        ..
    } = opening;
    let id = SessionId::from_random(clock::draw());
    let key = clock::draw::<32>();
    let closing = Closing::new(id.clone(), person, client, launch, aim);
    enter(state, opening, &id, &key).await?;

    let acquired = async {
        let (upstream, version) = reaching.await?;
        let tape = record(state, opening, &id, key, version)?;
        go_live(state, &closing, aim, launch).await?;

        Ok::<_, NotOpened>((upstream, tape))
    };
    match supervise::acquire(&closing.session, acquired).await {
        Ok((upstream, tape)) => Ok(Opened {
            id,
            effective: launch.effective().clone(),
            upstream,
            tape,
            closing,
        }),
        Err(not_opened) => {
            close::never_opened(state, &closing, &not_opened.refusal).await;

            Err(not_opened)
        }
    }
}

/// Writes the session's row and its ledger before anything is acquired.
async fn enter(
    state: &AppState,
    opening: Opening<'_>,
    id: &SessionId,
    key: &[u8; 32],
) -> Result<(), Refusal> {
    let Opening {
        person,
        client,
        launch,
        aim,
        ..
    } = opening;
    let now = clock::now();
    let effective = launch.effective();
    let recording_key =
        vault::envelope::wrap_session_key(&state.master, id, key, clock::draw()).map_err(|error| {
            error!(
                error = &error as &dyn std::error::Error,
                "recording key not wrapped"
            );

            not_recorded()
        })?;
    let new = NewSession {
        id: id.clone(),
        kind: launch.kind(),
        node: state.node.clone(),
        record: launch.record().clone(),
        record_title: aim.record_title.clone(),
        person: person.id.clone(),
        person_email: person.handle.to_string(),
        account: aim.account.clone(),
        database: aim.target.database.clone(),
        remote_address: client.address.clone(),
        started_at: now,
        recordings: recordings(launch),
        recording_key,
    };
    let limits = Limits {
        per_record: limit(effective.max_sessions_per_resource.value),
        per_person: limit(effective.max_sessions_per_user.value),
    };
    let mut tx = state.db.write().await.map_err(store_failed)?;
    match sessions::add(&mut tx, &new, limits).await.map_err(store_failed)? {
        Added::Yes => {}
        Added::TooManyOnRecord | Added::TooManyOfPerson => {
            return Err(Refusal::new(
                Code::PamLimitSessions,
                "The maximum number of active sessions is reached. Close an existing session and try again.",
            ));
        }
    }
    for what in HELD {
        acquisitions::add(&mut tx, id, what, now)
            .await
            .map_err(store_failed)?;
    }
    tx.commit().await.map_err(store_failed)?;

    Ok(())
}

fn record(
    state: &AppState,
    opening: Opening<'_>,
    id: &SessionId,
    key: [u8; 32],
    server_version: String,
) -> Result<Tape, Refusal> {
    let Opening {
        person,
        launch,
        aim,
        screen,
        ..
    } = opening;
    let (cols, rows) = screen.map_or((0, 0), |screen| (screen.cols, screen.rows));
    let header = Header {
        session: id.to_string(),
        record_title: aim.record_title.clone(),
        person: person.handle.to_string(),
        account: aim.account.clone(),
        database: aim.target.database.clone(),
        server_version,
        recorder_version: env!("CARGO_PKG_VERSION").to_owned(),
        cols,
        rows,
        switches: switches(recordings(launch)),
    };

    aside(|| begin_recording(state, id, key, header)).map_err(|error| {
        error!(error = &*error as &dyn std::error::Error, session.id = %id, "recording not started");

        not_recorded()
    })
}

fn begin_recording(state: &AppState, id: &SessionId, key: [u8; 32], header: Header) -> anyhow::Result<Tape> {
    let folder = Folder::create(&state.config.data.recordings(), id.clone(), state.notes.clone())?;
    let now = clock::now();

    Ok(Tape::start(
        Box::new(folder),
        SessionKey::new(key),
        0,
        header,
        now.micros(),
    )?)
}

async fn go_live(
    state: &AppState,
    closing: &Closing,
    aim: &Aim,
    launch: &Authorized<Launch>,
) -> Result<(), Refusal> {
    let now = clock::now();
    let mut tx = state.db.write().await.map_err(store_failed)?;
    sessions::go_live(&mut tx, &closing.session, &aim.target.database)
        .await
        .map_err(store_failed)?;
    let started = closing
        .event(EventName::ConnectionStarted, Outcome::Ok, now)
        .with("account", aim.account.clone())
        .with("database", aim.target.database.clone());
    let started = match launch.via() {
        Some(via) => started.with("gateway", via.name.clone()),
        None => started,
    };
    let started = match launch.is_personal() {
        true => started.with("personal_credential", launch.account().to_string()),
        false => started,
    };
    let started = match launch.supplied() {
        Some(supplied) => started.with("host", supplied.typed()),
        None => started,
    };
    audit::append(&mut tx, started).await.map_err(store_failed)?;
    store::records::used(&mut tx, launch, now)
        .await
        .map_err(store_failed)?;
    if launch.effective().records() {
        let recorded = closing.event(EventName::SessionRecordingStarted, Outcome::Ok, now);
        audit::append(&mut tx, begun(recorded, &state.node))
            .await
            .map_err(store_failed)?;
    }
    tx.commit().await.map_err(store_failed)?;
    metrics::counter!("postern_sessions_opened_total").increment(1);

    Ok(())
}

/// 0 is unlimited.
fn limit(number: u32) -> Option<u32> {
    (number > 0).then_some(number)
}

/// Without a screen and keys there are only statements, which are kept where anything is.
fn recordings(launch: &Authorized<Launch>) -> Recordings {
    let effective = launch.effective();
    if launch.kind().has_screen() {
        return Recordings {
            graphical: effective.graphical_session_recording.value,
            text: effective.text_session_recording.value,
            keys: effective.recording_include_keys.value,
        };
    }

    Recordings {
        text: effective.records(),
        ..Recordings::default()
    }
}

fn switches(recordings: Recordings) -> Switches {
    Switches {
        graphical: recordings.graphical,
        text: recordings.text,
        key_events: recordings.keys,
    }
}

/// Spec §19.3.
fn not_recorded() -> Refusal {
    Refusal::new(
        Code::PamRecordingRequired,
        "Recording could not be started. The session was not opened because this resource requires recording.",
    )
}
