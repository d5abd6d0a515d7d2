//! Records: adding, saving, duplicating, removing, and what is remembered of them beside their fields.

mod list;
mod rows;
pub mod secrets;
mod view;

use protocol::ids::{PersonId, RecordId};
use protocol::time::Timestamp;
use protocol::vault::{HistoryAction, Link, LinkKind, Tested, TestedCredential};
use vault::authorize::{Authorized, Configure, Create, Delete, Edit, KeepPersonal, Launch, View};
use vault::envelope::{Sealed, SecretField};
use vault::record::{Change, Content, Record, Stamp};

use crate::db::{Snapshot, Tx, on, run};
use crate::errors::{Error, column};
use crate::{history, settings, shares};

pub(crate) use list::personal;
pub use list::{PAGE, RecordFilter, configurations, count_personal, hosts, kinds, list, options, placed};
pub(crate) use rows::link;
use rows::{Row, body_text, haystack};
pub use view::{tested, view};

/// What happens to the stored secrets of a record: the new text, or nothing left.
pub type SecretWrites = Vec<(SecretField, Option<Sealed>)>;

/// What became of a save.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Saved {
    /// With the record's, or the settings', new version.
    Done(i64),
    /// Somebody else saved first, or removed it.
    Conflict,
}

/// What became of a removal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Removed {
    Done,
    /// These records link to it and keep it.
    Linked(Vec<(LinkKind, Link)>),
    /// No such record.
    Nothing,
}

const LOOKUP: &str = r#"
    SELECT id, owner, kind, title, folder, body, version, created_by, created_at, updated_by, updated_at
    FROM records
    WHERE id = $1
"#;

/// A record with everything but its secrets and settings. Whether somebody may see it is the vault's to say.
pub async fn lookup(snapshot: &mut Snapshot, id: &RecordId) -> Result<Option<Record>, Error> {
    let row: Option<Row> = on!(snapshot, |conn| sqlx::query_as(LOOKUP)
        .bind(id.as_str())
        .fetch_optional(conn))?;

    row.map(Record::try_from).transpose()
}

const ADD: &str = r#"
    INSERT INTO records
        (id, owner, kind, title, folder, body, haystack, version, created_by, created_at, updated_by, updated_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, 1, $8, $9, $8, $9)
"#;

/// Adds a record; its creator gets a share to edit and launch.
///
/// # Errors
/// [`Error::Internal`] when the folder is gone.
pub async fn add(
    tx: &mut Tx,
    create: &Authorized<Create>,
    id: &RecordId,
    content: Content,
    secrets: SecretWrites,
    now: Timestamp,
) -> Result<Record, Error> {
    let by = Maker::Creator(create);

    insert(tx, by, id, content, secrets, HistoryAction::Created, now).await
}

/// Adds a personal credential of the person who keeps it.
pub async fn add_personal(
    tx: &mut Tx,
    keep: &Authorized<KeepPersonal>,
    id: &RecordId,
    content: Content,
    secrets: SecretWrites,
    now: Timestamp,
) -> Result<Record, Error> {
    let by = Maker::Owner(keep);

    insert(tx, by, id, content, secrets, HistoryAction::Created, now).await
}

/// Who adds a record: somebody for others, or its owner.
#[derive(Clone, Copy)]
enum Maker<'a> {
    Creator(&'a Authorized<Create>),
    Owner(&'a Authorized<KeepPersonal>),
}

impl<'a> Maker<'a> {
    fn person(self) -> &'a PersonId {
        match self {
            Self::Creator(create) => create.person(),
            Self::Owner(keep) => keep.person(),
        }
    }

    fn owner(self) -> Option<&'a PersonId> {
        match self {
            Self::Creator(_) => None,
            Self::Owner(keep) => Some(keep.person()),
        }
    }
}

/// Adds a copy of a record the person sees: its fields and PAM settings, neither secrets nor shares nor history.
pub async fn duplicate(
    tx: &mut Tx,
    create: &Authorized<Create>,
    _view: &Authorized<View>,
    source: &Record,
    id: &RecordId,
    now: Timestamp,
) -> Result<Record, Error> {
    let record = insert(
        tx,
        Maker::Creator(create),
        id,
        source.duplicate(),
        SecretWrites::new(),
        HistoryAction::Duplicated,
        now,
    )
    .await?;
    settings::copy(tx, create, &source.id, id, now).await?;

    Ok(record)
}

async fn insert(
    tx: &mut Tx,
    by: Maker<'_>,
    id: &RecordId,
    content: Content,
    secrets: SecretWrites,
    action: HistoryAction,
    now: Timestamp,
) -> Result<Record, Error> {
    let body = body_text(&content.body)?;
    run!(
        tx,
        sqlx::query(ADD)
            .bind(id.as_str())
            .bind(by.owner().map(|owner| owner.as_str()))
            .bind(content.body.kind().name())
            .bind(&content.title)
            .bind(content.folder.as_ref().map(|folder| folder.as_str()))
            .bind(&body)
            .bind(haystack(&content))
            .bind(by.person().as_str())
            .bind(now.micros())
    )?;
    let described = content.described(
        secrets
            .iter()
            .filter(|(_, sealed)| sealed.is_some())
            .map(|(field, _)| *field),
    );
    secrets::write(tx, id, secrets, now).await?;
    if by.owner().is_none() {
        shares::grant_creator(tx, id, by.person(), now).await?;
    }
    history::add(tx, id, by.person(), action, &described, now).await?;

    let stamp = Stamp {
        by: by.person().clone(),
        at: now,
    };
    Ok(Record {
        id: id.clone(),
        owner: by.owner().cloned(),
        content,
        version: 1,
        created: stamp.clone(),
        updated: stamp,
    })
}

const SAVE: &str = r#"
    UPDATE records
    SET title = $3, folder = $4, body = $5, haystack = $6, version = version + 1, updated_by = $7, updated_at = $8
    WHERE id = $1 AND version = $2
    RETURNING version
"#;

const FORGET_TESTS: &str = r#"
    DELETE FROM record_tests
    WHERE record = $1
"#;

const FORGET_TESTS_WITH: &str = r#"
    DELETE FROM record_tests
    WHERE EXISTS (
        SELECT 1
        FROM record_links AS l
        WHERE l.record = record_tests.record AND l.kind = record_tests.credential AND l.target = $1
    )
"#;

/// Saves a change the vault allowed, if nobody saved since `version`. A change of host, port, TLS or credential
/// makes earlier tests of connections count no longer; auditing it is the caller's, in the same transaction.
pub async fn save(
    tx: &mut Tx,
    edit: &Authorized<Edit>,
    content: &Content,
    change: &Change,
    secrets: SecretWrites,
    version: i64,
    now: Timestamp,
) -> Result<Saved, Error> {
    let id = edit.record();
    let body = body_text(&content.body)?;
    let saved: Option<i64> = on!(tx, |conn| {
        sqlx::query_scalar(SAVE)
            .bind(id.as_str())
            .bind(version)
            .bind(&content.title)
            .bind(content.folder.as_ref().map(|folder| folder.as_str()))
            .bind(&body)
            .bind(haystack(content))
            .bind(edit.person().as_str())
            .bind(now.micros())
            .fetch_optional(conn)
    })?;
    let Some(version) = saved else {
        return Ok(Saved::Conflict);
    };

    secrets::write(tx, id, secrets, now).await?;
    if change.redirects() {
        run!(tx, sqlx::query(FORGET_TESTS).bind(id.as_str()))?;
    }
    if change.changes_credential() {
        run!(tx, sqlx::query(FORGET_TESTS_WITH).bind(id.as_str()))?;
    }
    let action = match change.fields() {
        [only] if only.field == "folder" => HistoryAction::Moved,
        _ => HistoryAction::Changed,
    };
    if !change.is_empty() {
        history::add(tx, id, edit.person(), action, change.fields(), now).await?;
    }

    Ok(Saved::Done(version))
}

const LINKED_FROM: &str = r#"
    SELECT l.kind AS link, r.id, r.owner, r.kind, r.title, r.folder, r.body, r.version, r.created_by, r.created_at,
        r.updated_by, r.updated_at
    FROM record_links AS l
    JOIN records AS r ON r.id = l.record
    WHERE l.target = $1
    ORDER BY r.title, r.id, l.kind
"#;

#[derive(Debug, sqlx::FromRow)]
struct LinkedRow {
    link: String,
    #[sqlx(flatten)]
    row: Row,
}

/// The records that link to one, and how. For administrators: it names records.
pub async fn linked_from(
    snapshot: &mut Snapshot,
    configure: &Authorized<Configure>,
) -> Result<Vec<(LinkKind, Link)>, Error> {
    match configure.record() {
        Some(id) => links_to(snapshot, id).await,
        None => Ok(Vec::new()),
    }
}

async fn links_to(snapshot: &mut Snapshot, id: &RecordId) -> Result<Vec<(LinkKind, Link)>, Error> {
    let rows: Vec<LinkedRow> = on!(snapshot, |conn| sqlx::query_as(LINKED_FROM)
        .bind(id.as_str())
        .fetch_all(conn))?;

    rows.into_iter()
        .map(|LinkedRow { link, row }| {
            let kind = column("record_links", "kind", id.as_str(), &link)?;
            Ok((kind, rows::link(&Record::try_from(row)?)))
        })
        .collect()
}

/// Rows that go with a record, children first.
const REMOVE: [&str; 7] = [
    "DELETE FROM record_secrets WHERE record = $1",
    "DELETE FROM record_tests WHERE record = $1",
    "DELETE FROM record_links WHERE record = $1",
    "DELETE FROM record_settings WHERE record = $1",
    "DELETE FROM shares WHERE scope = 'record' AND target = $1",
    "DELETE FROM access_tokens WHERE record = $1",
    "DELETE FROM records WHERE id = $1",
];

/// Removes a record with its secrets, settings, shares and the access tokens for it alone, unless others link to it.
/// Its history stays.
pub async fn remove(tx: &mut Tx, delete: &Authorized<Delete>, now: Timestamp) -> Result<Removed, Error> {
    let id = delete.record();
    if lookup(tx, id).await?.is_none() {
        return Ok(Removed::Nothing);
    }
    let linked = links_to(tx, id).await?;
    if !linked.is_empty() {
        return Ok(Removed::Linked(linked));
    }

    history::add(tx, id, delete.person(), HistoryAction::Deleted, &[], now).await?;
    for statement in REMOVE {
        run!(tx, sqlx::query(statement).bind(id.as_str()))?;
    }

    Ok(Removed::Done)
}

const ADD_TEST: &str = r#"
    INSERT INTO record_tests (record, credential, at, failure)
    SELECT $1, $3, $4, $5
    FROM records
    WHERE id = $1 AND version = $2
    ON CONFLICT (record, credential) DO UPDATE
    SET at = $4, failure = $5
"#;

/// Remembers how a test of a database ended. `version` is the record's when the test began: if it was saved
/// meanwhile, the outcome is of something else and says nothing; false then.
pub async fn add_test(
    tx: &mut Tx,
    edit: &Authorized<Edit>,
    version: i64,
    credential: TestedCredential,
    tested: &Tested,
) -> Result<bool, Error> {
    let (at, failure) = match tested {
        Tested::Never => return Ok(false),
        Tested::Verified { at } => (at, None),
        Tested::Failed { at, sentence } => (at, Some(sentence.as_str())),
    };
    let rows = run!(
        tx,
        sqlx::query(ADD_TEST)
            .bind(edit.record().as_str())
            .bind(version)
            .bind(credential.name())
            .bind(at.micros())
            .bind(failure)
    )?;

    Ok(rows > 0)
}

const USE: &str = r#"
    UPDATE records
    SET last_used_at = $3
    WHERE id = $1 OR id = $2
"#;

/// Remembers that a session was opened with a record and an account.
pub async fn used(tx: &mut Tx, launch: &Authorized<Launch>, now: Timestamp) -> Result<(), Error> {
    run!(
        tx,
        sqlx::query(USE)
            .bind(launch.record().as_str())
            .bind(launch.account().as_str())
            .bind(now.micros())
    )?;

    Ok(())
}

/// The statements of this module and those below it.
#[cfg(test)]
pub(crate) fn statements() -> Vec<&'static str> {
    let own = [
        LOOKUP,
        ADD,
        SAVE,
        FORGET_TESTS,
        FORGET_TESTS_WITH,
        LINKED_FROM,
        ADD_TEST,
        USE,
    ];

    own.into_iter()
        .chain(REMOVE)
        .chain(list::STATEMENTS)
        .chain(secrets::STATEMENTS)
        .chain(view::STATEMENTS)
        .collect()
}

#[cfg(test)]
pub(crate) mod tests;
