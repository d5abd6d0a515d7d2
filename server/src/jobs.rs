//! Background work: recovery after a crash, the audit trail of closed segments, the round that checks rights.

use std::fs;
use std::time::Duration;

use bytes::Bytes;
use protocol::audit::{EventName, Outcome};
use protocol::terminal::EndReason;
use recording::{Media, SessionKey, Stored, crash_footer, recover as recover_recording};
use store::sessions::{Progress, Session};
use store::{acquisitions, audit, sessions, sign_ins};
use tokio::sync::mpsc;
use tokio::time::{Interval, interval};
use tracing::{error, info, warn};
use vault::audit::Event;

use crate::clock;
use crate::recorder::{self, ClosedSegment, Folder};
use crate::recordings::{head_of, head_text};
use crate::sessions::open::HELD;
use crate::state::AppState;

/// How often every live session looks at its rights, should a change not have told it.
const ROUND: Duration = Duration::from_secs(30);

/// How often refusals that were only counted are told.
const SETTLING: Duration = Duration::from_secs(60);

/// How often what is no longer needed is removed.
const TIDYING: Duration = Duration::from_secs(3600);

/// Starts what runs beside the pages until the server stops.
pub fn start(state: &AppState, heads: mpsc::Receiver<ClosedSegment>) {
    state.tasks.spawn(note_heads(state.clone(), heads));
    state.tasks.spawn(round(state.clone()));
    state.tasks.spawn(settle(state.clone()));
    state.tasks.spawn(tidy(state.clone()));
}

/// Ends what this server left live when it was killed: recordings get their crash footer, sessions their reason, the
/// ledger its releases. Done before the first request, and again without harm should this one be killed too.
pub async fn recover(state: &AppState) -> anyhow::Result<()> {
    let mut snapshot = state.db.read().await?;
    let unfinished = sessions::unfinished(&mut snapshot, &state.node).await?;
    drop(snapshot);
    for session in unfinished {
        let id = session.view.id.clone();
        match recover_one(state, session).await {
            Ok(()) => info!(session.id = %id, "session recovered"),
            // The others must not wait for one whose files are damaged; it stays unfinished and is tried again.
            Err(error) => {
                error!(error = &*error as &dyn std::error::Error, session.id = %id, "session not recovered")
            }
        }
    }

    Ok(())
}

async fn recover_one(state: &AppState, session: Session) -> anyhow::Result<()> {
    let id = &session.view.id;
    let folder = state.config.data.recordings();
    let mut chain_head = None;
    if folder.join(id.as_str()).exists() {
        recorder::tidy(&folder, id)?;
        let key = SessionKey::new(*vault::envelope::unwrap_session_key(
            &state.master,
            id,
            &session.recording_key,
        )?);
        let mut found = Vec::new();
        for segment in recorder::segments(&folder, id)? {
            found.push(Stored {
                segment: segment.number,
                bytes: Bytes::from(fs::read(&segment.path)?),
            });
        }
        let recovery = recover_recording(&found, &key);
        if is_short(&found, session.chain_head.as_deref()) {
            note_missing(state, &session).await?;
        } else if let Some(footer) = crash_footer(&recovery, &key) {
            let mut files = Folder::existing(&folder, id.clone(), state.heads.clone());
            files.replace(footer.head.segment, &footer.bytes, &footer.head)?;
            chain_head = Some(head_text(&footer.head));
        }
    }
    let now = clock::now();
    let mut tx = state.db.write().await?;
    let progress = Progress {
        bytes: session.view.bytes,
        statements: session.view.statements,
        errors: session.view.errors,
        chain_head,
    };
    sessions::progress(&mut tx, id, &progress).await?;
    sessions::finish(&mut tx, id, EndReason::Crash, now).await?;
    for what in HELD {
        acquisitions::release(&mut tx, id, what, now).await?;
    }
    let event = Event::new(EventName::ConnectionStopped, Outcome::Failed, now)
        .about(&session.view.record, session.view.record_title.clone())
        .in_session(id)
        .with("person_email", session.view.person_email.clone())
        .with("reason", "crash");
    audit::append(&mut tx, event).await?;
    tx.commit().await?;

    Ok(())
}

/// Whether a segment whose close was noted is gone. Then nothing is written over it, and the anchor stays.
fn is_short(found: &[Stored], chain_head: Option<&str>) -> bool {
    let noted = chain_head.and_then(head_of).map(|head| head.segment);
    let last = found.iter().map(|stored| stored.segment).max();

    noted > last
}

async fn note_missing(state: &AppState, session: &Session) -> Result<(), store::Error> {
    let id = &session.view.id;
    error!(session.id = %id, "segments of a recording are missing");
    let mut tx = state.db.write().await?;
    let event = Event::new(
        EventName::SessionRecordingIntegrityFailed,
        Outcome::Failed,
        clock::now(),
    )
    .about(&session.view.record, session.view.record_title.clone())
    .in_session(id)
    .with("problem", "segments are missing at the end");
    audit::append(&mut tx, event).await?;

    tx.commit().await
}

/// Writes the head of each closed segment into the audit log, so that removing a tail shows. When the server
/// stops, those that wait are written first.
async fn note_heads(state: AppState, mut heads: mpsc::Receiver<ClosedSegment>) {
    loop {
        let closed = tokio::select! {
            biased;
            closed = heads.recv() => closed,
            () = state.stopping.cancelled() => None,
        };
        let Some(closed) = closed else {
            return;
        };
        if let Err(error) = note_head(&state, &closed).await {
            error!(error = &error as &dyn std::error::Error, session.id = %closed.session, "head not noted");
        }
    }
}

async fn note_head(state: &AppState, closed: &ClosedSegment) -> Result<(), store::Error> {
    let mut tx = state.db.write().await?;
    let event = Event::new(
        EventName::SessionRecordingSegmentClosed,
        Outcome::Ok,
        clock::now(),
    )
    .in_session(&closed.session)
    .with("segment", closed.segment.to_string())
    .with("head", hex::encode(closed.head.hash));
    sessions::note_head(&mut tx, &closed.session, &head_text(&closed.head)).await?;
    audit::append(&mut tx, event).await?;

    tx.commit().await
}

async fn round(state: AppState) {
    let mut every = interval(ROUND);
    while is_due(&state, &mut every).await {
        state.sessions.look_again();
    }
}

async fn settle(state: AppState) {
    let mut every = interval(SETTLING);
    while is_due(&state, &mut every).await {
        let told = async {
            let mut tx = state.db.write().await?;
            audit::repeats::settle(&mut tx, clock::now()).await?;

            tx.commit().await
        };
        if let Err(error) = told.await {
            warn!(
                error = &error as &dyn std::error::Error,
                "repeated refusals not told"
            );
        }
    }
}

async fn tidy(state: AppState) {
    let mut every = interval(TIDYING);
    while is_due(&state, &mut every).await {
        let removed = async {
            let mut tx = state.db.write().await?;
            let removed = sign_ins::remove_old(&mut tx, clock::now()).await?;
            tx.commit().await?;

            Ok::<u64, store::Error>(removed)
        };
        if let Err(error) = removed.await {
            warn!(
                error = &error as &dyn std::error::Error,
                "old sign-ins not removed"
            );
        }
    }
}

/// Waits until it is time again; false when the server stops.
async fn is_due(state: &AppState, every: &mut Interval) -> bool {
    tokio::select! {
        _ = every.tick() => true,
        () = state.stopping.cancelled() => false,
    }
}

#[cfg(test)]
mod tests {
    use protocol::audit::AuditFilter;
    use protocol::ids::SessionId;
    use recording::Head;
    use store::Db;

    use super::*;
    use crate::config::Config;
    use crate::{master_key, node};

    #[tokio::test]
    async fn heads_that_wait_are_written_before_the_server_stops() {
        let folder = tempfile::tempdir().unwrap();
        let mut config = Config::default();
        config.data.folder = folder.path().to_owned();
        let db = Db::open(&config.store_url(), 1).await.unwrap();
        let master = master_key::load(&config.data.master_key_file(), true)
            .unwrap()
            .current;
        let (to_audit, heads) = mpsc::channel(4);
        let node = node::id(folder.path()).unwrap();
        let state = AppState::new(config, node, db, master, to_audit);
        for segment in 0..3 {
            let closed = ClosedSegment {
                session: SessionId::from_random([1; 16]),
                segment,
                head: Head {
                    segment,
                    hash: [0xa5; 32],
                },
            };
            state.heads.send(closed).await.unwrap();
        }

        state.stopping.cancel();
        note_heads(state.clone(), heads).await;

        let mut snapshot = state.db.read().await.unwrap();
        let page = audit::list(&mut snapshot, &AuditFilter::default()).await.unwrap();
        assert_eq!(page.events.len(), 3);
    }
}
