//! `posternd recordings …`: whether recordings are intact, and a recording in the form of another program.

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
use store::sessions::Session;
use time::OffsetDateTime;
use time::macros::format_description;
use vault::audit::Event;

use super::{configuration, in_words, open};
use crate::clock;
use crate::recordings::export::{self, formats_sentence};
use crate::recordings::{Checked, check, not_intact};
use crate::state::AppState;

/// Where an event comes from that nobody signed in for.
const SHELL: &str = "the server's shell";

/// What is said of a recording, from what is best to what is worst; the worst decides the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Gravity {
    Fine,
    Incomplete,
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
        }
    }
}

/// Prints a line for each of `sessions`, or of all when there are none; 0 when every one is intact. One that cannot be
/// read keeps nobody from the others, and one that was altered is in the audit log.
#[expect(clippy::print_stdout, reason = "the command line's answer to a person")]
pub async fn verify(file: Option<&Path>, sessions: Vec<SessionId>) -> anyhow::Result<ExitCode> {
    let (state, _notes) = open(configuration(file)?).await?;
    let sessions = match sessions.is_empty() {
        true => store::sessions::ids(&mut state.db.read().await?).await?,
        false => sessions,
    };
    let mut worst = Gravity::Fine;
    for session in &sessions {
        let (line, gravity) = judge(&state, session).await?;
        println!("{session}  {line}");
        worst = worst.max(gravity);
    }
    if sessions.is_empty() {
        println!("There are no recordings.");
    }
    state.db.close().await;

    Ok(ExitCode::from(worst.exit_code()))
}

async fn judge(state: &AppState, session: &SessionId) -> anyhow::Result<(String, Gravity)> {
    let found = store::sessions::lookup(&mut state.db.read().await?, session).await?;
    let Some(found) = found else {
        return Ok(("there is no such session".to_owned(), Gravity::Unreadable));
    };
    let checked = match check(state, &found).await {
        Ok(checked) => checked,
        // Each of several servers on one store verifies the recordings it has.
        Err(refusal) if refusal.code == Code::Unavailable => return Ok((refusal.sentence, Gravity::Fine)),
        Err(refusal) => return Ok((refusal.sentence, Gravity::Unreadable)),
    };
    if let Checked::Found(VerdictView::Altered { segment, fault }) = &checked {
        let event = not_intact(&found, fault.told(*segment), clock::now()).with("from", SHELL);
        let mut tx = state.db.write().await?;
        audit::append(&mut tx, event).await?;
        tx.commit().await?;
    }

    Ok(line_of(&found, &checked))
}

/// What is said of a recording, and how grave it is.
fn line_of(session: &Session, checked: &Checked) -> (String, Gravity) {
    let fine = |line: &str| (line.to_owned(), Gravity::Fine);
    match checked {
        Checked::Empty if !session.view.recordings.any() => fine("not recorded"),
        Checked::Empty => fine("nothing was recorded: the session did not open"),
        Checked::Found(VerdictView::Intact { segments: 1 }) => fine("intact, 1 segment"),
        Checked::Found(VerdictView::Intact { segments }) => fine(&format!("intact, {segments} segments")),
        Checked::Found(VerdictView::Incomplete { .. }) if session.view.ended_at.is_none() => {
            fine("being recorded, as it was recorded so far")
        }
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
