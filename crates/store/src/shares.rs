//! Shares of records and folders.

use protocol::ids::{PersonId, RecordId};
use protocol::time::Timestamp;
use protocol::vault::{FieldChange, HistoryAction, Permissions, ShareScope, ShareView};
use vault::authorize::{Authorized, Configure};
use vault::record::Location;
use vault::share::Share;

use crate::db::{Snapshot, Tx, on, run};
use crate::errors::{Error, column};
use crate::history;

/// What became of a grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Granted {
    Done,
    /// There is nobody like that, or they are switched off.
    Nobody,
}

#[derive(Debug, sqlx::FromRow)]
struct Row {
    scope: String,
    target: String,
    folder_name: Option<String>,
    person: String,
    person_name: String,
    may_edit: bool,
    may_launch: bool,
    may_reveal: bool,
    granted_by: String,
    granted_by_name: String,
    granted_at: i64,
}

impl Row {
    fn scope(&self) -> Result<ShareScope, Error> {
        let read = "shares";
        match self.scope.as_str() {
            "record" => Ok(ShareScope::Record(column(
                read,
                "target",
                &self.target,
                &self.target,
            )?)),
            "folder" => Ok(ShareScope::Folder(column(
                read,
                "target",
                &self.target,
                &self.target,
            )?)),
            _ => Err(Error::Inconsistent {
                table: read,
                column: "scope",
                row: self.target.clone(),
            }),
        }
    }

    fn permissions(&self) -> Permissions {
        Permissions::shared(self.may_edit, self.may_launch, self.may_reveal)
    }

    fn share(self) -> Result<Share, Error> {
        Ok(Share {
            scope: self.scope()?,
            permissions: self.permissions(),
            person: column("shares", "person", &self.target, &self.person)?,
            granted_by: column("shares", "granted_by", &self.target, &self.granted_by)?,
            granted_at: Timestamp(self.granted_at),
        })
    }

    fn view(self) -> Result<ShareView, Error> {
        Ok(ShareView {
            scope: self.scope()?,
            permissions: self.permissions(),
            person: column("shares", "person", &self.target, &self.person)?,
            folder_name: self.folder_name,
            person_name: self.person_name,
            granted_by_name: self.granted_by_name,
            granted_at: Timestamp(self.granted_at),
        })
    }
}

fn words(scope: &ShareScope) -> (&'static str, &str) {
    match scope {
        ShareScope::Record(record) => ("record", record.as_str()),
        ShareScope::Folder(folder) => ("folder", folder.as_str()),
    }
}

const LIST: &str = r#"
    SELECT
        s.scope, s.target, f.name AS folder_name, s.person, p.name AS person_name, s.may_edit, s.may_launch,
        s.may_reveal, s.granted_by, g.name AS granted_by_name, s.granted_at
    FROM shares AS s
    JOIN people AS p ON p.id = s.person
    JOIN people AS g ON g.id = s.granted_by
    LEFT JOIN folders AS f ON s.scope = 'folder' AND f.id = s.target
    WHERE ((s.scope = 'record' AND s.target = $1) OR (s.scope = 'folder' AND s.target = $2))
        AND ($3 = '' OR s.person = $3)
    ORDER BY p.name, s.scope DESC
"#;

/// The shares of one person that reach a record: what the vault weighs.
pub async fn held(
    snapshot: &mut Snapshot,
    person: &PersonId,
    location: &Location,
) -> Result<Vec<Share>, Error> {
    let rows = rows(
        snapshot,
        location.record.as_str(),
        folder(location),
        person.as_str(),
    )
    .await?;

    rows.into_iter().map(Row::share).collect()
}

/// Everybody's shares that reach a record, its own and those of its folder, by person.
pub async fn list(
    snapshot: &mut Snapshot,
    _configure: &Authorized<Configure>,
    location: &Location,
) -> Result<Vec<ShareView>, Error> {
    let rows = rows(snapshot, location.record.as_str(), folder(location), "").await?;

    rows.into_iter().map(Row::view).collect()
}

/// Everybody's shares of a folder, by person.
pub async fn list_folder(
    snapshot: &mut Snapshot,
    configure: &Authorized<Configure>,
) -> Result<Vec<ShareView>, Error> {
    let ShareScope::Folder(folder) = configure.scope() else {
        return Ok(Vec::new());
    };
    let rows = rows(snapshot, "", folder.as_str(), "").await?;

    rows.into_iter().map(Row::view).collect()
}

async fn rows(snapshot: &mut Snapshot, record: &str, folder: &str, person: &str) -> Result<Vec<Row>, Error> {
    on!(snapshot, |conn| {
        sqlx::query_as(LIST)
            .bind(record)
            .bind(folder)
            .bind(person)
            .fetch_all(conn)
    })
}

/// No folder has the empty id.
fn folder(location: &Location) -> &str {
    location.folder.as_ref().map_or("", |folder| folder.as_str())
}

const PRESENT: &str = r#"
    SELECT may_edit, may_launch, may_reveal
    FROM shares
    WHERE scope = $1 AND target = $2 AND person = $3
"#;

async fn present(tx: &mut Tx, scope: &ShareScope, person: &PersonId) -> Result<Option<Permissions>, Error> {
    let (scope, target) = words(scope);
    let row: Option<(bool, bool, bool)> = on!(tx, |conn| {
        sqlx::query_as(PRESENT)
            .bind(scope)
            .bind(target)
            .bind(person.as_str())
            .fetch_optional(conn)
    })?;

    Ok(row.map(|(edit, launch, reveal)| Permissions::shared(edit, launch, reveal)))
}

const NAME: &str = r#"
    SELECT name
    FROM people
    WHERE id = $1 AND state <> 'off'
"#;

const GRANT: &str = r#"
    INSERT INTO shares (scope, target, person, may_edit, may_launch, may_reveal, granted_by, granted_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
    ON CONFLICT (scope, target, person) DO UPDATE
    SET may_edit = $4, may_launch = $5, may_reveal = $6, granted_by = $7, granted_at = $8
"#;

/// Gives a person these rights, in place of those they had from a share of the same record or folder.
pub async fn grant(
    tx: &mut Tx,
    configure: &Authorized<Configure>,
    person: &PersonId,
    permissions: Permissions,
    now: Timestamp,
) -> Result<Granted, Error> {
    let name: Option<String> = on!(tx, |conn| sqlx::query_scalar(NAME)
        .bind(person.as_str())
        .fetch_optional(conn))?;
    let Some(name) = name else {
        return Ok(Granted::Nobody);
    };

    let before = present(tx, configure.scope(), person).await?;
    write(
        tx,
        configure.scope(),
        person,
        permissions,
        configure.person(),
        now,
    )
    .await?;
    if let Some(record) = configure.record() {
        let change = FieldChange::new(name, before.map(Permissions::words), Some(permissions.words()));
        history::add(
            tx,
            record,
            configure.person(),
            HistoryAction::Shared,
            &[change],
            now,
        )
        .await?;
    }

    Ok(Granted::Done)
}

/// The share the creator of a record gets: to edit and launch it, not to reveal.
pub(crate) async fn grant_creator(
    tx: &mut Tx,
    record: &RecordId,
    creator: &PersonId,
    now: Timestamp,
) -> Result<(), Error> {
    let scope = ShareScope::Record(record.clone());

    write(
        tx,
        &scope,
        creator,
        Permissions::shared(true, true, false),
        creator,
        now,
    )
    .await
}

async fn write(
    tx: &mut Tx,
    scope: &ShareScope,
    person: &PersonId,
    permissions: Permissions,
    by: &PersonId,
    now: Timestamp,
) -> Result<(), Error> {
    let (scope, target) = words(scope);
    run!(
        tx,
        sqlx::query(GRANT)
            .bind(scope)
            .bind(target)
            .bind(person.as_str())
            .bind(permissions.edit)
            .bind(permissions.launch)
            .bind(permissions.reveal)
            .bind(by.as_str())
            .bind(now.micros())
    )?;

    Ok(())
}

const REVOKE: &str = r#"
    DELETE FROM shares
    WHERE scope = $1 AND target = $2 AND person = $3
"#;

/// Takes a share away; false if there was none.
pub async fn revoke(
    tx: &mut Tx,
    configure: &Authorized<Configure>,
    person: &PersonId,
    now: Timestamp,
) -> Result<bool, Error> {
    let Some(before) = present(tx, configure.scope(), person).await? else {
        return Ok(false);
    };

    let (scope, target) = words(configure.scope());
    run!(
        tx,
        sqlx::query(REVOKE).bind(scope).bind(target).bind(person.as_str())
    )?;
    if let Some(record) = configure.record() {
        let name: Option<String> = on!(tx, |conn| {
            sqlx::query_scalar(ANY_NAME)
                .bind(person.as_str())
                .fetch_optional(conn)
        })?;
        let change = FieldChange::new(name.unwrap_or_default(), Some(before.words()), None);
        history::add(
            tx,
            record,
            configure.person(),
            HistoryAction::Unshared,
            &[change],
            now,
        )
        .await?;
    }

    Ok(true)
}

const ANY_NAME: &str = r#"
    SELECT name
    FROM people
    WHERE id = $1
"#;

#[cfg(test)]
pub(crate) const STATEMENTS: &[&str] = &[LIST, PRESENT, NAME, GRANT, REVOKE, ANY_NAME];

#[cfg(test)]
mod tests;
