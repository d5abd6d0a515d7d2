//! What is on record of a client's round trip, held against what the database server says.

use std::collections::BTreeMap;

use recording::{Body, Frame, StatementEnd, StatementKind, Transfer, TransferOutcome};

use crate::clients::log::{Witness, head};

/// A statement with all that is on record of it.
struct Entry {
    lane: u8,
    sql: String,
    kind: StatementKind,
    ends: Vec<StatementEnd>,
    transfers: Vec<Transfer>,
}

/// Asserts that each statement is paired with its own ends, and that what the server ran and refused is on record: no
/// statement less, no error more.
pub fn agree(sessions: &[Vec<Frame>], witness: &Witness) {
    assert!(!witness.statements.is_empty(), "the server has logged nothing");
    let mut entries = Vec::new();
    for frames in sessions {
        entries.extend(paired(frames));
    }
    let all = || entries.iter().filter(|entry| entry.kind != StatementKind::Cancel);
    // What is prepared or bound is on record beside what executes it.
    let of_clients = || all().filter(|entry| !entry.sql.starts_with("[only "));

    let mut errors: BTreeMap<String, u64> = BTreeMap::new();
    for end in all().flat_map(|entry| &entry.ends) {
        if let Some(sqlstate) = &end.sqlstate {
            *errors.entry(sqlstate.clone()).or_default() += 1;
        }
    }
    assert_eq!(
        errors, witness.errors,
        "SQLSTATEs on record, and those the server logged"
    );

    let mut on_record: BTreeMap<String, u64> = BTreeMap::new();
    for entry in of_clients() {
        *on_record.entry(head(text(entry))).or_default() += 1;
    }
    for (text, n) in &witness.statements {
        let recorded = on_record.get(text).copied().unwrap_or_default();
        assert!(
            recorded >= *n,
            "run {n} times, {recorded} times on record: {text}"
        );
    }
    // What the server did not get to run it refused when it was prepared, or skipped behind an error.
    for entry in of_clients() {
        let ran = entry.ends.iter().any(|end| !end.tag.is_empty());
        assert!(
            !ran || witness.statements.contains_key(&head(text(entry))),
            "on record, and the server knows nothing of it: {}",
            entry.sql
        );
    }
    for entry in of_clients() {
        copies_are_counted(entry);
    }
}

/// What the server calls it.
fn text(entry: &Entry) -> &str {
    entry
        .sql
        .strip_prefix("[continued, with the same values] ")
        .unwrap_or(&entry.sql)
}

/// Each statement with its ends, in the order of the record.
fn paired(frames: &[Frame]) -> Vec<Entry> {
    let mut entries: BTreeMap<u64, Entry> = BTreeMap::new();
    for frame in frames {
        match &frame.body {
            Body::StatementStart(start) => {
                let entry = Entry {
                    lane: frame.lane,
                    sql: start.sql.clone(),
                    kind: start.kind,
                    ends: Vec::new(),
                    transfers: Vec::new(),
                };
                assert!(
                    entries.insert(frame.seq, entry).is_none(),
                    "frame {} twice",
                    frame.seq
                );
            }
            Body::StatementEnd(end) => {
                let entry = entries
                    .get_mut(&end.statement)
                    .expect("a statement before its end");
                assert_eq!(entry.lane, frame.lane, "the end of {}", entry.sql);
                assert_eq!(end.result, entry.ends.len() as u32, "the ends of {}", entry.sql);
                entry.ends.push(end.clone());
            }
            Body::Transfer(transfer) => {
                let entry = entries
                    .get_mut(&transfer.statement)
                    .expect("a statement before its COPY");
                assert_eq!(entry.lane, frame.lane, "the COPY of {}", entry.sql);
                entry.transfers.push(*transfer);
            }
            Body::Header(_)
            | Body::Output(_)
            | Body::Input(_)
            | Body::Resize { .. }
            | Body::Marker(_)
            | Body::Gap(_)
            | Body::Keyframe(_)
            | Body::End { .. }
            | Body::Connected(_)
            | Body::Disconnected { .. }
            | Body::Unknown { .. } => {}
        }
    }
    for entry in entries.values() {
        assert!(
            entry.kind == StatementKind::Cancel || !entry.ends.is_empty(),
            "no end: {}",
            entry.sql
        );
    }

    entries.into_values().collect()
}

/// Rows of a COPY by its tag are those of its end and of its transfer.
fn copies_are_counted(entry: &Entry) {
    let rows = entry
        .ends
        .iter()
        .filter_map(|end| Some((end.rows, end.tag.strip_prefix("COPY ")?)));
    let rows: Vec<u64> = rows
        .map(|(rows, tag)| {
            assert_eq!(rows.to_string(), tag, "{}", entry.sql);
            rows
        })
        .collect();
    let moved = entry
        .transfers
        .iter()
        .filter_map(|transfer| match transfer.outcome {
            TransferOutcome::Finished { rows, bytes } => {
                assert!(
                    rows == 0 || bytes >= rows,
                    "{bytes} bytes of {rows} rows: {}",
                    entry.sql
                );
                Some(rows)
            }
            TransferOutcome::Failed { .. } => None,
            TransferOutcome::Refused => panic!("refused: {}", entry.sql),
        });

    assert_eq!(moved.collect::<Vec<_>>(), rows, "{}", entry.sql);
}
