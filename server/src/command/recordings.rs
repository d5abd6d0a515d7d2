//! `posternd recordings …`: whether recordings are intact, and a recording in the form of another program.

use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use anyhow::bail;
use protocol::audit::{EventName, Outcome};
use protocol::ids::SessionId;
use protocol::recordings::ExportFormat;
use recording::{Keys, Verdict};
use store::audit;
use store::sessions::Session;
use time::OffsetDateTime;
use time::macros::format_description;
use vault::audit::Event;

use super::{configuration, in_words, open};
use crate::clock;
use crate::recordings::export::{self, formats_sentence};
use crate::recordings::{Checked, check};
use crate::state::AppState;

/// Exit code where a recording was altered.
const ALTERED: u8 = 1;
/// Exit code where none was altered and one is incomplete.
const INCOMPLETE: u8 = 2;

/// Prints a line for each of `sessions`, or of all when there are none; 0 when every one is intact.
#[expect(clippy::print_stdout, reason = "the command line's answer to a person")]
pub async fn verify(file: Option<&Path>, sessions: Vec<SessionId>) -> anyhow::Result<ExitCode> {
    let (state, _heads) = open(configuration(file)?).await?;
    let sessions = match sessions.is_empty() {
        true => store::sessions::ids(&mut state.db.read().await?).await?,
        false => sessions,
    };
    let mut code = 0;
    for session in &sessions {
        let found = lookup(&state, session).await?;
        let (line, bad) = line_of(&found, check(&state, session, &found).map_err(in_words)?);
        println!("{session}  {line}");
        code = match (code, bad) {
            (ALTERED, _) | (_, ALTERED) => ALTERED,
            (code, bad) => code.max(bad),
        };
    }
    if sessions.is_empty() {
        println!("There are no recordings.");
    }
    state.db.close().await;

    Ok(ExitCode::from(code))
}

/// What is said of a recording, and the exit code it asks for.
fn line_of(session: &Session, checked: Checked) -> (String, u8) {
    match checked {
        Checked::Empty if !session.view.recordings.any() => ("not recorded".to_owned(), 0),
        Checked::Empty => ("nothing was recorded: the session did not open".to_owned(), 0),
        Checked::Found(Verdict::Intact { segments: 1 }) => ("intact, 1 segment".to_owned(), 0),
        Checked::Found(Verdict::Intact { segments }) => (format!("intact, {segments} segments"), 0),
        Checked::Found(Verdict::Incomplete { .. }) if session.view.ended_at.is_none() => {
            ("being recorded, as it was recorded so far".to_owned(), 0)
        }
        Checked::Found(Verdict::Incomplete { since: 0 }) => {
            ("incomplete from its start".to_owned(), INCOMPLETE)
        }
        Checked::Found(Verdict::Incomplete { since }) => {
            (format!("incomplete since {}", moment(since)), INCOMPLETE)
        }
        Checked::Found(Verdict::Altered { segment }) => (format!("altered in segment {segment}"), ALTERED),
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
    let (state, _heads) = open(configuration(file)?).await?;
    let found = lookup(&state, &session).await?;
    let exporting = export::prepare(&state, &session, &found, format, keys).map_err(in_words)?;
    let mut tx = state.db.write().await?;
    let event = Event::new(EventName::SessionRecordingDownloaded, Outcome::Ok, clock::now())
        .about(&found.view.record, found.view.record_title)
        .in_session(&session)
        .with("format", format.as_str())
        .with("keys", if with_keys { "on" } else { "off" })
        .with("from", "the server's shell");
    audit::append(&mut tx, event).await?;
    tx.commit().await?;
    state.db.close().await;

    let mut output = io::stdout().lock();
    export::write(&exporting, |piece| output.write_all(&piece))?;
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
