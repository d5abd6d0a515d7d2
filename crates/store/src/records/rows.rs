//! Rows of records and what they become.

use protocol::ids::FolderId;
use protocol::time::Timestamp;
use protocol::vault::{Link, RecordKind};
use vault::record::{Body, Content, Record, Stamp};

use crate::errors::{Error, column};
use crate::json;

/// A record as stored.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct Row {
    pub(crate) id: String,
    pub(crate) owner: Option<String>,
    pub(crate) kind: String,
    pub(crate) title: String,
    pub(crate) folder: Option<String>,
    pub(crate) body: String,
    pub(crate) version: i64,
    pub(crate) created_by: String,
    pub(crate) created_at: i64,
    pub(crate) updated_by: String,
    pub(crate) updated_at: i64,
}

impl TryFrom<Row> for Record {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        let kind: RecordKind = column("records", "kind", &row.id, &row.kind)?;
        let body = match kind {
            RecordKind::Configuration => {
                Body::Configuration(json::read("records", "body", &row.id, &row.body)?)
            }
            RecordKind::Database => Body::Database(json::read("records", "body", &row.id, &row.body)?),
            RecordKind::User => Body::User(json::read("records", "body", &row.id, &row.body)?),
        };
        let folder: Option<FolderId> = row
            .folder
            .map(|folder| column("records", "folder", &row.id, &folder))
            .transpose()?;

        let owner = row
            .owner
            .map(|owner| column("records", "owner", &row.id, &owner))
            .transpose()?;

        Ok(Self {
            id: column("records", "id", &row.id, &row.id)?,
            owner,
            content: Content {
                title: row.title,
                folder,
                body,
            },
            version: row.version,
            created: Stamp {
                by: column("records", "created_by", &row.id, &row.created_by)?,
                at: Timestamp(row.created_at),
            },
            updated: Stamp {
                by: column("records", "updated_by", &row.id, &row.updated_by)?,
                at: Timestamp(row.updated_at),
            },
        })
    }
}

/// The column `body`.
pub(crate) fn body_text(body: &Body) -> Result<String, Error> {
    match body {
        Body::Configuration(configuration) => json::write(configuration),
        Body::Database(database) => json::write(database),
        Body::User(user) => json::write(user),
    }
}

/// The column `haystack`. Lower case is made here: SQLite's own knows only ASCII.
pub(crate) fn haystack(content: &Content) -> String {
    let more = match &content.body {
        Body::Configuration(configuration) => vec![&configuration.notes],
        Body::Database(database) => vec![&database.database, &database.notes],
        Body::User(user) => vec![&user.description],
    };
    let mut text = format!("{}\n{}", content.title, content.body.subtitle());
    for line in more {
        text.push('\n');
        text.push_str(line);
    }

    text.to_lowercase()
}

/// A record as links and selects show it.
pub(crate) fn link(record: &Record) -> Link {
    Link {
        id: record.id.clone(),
        title: record.content.title.clone(),
        subtitle: record.content.body.subtitle(),
    }
}
