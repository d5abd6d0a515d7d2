//! The page of one record.

use protocol::people::Role;
use protocol::time::Timestamp;
use protocol::vault::{Body, RecordView, Tested, TestedCredential};
use vault::authorize::{self, Authorized, View};
use vault::gateway;
use vault::people::Person;
use vault::record::Record;

use super::list::{is_launchable, outcome};
use super::{linked_from, lookup, secrets};
use crate::db::{Snapshot, on};
use crate::errors::Error;
use crate::{folders, gateways, launching, shares};

const TESTS: &str = r#"
    SELECT at, failure
    FROM record_tests
    WHERE record = $1 AND credential = $2
"#;

/// How the last test with a credential ended, if it still counts.
pub async fn tested(
    snapshot: &mut Snapshot,
    view: &Authorized<View>,
    credential: TestedCredential,
) -> Result<Tested, Error> {
    let row: Option<(i64, Option<String>)> = on!(snapshot, |conn| {
        sqlx::query_as(TESTS)
            .bind(view.record().as_str())
            .bind(credential.name())
            .fetch_optional(conn)
    })?;

    Ok(row.map(|(at, failure)| outcome(at, failure)).unwrap_or_default())
}

const FACTS: &str = r#"
    SELECT c.name, u.name, r.last_used_at
    FROM records AS r
    JOIN people AS c ON c.id = r.created_by
    JOIN people AS u ON u.id = r.updated_by
    WHERE r.id = $1
"#;

/// Everything the page of a record shows to a person; `None` if it was removed meanwhile. `now` decides which
/// certificates are warned about.
pub async fn view(
    snapshot: &mut Snapshot,
    person: &Person,
    view: &Authorized<View>,
    now: Timestamp,
) -> Result<Option<RecordView>, Error> {
    let id = view.record();
    let facts: Option<(String, String, Option<i64>)> = on!(snapshot, |conn| sqlx::query_as(FACTS)
        .bind(id.as_str())
        .fetch_optional(conn))?;
    let (Some(record), Some((created_by_name, updated_by_name, last_used))) =
        (lookup(snapshot, id).await?, facts)
    else {
        return Ok(None);
    };

    let stored = secrets::stored(snapshot, view).await?;
    let administrative = tested(snapshot, view, TestedCredential::Administrative).await?;
    let tested = administrative.and(tested(snapshot, view, TestedCredential::Launch).await?);
    let mut body = record.content.body.view(&stored, now);
    if let Body::Configuration(configuration) = &mut body {
        let gateway = gateways::of(snapshot, Some(&record)).await?;
        configuration.gateway_name = gateway.map(|gateway| gateway.name);
    }
    let unreachable = unreachable(snapshot, &record).await?;
    let folder_name = match &record.content.folder {
        Some(folder) => folders::name(snapshot, folder).await?,
        None => None,
    };
    let location = record.location();
    let held = shares::held(snapshot, &person.id, &location).await?;
    let linked_from = match authorize::configure(person, &location, &held) {
        Ok(configure) => linked_from(snapshot, &configure).await?,
        Err(_) => Vec::new(),
    };

    Ok(Some(RecordView {
        id: id.clone(),
        body,
        version: record.version,
        created_at: record.created.at,
        created_by_name,
        updated_at: record.updated.at,
        updated_by_name,
        last_used: last_used.map(Timestamp),
        tested,
        permissions: view.permissions(),
        may_configure: person.role == Role::Administrator && record.owner.is_none(),
        is_personal: record.owner.is_some(),
        launchable: launchable(snapshot, &record).await?,
        unreachable,
        linked_from,
        folder_name,
        folder: record.content.folder,
        title: record.content.title,
    }))
}

/// Why the gateway of a record's configuration may not serve it, where it may not.
async fn unreachable(snapshot: &mut Snapshot, record: &Record) -> Result<Option<String>, Error> {
    if record.database().is_none() {
        return Ok(None);
    }
    let (_, configuration) = launching::governing(snapshot, &record.id).await?;
    let gateway = gateways::of(snapshot, configuration.as_ref()).await?;
    let Some(parent) = configuration.as_ref().and_then(Record::configuration) else {
        return Ok(None);
    };

    Ok(gateway::via(record, parent, gateway.as_ref())
        .err()
        .map(|refusal| refusal.sentence))
}

async fn launchable(snapshot: &mut Snapshot, record: &Record) -> Result<bool, Error> {
    let Some(database) = record.database() else {
        return Ok(false);
    };
    let (settings, configuration) = launching::governing(snapshot, &record.id).await?;

    Ok(is_launchable(&settings, database, configuration.as_ref()))
}

#[cfg(test)]
pub(crate) const STATEMENTS: [&str; 2] = [TESTS, FACTS];
