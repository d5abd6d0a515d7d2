//! The list of records, as far as a person may see them, and what forms offer to link to.

use std::collections::HashMap;

use protocol::ids::{FolderId, PersonId, RecordId};
use protocol::people::Role;
use protocol::time::Timestamp;
use protocol::vault::{Link, Permissions, RecordKind, RecordSummary, ShareScope, Tested};
use vault::authorize::{self, Authorized, Create, KeepPersonal};
use vault::effective::{Effective, Parent};
use vault::people::Person;
use vault::record::{Database, Record};
use vault::settings::Settings;
use vault::share::Share;

use super::rows::{Row, link};
use crate::db::{Snapshot, on};
use crate::errors::{Error, column};
use crate::json;
use crate::search::Pattern;

/// Most records a list shows; a search finds the others.
pub const PAGE: i64 = 500;

/// What a list shows. Empty shows everything.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RecordFilter {
    /// Part of a title, host, database, login or note; or an id.
    pub text: String,
    pub kind: Option<RecordKind>,
    pub folder: Option<FolderId>,
}

#[derive(Debug, sqlx::FromRow)]
struct ListedRow {
    #[sqlx(flatten)]
    record: Row,
    folder_name: Option<String>,
    last_used_at: Option<i64>,
    settings: Option<String>,
    record_shared: bool,
    record_edit: bool,
    record_launch: bool,
    record_reveal: bool,
    folder_shared: bool,
    folder_edit: bool,
    folder_launch: bool,
    folder_reveal: bool,
}

const LIST: &str = r#"
    SELECT
        r.id, r.owner, r.kind, r.title, r.folder, r.body, r.version, r.created_by, r.created_at, r.updated_by, r.updated_at,
        f.name AS folder_name,
        r.last_used_at,
        t.body AS settings,
        (rs.person IS NOT NULL) AS record_shared,
        COALESCE(rs.may_edit, FALSE) AS record_edit,
        COALESCE(rs.may_launch, FALSE) AS record_launch,
        COALESCE(rs.may_reveal, FALSE) AS record_reveal,
        (fs.person IS NOT NULL) AS folder_shared,
        COALESCE(fs.may_edit, FALSE) AS folder_edit,
        COALESCE(fs.may_launch, FALSE) AS folder_launch,
        COALESCE(fs.may_reveal, FALSE) AS folder_reveal
    FROM records AS r
    LEFT JOIN folders AS f ON f.id = r.folder
    LEFT JOIN record_settings AS t ON t.record = r.id
    LEFT JOIN shares AS rs ON rs.scope = 'record' AND rs.target = r.id AND rs.person = $1
    LEFT JOIN shares AS fs ON fs.scope = 'folder' AND fs.target = r.folder AND fs.person = $1
    WHERE ((r.owner IS NULL AND ($2 OR rs.person IS NOT NULL OR fs.person IS NOT NULL)) OR r.owner = $1)
        AND ($3 = '' OR r.kind = $3)
        AND ($4 = '' OR r.folder = $4)
        AND ($5 = '' OR r.id = $5 OR r.haystack LIKE $6 ESCAPE '\')
    ORDER BY r.title, r.id
    LIMIT $7
"#;

/// The records a person may see, by title; at most [`PAGE`] of them.
pub async fn list(
    snapshot: &mut Snapshot,
    person: &Person,
    filter: &RecordFilter,
) -> Result<Vec<RecordSummary>, Error> {
    let rows = listed(snapshot, person, filter).await?;
    let configurations = configurations(snapshot).await?;
    let tests = tests(snapshot).await?;
    let mut summaries = Vec::with_capacity(rows.len());
    for row in rows {
        let (folder_name, last_used, settings) = (
            row.folder_name.clone(),
            row.last_used_at.map(Timestamp),
            row.settings.clone(),
        );
        let (record, permissions) = weigh(person, row)?;
        if !permissions.view {
            continue;
        }
        let is_personal = record.owner.is_some();
        let is_template = record.database().is_some_and(Database::is_template);
        summaries.push(RecordSummary {
            kind: record.content.body.kind(),
            subtitle: record.content.body.subtitle(),
            tested: tests.get(&record.id).cloned().unwrap_or_default(),
            launchable: launchable(&record, settings.as_deref(), &configurations)?,
            id: record.id,
            title: record.content.title,
            folder: record.content.folder,
            folder_name,
            last_used,
            is_personal,
            is_template,
            permissions,
        });
    }

    Ok(summaries)
}

/// The records of a kind a person may see, for a select; personal credentials are not linked to.
pub async fn options(snapshot: &mut Snapshot, person: &Person, kind: RecordKind) -> Result<Vec<Link>, Error> {
    let filter = RecordFilter {
        kind: Some(kind),
        ..RecordFilter::default()
    };
    let mut links = Vec::new();
    for row in listed(snapshot, person, &filter).await? {
        let (record, permissions) = weigh(person, row)?;
        if permissions.view && record.owner.is_none() {
            links.push(link(&record));
        }
    }

    Ok(links)
}

/// The databases with a host a person may see: for the host of a connection template. At most [`PAGE`] records are
/// looked at.
pub async fn hosts(snapshot: &mut Snapshot, person: &Person) -> Result<Vec<Link>, Error> {
    let filter = RecordFilter {
        kind: Some(RecordKind::Database),
        ..RecordFilter::default()
    };
    let mut hosts = Vec::new();
    for row in listed(snapshot, person, &filter).await? {
        let (record, permissions) = weigh(person, row)?;
        let has_host = record.database().is_some_and(|database| !database.is_template());
        if permissions.view && has_host {
            hosts.push(link(&record));
        }
    }

    Ok(hosts)
}

/// The kinds of these records, as far as a person may see them and link to them: what [`vault::settings::Linkable`] asks
/// for.
pub async fn kinds(
    snapshot: &mut Snapshot,
    person: &Person,
    ids: &[RecordId],
) -> Result<HashMap<RecordId, RecordKind>, Error> {
    let mut kinds = HashMap::new();
    for id in ids {
        let Some(record) = super::lookup(snapshot, id).await? else {
            continue;
        };
        let location = record.location();
        let shares = crate::shares::held(snapshot, &person.id, &location).await?;
        if location.owner.is_none() && authorize::permissions(person, &location, &shares).view {
            kinds.insert(id.clone(), location.kind);
        }
    }

    Ok(kinds)
}

const PLACED: &str = r#"
    SELECT id, owner, kind, title, folder, body, version, created_by, created_at, updated_by, updated_at
    FROM records
    WHERE kind = $1 AND COALESCE(folder, '') = $2 AND owner IS NULL
    ORDER BY title, id
"#;

/// All records of a kind in one folder, or in none. For who creates records: those who do see every one.
pub async fn placed(
    snapshot: &mut Snapshot,
    _create: &Authorized<Create>,
    kind: RecordKind,
    folder: Option<&FolderId>,
) -> Result<Vec<Record>, Error> {
    let rows: Vec<Row> = on!(snapshot, |conn| {
        sqlx::query_as(PLACED)
            .bind(kind.name())
            .bind(folder.map_or("", |folder| folder.as_str()))
            .fetch_all(conn)
    })?;

    rows.into_iter().map(Record::try_from).collect()
}

async fn listed(
    snapshot: &mut Snapshot,
    person: &Person,
    filter: &RecordFilter,
) -> Result<Vec<ListedRow>, Error> {
    let pattern = Pattern::of(&filter.text);
    let (exact, part) = pattern
        .as_ref()
        .map_or(("", ""), |pattern| (pattern.exact(), pattern.part()));

    on!(snapshot, |conn| {
        sqlx::query_as(LIST)
            .bind(person.id.as_str())
            .bind(person.role == Role::Administrator)
            .bind(filter.kind.map_or("", RecordKind::name))
            .bind(filter.folder.as_ref().map_or("", |folder| folder.as_str()))
            .bind(exact)
            .bind(part)
            .bind(PAGE)
            .fetch_all(conn)
    })
}

/// What the vault makes of the shares that came with a row.
fn weigh(person: &Person, row: ListedRow) -> Result<(Record, Permissions), Error> {
    let record_share = row
        .record_shared
        .then(|| Permissions::shared(row.record_edit, row.record_launch, row.record_reveal));
    let folder_share = row
        .folder_shared
        .then(|| Permissions::shared(row.folder_edit, row.folder_launch, row.folder_reveal));
    let record = Record::try_from(row.record)?;
    let location = record.location();

    let share = |scope, permissions| Share {
        scope,
        person: person.id.clone(),
        permissions,
        granted_by: person.id.clone(),
        granted_at: Timestamp(0),
    };
    let by_record = record_share.map(|held| share(ShareScope::Record(record.id.clone()), held));
    let by_folder = folder_share
        .zip(location.folder.clone())
        .map(|(held, folder)| share(ShareScope::Folder(folder), held));
    let shares: Vec<Share> = by_record.into_iter().chain(by_folder).collect();

    Ok((record, authorize::permissions(person, &location, &shares)))
}

fn launchable(
    record: &Record,
    settings: Option<&str>,
    configurations: &HashMap<RecordId, Record>,
) -> Result<bool, Error> {
    let (Some(database), Some(settings)) = (record.database(), settings) else {
        return Ok(false);
    };
    let settings: Settings = json::read("record_settings", "body", record.id.as_str(), settings)?;

    Ok(is_launchable(
        &settings,
        database,
        settings
            .configuration
            .as_ref()
            .and_then(|id| configurations.get(id)),
    ))
}

/// Whether connections are enabled and there is something to launch with.
pub(super) fn is_launchable(
    settings: &Settings,
    database: &Database,
    configuration: Option<&Record>,
) -> bool {
    let parent = configuration.and_then(|record| {
        Some(Parent {
            title: record.title(),
            configuration: record.configuration()?,
        })
    });

    let connection = &settings.connection;

    (connection.launch_credential.is_some() || connection.allow_supply_user)
        && (connection.allow_supply_host || !database.is_template())
        && Effective::of(settings, database, parent).connections.value
}

const PERSONAL: &str = r#"
    SELECT id, owner, kind, title, folder, body, version, created_by, created_at, updated_by, updated_at
    FROM records AS r
    WHERE owner = $1 AND EXISTS (SELECT 1 FROM record_secrets AS s WHERE s.record = r.id)
    ORDER BY title, id
    LIMIT $2
"#;

/// The personal credentials of somebody that have something to sign in with, by title; at most [`PAGE`] of them.
pub(crate) async fn personal(snapshot: &mut Snapshot, owner: &PersonId) -> Result<Vec<Record>, Error> {
    let rows: Vec<Row> = on!(snapshot, |conn| sqlx::query_as(PERSONAL)
        .bind(owner.as_str())
        .bind(PAGE)
        .fetch_all(conn))?;

    rows.into_iter().map(Record::try_from).collect()
}

const COUNT_PERSONAL: &str = r#"
    SELECT COUNT(*)
    FROM records
    WHERE owner = $1
"#;

/// How many personal credentials somebody has who keeps one more.
pub async fn count_personal(snapshot: &mut Snapshot, keep: &Authorized<KeepPersonal>) -> Result<u64, Error> {
    let n: i64 = on!(snapshot, |conn| sqlx::query_scalar(COUNT_PERSONAL)
        .bind(keep.person().as_str())
        .fetch_one(conn))?;

    Ok(u64::try_from(n).unwrap_or_default())
}

const CONFIGURATIONS: &str = r#"
    SELECT id, owner, kind, title, folder, body, version, created_by, created_at, updated_by, updated_at
    FROM records
    WHERE kind = 'configuration'
"#;

/// Every PAM Configuration, by id.
pub async fn configurations(snapshot: &mut Snapshot) -> Result<HashMap<RecordId, Record>, Error> {
    let rows: Vec<Row> = on!(snapshot, |conn| sqlx::query_as(CONFIGURATIONS).fetch_all(conn))?;

    rows.into_iter()
        .map(|row| {
            let record = Record::try_from(row)?;
            Ok((record.id.clone(), record))
        })
        .collect()
}

const TESTS: &str = r#"
    SELECT record, at, failure
    FROM record_tests
"#;

async fn tests(snapshot: &mut Snapshot) -> Result<HashMap<RecordId, Tested>, Error> {
    let rows: Vec<(String, i64, Option<String>)> =
        on!(snapshot, |conn| sqlx::query_as(TESTS).fetch_all(conn))?;
    let mut tests: HashMap<RecordId, Tested> = HashMap::new();
    for (record, at, failure) in rows {
        let id = column("record_tests", "record", &record, &record)?;
        let tested = tests.remove(&id).unwrap_or_default().and(outcome(at, failure));
        tests.insert(id, tested);
    }

    Ok(tests)
}

/// A row of `record_tests`.
pub(super) fn outcome(at: i64, failure: Option<String>) -> Tested {
    match failure {
        None => Tested::Verified { at: Timestamp(at) },
        Some(sentence) => Tested::Failed {
            at: Timestamp(at),
            sentence,
        },
    }
}

#[cfg(test)]
pub(crate) const STATEMENTS: [&str; 6] = [LIST, PLACED, PERSONAL, COUNT_PERSONAL, CONFIGURATIONS, TESTS];
