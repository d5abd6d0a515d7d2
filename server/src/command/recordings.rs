//! `posternd recordings …`: whether recordings are intact, and a recording in the form of another program.

use std::collections::{BTreeSet, HashSet};
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use anyhow::bail;
use protocol::audit::{EventName, Outcome};
use protocol::errors::Code;
use protocol::ids::SessionId;
use protocol::recordings::{ExportFormat, VerdictView};
use recording::Keys;
use store::audit;
use store::audit::verify::Chain;
use store::sessions::Session;
use time::OffsetDateTime;
use time::macros::format_description;
use vault::audit::Event;

use super::{configuration, in_words, open};
use crate::recordings::export::{self, formats_sentence};
use crate::recordings::{Checked, check, not_intact};
use crate::state::AppState;
use crate::{clock, recorder};

/// Where an event comes from that nobody signed in for.
const SHELL: &str = "the server's shell";

/// What is said of a recording, from what is best to what is worst; the worst decides the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Gravity {
    Fine,
    Incomplete,
    Elsewhere,
    Unreadable,
    Altered,
}

impl Gravity {
    fn exit_code(self) -> u8 {
        match self {
            Self::Fine => 0,
            Self::Altered => 1,
            Self::Incomplete => 2,
            Self::Unreadable => 3,
            Self::Elsewhere => 4,
        }
    }
}

/// Which recordings to verify.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    These(Vec<SessionId>),
    /// Every one. What is on another server cannot be verified here, and that is a fault.
    All,
    /// Every one that is on this server: the others are counted.
    AllHere,
}

/// Prints a line for each recording; 0 when every one is intact. One that cannot be read keeps nobody from the others,
/// and one that was altered is in the audit log. So is a folder of a session the store does not know: its row was
/// removed, or the folder came from elsewhere.
#[expect(clippy::print_stdout, reason = "the command line's answer to a person")]
pub async fn verify(file: Option<&Path>, wanted: Wanted) -> anyhow::Result<ExitCode> {
    let (state, _notes) = open(configuration(file)?).await?;
    let mut worst = Gravity::Fine;
    if let Chain::Broken { seq, why } = audit::verify::verify(&mut state.db.read().await?).await? {
        println!(
            "The audit log, which recordings are held against, is broken at event {seq}: {}",
            why.sentence()
        );
        worst = Gravity::Altered;
    }
    let (sessions, here) = match wanted {
        Wanted::These(sessions) => (sessions, false),
        Wanted::All => (all(&state).await?, false),
        Wanted::AllHere => (all(&state).await?, true),
    };
    let mut n_elsewhere = 0_u64;
    for session in &sessions {
        let (line, gravity) = judge(&state, session).await?;
        if gravity == Gravity::Elsewhere {
            n_elsewhere += 1;
            if here {
                continue;
            }
        }
        println!("{session}  {line}");
        worst = worst.max(gravity);
    }
    if sessions.is_empty() {
        println!("There are no recordings.");
    }
    match n_elsewhere {
        0 => {}
        1 => println!("1 recording is on another server and was not verified."),
        n => println!("{n} recordings are on other servers and were not verified."),
    }
    state.db.close().await;

    Ok(ExitCode::from(worst.exit_code()))
}

/// The sessions of the store, and then those that only have a folder, or only were recorded by what the audit log says.
async fn all(state: &AppState) -> anyhow::Result<Vec<SessionId>> {
    // The folders first: a session's row is there before its folder.
    let folders = recorder::folders(&state.config.data.recordings())?;
    let mut snapshot = state.db.read().await?;
    let mut sessions = store::sessions::ids(&mut snapshot).await?;
    let known: HashSet<SessionId> = sessions.iter().cloned().collect();
    let mut unknown: BTreeSet<SessionId> = audit::recordings::without_row(&mut snapshot)
        .await?
        .into_iter()
        .collect();
    unknown.extend(folders.into_iter().filter(|folder| !known.contains(folder)));
    sessions.extend(unknown);

    Ok(sessions)
}

async fn judge(state: &AppState, session: &SessionId) -> anyhow::Result<(String, Gravity)> {
    let mut snapshot = state.db.read().await?;
    let found = match store::sessions::lookup(&mut snapshot, session).await {
        Ok(found) => found,
        Err(error @ store::Error::Inconsistent { .. }) => {
            return Ok((error.to_string(), Gravity::Unreadable));
        }
        Err(error) => return Err(error.into()),
    };
    drop(snapshot);
    let Some(found) = found else {
        return unknown(state, session).await;
    };
    let checked = match check(state, &found).await {
        Ok(checked) => checked,
        Err(refusal) if refusal.code == Code::Unavailable => {
            return Ok((refusal.sentence, Gravity::Elsewhere));
        }
        Err(refusal) => return Ok((refusal.sentence, Gravity::Unreadable)),
    };
    if let Checked::Found(VerdictView::Altered { segment, fault }) = &checked {
        note(state, not_intact(&found, fault.told(*segment), clock::now())).await?;
    }

    Ok(line_of(&found, &checked))
}

/// A session that has no row; it may have a folder all the same, or have had both.
async fn unknown(state: &AppState, session: &SessionId) -> anyhow::Result<(String, Gravity)> {
    let events = audit::recordings::after(&mut state.db.read().await?, session, 0).await?;
    let problem = if state.config.data.recordings().join(session.as_str()).exists() {
        "a recording of a session that is not in the store"
    } else if events.is_empty() {
        return Ok(("there is no such session".to_owned(), Gravity::Unreadable));
    } else {
        "recorded by what the audit log says, and neither the store has its session nor this server its recording"
    };
    let event = Event::new(
        EventName::SessionRecordingIntegrityFailed,
        Outcome::Failed,
        clock::now(),
    );
    note(state, event.in_session(session).with("problem", problem)).await?;

    Ok((problem.to_owned(), Gravity::Altered))
}

async fn note(state: &AppState, event: Event) -> anyhow::Result<()> {
    let mut tx = state.db.write().await?;
    audit::append(&mut tx, event.with("from", SHELL)).await?;

    Ok(tx.commit().await?)
}

/// What is said of a recording, and how grave it is.
fn line_of(session: &Session, checked: &Checked) -> (String, Gravity) {
    let fine = |line: &str| (line.to_owned(), Gravity::Fine);
    match checked {
        Checked::Empty if !session.view.recordings.any() => fine("not recorded"),
        Checked::Empty => fine("nothing was recorded: the session did not open"),
        Checked::Found(VerdictView::Intact { segments: 1 }) => fine("intact, 1 segment"),
        Checked::Found(VerdictView::Intact { segments }) => fine(&format!("intact, {segments} segments")),
        Checked::Found(VerdictView::Running) => fine("being recorded, as it was recorded so far"),
        Checked::Found(VerdictView::Incomplete { since: 0 }) => {
            ("incomplete from its start".to_owned(), Gravity::Incomplete)
        }
        Checked::Found(VerdictView::Incomplete { since }) => (
            format!("incomplete since {}", moment(*since)),
            Gravity::Incomplete,
        ),
        Checked::Found(VerdictView::Altered { segment, fault }) => (fault.told(*segment), Gravity::Altered),
    }
}

/// Writes an export to standard output.
pub async fn export(
    file: Option<&Path>,
    session: SessionId,
    format: &str,
    with_keys: bool,
) -> anyhow::Result<ExitCode> {
    let Ok(format) = format.parse::<ExportFormat>() else {
        bail!("{}", formats_sentence());
    };
    let keys = if with_keys { Keys::Kept } else { Keys::LeftOut };
    let (state, _notes) = open(configuration(file)?).await?;
    let found = lookup(&state, &session).await?;
    let exporting = export::prepare(&state, &found, format, keys).map_err(in_words)?;
    let mut tx = state.db.write().await?;
    let event = Event::new(EventName::SessionRecordingDownloaded, Outcome::Ok, clock::now())
        .about(&found.view.record, found.view.record_title)
        .in_session(&session)
        .with("format", format.as_str())
        .with("keys", if with_keys { "on" } else { "off" })
        .with("from", SHELL);
    audit::append(&mut tx, event).await?;
    tx.commit().await?;
    state.db.close().await;

    let mut output = io::stdout().lock();
    let mut writing = exporting.start();
    while let Some(piece) = writing.next_piece() {
        output.write_all(&piece)?;
    }
    output.flush()?;

    Ok(ExitCode::SUCCESS)
}

async fn lookup(state: &AppState, session: &SessionId) -> anyhow::Result<Session> {
    match store::sessions::lookup(&mut state.db.read().await?, session).await? {
        Some(found) => Ok(found),
        None => bail!("there is no session {session}"),
    }
}

/// `2026-11-21 14:02:31 UTC`.
fn moment(micros: i64) -> String {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1000)
        .ok()
        .and_then(|date| {
            date.format(format_description!(
                "[year]-[month]-[day] [hour]:[minute]:[second] UTC"
            ))
            .ok()
        })
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_reads_as_a_date() {
        assert_eq!(moment(1_795_269_751_000_000), "2026-11-21 14:02:31 UTC");
    }
}
