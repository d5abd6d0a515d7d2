//! An edit from its authorization to its event: one transaction.

use protocol::errors::Refusal;
use protocol::ids::RecordId;
use store::Tx;
use vault::authorize::{self, Authorized, Edit};
use vault::envelope::SecretField;
use vault::people::Person;
use vault::record::{Change, Content, Record, Rewrite, Stored};
use vault::share::Share;

use super::{
    changed, check_folder, check_gateway, folder_names, found, logged, opened, sealed, unless_conflict,
};
use crate::ctx::RequestCtx;
use crate::errors::AppError;

/// A record somebody may change, held until it is saved or dropped.
pub(in crate::vault::api) struct Editing {
    tx: Tx,
    person: Person,
    edit: Authorized<Edit>,
    pub(in crate::vault::api) record: Record,
}

impl Editing {
    pub(in crate::vault::api) async fn begin(ctx: &RequestCtx, id: &RecordId) -> Result<Self, AppError> {
        let (editing, _shares) = Self::hold(ctx, id).await?;

        Ok(editing)
    }

    /// The same to put the record into another folder, which is for who may configure it: also where it stays where it
    /// is, so that the answer does not depend on it.
    pub(in crate::vault::api) async fn begin_move(ctx: &RequestCtx, id: &RecordId) -> Result<Self, AppError> {
        let (editing, shares) = Self::hold(ctx, id).await?;
        authorize::configure(&editing.person, &editing.record.location(), &shares)?;

        Ok(editing)
    }

    async fn hold(ctx: &RequestCtx, id: &RecordId) -> Result<(Self, Vec<Share>), AppError> {
        let mut tx = ctx.shared.db.write().await?;
        let person = ctx.held(&mut tx).await?;
        let (record, shares) = found(&mut tx, &person, id).await?;
        let edit = authorize::edit(&person, &record.location(), &shares)?;
        let editing = Self {
            tx,
            person,
            edit,
            record,
        };

        Ok((editing, shares))
    }

    /// What the rules of a PAM User's form hold the new fields against, and what no form changes.
    pub(in crate::vault::api) async fn stored(&mut self, ctx: &RequestCtx) -> Result<Stored, AppError> {
        let stored = store::records::secrets::for_edit(&mut self.tx, &self.edit).await?;
        let key = stored
            .iter()
            .find(|(field, _)| *field == SecretField::PrivateKey)
            .map(|(_, sealed)| sealed);
        let private_key = opened(ctx, &self.record.id, SecretField::PrivateKey, key)?;

        let distinguished_name = self
            .record
            .user()
            .and_then(|user| user.distinguished_name.clone());

        Ok(Stored {
            private_key,
            distinguished_name,
        })
    }

    /// Saves the new content, if the editor may make this change and nobody saved since `version`.
    pub(in crate::vault::api) async fn save(
        mut self,
        ctx: &RequestCtx,
        content: Content,
        secrets: Vec<(SecretField, Rewrite)>,
        version: i64,
    ) -> Result<(), AppError> {
        let folders = check_folder(&mut self.tx, &self.person, content.folder.as_ref()).await?;
        check_gateway(&mut self.tx, &content.body).await?;
        let stored = store::records::secrets::for_edit(&mut self.tx, &self.edit).await?;
        let stored: Vec<SecretField> = stored.into_iter().map(|(field, _)| field).collect();
        let before = &self.record.content;
        let change = Change::between(
            &self.edit,
            before,
            &content,
            &secrets,
            &stored,
            folder_names(folders),
        )?;
        if change.is_empty() {
            return unless_stale(&self.record, version);
        }

        let kind = content.body.kind();
        let event = ctx
            .event(changed(kind, change.fields()))
            .about(&self.record.id, logged(&self.record, &content.title))
            .with_changes(change.fields());
        let secrets = sealed(ctx, &self.record.id, secrets)?;
        let now = ctx.now();
        let saved =
            store::records::save(&mut self.tx, &self.edit, &content, &change, secrets, version, now).await?;
        unless_conflict(saved)?;
        store::audit::append(&mut self.tx, event).await?;
        self.tx.commit().await?;
        ctx.shared.operations.rights_changed();

        Ok(())
    }
}

/// A form that changes nothing is fine, unless it shows what is no longer there.
fn unless_stale(record: &Record, version: i64) -> Result<(), AppError> {
    if record.version == version {
        return Ok(());
    }

    Err(AppError(Refusal::new(
        protocol::errors::Code::PamConflict,
        super::CONFLICT,
    )))
}
