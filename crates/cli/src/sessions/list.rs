//! `postern sessions list`.

use clap::Args as Group;
use clap::builder::PossibleValuesParser;
use http::Method;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use protocol::dates::rfc3339;
use protocol::sessions::{SessionFilter, SessionKind, SessionList, SessionRow, SessionView};
use protocol::time::Timestamp;
use recording::legible;
use serde::Serialize;

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

/// Page by page, those that run first; and the server's clock.
async fn all(
    server: &Server,
    wanted: &ListArgs,
    limit: usize,
) -> Result<(Vec<SessionRow>, Timestamp), Failure> {
    let mut filter = wanted.filter();
    let mut rows = Vec::new();
    loop {
        let page = page(server, &filter).await?;
        rows.extend(page.live);
        if !wanted.live {
            rows.extend(page.sessions);
        }
        rows.truncate(limit);
        match page.next {
            Some(next) if !wanted.live && rows.len() < limit => filter.before = next,
            Some(_) | None => return Ok((rows, page.now)),
        }
    }
}

/// One page of the sessions a filter leaves.
pub async fn page(server: &Server, filter: &SessionFilter) -> Result<SessionList, Failure> {
    let SessionFilter {
        from,
        to,
        person,
        record,
        state,
        kind,
        before,
    } = filter;
    let fields = [
        ("from", from),
        ("to", to),
        ("person", person),
        ("record", record),
        ("state", state),
        ("kind", kind),
        ("before", before),
    ];
    let query: Vec<String> = fields
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| format!("{name}={}", utf8_percent_encode(value, NON_ALPHANUMERIC)))
        .collect();

    server
        .ask(Method::GET, &format!("/cli/sessions?{}", query.join("&")), None)
        .await
}

impl ListArgs {
    fn filter(&self) -> SessionFilter {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();

        SessionFilter {
            from: text(&self.from),
            to: text(&self.to),
            person: text(&self.person),
            record: text(&self.record),
            kind: text(&self.kind),
            ..SessionFilter::default()
        }
    }
}

/// Columns as wide as what is in them.
fn table(rows: &[SessionRow], now: Timestamp) -> String {
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

fn cells(session: &SessionView, now: Timestamp) -> [String; 8] {
    let began: String = rfc3339(session.started_at).chars().take(16).collect();
    let took = session
        .ended_at
        .unwrap_or(now)
        .since(session.started_at)
        .as_secs();

    [
        session.id.to_string(),
        began.replace('T', " "),
        format!("{}:{:02}:{:02}", took / 3600, took / 60 % 60, took % 60),
        legible(&session.person_email).into_owned(),
        legible(&session.record_title).into_owned(),
        legible(&session.account).into_owned(),
        session.kind.as_str().to_owned(),
        session.standing().to_owned(),
    ]
}
