//! What the vault weighs when somebody launches, read in one snapshot.

use protocol::ids::{PersonId, RecordId};
use vault::authorize::LaunchFacts;
use vault::record::Record;
use vault::settings::Settings;
use vault::share::Share;

use crate::db::Snapshot;
use crate::errors::Error;
use crate::{records, settings, shares};

/// A record with all that decides about its launch by one person.
#[derive(Debug, Clone)]
pub struct Launching {
    pub record: Record,
    pub shares: Vec<Share>,
    pub settings: Settings,
    pub configuration: Option<Record>,
}

impl Launching {
    /// The facts, with the account somebody chose.
    pub fn facts<'a>(&'a self, account: Option<&'a RecordId>) -> LaunchFacts<'a> {
        LaunchFacts {
            record: &self.record,
            shares: &self.shares,
            settings: &self.settings,
            configuration: self.configuration.as_ref(),
            account,
        }
    }
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

    Ok(Some(Launching {
        record,
        shares,
        settings,
        configuration,
    }))
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
