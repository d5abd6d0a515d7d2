//! What an edit changes: field by field for the history, and whether it sends credentials elsewhere.

use protocol::errors::{Code, Refusal};
use protocol::ids::FolderId;
use protocol::vault::FieldChange;

use super::{Body, Content, Rewrite};
use crate::authorize::{Authorized, Edit};
use crate::envelope::SecretField;

/// The difference between two contents of one record. Its existence says that the editor may make it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    fields: Vec<FieldChange>,
    redirects: bool,
}

impl Change {
    /// Compares what is stored with what an editor wants, and refuses what the editor may not do:
    /// host, port and TLS decide who receives the injected credentials, and the folder decides with whom the record
    /// is shared, so both are for administrators (spec §4).
    ///
    /// # Errors
    /// `PamPolicyDenied`, with the sentence beside the fields in question.
    pub fn between(
        edit: &Authorized<Edit>,
        before: &Content,
        after: &Content,
        secrets: &[(SecretField, Rewrite)],
        stored: &[SecretField],
        folder_name: impl Fn(&FolderId) -> String,
    ) -> Result<Self, Refusal> {
        if before.body.kind() != after.body.kind() {
            return Err(Refusal::new(
                Code::PamPolicyDenied,
                "The kind of a record cannot be changed.",
            ));
        }
        let redirects = match (&before.body, &after.body) {
            (Body::Database(before), Body::Database(after)) => before.leads_elsewhere(after),
            (Body::Configuration(_) | Body::Database(_) | Body::User(_), _) => false,
        };
        if redirects && !edit.may_configure() {
            return Err(Refusal::new(
                Code::PamPolicyDenied,
                "Host, port and TLS decide who receives the stored credentials. Ask an administrator to change them.",
            ));
        }
        if before.folder != after.folder && !edit.may_configure() {
            return Err(Refusal::new(
                Code::PamPolicyDenied,
                "The folder decides with whom a record is shared. Ask an administrator to move it.",
            ));
        }

        let folder = |folder: &Option<FolderId>| folder.as_ref().map(&folder_name).unwrap_or_default();
        let mut fields = Vec::new();
        differ(&mut fields, "title", before.title.clone(), after.title.clone());
        differ(
            &mut fields,
            "folder",
            folder(&before.folder),
            folder(&after.folder),
        );
        for ((name, before), (_, after)) in before.body.fields().into_iter().zip(after.body.fields()) {
            differ(&mut fields, name, before, after);
        }
        fields.extend(
            secrets
                .iter()
                .filter_map(|(field, rewrite)| secret_change(*field, rewrite, stored)),
        );

        Ok(Self { fields, redirects })
    }

    /// Before and after of every changed field, in the order of the form.
    pub fn fields(&self) -> &[FieldChange] {
        &self.fields
    }

    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// Whether host, port or TLS changed: tests of the record no longer count, and it is audited apart.
    pub fn redirects(&self) -> bool {
        self.redirects
    }

    /// Whether a secret or the role's name changed: tests of databases that use it no longer count.
    pub fn changes_credential(&self) -> bool {
        self.fields.iter().any(|change| {
            ["login", "password", "private_key", "certificate"].contains(&change.field.as_str())
        })
    }
}

impl Content {
    /// What a new record's first line of history says, with the secrets it was made with.
    pub fn described(&self, secrets: impl IntoIterator<Item = SecretField>) -> Vec<FieldChange> {
        let mut fields = Vec::new();
        differ(&mut fields, "title", String::new(), self.title.clone());
        for (name, value) in self.body.fields() {
            differ(&mut fields, name, String::new(), value);
        }
        fields.extend(
            secrets
                .into_iter()
                .map(|field| FieldChange::new(field.name(), None, Some("set".to_owned()))),
        );

        fields
    }
}

impl Body {
    fn fields(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Configuration(configuration) => configuration.fields(),
            Self::Database(database) => database.fields(),
            Self::User(user) => user.fields(),
        }
    }
}

fn differ(fields: &mut Vec<FieldChange>, name: &str, before: String, after: String) {
    if before != after {
        let some = |text: String| (!text.is_empty()).then_some(text);
        fields.push(FieldChange::new(name, some(before), some(after)));
    }
}

/// Says that a secret changed, never what it was.
fn secret_change(field: SecretField, rewrite: &Rewrite, stored: &[SecretField]) -> Option<FieldChange> {
    let word = match (rewrite, stored.contains(&field)) {
        (Rewrite::Set(_), false) => "set",
        (Rewrite::Set(_), true) => "changed",
        (Rewrite::Clear, true) => "removed",
        (Rewrite::Clear, false) => return None,
    };

    Some(FieldChange::new(field.name(), None, Some(word.to_owned())))
}

#[cfg(test)]
mod tests;
