//! `postern recordings verify`: the server's verdict on recordings.

use std::time::Duration;

use clap::Args as Group;
use http::Method;
use protocol::cli::Verified;
use protocol::dates::rfc3339;
use protocol::errors::Code;
use protocol::ids::SessionId;
use protocol::recordings::VerdictView;
use protocol::sessions::SessionFilter;
use protocol::time::Timestamp;
use serde_json::json;

use crate::args::AccessArgs;
use crate::exit::{Exit, Failure};
use crate::server::Server;
use crate::sessions::{Named, Pages};
use crate::{account, print};

/// How long one may take: every byte of it is read.
const PATIENCE: Duration = Duration::from_secs(15 * 60);

#[derive(Debug, Group)]
pub struct VerifyArgs {
    /// Its session's id, as postern sessions list shows it, or enough of its beginning.
    #[arg(required_unless_present = "all")]
    sessions: Vec<Named>,
    /// Every one.
    #[arg(long, conflicts_with = "sessions")]
    all: bool,
}

/// How many were not found to be as they should.
#[derive(Default)]
struct Tally {
    n_all: u64,
    n_altered: u64,
    n_cut: u64,
    n_unknown: u64,
}

pub async fn run(access: &AccessArgs, wanted: VerifyArgs, wants_json: bool) -> Result<(), Failure> {
    let server = account::open(access)?;
    let mut tally = Tally::default();
    for session in wanted.sessions {
        tally
            .check(&server, &session.find(&server).await?, wants_json)
            .await?;
    }
    if wanted.all {
        tally.check_all(&server, wants_json).await?;
    }

    tally.end()
}

impl Tally {
    /// Page by page, newest first.
    async fn check_all(&mut self, server: &Server, wants_json: bool) -> Result<(), Failure> {
        let mut pages = Pages::new(server, SessionFilter::default());
        while let Some(page) = pages.next().await? {
            for row in page.live.iter().chain(&page.sessions) {
                self.check(server, &row.session.id, wants_json).await?;
            }
        }

        Ok(())
    }

    /// One that cannot be read keeps nobody from the others.
    async fn check(&mut self, server: &Server, session: &SessionId, wants_json: bool) -> Result<(), Failure> {
        let path = format!("/cli/sessions/{session}/verify");
        let verified: Result<Verified, Failure> =
            server.ask_within(PATIENCE, Method::POST, &path, None).await;
        self.n_all += 1;
        let (verified, sentence) = match verified {
            Ok(verified) => {
                let sentence = self.count(&verified);
                (Some(verified), sentence)
            }
            Err(failure) if is_of_one(&failure) => {
                self.n_unknown += 1;
                (None, failure.sentence)
            }
            Err(failure) => return Err(failure),
        };
        if wants_json {
            return print::json(&json!({
                "session": session,
                "verdict": verified.and_then(|verified| verified.verdict),
                "sentence": sentence,
            }));
        }

        print::line(&format!("{session}  {sentence}"))
    }

    /// What is said of it.
    fn count(&mut self, verified: &Verified) -> String {
        match &verified.verdict {
            None if !verified.was_recorded => "not recorded".to_owned(),
            None => "nothing was recorded: the session did not open".to_owned(),
            Some(VerdictView::Intact { segments: 1 }) => "intact, 1 segment".to_owned(),
            Some(VerdictView::Intact { segments }) => format!("intact, {segments} segments"),
            Some(VerdictView::Running) => "being recorded, as it was recorded so far".to_owned(),
            Some(VerdictView::Incomplete { since: 0 }) => {
                self.n_cut += 1;
                "incomplete from its start".to_owned()
            }
            Some(VerdictView::Incomplete { since }) => {
                self.n_cut += 1;
                format!("incomplete since {}", rfc3339(Timestamp(*since)))
            }
            Some(VerdictView::Altered { segment, fault }) => {
                self.n_altered += 1;
                fault.told(*segment)
            }
        }
    }

    fn end(&self) -> Result<(), Failure> {
        let Self {
            n_all,
            n_altered,
            n_cut,
            n_unknown,
        } = self;
        if *n_all == 0 {
            print::remark("There are no recordings.");
        }
        let faults: Vec<String> = [
            (n_altered, "altered"),
            (n_cut, "incomplete"),
            (n_unknown, "not verified"),
        ]
        .iter()
        .filter(|(n, _)| **n > 0)
        .map(|(n, what)| format!("{n} {what}"))
        .collect();
        if faults.is_empty() {
            return Ok(());
        }

        Err(Failure::new(
            Exit::Failed,
            format!("Of {n_all} recordings {}.", faults.join(", ")),
        ))
    }
}

/// Whether it is this recording's fault, and not the asking's.
fn is_of_one(failure: &Failure) -> bool {
    matches!(
        failure.code,
        Some(Code::PamNotFound | Code::Unavailable | Code::Internal | Code::RecordingDamaged)
    )
}
