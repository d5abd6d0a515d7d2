//! Background work: recovery after a crash, the audit trail of closed segments, the round that checks rights, settles
//! refusals and removes old sign-ins.

mod recovery;

use std::time::Duration;

use store::{access_tokens, audit, gateways, sessions, sign_ins};
use tokio::sync::mpsc;
use tokio::time::{Interval, interval};
use tracing::{error, info, warn};

use crate::clock;
use crate::recorder::{Extent, Note};
use crate::recordings::{head_text, running_text, segment_closed};
use crate::state::AppState;

pub use recovery::recover;

/// How often every live session looks at its rights, should a change not have told it.
const ROUND: Duration = Duration::from_secs(30);

/// How often a note is tried again that the store did not take.
const RETRY: Duration = Duration::from_secs(1);

/// How often refusals that were only counted are told.
const SETTLING: Duration = Duration::from_secs(60);

/// How often what is no longer needed is removed.
const TIDYING: Duration = Duration::from_secs(3600);

/// How long a token that expired or was revoked is kept: who tries it meanwhile is told apart in the log.
const TOKENS_KEPT: Duration = Duration::from_secs(90 * 24 * 3600);

/// Starts what runs beside the pages until the server stops.
pub fn start(state: &AppState, notes: mpsc::Receiver<Note>) {
    state.tasks.spawn(write_notes(state.clone(), notes));
    state.tasks.spawn(round(state.clone()));
    state.tasks.spawn(settle(state.clone()));
    state.tasks.spawn(tidy(state.clone()));
}

/// Writes what recordings have to note: the head of each closed segment into the audit log and the session's row, how
/// far the open one is into the row, so that removing a tail shows. When the server stops, those that wait are written
/// first.
async fn write_notes(state: AppState, mut notes: mpsc::Receiver<Note>) {
    loop {
        let note = tokio::select! {
            biased;
            note = notes.recv() => note,
            () = state.stopping.cancelled() => None,
        };
        let Some(note) = note else {
            return;
        };
        keep_writing(&state, &note).await;
    }
}

/// Writes a note, again and again until the store takes it: those behind it wait, and once too many do, recordings are
/// not written either. Gives up only when the server stops.
async fn keep_writing(state: &AppState, note: &Note) {
    let mut every = interval(RETRY);
    let mut was_told = false;
    while let Err(error) = write_note(state, note).await {
        if !was_told {
            error!(error = &error as &dyn std::error::Error, session.id = %note.session, "recording's extent not noted");
            was_told = true;
        }
        if !is_due(state, &mut every).await {
            return;
        }
    }
    if was_told {
        info!(session.id = %note.session, "recording's extent noted after all");
    }
}

async fn write_note(state: &AppState, note: &Note) -> Result<(), store::Error> {
    let mut tx = state.db.write().await?;
    match &note.extent {
        Extent::Closed(head) => {
            sessions::note_head(&mut tx, &note.session, &head_text(head)).await?;
            audit::append(&mut tx, segment_closed(&note.session, head, clock::now())).await?;
        }
        Extent::Running(running) => {
            sessions::note_running(&mut tx, &note.session, &running_text(running)).await?;
        }
    }

    tx.commit().await
}

async fn round(state: AppState) {
    let mut every = interval(ROUND);
    while is_due(&state, &mut every).await {
        state.sessions.look_again();
        gateways_again(&state).await;
    }
}

/// Looks at the instances of gateways again.
pub async fn gateways_again(state: &AppState) {
    if let Err(error) = crate::gateways::look_again(state).await {
        warn!(error = &error as &dyn std::error::Error, "gateways not looked at");
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
            sign_ins::remove_old(&mut tx, clock::now()).await?;
            access_tokens::remove_old(&mut tx, clock::now() - TOKENS_KEPT).await?;
            gateways::remove_old_tokens(&mut tx, clock::now() - TOKENS_KEPT).await?;

            tx.commit().await
        };
        if let Err(error) = removed.await {
            warn!(
                error = &error as &dyn std::error::Error,
                "old sign-ins and tokens not removed"
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
    use std::path::Path;
    use std::pin::pin;

    use protocol::audit::AuditFilter;
    use protocol::ids::SessionId;
    use recording::Head;
    use store::Db;
    use tokio::time::timeout;

    use super::*;
    use crate::config::Config;
    use crate::{master_key, node};

    /// A server's state, and three closed segments that wait to be noted.
    async fn waiting(folder: &Path) -> (AppState, mpsc::Receiver<Note>) {
        let mut config = Config::default();
        config.data.folder = folder.to_owned();
        let db = Db::open(&config.store_url(), 1).await.unwrap();
        let master = master_key::load(&config.data.master_key_file(), true)
            .unwrap()
            .current;
        let (to_store, notes) = mpsc::channel(4);
        let node = node::id(folder).unwrap();
        let state = AppState::new(config, node, db, master, to_store);
        for segment in 0..3 {
            let note = Note {
                session: SessionId::from_random([1; 16]),
                extent: Extent::Closed(Head {
                    segment,
                    hash: [0xa5; 32],
                }),
            };
            state.notes.send(note).await.unwrap();
        }

        (state, notes)
    }

    /// How many events the audit log has.
    async fn n_events(state: &AppState) -> usize {
        let mut snapshot = state.db.read().await.unwrap();
        let page = audit::list(&mut snapshot, &AuditFilter::default()).await.unwrap();

        page.events.len()
    }

    #[tokio::test]
    async fn heads_that_wait_are_written_before_the_server_stops() {
        let folder = tempfile::tempdir().unwrap();
        let (state, notes) = waiting(folder.path()).await;

        state.stopping.cancel();
        write_notes(state.clone(), notes).await;

        assert_eq!(n_events(&state).await, 3);
    }

    #[tokio::test]
    async fn heads_the_store_did_not_take_are_written_once_it_does() {
        let folder = tempfile::tempdir().unwrap();
        let (state, notes) = waiting(folder.path()).await;
        let change = async |statement: &'static str| {
            let Db::Sqlite { writer, .. } = &state.db else {
                panic!("a store of its own");
            };
            sqlx::query(statement).execute(writer).await.unwrap();
        };
        change("ALTER TABLE audit_head RENAME TO away").await;

        let mut writing = pin!(write_notes(state.clone(), notes));
        let moment = Duration::from_millis(100);
        assert!(timeout(moment, &mut writing).await.is_err());
        assert_eq!(n_events(&state).await, 0);
        change("ALTER TABLE away RENAME TO audit_head").await;
        while n_events(&state).await < 3 {
            assert!(timeout(moment, &mut writing).await.is_err());
        }
    }
}
