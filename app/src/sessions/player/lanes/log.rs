//! What is known of a stretch of a recording without a screen: its connections, and what was run on each.

use std::collections::BTreeMap;

use protocol::sessions::SessionKind;
use recording::{Body, Frame, Origin, StatementEnd, StatementKind, Transfer, TransferOutcome, legible};

use crate::sessions::outcome::Outcome;
use crate::sessions::player::playback::Micros;
use crate::sessions::player::statements::cancel_words;
use crate::sessions::player::words::end_sentence;

/// Entries of one stretch: beyond it the recording is shown in several.
const MAX_ENTRIES: usize = 20_000;
/// Bytes of text of one stretch.
const MAX_TEXT: usize = 8 * 1024 * 1024;
/// Results of one statement that are listed one by one.
pub(super) const MAX_RESULTS: usize = 100;

/// A client's connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Connection {
    /// Sequence number of the frame it begins with.
    pub(super) seq: u64,
    pub(super) lane: u8,
    pub(super) from: Micros,
    /// `None` while it is open.
    pub(super) until: Option<Micros>,
    pub(super) about: recording::Connection,
}

impl Connection {
    /// `1 · psql`.
    pub(super) fn name(&self) -> String {
        let name = match self.about.application_name.as_str() {
            "" => "unnamed client",
            name => name,
        };

        format!("{} · {}", self.lane, legible(name))
    }

    /// Database, where the client is, the server's process.
    pub(super) fn place(&self) -> String {
        let pid = self.about.backend_pid.map(|pid| format!(" · backend {pid}"));

        format!(
            "{} · {}{}",
            legible(&self.about.database),
            legible(&self.about.remote_address),
            pid.unwrap_or_default()
        )
    }
}

/// One line of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    /// Sequence number of its frame.
    pub(super) seq: u64,
    pub(super) at: Micros,
    pub(super) lane: u8,
    /// Place of its connection among [`Log::connections`]; what the recorder says has none.
    pub(super) connection: Option<usize>,
    /// Where in the recording all of it is.
    pub(super) segment: u32,
    pub(super) text: String,
    pub(super) what: What,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum What {
    Statement(Box<Run>),
    /// Said by the recorder, or that a connection began or ended.
    Note,
    /// Nothing was recorded from then on until the entry's own time.
    Gap {
        since: Micros,
    },
}

/// What is known of a statement but its text and parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) how: StatementKind,
    pub(super) origin: Origin,
    pub(super) backend_pid: Option<i32>,
    /// Over all results; `None` while no end is known.
    pub(super) outcome: Option<Outcome>,
    /// At most [`MAX_RESULTS`] of them.
    pub(super) results: Vec<StatementEnd>,
    pub(super) n_results: usize,
    pub(super) transfer: Option<Transfer>,
}

/// How an entry looks in list and chart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Look {
    Fine,
    Moved,
    Failed,
}

impl Entry {
    pub(super) fn run(&self) -> Option<&Run> {
        match &self.what {
            What::Statement(run) => Some(run),
            What::Note | What::Gap { .. } => None,
        }
    }

    fn outcome(&self) -> Option<&Outcome> {
        self.run()?.outcome.as_ref()
    }

    pub(super) fn look(&self) -> Look {
        let has_moved = |outcome: &Outcome| outcome.has_moved;
        match (&self.what, self.outcome()) {
            (What::Gap { .. }, _) => Look::Failed,
            (_, Some(outcome)) if outcome.has_failed() => Look::Failed,
            (_, outcome) if outcome.is_some_and(has_moved) => Look::Moved,
            (What::Statement(_) | What::Note, _) => Look::Fine,
        }
    }

    /// When it was over, as far as that is known.
    pub(super) fn until(&self) -> Micros {
        let took = self.outcome().map_or(0, |outcome| outcome.duration);

        self.at.saturating_add(took.try_into().unwrap_or(Micros::MAX))
    }

    /// Whether its text or error has `words`, which are in lower case.
    pub(super) fn has(&self, words: &str) -> bool {
        let error = self.outcome().and_then(|outcome| outcome.error.as_deref());

        self.text.to_lowercase().contains(words)
            || error.is_some_and(|error| error.to_lowercase().contains(words))
    }
}

/// What is shown of a recording at once: all of it, or where it is long a stretch.
#[derive(Debug, Clone, Default)]
pub(super) struct Log {
    /// In the order in which they began.
    pub(super) connections: Vec<Connection>,
    /// In the order of their sequence numbers.
    pub(super) entries: Vec<Entry>,
    /// Place of the connection that is open on a lane.
    open: BTreeMap<u8, usize>,
    n_text: usize,
    /// The last moment something is known of.
    pub(super) until: Micros,
}

impl Log {
    /// Nothing but these connections, which were open before.
    pub(super) fn after(connections: Vec<Connection>) -> Self {
        let open = (0..)
            .zip(&connections)
            .map(|(idx, connection)| (connection.lane, idx));

        Self {
            open: open.collect(),
            connections,
            ..Self::default()
        }
    }

    /// No more fits into the stretch.
    pub(super) fn is_full(&self) -> bool {
        self.entries.len() >= MAX_ENTRIES || self.n_text >= MAX_TEXT
    }

    /// Connections that go on behind the stretch.
    pub(super) fn still_open(&self) -> Vec<Connection> {
        let open = self.open.values().filter_map(|idx| self.connections.get(*idx));

        open.cloned().collect()
    }

    pub(super) fn connection(&self, entry: &Entry) -> Option<&Connection> {
        self.connections.get(entry.connection?)
    }

    /// The entry of a frame.
    pub(super) fn find(&self, seq: u64) -> Option<&Entry> {
        self.entries.get(self.place(seq)?)
    }

    fn place(&self, seq: u64) -> Option<usize> {
        self.entries.binary_search_by_key(&seq, |entry| entry.seq).ok()
    }

    /// Adds what a frame of a segment says; `at` is its time since the start.
    pub(super) fn add(&mut self, frame: &Frame, segment: u32, at: Micros) {
        self.until = self.until.max(at);
        match &frame.body {
            Body::Connected(about) => {
                let connection = Connection {
                    seq: frame.seq,
                    lane: frame.lane,
                    from: at,
                    until: None,
                    about: about.clone(),
                };
                self.open.insert(frame.lane, self.connections.len());
                self.connections.push(connection);
                self.push(frame, segment, at, connected(&about.settings), What::Note);
            }
            Body::Disconnected { reason } => {
                let sentence = format!("Disconnected: {reason}");
                self.push(frame, segment, at, sentence, What::Note);
                let open = self.open.remove(&frame.lane);
                if let Some(connection) = open.and_then(|idx| self.connections.get_mut(idx)) {
                    connection.until = Some(at);
                }
            }
            Body::StatementStart(statement) => {
                let run = Run {
                    how: statement.kind,
                    origin: statement.origin,
                    backend_pid: statement.backend_pid,
                    outcome: None,
                    results: Vec::new(),
                    n_results: 0,
                    transfer: None,
                };
                match cancel_words(statement) {
                    Some(words) => self.push(frame, segment, at, words.to_owned(), What::Note),
                    None => {
                        let what = What::Statement(Box::new(run));
                        self.push(frame, segment, at, statement.sql.clone(), what);
                    }
                }
            }
            Body::StatementEnd(end) => self.end(end),
            Body::Transfer(transfer) => self.transfer(transfer),
            Body::Marker(sentence) => self.push(frame, segment, at, sentence.clone(), What::Note),
            Body::Gap(gap) => {
                let since = at - (frame.at - gap.since);
                let sentence = format!("Nothing recorded: {}", gap.reason);
                self.push(frame, segment, at, sentence, What::Gap { since });
            }
            Body::End { reason } => {
                for idx in std::mem::take(&mut self.open).into_values() {
                    if let Some(connection) = self.connections.get_mut(idx) {
                        connection.until = Some(at);
                    }
                }
                self.push(
                    frame,
                    segment,
                    at,
                    end_sentence(SessionKind::Tunnel, reason),
                    What::Note,
                );
            }
            Body::Header(_)
            | Body::Output(_)
            | Body::Input(_)
            | Body::Resize { .. }
            | Body::Keyframe(_)
            | Body::Unknown { .. } => {}
        }
    }

    fn push(&mut self, frame: &Frame, segment: u32, at: Micros, text: String, what: What) {
        self.n_text += text.len();
        self.entries.push(Entry {
            seq: frame.seq,
            at,
            lane: frame.lane,
            connection: self.open.get(&frame.lane).copied(),
            segment,
            text,
            what,
        });
    }

    fn end(&mut self, end: &StatementEnd) {
        let Some(run) = self.run_mut(end.statement) else {
            return;
        };
        run.outcome.get_or_insert_default().append(Outcome {
            duration: end.duration,
            rows: end.rows,
            tag: end.tag.clone(),
            sqlstate: end.sqlstate.clone(),
            error: end.error.clone(),
            ..Outcome::default()
        });
        run.n_results += 1;
        if run.results.len() < MAX_RESULTS {
            run.results.push(end.clone());
        }
    }

    fn transfer(&mut self, transfer: &Transfer) {
        let Some(run) = self.run_mut(transfer.statement) else {
            return;
        };
        let outcome = run.outcome.get_or_insert_default();
        match transfer.outcome {
            TransferOutcome::Refused => outcome.is_refused = true,
            TransferOutcome::Finished { .. } | TransferOutcome::Failed { .. } => outcome.has_moved = true,
        }
        run.transfer = Some(*transfer);
    }

    fn run_mut(&mut self, seq: u64) -> Option<&mut Run> {
        let place = self.place(seq)?;
        match &mut self.entries.get_mut(place)?.what {
            What::Statement(run) => Some(run),
            What::Note | What::Gap { .. } => None,
        }
    }
}

/// That a connection begins, and under what settings.
fn connected(settings: &[(String, String)]) -> String {
    let settings: Vec<String> = settings
        .iter()
        .map(|(name, value)| format!("{name} = {value}"))
        .collect();

    match settings.as_slice() {
        [] => "Connected.".to_owned(),
        [_, ..] => format!("Connected with {}.", settings.join(", ")),
    }
}

#[cfg(test)]
mod tests;
