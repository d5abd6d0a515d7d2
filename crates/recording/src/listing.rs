//! What was run in a session without a screen, as text: a paragraph for each frame, the same for each reader.

use crate::body::{
    Connection, Direction, ParameterValue, Statement, StatementEnd, StatementKind, Transfer, TransferOutcome,
};
use crate::frame::{Body, Frame, TERMINAL};
use crate::text::legible;
use crate::types::type_name;

/// Most bytes of a binary value that are written out.
const MAX_HEX: usize = 64;

/// Connections, statements with their parameters, and how they ended, as lines: when (UTC), on which lane, and the
/// number by which an end names its statement.
pub fn listing<'a>(frames: impl IntoIterator<Item = &'a Frame>) -> String {
    frames.into_iter().map(paragraph).collect()
}

/// What one frame says; nothing where it says nothing of what was run.
pub(crate) fn paragraph(frame: &Frame) -> String {
    let said = match &frame.body {
        Body::Header(header) => format!(
            "{} as {} on {} ({}), by {}",
            header.record_title, header.account, header.database, header.server_version, header.person
        ),
        Body::StatementStart(statement) => self::statement(frame.seq, statement),
        Body::StatementEnd(end) => self::end(end),
        Body::Transfer(transfer) => self::transfer(transfer),
        Body::Connected(connection) => format!("[{}]", opened(connection)),
        Body::Disconnected { reason } => format!("[Connection closed: {reason}]"),
        Body::Marker(sentence) => format!("[{sentence}]"),
        Body::Gap(gap) => format!("[Nothing recorded: {}]", gap.reason),
        Body::End { reason } => format!("[End: {reason}]"),
        Body::Output(_) | Body::Input(_) | Body::Resize { .. } | Body::Keyframe(_) | Body::Unknown { .. } => {
            return String::new();
        }
    };
    let lane = match frame.lane {
        TERMINAL => String::new(),
        lane => lane.to_string(),
    };
    let said = legible(&said);
    let mut lines = said.split('\n');
    let first = lines.next().unwrap_or_default();
    let mut paragraph = format!("{} {lane:>3} {first}\n", utc(frame.at));
    for line in lines {
        paragraph.push_str(&format!("{:32}{line}\n", ""));
    }
    paragraph
}

/// Whose connection begins.
pub(crate) fn opened(connection: &Connection) -> String {
    let Connection {
        database,
        application_name,
        remote_address,
        backend_pid,
        tls,
        settings,
    } = connection;
    let mut sentence = "Connection opened".to_owned();
    if !application_name.is_empty() {
        sentence.push_str(&format!(" by {application_name}"));
    }
    sentence.push_str(&format!(" from {remote_address}"));
    sentence.push_str(if *tls { " through TLS" } else { " without TLS" });
    sentence.push_str(&format!(" to database {database}"));
    if let Some(pid) = backend_pid {
        sentence.push_str(&format!(", backend {pid}"));
    }
    for (name, value) in settings {
        sentence.push_str(&format!(", {name} = {value}"));
    }
    sentence
}

fn statement(seq: u64, statement: &Statement) -> String {
    let sql = match statement.kind {
        StatementKind::Simple | StatementKind::Extended => statement.sql.clone(),
        StatementKind::FunctionCall => format!("function call {}", statement.sql),
        StatementKind::Cancel => "cancel".to_owned(),
    };
    let mut said = format!("#{seq} {sql}");
    for (number, parameter) in (1..).zip(&statement.parameters) {
        let kind = match type_name(parameter.type_oid) {
            Some(name) => name.to_owned(),
            None if parameter.type_oid == 0 => "of no said type".to_owned(),
            None => format!("type {}", parameter.type_oid),
        };
        let Shown { value, remark } = parameter.value.shown();
        said.push_str(&format!("\n${number} {kind} = {value}"));
        if let Some(remark) = remark {
            said.push_str(&format!(" ({remark})"));
        }
    }
    said
}

fn end(end: &StatementEnd) -> String {
    let took = format!("{}.{:03} ms", end.duration / 1_000, end.duration % 1_000);
    let statement = end.statement;
    match (&end.sqlstate, &end.error) {
        (None, None) => format!(
            "#{statement} -> {}, {}, {}, {took}",
            if end.tag.is_empty() { "done" } else { &end.tag },
            counted(end.rows, "row"),
            counted(end.bytes, "byte")
        ),
        (sqlstate, error) => format!(
            "#{statement} -> ERROR {}: {}, {took}",
            sqlstate.as_deref().unwrap_or("without a code"),
            error.as_deref().unwrap_or("no message"),
        ),
    }
}

fn transfer(transfer: &Transfer) -> String {
    let direction = match transfer.direction {
        Direction::ToDatabase => "to the database",
        Direction::FromDatabase => "from the database",
        Direction::Both => "both ways",
    };
    let statement = transfer.statement;
    match transfer.outcome {
        TransferOutcome::Finished { rows, bytes } => {
            let (rows, bytes) = (counted(rows, "row"), counted(bytes, "byte"));
            format!("#{statement} -> moved {rows}, {bytes} {direction}")
        }
        TransferOutcome::Failed { bytes } => {
            format!(
                "#{statement} -> broke off after {} {direction}",
                counted(bytes, "byte")
            )
        }
        TransferOutcome::Refused => format!("#{statement} -> refused, nothing moved {direction}"),
    }
}

/// `1 row`, `188 rows`.
fn counted(number: u64, what: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {what}{plural}")
}

/// A parameter's value for a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// Its text; of bytes the first as hexadecimal digits.
    pub value: String,
    /// What the text does not say: that it is not all, or was not text.
    pub remark: Option<String>,
}

impl ParameterValue {
    /// The value as a person reads it.
    pub fn shown(&self) -> Shown {
        match self {
            ParameterValue::Null => Shown {
                value: "NULL".to_owned(),
                remark: None,
            },
            ParameterValue::Text(text) => Shown {
                value: text.clone(),
                remark: None,
            },
            ParameterValue::Binary(bytes) => Shown {
                value: hex(bytes),
                remark: Some(format!("binary, {}", counted(bytes.len() as u64, "byte"))),
            },
            ParameterValue::Cut { start, len } => {
                // A character may be cut in two.
                let valid = match std::str::from_utf8(start) {
                    Ok(text) => Some(text),
                    Err(error) if error.error_len().is_none() => start
                        .get(..error.valid_up_to())
                        .and_then(|start| std::str::from_utf8(start).ok()),
                    Err(_) => None,
                };
                let value = match valid {
                    Some(text) => format!("{text}…"),
                    None => hex(start),
                };
                Shown {
                    value,
                    remark: Some(format!("the first {} of {len} bytes were kept", start.len())),
                }
            }
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    let digits: String = bytes
        .iter()
        .take(MAX_HEX)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let rest = if bytes.len() > MAX_HEX { "…" } else { "" };
    format!("\\x{digits}{rest}")
}

/// `2026-11-22 14:30:05.123456`, by the calendar of <https://howardhinnant.github.io/date_algorithms.html>.
fn utc(micros: i64) -> String {
    let (days, rest) = (
        micros.div_euclid(86_400_000_000),
        micros.rem_euclid(86_400_000_000),
    );
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let (seconds, micros) = (rest / 1_000_000, rest % 1_000_000);
    let (hour, minute, second) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}.{micros:06}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_the_calendar() {
        for (micros, expected) in [
            (0, "1970-01-01 00:00:00.000000"),
            (1_795_269_751_000_017, "2026-11-21 14:02:31.000017"),
            (951_782_400_000_000, "2000-02-29 00:00:00.000000"),
            (-1, "1969-12-31 23:59:59.999999"),
        ] {
            assert_eq!(utc(micros), expected);
        }
    }

    #[test]
    fn values_say_what_they_are() {
        let shown = |value: ParameterValue| {
            let Shown { value, remark } = value.shown();
            (value, remark.unwrap_or_default())
        };

        assert_eq!(shown(ParameterValue::Null).0, "NULL");
        assert_eq!(shown(ParameterValue::Text("blue".to_owned())).0, "blue");
        assert_eq!(
            shown(ParameterValue::Binary(vec![0xde, 0xad])),
            ("\\xdead".to_owned(), "binary, 2 bytes".to_owned())
        );
        let cut = |start: &[u8]| ParameterValue::Cut {
            start: start.to_vec(),
            len: 9_000,
        };
        assert_eq!(
            shown(cut("aż".as_bytes().get(..2).unwrap())),
            ("a…".to_owned(), "the first 2 of 9000 bytes were kept".to_owned())
        );
        assert_eq!(shown(cut(&[0xff, 0])).0, "\\xff00");
        assert!(shown(ParameterValue::Binary(vec![7; 65])).0.ends_with("07…"));
    }
}
