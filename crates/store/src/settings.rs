//! PAM settings of databases: one JSON with a version, and the links in it as rows.

use std::collections::{BTreeSet, HashMap};

use protocol::ids::{PersonId, RecordId};
use protocol::time::Timestamp;
use protocol::vault::{
    AccountView, ConnectionDraft, HistoryAction, Link, LinkKind, MayLaunch, SettingsView, TunnelingDraft,
};
use vault::authorize::{Authorized, Configure, Create};
use vault::effective::{Effective, Parent};
use vault::record::Record;
use vault::settings::{Account, Launchers, Names, Settings};

use crate::db::{Snapshot, Tx, on, run};
use crate::errors::Error;
use crate::records::{self, Saved};
use crate::{history, json, launching};

const LOOKUP: &str = r#"
    SELECT body, version
    FROM record_settings
    WHERE record = $1
"#;

/// The settings of a record and their version; those nobody saved yet are the default, version 0.
pub async fn lookup(snapshot: &mut Snapshot, record: &RecordId) -> Result<(Settings, i64), Error> {
    let row: Option<(String, i64)> = on!(snapshot, |conn| sqlx::query_as(LOOKUP)
        .bind(record.as_str())
        .fetch_optional(conn))?;
    let Some((body, version)) = row else {
        return Ok((Settings::default(), 0));
    };

    Ok((
        json::read("record_settings", "body", record.as_str(), &body)?,
        version,
    ))
}

const ADD: &str = r#"
    INSERT INTO record_settings (record, body, version, updated_by, updated_at)
    VALUES ($1, $2, 1, $3, $4)
    ON CONFLICT (record) DO NOTHING
"#;

const SAVE: &str = r#"
    UPDATE record_settings
    SET body = $3, version = version + 1, updated_by = $4, updated_at = $5
    WHERE record = $1 AND version = $2
"#;

const FORGET_TEST: &str = r#"
    DELETE FROM record_tests
    WHERE record = $1 AND credential = $2
"#;

/// Saves settings the vault accepted, if nobody saved since `version`. A test with a credential that is no longer
/// the linked one, or on another port, counts no longer.
pub async fn save(
    tx: &mut Tx,
    configure: &Authorized<Configure>,
    settings: &Settings,
    version: i64,
    now: Timestamp,
) -> Result<Saved, Error> {
    let Some(record) = configure.record() else {
        return Ok(Saved::Conflict);
    };
    let (before, _) = lookup(tx, record).await?;
    let body = json::write(settings)?;
    let rows = if version == 0 {
        run!(
            tx,
            sqlx::query(ADD)
                .bind(record.as_str())
                .bind(&body)
                .bind(configure.person().as_str())
                .bind(now.micros())
        )?
    } else {
        run!(
            tx,
            sqlx::query(SAVE)
                .bind(record.as_str())
                .bind(version)
                .bind(&body)
                .bind(configure.person().as_str())
                .bind(now.micros())
        )?
    };
    if rows == 0 {
        return Ok(Saved::Conflict);
    }

    link(tx, record, &settings.links()).await?;
    let moved = before.connection.port != settings.connection.port;
    let credentials = [
        (
            LinkKind::Administrative,
            before.administrative != settings.administrative,
        ),
        (
            LinkKind::Launch,
            moved || before.connection.launch_credential != settings.connection.launch_credential,
        ),
    ];
    for (credential, _) in credentials.into_iter().filter(|(_, changed)| *changed) {
        run!(
            tx,
            sqlx::query(FORGET_TEST)
                .bind(record.as_str())
                .bind(credential.name())
        )?;
    }
    let naming = naming(tx, [&before, settings]).await?;
    let changes = before.changes(settings, &naming);
    if !changes.is_empty() {
        history::add(
            tx,
            record,
            configure.person(),
            HistoryAction::SettingsChanged,
            &changes,
            now,
        )
        .await?;
    }

    Ok(Saved::Done(version + 1))
}

const UNLINK: &str = r#"
    DELETE FROM record_links
    WHERE record = $1
"#;

const LINK: &str = r#"
    INSERT INTO record_links (record, kind, target)
    VALUES ($1, $2, $3)
"#;

async fn link(tx: &mut Tx, record: &RecordId, links: &BTreeSet<(LinkKind, RecordId)>) -> Result<(), Error> {
    run!(tx, sqlx::query(UNLINK).bind(record.as_str()))?;
    for (kind, target) in links {
        run!(
            tx,
            sqlx::query(LINK)
                .bind(record.as_str())
                .bind(kind.name())
                .bind(target.as_str())
        )?;
    }

    Ok(())
}

/// Gives a duplicate the settings of its source.
pub(crate) async fn copy(
    tx: &mut Tx,
    create: &Authorized<Create>,
    from: &RecordId,
    to: &RecordId,
    now: Timestamp,
) -> Result<(), Error> {
    let (settings, version) = lookup(tx, from).await?;
    if version == 0 {
        return Ok(());
    }

    let body = json::write(&settings)?;
    run!(
        tx,
        sqlx::query(ADD)
            .bind(to.as_str())
            .bind(&body)
            .bind(create.person().as_str())
            .bind(now.micros())
    )?;
    link(tx, to, &settings.links()).await
}

/// Names for the ids settings hold.
#[derive(Debug, Default)]
struct Naming {
    records: HashMap<RecordId, Link>,
    persons: HashMap<PersonId, String>,
}

impl Names for Naming {
    fn record(&self, id: &RecordId) -> String {
        self.records
            .get(id)
            .map_or_else(|| id.to_string(), |link| link.title.clone())
    }

    fn person(&self, id: &PersonId) -> String {
        self.persons.get(id).cloned().unwrap_or_else(|| id.to_string())
    }
}

const PERSON: &str = r#"
    SELECT name
    FROM people
    WHERE id = $1
"#;

async fn naming<'a>(
    snapshot: &mut Snapshot,
    settings: impl IntoIterator<Item = &'a Settings>,
) -> Result<Naming, Error> {
    let mut naming = Naming::default();
    for settings in settings {
        for (_, id) in settings.links() {
            if let Some(record) = records::lookup(snapshot, &id).await? {
                naming.records.insert(id, records::link(&record));
            }
        }
        for person in settings
            .accounts
            .iter()
            .flat_map(|account| persons(&account.launchers))
        {
            let name: Option<String> = on!(snapshot, |conn| sqlx::query_scalar(PERSON)
                .bind(person.as_str())
                .fetch_optional(conn))?;
            if let Some(name) = name {
                naming.persons.insert(person.clone(), name);
            }
        }
    }

    Ok(naming)
}

fn persons(launchers: &Launchers) -> impl Iterator<Item = &PersonId> {
    match launchers {
        Launchers::Everyone => None,
        Launchers::Persons(persons) => Some(persons),
    }
    .into_iter()
    .flatten()
}

/// Everything the *Set Up* page shows; `None` if the record is no database or was removed meanwhile.
pub async fn view(
    snapshot: &mut Snapshot,
    configure: &Authorized<Configure>,
) -> Result<Option<SettingsView>, Error> {
    let Some(id) = configure.record() else {
        return Ok(None);
    };
    let record = records::lookup(snapshot, id).await?;
    let Some(database) = record.as_ref().and_then(Record::database) else {
        return Ok(None);
    };
    let (_, version) = lookup(snapshot, id).await?;
    let (settings, configuration) = launching::governing(snapshot, id).await?;
    let naming = naming(snapshot, [&settings]).await?;
    let parent = configuration.as_ref().and_then(|record| {
        Some(Parent {
            title: record.title(),
            configuration: record.configuration()?,
        })
    });
    let named = |id: &Option<RecordId>| id.as_ref().and_then(|id| naming.records.get(id)).cloned();

    Ok(Some(SettingsView {
        version,
        general: settings.general_draft(),
        connection: ConnectionDraft::from(&settings.connection),
        tunneling: TunnelingDraft::from(&settings.tunneling),
        configuration: named(&settings.configuration),
        administrative: named(&settings.administrative),
        launch: named(&settings.connection.launch_credential),
        accounts: settings
            .accounts
            .iter()
            .filter_map(|account| account_view(account, &settings, &naming))
            .collect(),
        resolved: Effective::of(&settings, database, parent).resolved(),
    }))
}

fn account_view(account: &Account, settings: &Settings, naming: &Naming) -> Option<AccountView> {
    let may_launch = match account.launchers {
        Launchers::Everyone => MayLaunch::Everyone,
        Launchers::Persons(_) => MayLaunch::Persons,
    };

    Some(AccountView {
        user: naming.records.get(&account.user)?.clone(),
        may_launch,
        persons: persons(&account.launchers)
            .map(|person| (person.clone(), naming.person(person)))
            .collect(),
        is_launch_credential: settings.connection.launch_credential.as_ref() == Some(&account.user),
    })
}

#[cfg(test)]
pub(crate) const STATEMENTS: &[&str] = &[LOOKUP, ADD, SAVE, FORGET_TEST, UNLINK, LINK, PERSON];

#[cfg(test)]
mod tests;
