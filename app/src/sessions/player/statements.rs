//! What was run in a session: statements with their outcomes, and the sentences the recorder left between them.

use recording::{Body, Frame, Origin, Statement, StatementKind, TransferOutcome};

use super::playback::Micros;
use crate::sessions::outcome::Outcome;

/// One line of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    /// Sequence number of its frame.
    pub(super) seq: u64,
    pub(super) at: Micros,
    pub(super) text: String,
    pub(super) kind: Kind,
    /// Sent by a command of the terminal to ask the catalog, not by the person.
    pub(super) is_interfaces: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    Statement(Option<Outcome>),
    /// Said by the recorder.
    Note,
    /// Nothing was recorded from then on until the line's own time.
    Gap {
        since: Micros,
    },
}

impl Line {
    pub(super) fn has_failed(&self) -> bool {
        match &self.kind {
            Kind::Statement(outcome) => outcome.as_ref().is_some_and(Outcome::has_failed),
            Kind::Note => false,
            Kind::Gap { .. } => true,
        }
    }

    /// Whether its statement moved data, or would have.
    pub(super) fn is_transfer(&self) -> bool {
        match &self.kind {
            Kind::Statement(Some(outcome)) => outcome.has_moved || outcome.is_refused,
            Kind::Statement(None) | Kind::Note | Kind::Gap { .. } => false,
        }
    }

    /// Whether its text has `words`, whatever their case.
    pub(super) fn has(&self, words: &str) -> bool {
        let words = words.trim().to_lowercase();
        let error = match &self.kind {
            Kind::Statement(Some(outcome)) => outcome.error.as_deref(),
            Kind::Statement(None) | Kind::Note | Kind::Gap { .. } => None,
        };

        self.text.to_lowercase().contains(&words)
            || error.is_some_and(|error| error.to_lowercase().contains(&words))
    }
}

/// Adds what a frame says; `at` is its time since the start.
pub(super) fn add(lines: &mut Vec<Line>, frame: &Frame, at: Micros) {
    let line = |text: &str, kind| Line {
        seq: frame.seq,
        at,
        text: text.to_owned(),
        kind,
        is_interfaces: false,
    };
    match &frame.body {
        Body::StatementStart(statement) => match cancel_words(statement) {
            Some(words) => lines.push(line(words, Kind::Note)),
            None => lines.push(Line {
                is_interfaces: statement.origin == Origin::Interface,
                ..line(&statement.sql, Kind::Statement(None))
            }),
        },
        Body::Marker(sentence) => lines.push(line(sentence, Kind::Note)),
        Body::Gap(gap) => {
            let since = at - (frame.at - gap.since);
            lines.push(line(
                &format!("Nothing recorded: {}", gap.reason),
                Kind::Gap { since },
            ));
        }
        Body::StatementEnd(end) => {
            let Some(outcome) = outcome_of(lines, end.statement) else {
                return;
            };
            outcome.append(Outcome {
                duration: end.duration,
                rows: end.rows,
                tag: end.tag.clone(),
                sqlstate: end.sqlstate.clone(),
                error: end.error.clone(),
                ..Outcome::default()
            });
        }
        Body::Transfer(transfer) => match transfer.outcome {
            TransferOutcome::Refused => {
                if let Some(outcome) = outcome_of(lines, transfer.statement) {
                    outcome.is_refused = true;
                }
            }
            TransferOutcome::Finished { .. } | TransferOutcome::Failed { .. } => {
                if let Some(outcome) = outcome_of(lines, transfer.statement) {
                    outcome.has_moved = true;
                }
            }
        },
        Body::Header(_)
        | Body::Output(_)
        | Body::Input(_)
        | Body::Resize { .. }
        | Body::Keyframe(_)
        | Body::End { .. }
        | Body::Connected(_)
        | Body::Disconnected { .. }
        | Body::Unknown { .. } => {}
    }
}

/// Which line the replay is at: the last one that started.
pub(super) fn current(lines: &[Line], at: Micros) -> Option<u64> {
    let started = lines.partition_point(|line| line.at <= at);

    lines.get(started.checked_sub(1)?).map(|line| line.seq)
}

/// The moment of the next line after `at`.
pub(super) fn next(lines: &[Line], at: Micros) -> Option<Micros> {
    lines
        .get(lines.partition_point(|line| line.at <= at))
        .map(|line| line.at)
}

/// The moment of the line before the one `at` is at, or of that one where `at` is well after its start.
pub(super) fn previous(lines: &[Line], at: Micros) -> Option<Micros> {
    let started = lines.partition_point(|line| line.at <= at);
    let here = lines.get(started.checked_sub(1)?)?.at;
    if at - here > JUST_STARTED {
        return Some(here);
    }
    let before = lines.partition_point(|line| line.at < here);

    lines.get(before.checked_sub(1)?).map(|line| line.at)
}

/// A step back within so much of a line's start leads to the line before.
const JUST_STARTED: Micros = 500_000;

fn outcome_of(lines: &mut [Line], statement: u64) -> Option<&mut Outcome> {
    let line = lines.iter_mut().rev().find(|line| line.seq == statement)?;

    match &mut line.kind {
        Kind::Statement(outcome) => Some(outcome.get_or_insert_default()),
        Kind::Note | Kind::Gap { .. } => None,
    }
}

/// A CancelRequest is recorded among the statements, and has no text of its own.
pub(super) fn cancel_words(statement: &Statement) -> Option<&'static str> {
    match (statement.kind, statement.origin) {
        (StatementKind::Cancel, Origin::Person) => Some("Cancelled by the person."),
        (StatementKind::Cancel, Origin::Interface | Origin::System) => Some("Cancelled by Postern."),
        (StatementKind::Simple | StatementKind::Extended | StatementKind::FunctionCall, _) => None,
    }
}

#[cfg(test)]
mod tests {
    use recording::{Direction, StatementEnd, Transfer};

    use super::*;

    #[test]
    fn a_statement_gets_the_outcome_of_all_its_results() {
        let mut lines = Vec::new();
        add(
            &mut lines,
            &frame(7, Body::StatementStart(Statement::simple("select 1; select 2"))),
            40,
        );
        assert_eq!(lines[0].kind, Kind::Statement(None));

        for (rows, duration) in [(1, 200), (3, 900)] {
            add(&mut lines, &frame(8, end(7, rows, duration, None)), 41);
        }

        assert_eq!(words(&lines), ["4 rows"]);
        assert_eq!(lines[0].at, 40);
        assert!(!lines[0].has_failed());
    }

    #[test]
    fn what_a_command_asked_is_told_from_what_the_person_typed() {
        let mut lines = Vec::new();
        let asked = Statement {
            origin: Origin::Interface,
            ..Statement::simple("SELECT relname FROM pg_class")
        };
        for (seq, statement) in [(7, asked), (8, Statement::simple("select 1"))] {
            add(&mut lines, &frame(seq, Body::StatementStart(statement)), 40);
        }

        assert!(lines[0].is_interfaces);
        assert!(!lines[1].is_interfaces);
    }

    #[test]
    fn a_cancel_is_no_statement() {
        let mut lines = Vec::new();
        let cancel = Statement {
            kind: StatementKind::Cancel,
            ..Statement::simple(String::new())
        };
        add(&mut lines, &frame(7, Body::StatementStart(cancel)), 40);

        assert_eq!(lines[0].text, "Cancelled by the person.");
        assert_eq!(lines[0].kind, Kind::Note);
    }

    #[test]
    fn what_failed_or_was_refused_says_so() {
        let mut lines = Vec::new();
        for (seq, sql) in [
            (1, "begin"),
            (2, "update orders set id = 1"),
            (4, "copy orders to stdout"),
        ] {
            add(
                &mut lines,
                &frame(seq, Body::StatementStart(Statement::simple(sql))),
                0,
            );
        }
        add(&mut lines, &frame(5, end(1, 0, 1, None)), 0);
        add(&mut lines, &frame(6, end(2, 0, 1, Some("42501"))), 0);
        let refused = Transfer {
            statement: 4,
            direction: Direction::FromDatabase,
            outcome: TransferOutcome::Refused,
        };
        add(&mut lines, &frame(7, Body::Transfer(refused)), 0);

        assert_eq!(words(&lines), ["ok", "42501", "refused"]);
        assert_eq!(
            lines.iter().map(Line::has_failed).collect::<Vec<_>>(),
            [false, true, true]
        );
    }

    #[test]
    fn the_current_line_is_the_last_that_started() {
        let mut lines = Vec::new();
        for (seq, at) in [(3, 10), (5, 20), (9, 20)] {
            add(&mut lines, &frame(seq, Body::Marker("Here.".to_owned())), at);
        }

        for (at, expected) in [
            (9, None),
            (10, Some(3)),
            (19, Some(3)),
            (20, Some(9)),
            (99, Some(9)),
        ] {
            assert_eq!(current(&lines, at), expected);
        }
    }

    #[test]
    fn steps_by_statement_lead_forward_and_back() {
        let mut lines = Vec::new();
        for (seq, at) in [(3, 1_000_000), (5, 3_000_000)] {
            add(&mut lines, &frame(seq, Body::Marker("Here.".to_owned())), at);
        }

        assert_eq!(next(&lines, 0), Some(1_000_000));
        assert_eq!(next(&lines, 1_000_000), Some(3_000_000));
        assert_eq!(next(&lines, 3_000_000), None);
        assert_eq!(previous(&lines, 3_100_000), Some(1_000_000));
        assert_eq!(previous(&lines, 9_000_000), Some(3_000_000));
        assert_eq!(previous(&lines, 1_000_000), None);
    }

    #[test]
    fn a_gap_says_since_when() {
        let mut lines = Vec::new();
        let gap = recording::Gap {
            since: 70,
            reason: "The disk was full.".to_owned(),
        };
        let frame = Frame {
            at: 100,
            ..frame(3, Body::Gap(gap))
        };

        add(&mut lines, &frame, 50);

        assert_eq!(lines[0].kind, Kind::Gap { since: 20 });
        assert!(lines[0].has("DISK"));
        assert!(!lines[0].has("tape"));
    }

    fn words(lines: &[Line]) -> Vec<String> {
        lines
            .iter()
            .filter_map(|line| match &line.kind {
                Kind::Statement(outcome) => outcome.as_ref().map(Outcome::words),
                Kind::Note | Kind::Gap { .. } => None,
            })
            .collect()
    }

    fn end(statement: u64, rows: u64, duration: u64, sqlstate: Option<&str>) -> Body {
        Body::StatementEnd(StatementEnd {
            statement,
            rows,
            duration,
            sqlstate: sqlstate.map(str::to_owned),
            ..StatementEnd::default()
        })
    }

    fn frame(seq: u64, body: Body) -> Frame {
        Frame {
            lane: 0,
            seq,
            at: 0,
            body,
        }
    }
}
