//! What a server that was killed left behind: recordings get their crash footer, sessions their reason, the ledger its
//! releases.

use anyhow::{Context, ensure};
use protocol::audit::{EventName, Outcome};
use protocol::recordings::VerdictView;
use protocol::terminal::EndReason;
use recording::{Closed, Head, Recovery, SessionKey, Stored, Verifier, crash_footer};
use store::sessions::{Progress, Session};
use store::{audit, sessions};
use tracing::{error, info};
use vault::audit::Event;

use crate::clock;
use crate::recorder::{self, Lies, aside, put_closed};
use crate::recordings::{Noted, garbled, head_text, not_intact, segment_closed, view_of};
use crate::sessions::close::settle;
use crate::state::AppState;

/// Ends what this server left live when it was killed. Done before the first request, and again without harm should
/// this one be killed too.
pub async fn recover(state: &AppState) -> anyhow::Result<()> {
    let mut snapshot = state.db.read().await?;
    let unfinished = sessions::unfinished(&mut snapshot, &state.node).await?;
    drop(snapshot);
    for session in unfinished {
        let id = session.view.id.clone();
        match recover_one(state, session).await {
            Ok(()) => info!(session.id = %id, "session recovered"),
            // The store did not take it: it stays unfinished and is tried again at the next start.
            Err(error) => {
                error!(error = &error as &dyn std::error::Error, session.id = %id, "session not recovered")
            }
        }
    }

    Ok(())
}

async fn recover_one(state: &AppState, session: Session) -> Result<(), store::Error> {
    let id = &session.view.id;
    let mut snapshot = state.db.read().await?;
    let noted = Noted::lookup(&mut snapshot, &session).await?;
    drop(snapshot);
    let found = aside(|| mend(state, &session, noted)).unwrap_or_else(|error| {
        error!(error = &*error as &dyn std::error::Error, session.id = %id, "recording not recovered");

        Found::Unreadable
    });
    let now = clock::now();
    let mut tx = state.db.write().await?;
    let mut chain_head = None;
    match &found {
        Found::Nothing => {}
        Found::Whole { head, unnoted, .. } => {
            chain_head = Some(head_text(head));
            for head in unnoted {
                audit::append(&mut tx, segment_closed(id, head, now)).await?;
            }
        }
        Found::Altered { problem } => {
            error!(session.id = %id, problem, "recording altered");
            audit::append(&mut tx, not_intact(&session, problem.clone(), now)).await?;
        }
        Found::Unreadable => {
            audit::append(&mut tx, not_intact(&session, UNREADABLE.to_owned(), now)).await?;
        }
    }
    let progress = Progress {
        bytes: session.view.bytes,
        statements: session.view.statements,
        errors: session.view.errors,
        chain_head,
    };
    let event = Event::new(EventName::ConnectionStopped, Outcome::Failed, now)
        .about(&session.view.record, session.view.record_title.clone())
        .in_session(id)
        .with("person_email", session.view.person_email.clone())
        .with("reason", EndReason::Crash.as_str());
    settle(&mut tx, id, EndReason::Crash, Some(progress), event).await?;
    tx.commit().await?;

    Ok(())
}

/// What there is of a recording.
enum Found {
    /// It was not begun.
    Nothing,
    /// All that was noted is there. The footer's head and those the killed server had no time to note
    /// are not in the audit log.
    Whole {
        head: Head,
        unnoted: Vec<Head>,
        /// The end it has to be given.
        footer: Option<Closed>,
    },
    /// Then nothing is written behind it, and what was noted stays noted.
    Altered { problem: String },
    /// The same; nothing can be said of it.
    Unreadable,
}

/// What the audit log says of a recording that a recovery could not read.
const UNREADABLE: &str = "not recovered: its files cannot be read; the server's log says why";

/// Removes what a close that was cut short has left behind, and gives a recording without an end its footer.
fn mend(state: &AppState, session: &Session, noted: Noted) -> anyhow::Result<Found> {
    let id = &session.view.id;
    let recordings = state.config.data.recordings();
    let folder = recordings.join(id.as_str());
    if folder.exists() {
        recorder::tidy(&recordings, id)?;
    }
    let found = find(state, session, noted)?;
    if let Found::Whole {
        footer: Some(footer), ..
    } = &found
    {
        put_closed(&folder, footer.head.segment, &footer.bytes)?;
    }

    Ok(found)
}

/// Reads what is there, one segment at a time: what a segment's file and one block of it take is all that is held.
fn find(state: &AppState, session: &Session, noted: Noted) -> anyhow::Result<Found> {
    let id = &session.view.id;
    let recordings = state.config.data.recordings();
    let last = noted.known.last_segment();
    let segments = recorder::segments(&recordings, id, last)?;
    if let Some((Lies::Nowhere { .. }, number)) = segments.first().map(|first| (first.lies, first.number)) {
        let problem = protocol::recordings::Fault::Missing.told(number);

        return Ok(Found::Altered { problem });
    }
    if segments.is_empty() && !noted.is_garbled {
        return Ok(Found::Nothing);
    }
    let key = vault::envelope::unwrap_session_key(&state.master, id, &session.recording_key)?;
    let key = SessionKey::new(*key);
    let heads = noted.known.heads.clone();
    let mut verifier = Verifier::new(key.clone(), noted.known);
    let mut recovery = Recovery::default();
    let mut unnoted = Vec::new();
    let mut is_readable = true;
    for found in &segments {
        if let Lies::Nowhere { .. } = found.lies {
            continue;
        }
        let stored = Stored {
            segment: found.number,
            bytes: found.read()?,
        };
        recovery.push(&stored, &key);
        if found.lies == Lies::Closed {
            unnoted.extend(recovery.head.filter(|head| !heads.contains(head)));
        }
        // Of a segment of a later version nothing can be said, and so of no other.
        is_readable = is_readable && verifier.push(stored).is_ok();
    }
    let mut verdict = view_of(verifier.finish());
    if noted.is_garbled {
        verdict = garbled(verdict, last);
    }
    if let (VerdictView::Altered { segment, fault }, true) = (&verdict, is_readable) {
        let problem = fault.told(*segment);

        return Ok(Found::Altered { problem });
    }
    // A footer would take the place of what a newer version might find missing.
    ensure!(is_readable, "a segment is of a later version of posternd");
    let footer = crash_footer(&recovery, &key);
    unnoted.extend(footer.as_ref().map(|footer| footer.head));
    let head = footer
        .as_ref()
        .map(|footer| footer.head)
        .or(recovery.head)
        .context("a recording that has ended has a segment")?;

    Ok(Found::Whole {
        head,
        unnoted,
        footer,
    })
}
