//! What a client asks for in its startup message.

use bytes::BytesMut;

use super::Refusal;
use crate::Text;
use crate::backend::Message;

/// Protocol 3 has these minor versions; 3.1 was never released.
const MINORS: [u16; 2] = [0, 2];

/// Parameters by this beginning are about the protocol itself. There is none yet that we know.
const PROTOCOL_OPTION: &[u8] = b"_pq_.";

/// Who wants in, where to, and how.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Startup {
    /// Of protocol 3, as agreed.
    pub minor: u16,
    /// Never empty.
    pub user: Text,
    /// `None` stands for the user's name.
    pub database: Option<Text>,
    pub application_name: Option<Text>,
    pub client_encoding: Option<Text>,
    /// Settings as on a command line: `-c name=value`.
    pub options: Option<Text>,
    /// Asks for a connection that replicates.
    pub replication: Option<Text>,
    /// Other settings by name, in the order sent.
    pub settings: Vec<(Text, Text)>,
}

impl Startup {
    /// Reads the parameters; says in `out` what of the protocol is not known here.
    pub(super) fn new(
        major: u16,
        minor: u16,
        parameters: Vec<(Text, Text)>,
        out: &mut BytesMut,
    ) -> Result<Self, Refusal> {
        if major != 3 {
            return Err(Refusal::new(
                "0A000",
                format!("protocol {major}.{minor} is not supported: only 3.0 to 3.2 are"),
            ));
        }
        let mut startup = Self::default();
        let mut unrecognized = Vec::new();
        for (name, value) in parameters {
            match name.as_bytes() {
                b"user" => startup.user = value,
                b"database" => startup.database = Some(value).filter(|name| !name.is_empty()),
                b"application_name" => startup.application_name = Some(value),
                b"client_encoding" => startup.client_encoding = Some(value),
                b"options" => startup.options = Some(value),
                b"replication" => startup.replication = Some(value),
                option if option.starts_with(PROTOCOL_OPTION) => unrecognized.push(name),
                _ => startup.settings.push((name, value)),
            }
        }
        if startup.user.is_empty() {
            return Err(Refusal::new("28000", "no user name was given"));
        }
        let agreed = MINORS.into_iter().rev().find(|known| *known <= minor);
        startup.minor = agreed.unwrap_or_default();
        if startup.minor != minor || !unrecognized.is_empty() {
            Message::NegotiateProtocolVersion {
                // Major and minor, whatever the documentation says: what libpq reads and PostgreSQL sends.
                newest_minor: (3 << 16) | i32::from(startup.minor),
                unrecognized,
            }
            .encode(out);
        }
        Ok(startup)
    }

    /// Whether a replication connection is asked for: whatever PostgreSQL would not take for *no*.
    pub fn asks_for_replication(&self) -> bool {
        const NO: [&[u8]; 5] = [b"false", b"no", b"off", b"0", b""];
        let no = |value: &Text| {
            let value = value.as_bytes().trim_ascii();
            NO.iter().any(|no| value.eq_ignore_ascii_case(no))
        };

        self.replication.as_ref().is_some_and(|value| !no(value))
    }
}
