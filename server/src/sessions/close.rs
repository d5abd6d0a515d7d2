//! The recipe that closes a session, the mirror of [`super::open`]: recording's end → fsync → row → ledger → audit.

use app::ctx::Client;
use protocol::audit::{EventName, Outcome};
use protocol::errors::{Code, Refusal};
use protocol::ids::SessionId;
use protocol::terminal::{EndReason, Ended};
use recording::Tape;
use store::sessions::Progress;
use store::{Tx, acquisitions, audit, sessions};
use tracing::error;
use vault::audit::Event;
use vault::authorize::{Authorized, Launch};
use vault::people::Person;

use super::open::HELD;
use crate::clock;
use crate::people::sign_in::event;
use crate::recordings::head_text;
use crate::state::AppState;
use crate::target::Aim;

/// What the end of a session has to know of its beginning.
#[derive(Debug, Clone)]
pub struct Closing {
    pub session: SessionId,
    person: Person,
    client: Client,
    record: protocol::ids::RecordId,
    record_title: String,
}

impl Closing {
    pub fn new(
        session: SessionId,
        person: &Person,
        client: &Client,
        launch: &Authorized<Launch>,
        aim: &Aim,
    ) -> Self {
        Self {
            session,
            person: person.clone(),
            client: client.clone(),
            record: launch.record().clone(),
            record_title: aim.record_title.clone(),
        }
    }

    /// An event about this session.
    pub fn event(&self, name: EventName, outcome: Outcome, now: protocol::time::Timestamp) -> Event {
        self.event_from(&self.client, name, outcome, now)
    }

    /// The same, come from elsewhere.
    pub fn event_from(
        &self,
        client: &Client,
        name: EventName,
        outcome: Outcome,
        now: protocol::time::Timestamp,
    ) -> Event {
        event(name, outcome, client, now)
            .by(&self.person)
            .about(&self.record, self.record_title.clone())
            .in_session(&self.session)
    }
}

/// What was counted.
#[derive(Debug, Clone, Copy, Default)]
pub struct Counted {
    pub bytes: u64,
    pub statements: u64,
    pub errors: u64,
}

/// Releases what a session held that could not be opened.
pub async fn never_opened(state: &AppState, closing: &Closing, refusal: &Refusal) {
    let now = clock::now();
    let event = closing
        .event(EventName::ConnectionFailed, Outcome::Failed, now)
        .with("reason", refusal.sentence.clone());
    if let Err(error) = release(state, closing, reason_of(refusal), None, event).await {
        error!(error = &error as &dyn std::error::Error, session.id = %closing.session, "session not released");
    }
}

/// Why a session was not opened.
pub fn reason_of(refusal: &Refusal) -> EndReason {
    match refusal.code == Code::PamRecordingRequired {
        true => EndReason::RecordingFailed,
        false => EndReason::ConnectionLost,
    }
}

/// Ends the recording, then reports the end: what is told has been made durable before.
pub async fn close(state: &AppState, closing: &Closing, tape: &Tape, ended: &Ended, counted: Counted) {
    let now = clock::now();
    let reason = ended.reason.as_str();
    let head = match tape.end(now.micros(), reason) {
        Ok(head) => Some(head_text(&head)),
        // The tape has failed before; that is why the session ends. What it holds is recovered as it is.
        Err(error) => {
            error!(error = &error as &dyn std::error::Error, session.id = %closing.session, "recording not ended");

            None
        }
    };
    let progress = Progress {
        bytes: counted.bytes,
        statements: counted.statements,
        errors: counted.errors,
        chain_head: head,
    };
    let event = closing
        .event(EventName::ConnectionStopped, Outcome::Ok, now)
        .with("reason", reason);
    if let Err(error) = release(state, closing, ended.reason, Some(progress), event).await {
        error!(error = &error as &dyn std::error::Error, session.id = %closing.session, "session not released");
    }
}

async fn release(
    state: &AppState,
    closing: &Closing,
    reason: EndReason,
    progress: Option<Progress>,
    event: Event,
) -> Result<(), store::Error> {
    let mut tx = state.db.write().await?;
    settle(&mut tx, &closing.session, reason, progress, event).await?;

    tx.commit().await
}

/// Writes down that a session has ended: how far it came, if it was opened; why it ended; that it holds nothing any
/// longer; and the event that says so.
pub async fn settle(
    tx: &mut Tx,
    session: &SessionId,
    reason: EndReason,
    progress: Option<Progress>,
    event: Event,
) -> Result<(), store::Error> {
    let now = event.at;
    if let Some(progress) = &progress {
        sessions::progress(tx, session, progress).await?;
    }
    sessions::finish(tx, session, reason, now).await?;
    for what in HELD {
        acquisitions::release(tx, session, what, now).await?;
    }
    audit::append(tx, event).await?;

    Ok(())
}
