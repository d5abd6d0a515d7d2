//! The recipe that opens a session: row and ledger → credential → dial, TLS, authenticate → recorder → audit.
//! What it acquires, [`super::close`] releases, also when a later step fails.

use std::sync::Arc;

use app::ctx::Client;
use pg_proto::backend::Fields;
use protocol::audit::{EventName, Outcome};
use protocol::errors::{Code, Refusal};
use protocol::ids::SessionId;
use protocol::sessions::{Recordings, SessionKind};
use proxy::{ConnectError, Upstream, Wishes, connect};
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

/// How the person comes to the database, and what they bring.
#[derive(Debug, Clone, Copy)]
pub enum Way<'a> {
    Terminal(Screen),
    /// The first connection of a native client.
    Listener(&'a Wishes),
}

/// A session that has been opened.
pub struct Opened {
    pub id: SessionId,
    pub aim: Aim,
    pub effective: Effective,
    pub upstream: Upstream,
    pub tape: Tape,
    pub closing: Closing,
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

/// Opens a session for the person, with the account and under the settings of `launch`.
pub async fn open(
    state: &AppState,
    person: &Person,
    client: &Client,
    launch: &Authorized<Launch>,
    way: Way<'_>,
) -> Result<Opened, NotOpened> {
    let id = SessionId::from_random(clock::draw());
    let effective = launch.effective().clone();
    let mut aim = target::aim_at(state, launch).await?;
    if let Way::Listener(wishes) = way {
        wishes.apply(&mut aim.target);
    }
    let key = clock::draw::<32>();
    let closing = Closing::new(id.clone(), person, client, launch, &aim);
    enter(state, person, client, launch, &aim, &id, &key, way).await?;

    let acquired = async {
        let acquired = acquire(state, person, &aim, &effective, &id, key, way).await?;
        go_live(state, &closing, &aim, launch).await?;

        Ok::<_, NotOpened>(acquired)
    };
    match supervise::acquire(&closing.session, acquired).await {
        Ok((upstream, tape)) => Ok(Opened {
            id,
            aim,
            effective,
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
#[expect(
    clippy::too_many_arguments,
    reason = "one row, from all that is known of its session"
)]
async fn enter(
    state: &AppState,
    person: &Person,
    client: &Client,
    launch: &Authorized<Launch>,
    aim: &Aim,
    id: &SessionId,
    key: &[u8; 32],
    way: Way<'_>,
) -> Result<(), Refusal> {
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
        kind: kind(way),
        node: state.node.clone(),
        record: launch.record().clone(),
        record_title: aim.record_title.clone(),
        person: person.id.clone(),
        person_email: person.email.to_string(),
        account: aim.credential.user.clone(),
        database: aim.target.database.clone(),
        remote_address: client.address.clone(),
        started_at: now,
        recordings: recordings(effective, way),
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

async fn acquire(
    state: &AppState,
    person: &Person,
    aim: &Aim,
    effective: &Effective,
    id: &SessionId,
    key: [u8; 32],
    way: Way<'_>,
) -> Result<(Upstream, Tape), NotOpened> {
    let upstream = connect(Arc::clone(&aim.dial), &aim.target, &aim.credential, &|_| ()).await?;
    let (cols, rows) = match way {
        Way::Terminal(screen) => (screen.cols, screen.rows),
        Way::Listener(_) => (0, 0),
    };
    let header = Header {
        session: id.to_string(),
        record_title: aim.record_title.clone(),
        person: person.email.to_string(),
        account: aim.credential.user.clone(),
        database: aim.target.database.clone(),
        server_version: upstream.parameter("server_version").unwrap_or_default(),
        recorder_version: env!("CARGO_PKG_VERSION").to_owned(),
        cols,
        rows,
        switches: switches(recordings(effective, way)),
    };
    let tape = aside(|| begin_recording(state, id, key, header)).map_err(|error| {
        error!(error = &*error as &dyn std::error::Error, session.id = %id, "recording not started");

        not_recorded()
    })?;

    Ok((upstream, tape))
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
        .with("account", aim.credential.user.clone())
        .with("database", aim.target.database.clone());
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

fn kind(way: Way<'_>) -> SessionKind {
    match way {
        Way::Terminal(_) => SessionKind::Terminal,
        Way::Listener(_) => SessionKind::Listener,
    }
}

/// Without a screen and keys there are only statements, which are kept where anything is.
fn recordings(effective: &Effective, way: Way<'_>) -> Recordings {
    match way {
        Way::Terminal(_) => Recordings {
            graphical: effective.graphical_session_recording.value,
            text: effective.text_session_recording.value,
            keys: effective.recording_include_keys.value,
        },
        Way::Listener(_) => Recordings {
            text: effective.records(),
            ..Recordings::default()
        },
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
