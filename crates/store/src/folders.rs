//! Folders of records.

use protocol::ids::FolderId;
use protocol::people::Role;
use protocol::time::Timestamp;
use protocol::vault::{FolderView, Permissions, ShareScope};
use vault::authorize::{Authorized, Configure, Create};
use vault::people::Person;

use crate::db::{Snapshot, Tx, on, run};
use crate::errors::{Error, column};

/// What became of removing a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Removed {
    Done,
    /// It holds this many records.
    NotEmpty(i64),
    /// No such folder.
    Nothing,
}

#[derive(Debug, sqlx::FromRow)]
struct Row {
    id: String,
    name: String,
    n_records: i64,
    is_shared: bool,
    may_edit: bool,
    may_launch: bool,
    may_reveal: bool,
}

const ADD: &str = r#"
    INSERT INTO folders (id, name, created_by, created_at)
    VALUES ($1, $2, $3, $4)
"#;

/// # Errors
/// [`Error::Taken`] when a folder has this name.
pub async fn add(
    tx: &mut Tx,
    create: &Authorized<Create>,
    id: &FolderId,
    name: &str,
    now: Timestamp,
) -> Result<(), Error> {
    run!(
        tx,
        sqlx::query(ADD)
            .bind(id.as_str())
            .bind(name)
            .bind(create.person().as_str())
            .bind(now.micros())
    )?;

    Ok(())
}

const RENAME: &str = r#"
    UPDATE folders
    SET name = $2
    WHERE id = $1
"#;

/// Says whether there is such a folder.
///
/// # Errors
/// [`Error::Taken`] when another folder has this name.
pub async fn rename(tx: &mut Tx, configure: &Authorized<Configure>, name: &str) -> Result<bool, Error> {
    let ShareScope::Folder(id) = configure.scope() else {
        return Ok(false);
    };
    let rows = run!(tx, sqlx::query(RENAME).bind(id.as_str()).bind(name))?;

    Ok(rows > 0)
}

const COUNT: &str = r#"
    SELECT COUNT(*)
    FROM records
    WHERE folder = $1
"#;

const UNSHARE: &str = r#"
    DELETE FROM shares
    WHERE scope = 'folder' AND target = $1
"#;

const UNSERVE: &str = r#"
    DELETE FROM gateway_folders
    WHERE folder = $1
"#;

const REMOVE: &str = r#"
    DELETE FROM folders
    WHERE id = $1
"#;

/// Removes an empty folder, its shares, and its place in gateways.
pub async fn remove(tx: &mut Tx, configure: &Authorized<Configure>) -> Result<Removed, Error> {
    let ShareScope::Folder(id) = configure.scope() else {
        return Ok(Removed::Nothing);
    };
    let n_records: i64 = on!(tx, |conn| sqlx::query_scalar(COUNT)
        .bind(id.as_str())
        .fetch_one(conn))?;
    if n_records > 0 {
        return Ok(Removed::NotEmpty(n_records));
    }

    run!(tx, sqlx::query(UNSHARE).bind(id.as_str()))?;
    run!(tx, sqlx::query(UNSERVE).bind(id.as_str()))?;
    let rows = run!(tx, sqlx::query(REMOVE).bind(id.as_str()))?;

    Ok(if rows > 0 { Removed::Done } else { Removed::Nothing })
}

const NAME: &str = r#"
    SELECT name
    FROM folders
    WHERE id = $1
"#;

/// The name of a folder, if there is one.
pub async fn name(snapshot: &mut Snapshot, id: &FolderId) -> Result<Option<String>, Error> {
    on!(snapshot, |conn| sqlx::query_scalar(NAME)
        .bind(id.as_str())
        .fetch_optional(conn))
}

const LIST: &str = r#"
    SELECT
        f.id,
        f.name,
        (
            SELECT COUNT(*)
            FROM records AS r
            WHERE r.folder = f.id
                AND (
                    $2
                    OR s.person IS NOT NULL
                    OR EXISTS (
                        SELECT 1
                        FROM shares AS own
                        WHERE own.scope = 'record' AND own.target = r.id AND own.person = $1
                    )
                )
        ) AS n_records,
        (s.person IS NOT NULL) AS is_shared,
        COALESCE(s.may_edit, FALSE) AS may_edit,
        COALESCE(s.may_launch, FALSE) AS may_launch,
        COALESCE(s.may_reveal, FALSE) AS may_reveal
    FROM folders AS f
    LEFT JOIN shares AS s ON s.scope = 'folder' AND s.target = f.id AND s.person = $1
    ORDER BY f.name
"#;

/// The folders a person may see, by name: an administrator all of them, others those that are shared with them or
/// hold a record that is.
pub async fn list(snapshot: &mut Snapshot, person: &Person) -> Result<Vec<FolderView>, Error> {
    let sees_all = person.role == Role::Administrator;
    let rows: Vec<Row> = on!(snapshot, |conn| {
        sqlx::query_as(LIST)
            .bind(person.id.as_str())
            .bind(sees_all)
            .fetch_all(conn)
    })?;

    rows.into_iter()
        .filter(|row| sees_all || row.is_shared || row.n_records > 0)
        .map(|row| {
            Ok(FolderView {
                id: column("folders", "id", &row.id, &row.id)?,
                n_records: u32::try_from(row.n_records).unwrap_or(u32::MAX),
                permissions: match row.is_shared {
                    true => Permissions::shared(row.may_edit, row.may_launch, row.may_reveal),
                    false => Permissions::NONE,
                },
                name: row.name,
            })
        })
        .collect()
}

#[cfg(test)]
pub(crate) const STATEMENTS: &[&str] = &[ADD, RENAME, COUNT, UNSHARE, UNSERVE, REMOVE, NAME, LIST];

#[cfg(test)]
mod tests;
