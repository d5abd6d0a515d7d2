//! A change of PAM settings from its authorization to its event: one transaction.

use std::collections::HashMap;

use protocol::audit::EventName;
use protocol::errors::Refusal;
use protocol::ids::RecordId;
use protocol::vault::RecordKind;
use store::Tx;
use vault::authorize::{self, Authorized, Configure};
use vault::people::Person;
use vault::record::Record;
use vault::settings::{Ids, Settings};

use super::{found, unless_conflict};
use crate::ctx::RequestCtx;
use crate::errors::AppError;

/// A database somebody may set up, held until it is saved or dropped.
pub(in crate::vault::api) struct SettingUp {
    tx: Tx,
    person: Person,
    configure: Authorized<Configure>,
    record: Record,
    /// As stored.
    pub(in crate::vault::api) settings: Settings,
}

impl SettingUp {
    pub(in crate::vault::api) async fn begin(ctx: &RequestCtx, id: &RecordId) -> Result<Self, AppError> {
        let mut tx = ctx.shared.db.write().await?;
        let person = ctx.held(&mut tx).await?;
        let (record, shares) = found(&mut tx, &person, id).await?;
        let configure = authorize::configure(&person, &record.location(), &shares)?;
        if record.database().is_none() {
            return Err(Refusal::not_found().into());
        }
        let (settings, _version) = store::settings::lookup(&mut tx, id).await?;

        Ok(Self {
            tx,
            person,
            configure,
            record,
            settings,
        })
    }

    /// The kinds of records a form links to, as far as the editor may see them.
    pub(in crate::vault::api) async fn linkable(
        &mut self,
        ids: Vec<RecordId>,
    ) -> Result<HashMap<RecordId, RecordKind>, AppError> {
        let kinds = store::records::kinds(&mut self.tx, &self.person, &ids).await?;

        Ok(kinds)
    }

    /// The PAM Configuration the stored settings point at.
    pub(in crate::vault::api) async fn configuration(&mut self) -> Result<Option<Record>, AppError> {
        let Some(id) = &self.settings.configuration else {
            return Ok(None);
        };
        let configuration = store::records::lookup(&mut self.tx, id).await?;

        Ok(configuration)
    }

    /// Saves what the rules accepted, if nobody saved since `version`.
    pub(in crate::vault::api) async fn save(
        mut self,
        ctx: &RequestCtx,
        settings: Settings,
        version: i64,
    ) -> Result<(), AppError> {
        let changes = self.settings.changes(&settings, &Ids);
        let saved =
            store::settings::save(&mut self.tx, &self.configure, &settings, version, ctx.now()).await?;
        unless_conflict(saved)?;
        let event = ctx
            .event(EventName::PamSettingsUpdated)
            .about(&self.record.id, self.record.title())
            .with_changes(&changes);
        store::audit::append(&mut self.tx, event).await?;
        self.tx.commit().await?;
        ctx.shared.operations.rights_changed();

        Ok(())
    }
}
