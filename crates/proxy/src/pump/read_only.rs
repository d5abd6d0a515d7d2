//! Read-only mode: what the server has reported that matters to it, and what is said where a statement is not permitted.

use std::sync::atomic::{AtomicBool, Ordering};

use pg_proto::backend::Fields;
use pg_proto::read_only::{Reading, keeps_ascii};

use super::Ending;
use crate::connect::{READ_ONLY, Upstream};

/// PostgreSQL's own for what a read-only transaction may not do.
const SQLSTATE: &str = "25006";

const BLOCKED: &str = "Query blocked: read-only mode is enabled. Only SELECT, SHOW, DESCRIBE, EXPLAIN and similar \
                       read-only statements are permitted.";

const WRITABLE: &str = "The session was ended: read-only mode is enabled, and default_transaction_read_only was \
                        turned off.";

/// What the server is sent in place of a statement that is not permitted: a text that no parser takes, so that its
/// transaction is what it is after any error. Its log shows it.
pub(super) const INSTEAD: &str = "blocked_by_postern_in_read_only_mode";

/// What the client is told in place of the server's error for that.
pub(super) fn blocked() -> Fields {
    Fields::new("ERROR", SQLSTATE, BLOCKED)
}

/// How texts are to be read, by what the server has reported. Written by one direction of the pump, read by the other.
#[derive(Debug)]
pub(super) struct ReadOnly {
    standard_strings: AtomicBool,
    keeps_ascii: AtomicBool,
    /// The database's encoding, which never changes.
    server_encoding: String,
}

impl ReadOnly {
    /// `None` where the connection may write.
    pub(super) fn of(upstream: &Upstream) -> Option<Self> {
        if !upstream.is_read_only() {
            return None;
        }
        let encoding = |whose| upstream.parameter(whose).unwrap_or_default();
        let (client, server) = (encoding("client_encoding"), encoding("server_encoding"));
        let strings = upstream.parameter("standard_conforming_strings");

        Some(Self {
            standard_strings: AtomicBool::new(strings.as_deref() == Some("on")),
            keeps_ascii: AtomicBool::new(keeps_ascii(client.as_bytes(), server.as_bytes())),
            server_encoding: server,
        })
    }

    /// As of the last ReadyForQuery.
    pub(super) fn reading(&self) -> Reading {
        Reading {
            standard_strings: self.standard_strings.load(Ordering::Relaxed),
            keeps_ascii: self.keeps_ascii.load(Ordering::Relaxed),
        }
    }

    /// A ParameterStatus: PostgreSQL sends it before the ReadyForQuery of what changed it.
    pub(super) fn hear(&self, body: &[u8]) -> Result<(), Ending> {
        let mut texts = body.split(|byte| *byte == 0);
        let (name, value) = (texts.next().unwrap_or_default(), texts.next().unwrap_or_default());
        if name == b"standard_conforming_strings" {
            self.standard_strings.store(value == b"on", Ordering::Relaxed);
        } else if name == b"client_encoding" {
            let keeps = keeps_ascii(value, self.server_encoding.as_bytes());
            self.keeps_ascii.store(keeps, Ordering::Relaxed);
        } else if name == READ_ONLY.as_bytes() && value != b"on" {
            return Err(Ending::Asked {
                sqlstate: SQLSTATE,
                message: WRITABLE.to_owned(),
            });
        }

        Ok(())
    }
}
