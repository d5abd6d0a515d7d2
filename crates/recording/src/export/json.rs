//! JSON Lines: one object for each frame, with all that the frame says.
//!
//! Every object has `seq`, `lane`, `at` (microseconds since 1970-01-01 UTC) and `kind`. Bytes are
//! `text` where they are UTF-8, else `hex`.

use std::fmt::Write;

use serde_json::{Map, Value, json};

use crate::body::{
    Connection, Direction, Header, Origin, ParameterValue, Statement, StatementEnd, StatementKind, Transfer,
    TransferOutcome,
};
use crate::frame::{Body, Frame};

/// The frame's object with its line end.
pub(super) fn line(frame: &Frame) -> String {
    let (kind, body) = match &frame.body {
        Body::Header(header) => ("header", self::header(header)),
        Body::Output(bytes) => ("output", data(bytes)),
        Body::Input(bytes) => ("input", data(bytes)),
        Body::Resize { cols, rows } => ("resize", json!({ "cols": cols, "rows": rows })),
        Body::StatementStart(statement) => ("statement", self::statement(statement)),
        Body::StatementEnd(end) => ("statement_end", self::end(end)),
        Body::Transfer(transfer) => ("transfer", self::transfer(transfer)),
        Body::Marker(text) => ("marker", json!({ "sentence": text })),
        Body::Gap(gap) => ("gap", json!({ "since": gap.since, "reason": gap.reason })),
        Body::Keyframe(keyframe) => {
            let mut body = data(&keyframe.screen);
            if let Value::Object(body) = &mut body {
                body.insert("cols".to_owned(), keyframe.cols.into());
                body.insert("rows".to_owned(), keyframe.rows.into());
            }
            ("keyframe", body)
        }
        Body::End { reason } => ("end", json!({ "reason": reason })),
        Body::Connected(connection) => ("connected", self::connection(connection)),
        Body::Disconnected { reason } => ("disconnected", json!({ "reason": reason })),
        Body::Unknown { kind, body } => ("unknown", json!({ "number": kind, "hex": hex(body) })),
    };
    let mut object = Map::new();
    object.insert("seq".to_owned(), frame.seq.into());
    object.insert("lane".to_owned(), frame.lane.into());
    object.insert("at".to_owned(), frame.at.into());
    object.insert("kind".to_owned(), kind.into());
    if let Value::Object(body) = body {
        object.extend(body);
    }
    let mut line = Value::Object(object).to_string();
    line.push('\n');
    line
}

fn header(header: &Header) -> Value {
    let Header {
        session,
        record_title,
        person,
        account,
        database,
        server_version,
        recorder_version,
        cols,
        rows,
        switches,
    } = header;
    json!({
        "session": session,
        "record": record_title,
        "person": person,
        "account": account,
        "database": database,
        "server_version": server_version,
        "recorder_version": recorder_version,
        "cols": cols,
        "rows": rows,
        "graphical": switches.graphical,
        "text_transcript": switches.text,
        "key_events": switches.key_events,
    })
}

fn statement(statement: &Statement) -> Value {
    let kind = match statement.kind {
        StatementKind::Simple => "simple",
        StatementKind::Extended => "extended",
        StatementKind::FunctionCall => "function_call",
        StatementKind::Cancel => "cancel",
    };
    let origin = match statement.origin {
        Origin::Person => "person",
        Origin::Interface => "interface",
        Origin::System => "system",
    };
    let parameters: Vec<Value> = statement
        .parameters
        .iter()
        .map(|parameter| {
            let mut object = match &parameter.value {
                ParameterValue::Null => json!({ "null": true }),
                ParameterValue::Text(text) => json!({ "text": text }),
                ParameterValue::Binary(bytes) => json!({ "hex": hex(bytes) }),
                ParameterValue::Cut { start, len } => {
                    let mut start = data(start);
                    if let Value::Object(start) = &mut start {
                        start.insert("cut_from".to_owned(), (*len).into());
                    }
                    start
                }
            };
            if let Value::Object(object) = &mut object {
                object.insert("type_oid".to_owned(), parameter.type_oid.into());
            }
            object
        })
        .collect();
    json!({
        "sql": statement.sql,
        "how": kind,
        "origin": origin,
        "parameters": parameters,
        "backend_pid": statement.backend_pid,
    })
}

fn end(end: &StatementEnd) -> Value {
    json!({
        "statement": end.statement,
        "result": end.result,
        "tag": end.tag,
        "rows": end.rows,
        "bytes": end.bytes,
        "duration": end.duration,
        "sqlstate": end.sqlstate,
        "error": end.error,
    })
}

fn transfer(transfer: &Transfer) -> Value {
    let direction = match transfer.direction {
        Direction::ToDatabase => "to_database",
        Direction::FromDatabase => "from_database",
        Direction::Both => "both",
    };
    let (outcome, rows, bytes) = match transfer.outcome {
        TransferOutcome::Finished { rows, bytes } => ("finished", Some(rows), bytes),
        TransferOutcome::Failed { bytes } => ("failed", None, bytes),
        TransferOutcome::Refused => ("refused", None, 0),
    };
    json!({
        "statement": transfer.statement,
        "direction": direction,
        "outcome": outcome,
        "rows": rows,
        "bytes": bytes,
    })
}

fn connection(connection: &Connection) -> Value {
    let Connection {
        database,
        application_name,
        remote_address,
        backend_pid,
        tls,
        settings,
    } = connection;
    let settings: Vec<Value> = settings
        .iter()
        .map(|(name, value)| json!({ "name": name, "value": value }))
        .collect();
    json!({
        "database": database,
        "application_name": application_name,
        "remote_address": remote_address,
        "backend_pid": backend_pid,
        "tls": tls,
        "settings": settings,
    })
}

fn data(bytes: &[u8]) -> Value {
    match std::str::from_utf8(bytes) {
        Ok(text) => json!({ "text": text }),
        Err(_) => json!({ "hex": hex(bytes) }),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut hex, byte| {
        // Writing into a string does not fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
