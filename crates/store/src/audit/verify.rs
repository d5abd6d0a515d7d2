//! Whether the log is what was written: every event hashed again, in order, and compared with its head.

use protocol::audit::{ChainView, EventView};
use vault::audit::{Break, Verifier};

use super::{Row, head};
use crate::db::{Snapshot, on};
use crate::errors::Error;

/// Events read at once.
const CHUNK: i64 = 1_000;

/// What verification found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Chain {
    Intact {
        events: i64,
        /// Hash of the last event; compare it with one noted elsewhere.
        head: String,
    },
    Broken {
        /// The first event that is not as it was written.
        seq: i64,
        why: Break,
    },
}

impl From<Chain> for ChainView {
    fn from(chain: Chain) -> Self {
        match chain {
            Chain::Intact { events, head } => Self::Intact { events, head },
            Chain::Broken { seq, why } => Self::Broken {
                seq,
                why: why.sentence().to_owned(),
            },
        }
    }
}

pub(super) const SCAN: &str = r#"
    SELECT
        seq, at, name, outcome, person, person_email, remote_address, record, record_title, session, request,
        details, prev_hash, hash
    FROM audit_events
    WHERE seq > $1
    ORDER BY seq
    LIMIT $2
"#;

/// Verifies the whole log as the snapshot sees it.
pub async fn verify(snapshot: &mut Snapshot) -> Result<Chain, Error> {
    let (last, last_hash) = head(snapshot).await?;
    let mut verifier = Verifier::default();

    loop {
        let rows: Vec<Row> = on!(snapshot, |conn| {
            sqlx::query_as(SCAN)
                .bind(verifier.verified())
                .bind(CHUNK)
                .fetch_all(conn)
        })?;
        if rows.is_empty() {
            break;
        }
        for row in rows {
            let seq = verifier.next_seq();
            let event = match EventView::try_from(row) {
                Ok(event) => event,
                Err(Error::Inconsistent { .. }) => {
                    return Ok(Chain::Broken {
                        seq,
                        why: Break::Unreadable,
                    });
                }
                Err(error) => return Err(error),
            };
            if let Err(why) = verifier.accept(&event) {
                return Ok(Chain::Broken { seq, why });
            }
        }
    }

    if verifier.verified() != last || verifier.head() != last_hash {
        return Ok(Chain::Broken {
            seq: verifier.verified().min(last).saturating_add(1),
            why: Break::Head,
        });
    }

    Ok(Chain::Intact {
        events: last,
        head: last_hash,
    })
}
