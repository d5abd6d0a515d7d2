//! The audit log's rules: what an event is, how events are chained, how a chain is verified and exported.
//!
//! The hash of an event is SHA-256 over its canonical text, which holds the hash of the event before it: who
//! changes, removes or inserts one must rewrite all that follow, and the head no longer is the one that was
//! exported or noted elsewhere.

use std::collections::BTreeMap;

use protocol::audit::{EventName, EventView, Outcome};
use protocol::dates::rfc3339;
use protocol::ids::{PersonId, RecordId, RequestId, SessionId};
use protocol::time::Timestamp;
use protocol::vault::{FieldChange, RecordKind};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::people::Person;

/// The hash before the first event.
pub const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// Details of an event that stands for several: how many more there were since the event like it before,
pub const REPEATS: &str = "repeats";
/// and when the last of them was.
pub const REPEATS_UNTIL: &str = "repeats_until";

/// Fields of a database that decide who receives the injected credentials.
const REACH: [&str; 5] = ["host", "port", "tls_mode", "trusted_ca", "tls_server_name"];

/// Names the canonical text, so that another one can follow it and nothing else hashes to the same.
const DOMAIN: &[u8] = b"postern.audit.v1\n";

/// Something that happened, not yet in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    pub at: Timestamp,
    pub name: EventName,
    pub outcome: Outcome,
    pub person: Option<PersonId>,
    pub person_email: Option<String>,
    pub remote_address: Option<String>,
    pub record: Option<RecordId>,
    pub record_title: Option<String>,
    pub session: Option<SessionId>,
    pub request: Option<RequestId>,
    pub details: BTreeMap<String, String>,
}

impl Event {
    pub fn new(name: EventName, outcome: Outcome, at: Timestamp) -> Self {
        Self {
            at,
            name,
            outcome,
            person: None,
            person_email: None,
            remote_address: None,
            record: None,
            record_title: None,
            session: None,
            request: None,
            details: BTreeMap::new(),
        }
    }

    /// Who did it; their address, or a service account's name, is kept as it is at this moment.
    #[must_use]
    pub fn by(mut self, person: &Person) -> Self {
        self.person = Some(person.id.clone());
        self.person_email = Some(person.handle.to_string());
        self
    }

    /// Where the request came from.
    #[expect(
        clippy::wrong_self_convention,
        reason = "reads as the sentence it builds, like `by` and `about`"
    )]
    #[must_use]
    pub fn from_address(mut self, address: impl Into<String>) -> Self {
        self.remote_address = Some(address.into());
        self
    }

    /// What it was done to; the title is kept as it is at this moment.
    #[must_use]
    pub fn about(mut self, record: &RecordId, title: impl Into<String>) -> Self {
        self.record = Some(record.clone());
        self.record_title = Some(title.into());
        self
    }

    #[must_use]
    pub fn in_session(mut self, session: &SessionId) -> Self {
        self.session = Some(session.clone());
        self
    }

    #[must_use]
    pub fn in_request(mut self, request: &RequestId) -> Self {
        self.request = Some(request.clone());
        self
    }

    /// One more fact. Never a secret: what is in the log stays in the log.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<String>) -> Self {
        self.details.insert(key.to_owned(), value.into());
        self
    }

    /// What changed: names of fields, and for those that lead a credential elsewhere both values.
    #[must_use]
    pub fn with_changes(self, changes: &[FieldChange]) -> Self {
        let names: Vec<&str> = changes.iter().map(|change| change.field.as_str()).collect();
        let event = self.with("fields", names.join(", "));

        changes
            .iter()
            .filter(|change| REACH.contains(&change.field.as_str()))
            .fold(event, |event, change| {
                let before = change.before.clone().unwrap_or_default();
                let after = change.after.clone().unwrap_or_default();

                event
                    .with(&format!("{}_before", change.field), before)
                    .with(&format!("{}_after", change.field), after)
            })
    }

    /// The same happened again, at another moment: for an event that only says how often.
    pub fn again(before: EventView, at: Timestamp) -> Self {
        let mut event = Self {
            at,
            name: before.name,
            outcome: before.outcome,
            person: before.person,
            person_email: before.person_email,
            remote_address: before.remote_address,
            record: before.record,
            record_title: before.record_title,
            session: before.session,
            // Those that are counted were other requests.
            request: None,
            details: before.details,
        };
        event.details.remove(REPEATS);
        event.details.remove(REPEATS_UNTIL);

        event
    }

    /// The event at its place in the log.
    pub fn chained(self, seq: i64, prev_hash: String) -> EventView {
        let mut view = EventView {
            seq,
            at: self.at,
            name: self.name,
            outcome: self.outcome,
            person: self.person,
            person_email: self.person_email,
            remote_address: self.remote_address,
            record: self.record,
            record_title: self.record_title,
            session: self.session,
            request: self.request,
            details: self.details,
            hash: String::new(),
            prev_hash,
        };
        view.hash = hash(&view);
        view
    }
}

/// What a new record of this kind is in the audit log.
pub fn created(kind: RecordKind) -> EventName {
    match kind {
        RecordKind::Configuration => EventName::PamConfigurationCreated,
        RecordKind::Database | RecordKind::User => EventName::RecordCreated,
    }
}

/// What is hashed: every field of an event but its own hash, in this order. Never reordered.
#[derive(Serialize)]
struct Canonical<'a> {
    seq: i64,
    at: i64,
    event: &'static str,
    outcome: &'static str,
    person: Option<&'a str>,
    person_email: Option<&'a str>,
    remote_address: Option<&'a str>,
    record: Option<&'a str>,
    record_title: Option<&'a str>,
    session: Option<&'a str>,
    request: Option<&'a str>,
    details: &'a BTreeMap<String, String>,
    prev_hash: &'a str,
}

/// The hash an event must have, in hex.
pub fn hash(event: &EventView) -> String {
    let canonical = Canonical {
        seq: event.seq,
        at: event.at.micros(),
        event: event.name.as_str(),
        outcome: event.outcome.as_str(),
        person: event.person.as_ref().map(PersonId::as_str),
        person_email: event.person_email.as_deref(),
        remote_address: event.remote_address.as_deref(),
        record: event.record.as_ref().map(RecordId::as_str),
        record_title: event.record_title.as_deref(),
        session: event.session.as_ref().map(SessionId::as_str),
        request: event.request.as_ref().map(RequestId::as_str),
        details: &event.details,
        prev_hash: &event.prev_hash,
    };
    let mut hasher = Sha256::new();
    hasher.update(DOMAIN);
    hasher.update(json(&canonical));

    hex::encode(hasher.finalize())
}

/// Why a chain is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Break {
    /// The event is not what its hash was made of.
    Altered,
    /// The event follows another one than the one before it.
    Unlinked,
    /// An event is missing here.
    Missing,
    /// Events are missing at the end, or the log's head was changed.
    Head,
    /// The row holds words no version of Postern wrote.
    Unreadable,
}

impl Break {
    /// A sentence for who verifies.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Altered => "The event was altered after it was written.",
            Self::Unlinked => "The event does not follow the one before it: one of the two was replaced.",
            Self::Missing => "An event is missing here.",
            Self::Head => {
                "The log's end is not where its head says: events were removed or added at the end."
            }
            Self::Unreadable => "The event holds what Postern never writes.",
        }
    }
}

/// Verifies events one by one, in order.
#[derive(Debug, Clone)]
pub struct Verifier {
    seq: i64,
    head: String,
}

impl Default for Verifier {
    fn default() -> Self {
        Self {
            seq: 0,
            head: GENESIS.to_owned(),
        }
    }
}

impl Verifier {
    /// Events that were found intact.
    pub fn verified(&self) -> i64 {
        self.seq
    }

    /// Hash of the last of them.
    pub fn head(&self) -> &str {
        &self.head
    }

    /// Takes the next event.
    ///
    /// # Errors
    /// How the chain is broken at [`Verifier::next_seq`].
    pub fn accept(&mut self, event: &EventView) -> Result<(), Break> {
        if event.seq != self.next_seq() {
            return Err(Break::Missing);
        }
        if event.prev_hash != self.head {
            return Err(Break::Unlinked);
        }
        if event.hash != hash(event) {
            return Err(Break::Altered);
        }

        self.seq = event.seq;
        self.head.clone_from(&event.hash);

        Ok(())
    }

    /// The event `accept` expects.
    pub fn next_seq(&self) -> i64 {
        self.seq.saturating_add(1)
    }
}

/// One event as a line of JSON, with its line feed.
pub fn json_line(event: &EventView) -> String {
    #[derive(Serialize)]
    struct Line<'a> {
        time: String,
        category: &'static str,
        #[serde(flatten)]
        event: &'a EventView,
    }

    let mut line = json(&Line {
        time: rfc3339(event.at),
        category: event.name.category().as_str(),
        event,
    });
    line.push('\n');
    line
}

/// The first line of a CSV export.
pub const CSV_HEADER: &str = "seq,time,category,event,outcome,person,person_email,remote_address,record,\
                              record_title,session,request,details,prev_hash,hash\r\n";

/// One event as a line of CSV (RFC 4180), with its line end. A cell a spreadsheet would take for a formula
/// begins with an apostrophe.
pub fn csv_line(event: &EventView) -> String {
    let text = |text: Option<&str>| cell(text.unwrap_or_default());
    let cells = [
        event.seq.to_string(),
        rfc3339(event.at),
        event.name.category().as_str().to_owned(),
        event.name.as_str().to_owned(),
        event.outcome.as_str().to_owned(),
        text(event.person.as_ref().map(PersonId::as_str)),
        text(event.person_email.as_deref()),
        text(event.remote_address.as_deref()),
        text(event.record.as_ref().map(RecordId::as_str)),
        text(event.record_title.as_deref()),
        text(event.session.as_ref().map(SessionId::as_str)),
        text(event.request.as_ref().map(RequestId::as_str)),
        if event.details.is_empty() {
            String::new()
        } else {
            cell(&json(&event.details))
        },
        event.prev_hash.clone(),
        event.hash.clone(),
    ];

    cells.join(",") + "\r\n"
}

fn cell(text: &str) -> String {
    // What spreadsheets begin a formula with, also behind the white space they skip.
    let guard = if text.trim_start().starts_with(['=', '+', '-', '@', '|', '%'])
        || text.starts_with(['\t', '\r', '\n'])
    {
        "'"
    } else {
        ""
    };
    if guard.is_empty() && !text.contains([',', '"', '\r', '\n']) {
        return text.to_owned();
    }

    format!("\"{guard}{}\"", text.replace('"', "\"\""))
}

/// JSON of what cannot fail to be JSON: texts, numbers, and maps of texts.
fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

#[cfg(test)]
mod tests;
