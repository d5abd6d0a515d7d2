//! Records: made where there is none of the title, compared where there is.

use std::collections::HashMap;

use protocol::errors::{Code, Refusal};
use protocol::ids::{FolderId, RecordId};
use protocol::import::{ImportVerdict, Problem};
use protocol::vault::RecordKind;
use store::audit;
use store::records::{self, SecretWrites};
use subtle::ConstantTimeEq as _;
use tracing::error;
use vault::authorize::{self, Authorized, Edit};
use vault::envelope::{OpenError, SealRandom, SecretField, open, seal};
use vault::import::Place;
use vault::record::{Change, Content, Record, Rewrite};

use super::Making;
use crate::clock;
use crate::people::store_failed;

/// What stands where a record is to be made.
pub(super) enum Found {
    Nothing(RecordId),
    /// These of its fields are not what the file says.
    Record {
        id: RecordId,
        differs: Vec<String>,
    },
}

impl Found {
    pub(super) fn id(&self) -> &RecordId {
        match self {
            Self::Nothing(id) | Self::Record { id, .. } => id,
        }
    }

    pub(super) fn verdict(self) -> ImportVerdict {
        match self {
            Self::Nothing(_) => ImportVerdict::Create,
            Self::Record { differs, .. } if differs.is_empty() => ImportVerdict::Skip,
            Self::Record { differs, .. } => ImportVerdict::Conflict { fields: differs },
        }
    }
}

/// Records of one kind in one folder, by title.
pub(super) type Titles = HashMap<String, Vec<Record>>;

impl Making<'_> {
    pub(super) async fn there(
        &mut self,
        kind: RecordKind,
        folder: Option<&FolderId>,
    ) -> Result<Titles, Refusal> {
        let records = records::placed(&mut self.tx, &self.create, kind, folder)
            .await
            .map_err(store_failed)?;
        let mut titles = Titles::new();
        for record in records {
            titles
                .entry(record.content.title.clone())
                .or_default()
                .push(record);
        }

        Ok(titles)
    }

    /// A record, made if there is none of its title.
    pub(super) async fn record(
        &mut self,
        content: Content,
        secrets: &[(SecretField, Rewrite)],
        place: &Place,
        there: &Titles,
        problems: &mut Vec<Problem>,
    ) -> Result<Found, Refusal> {
        let namesakes = there.get(&content.title).map(Vec::as_slice).unwrap_or_default();
        match namesakes {
            [] => self.add(content, secrets).await.map(Found::Nothing),
            [record] => self.compare(record, &content, secrets).await,
            [record, ..] => {
                problems.push(place.problem(format!(
                    "{} records of the title \"{}\" are there already, and which is meant cannot be told. Give all but one another title.",
                    namesakes.len(),
                    content.title,
                )));

                Ok(Found::Record {
                    id: record.id.clone(),
                    differs: Vec::new(),
                })
            }
        }
    }

    async fn add(
        &mut self,
        content: Content,
        secrets: &[(SecretField, Rewrite)],
    ) -> Result<RecordId, Refusal> {
        let id = RecordId::from_random(clock::draw());
        let secrets = self.sealed(&id, secrets)?;
        let event = self
            .event(vault::audit::created(content.body.kind()))
            .about(&id, content.title.clone())
            .with_changes(&content.described(secrets.iter().map(|(field, _)| *field)));
        records::add(&mut self.tx, &self.create, &id, content, secrets, self.now)
            .await
            .map_err(store_failed)?;
        audit::append(&mut self.tx, event).await.map_err(store_failed)?;

        Ok(id)
    }

    fn sealed(&self, id: &RecordId, secrets: &[(SecretField, Rewrite)]) -> Result<SecretWrites, Refusal> {
        secrets
            .iter()
            .map(|(field, rewrite)| match rewrite {
                Rewrite::Clear => Ok((*field, None)),
                Rewrite::Set(secret) => {
                    let random = SealRandom::new(clock::draw(), clock::draw(), clock::draw());
                    let sealed = seal(&self.state.master, id, *field, secret, random)
                        .map_err(|error| unreadable(&error))?;

                    Ok((*field, Some(sealed)))
                }
            })
            .collect()
    }

    async fn compare(
        &mut self,
        record: &Record,
        content: &Content,
        secrets: &[(SecretField, Rewrite)],
    ) -> Result<Found, Refusal> {
        let edit = authorize::edit(&self.person, &record.location(), &[])?;
        let change = Change::between(&edit, &record.content, content, &[], &[], FolderId::to_string)?;
        let mut differs: Vec<String> = change
            .fields()
            .iter()
            .map(|change| change.field.clone())
            .collect();
        for (field, rewrite) in secrets {
            if !self.is_stored(&edit, *field, rewrite).await? {
                differs.push(field.name().to_owned());
            }
        }

        Ok(Found::Record {
            id: record.id.clone(),
            differs,
        })
    }

    /// Whether what a secret would become is what it is.
    async fn is_stored(
        &mut self,
        edit: &Authorized<Edit>,
        field: SecretField,
        rewrite: &Rewrite,
    ) -> Result<bool, Refusal> {
        let stored = records::secrets::for_edit(&mut self.tx, edit)
            .await
            .map_err(store_failed)?;
        let stored = stored.iter().find(|(stored, _)| *stored == field);
        match (rewrite, stored) {
            (Rewrite::Clear, stored) => Ok(stored.is_none()),
            (Rewrite::Set(_), None) => Ok(false),
            (Rewrite::Set(secret), Some((_, sealed))) => {
                let stored = open(&self.state.master, edit.record(), field, sealed)
                    .map_err(|error| unreadable(&error))?;

                Ok(bool::from(
                    stored.expose().as_bytes().ct_eq(secret.expose().as_bytes()),
                ))
            }
        }
    }
}

fn unreadable(error: &OpenError) -> Refusal {
    error!(error = error as &dyn std::error::Error, "secret");

    Refusal::new(
        Code::Internal,
        "A stored secret could not be read or written with this server's master key. Tell an administrator.",
    )
}
