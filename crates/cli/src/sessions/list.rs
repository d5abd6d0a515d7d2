//! `postern sessions list`.

use clap::Args as Group;
use clap::builder::PossibleValuesParser;
use protocol::dates::rfc3339;
use protocol::service_accounts::in_words;
use protocol::sessions::{SessionFilter, SessionKind, SessionRow, SessionState, SessionView};
use protocol::time::Timestamp;
use recording::legible;
use serde::Serialize;

use super::pages::Pages;
use crate::args::AccessArgs;
use crate::exit::Failure;
use crate::server::Server;
use crate::{account, print};

/// Blanks between two columns.
const BETWEEN: &str = "  ";

#[derive(Debug, Group)]
pub struct ListArgs {
    /// Only of records whose title has this text, or of the record with this id.
    #[arg(long, value_name = "TEXT")]
    record: Option<String>,
    /// Only of people whose email address has this text, or of the person with this id.
    #[arg(long, value_name = "TEXT")]
    person: Option<String>,
    /// Only of this kind.
    #[arg(long, value_parser = PossibleValuesParser::new(SessionKind::ALL.map(SessionKind::as_str)))]
    kind: Option<String>,
    /// Only those that began then or later: a day (2026-11-22) or a minute (2026-11-22T14:30), UTC.
    #[arg(long, value_name = "WHEN")]
    from: Option<String>,
    /// Only those that began then or earlier.
    #[arg(long, value_name = "WHEN")]
    to: Option<String>,
    /// Only those that run.
    #[arg(long)]
    live: bool,
    /// At most so many.
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
}

/// A session for programs.
#[derive(Serialize)]
struct Line<'a> {
    #[serde(flatten)]
    session: &'a SessionView,
    /// The sentence of its state.
    standing: &'static str,
    may_replay: bool,
}

pub async fn run(access: &AccessArgs, wanted: &ListArgs, wants_json: bool) -> Result<(), Failure> {
    let server = account::open(access)?;
    let limit = usize::try_from(wanted.limit).unwrap_or(usize::MAX);
    let (rows, now) = all(&server, wanted, limit).await?;
    if wants_json {
        for row in &rows {
            print::json(&Line {
                session: &row.session,
                standing: row.session.standing(),
                may_replay: row.may_replay,
            })?;
        }

        return Ok(());
    }
    if rows.is_empty() {
        print::remark("No session matches.");
        return Ok(());
    }

    print::line(&table(&rows, now))
}

/// Those that run first; and the server's clock.
async fn all(
    server: &Server,
    wanted: &ListArgs,
    limit: usize,
) -> Result<(Vec<SessionRow>, Option<Timestamp>), Failure> {
    let (mut rows, mut now) = (Vec::new(), None);
    for filter in wanted.filters() {
        let mut pages = Pages::new(server, filter);
        while rows.len() < limit
            && let Some(page) = pages.next().await?
        {
            now = now.or(Some(page.now));
            rows.extend(page.live);
            rows.extend(page.sessions);
        }
    }
    rows.truncate(limit);

    Ok((rows, now))
}

impl ListArgs {
    /// One for each state that is asked for.
    fn filters(&self) -> Vec<SessionFilter> {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let filter = SessionFilter {
            from: text(&self.from),
            to: text(&self.to),
            person: text(&self.person),
            record: text(&self.record),
            kind: text(&self.kind),
            ..SessionFilter::default()
        };
        if !self.live {
            return vec![filter];
        }

        [SessionState::Starting, SessionState::Live]
            .map(|state| SessionFilter {
                state: state.as_str().to_owned(),
                ..filter.clone()
            })
            .to_vec()
    }
}

/// Columns as wide as what is in them.
fn table(rows: &[SessionRow], now: Option<Timestamp>) -> String {
    let mut lines = vec![
        [
            "SESSION",
            "STARTED (UTC)",
            "TOOK",
            "PERSON",
            "RECORD",
            "ACCOUNT",
            "KIND",
            "STATE",
        ]
        .map(str::to_owned),
    ];
    lines.extend(rows.iter().map(|row| cells(&row.session, now)));
    let mut widths = [0; 8];
    for line in &lines {
        for (width, cell) in widths.iter_mut().zip(line) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let lines: Vec<String> = lines
        .iter()
        .map(|line| {
            let cells: Vec<String> = line
                .iter()
                .zip(widths)
                .map(|(cell, width)| format!("{cell:<width$}"))
                .collect();

            cells.join(BETWEEN).trim_end().to_owned()
        })
        .collect();

    lines.join("\n")
}

fn cells(session: &SessionView, now: Option<Timestamp>) -> [String; 8] {
    let began: String = rfc3339(session.started_at).chars().take(16).collect();
    let until = session.ended_at.or(now).unwrap_or(session.started_at);
    let took = until.since(session.started_at).as_secs();

    [
        session.id.to_string(),
        began.replace('T', " "),
        format!("{}:{:02}:{:02}", took / 3600, took / 60 % 60, took % 60),
        legible(&in_words(&session.person_email)).into_owned(),
        legible(&session.record_title).into_owned(),
        legible(&session.account).into_owned(),
        session.kind.as_str().to_owned(),
        session.standing().to_owned(),
    ]
}
