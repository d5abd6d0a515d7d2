//! The log as a file: pages of text, oldest first, so that no export is ever whole in memory.

use protocol::audit::{AuditFilter, EventView};
use vault::audit::{CSV_HEADER, csv_line, json_line};

use super::{Parameters, Row, bind_matching, head, select_matching};
use crate::db::{Db, on};
use crate::errors::Error;

/// Events of one page.
const CHUNK: i64 = 500;

/// How an export is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    JsonLines,
    Csv,
}

/// An export under way. It ends with the last event there was when it began, so that its own audit event and
/// a busy log do not keep it going.
#[derive(Debug)]
pub struct Export {
    db: Db,
    format: Format,
    parameters: Parameters,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    Begin,
    After { seq: i64, last: i64 },
    Done,
}

pub(super) const AFTER: &str = concat!(
    select_matching!(),
    r#"
        AND seq > $11
        AND seq <= $12
    ORDER BY seq
    LIMIT $13
"#
);

/// Begins an export of the events a filter lets through; its `before` is ignored.
pub fn export(db: &Db, filter: &AuditFilter, format: Format) -> Export {
    Export {
        db: db.clone(),
        format,
        parameters: Parameters::from(filter),
        stage: Stage::Begin,
    }
}

impl Export {
    /// The next piece of the file; `None` when it is complete. Holds no transaction between pieces.
    pub async fn next(&mut self) -> Result<Option<String>, Error> {
        let mut snapshot = self.db.read().await?;
        let mut text = String::new();
        let (seq, last) = match self.stage {
            Stage::Done => return Ok(None),
            Stage::After { seq, last } => (seq, last),
            Stage::Begin => {
                if self.format == Format::Csv {
                    text.push_str(CSV_HEADER);
                }
                let (last, _hash) = head(&mut snapshot).await?;
                (0, last)
            }
        };

        let parameters = &self.parameters;
        let rows: Vec<Row> = on!(snapshot, |conn| {
            bind_matching!(AFTER, parameters)
                .bind(seq)
                .bind(last)
                .bind(CHUNK)
                .fetch_all(conn)
        })?;
        self.stage = match rows.last() {
            Some(row) => Stage::After { seq: row.seq, last },
            None => Stage::Done,
        };

        for row in rows {
            let event = EventView::try_from(row)?;
            text.push_str(&match self.format {
                Format::JsonLines => json_line(&event),
                Format::Csv => csv_line(&event),
            });
        }

        Ok((!text.is_empty()).then_some(text))
    }
}
