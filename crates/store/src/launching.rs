//! What the vault weighs when somebody launches, read in one snapshot.

use protocol::ids::{PersonId, RecordId};
use protocol::sessions::SessionKind;
use protocol::terminal::LaunchDraft;
use vault::authorize::LaunchFacts;
use vault::gateway::Gateway;
use vault::record::Record;
use vault::settings::Settings;
use vault::share::Share;
use vault::supplied::Asked;

use crate::db::{Snapshot, on};
use crate::errors::{Error, column};
use crate::{gateways, records, settings, shares};

/// A record with all that decides about its launch by one person.
#[derive(Debug, Clone)]
pub struct Launching {
    pub record: Record,
    pub shares: Vec<Share>,
    pub settings: Settings,
    pub configuration: Option<Record>,
    /// The one the configuration names.
    pub gateway: Option<Gateway>,
    /// The person's own, where the settings let them launch with one.
    pub personal: Vec<Record>,
    /// The record whose host is asked for, with the person's shares.
    host: Option<(Record, Vec<Share>)>,
}

impl Launching {
    /// The facts of a launch.
    pub fn facts_of<'a>(&'a self, kind: SessionKind, draft: &'a LaunchDraft) -> LaunchFacts<'a> {
        let host = match (draft.host.trim(), &draft.host_record) {
            ("", None) => Asked::Nothing,
            (typed, None) => Asked::Host(typed),
            ("", Some(record)) => Asked::Record(
                record,
                self.host
                    .as_ref()
                    .map(|(record, shares)| (record, shares.as_slice())),
            ),
            (_, Some(_)) => Asked::Both,
        };

        LaunchFacts {
            host,
            ..self.facts(kind, draft.account.as_ref())
        }
    }

    /// The facts, with how somebody comes and the account they chose; of the host nothing is said.
    pub fn facts<'a>(&'a self, kind: SessionKind, account: Option<&'a RecordId>) -> LaunchFacts<'a> {
        LaunchFacts {
            record: &self.record,
            shares: &self.shares,
            settings: &self.settings,
            configuration: self.configuration.as_ref(),
            gateway: self.gateway.as_ref(),
            kind,
            account,
            personal: &self.personal,
            host: Asked::Nothing,
        }
    }
}

/// Reads the facts of a launch; `None` if there is no such record.
pub async fn lookup_for(
    snapshot: &mut Snapshot,
    draft: &LaunchDraft,
    person: &PersonId,
) -> Result<Option<Launching>, Error> {
    let Some(mut launching) = lookup(snapshot, &draft.record, person).await? else {
        return Ok(None);
    };
    if let Some(host) = &draft.host_record
        && let Some(record) = records::lookup(snapshot, host).await?
    {
        let shares = shares::held(snapshot, person, &record.location()).await?;
        launching.host = Some((record, shares));
    }

    Ok(Some(launching))
}

/// Reads the facts; `None` if there is no such record. Whether the person may know that is the vault's to say.
pub async fn lookup(
    snapshot: &mut Snapshot,
    record: &RecordId,
    person: &PersonId,
) -> Result<Option<Launching>, Error> {
    let Some(record) = records::lookup(snapshot, record).await? else {
        return Ok(None);
    };
    let shares = shares::held(snapshot, person, &record.location()).await?;
    let (settings, configuration) = governing(snapshot, &record.id).await?;
    let gateway = gateways::of(snapshot, configuration.as_ref()).await?;
    let personal = match settings.connection.allow_supply_user {
        true => records::personal(snapshot, person).await?,
        false => Vec::new(),
    };

    Ok(Some(Launching {
        personal,
        host: None,
        record,
        shares,
        settings,
        configuration,
        gateway,
    }))
}

/// Records with one title that are tried in turn.
const NAMESAKES: i64 = 50;

const NAMED: &str = r#"
    SELECT id
    FROM records
    WHERE kind = 'database' AND (id = $1 OR title = $1)
    ORDER BY id
    LIMIT $2
"#;

/// The databases of this id or title, of which the person may see some or none: that is the vault's to say.
pub async fn named(snapshot: &mut Snapshot, name: &str) -> Result<Vec<RecordId>, Error> {
    let ids: Vec<String> = on!(snapshot, |conn| sqlx::query_scalar(NAMED)
        .bind(name)
        .bind(NAMESAKES)
        .fetch_all(conn))?;

    ids.iter().map(|id| column("records", "id", id, id)).collect()
}

/// The settings of a record and the configuration they point at.
pub(crate) async fn governing(
    snapshot: &mut Snapshot,
    record: &RecordId,
) -> Result<(Settings, Option<Record>), Error> {
    let (settings, _version) = settings::lookup(snapshot, record).await?;
    let configuration = match &settings.configuration {
        Some(configuration) => records::lookup(snapshot, configuration).await?,
        None => None,
    };

    Ok((settings, configuration))
}

/// The statements of this module, for the test that prepares each on both databases.
#[cfg(test)]
pub(crate) const STATEMENTS: &[&str] = &[NAMED];
