//! PAM Database: where a server listens and how it proves who it is (spec §4).

use protocol::forms::{Draft, FieldError};
use protocol::time::Timestamp;
use protocol::vault::database::TEMPLATE;
use protocol::vault::{DatabaseDraft, DatabaseType, DatabaseView, TlsMode};
use serde::{Deserialize, Serialize};

use super::{Body, Content, filled, pem_words};
use crate::certificates;

/// The fields of a PAM Database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Database {
    /// A host name or an address, without brackets. Empty in a connection template: it is given at each launch.
    pub host: String,
    pub port: u16,
    pub database_type: DatabaseType,
    pub database: String,
    pub tls: Tls,
    #[serde(default)]
    pub notes: String,
}

/// How the server proves who it is. Never a silent downgrade: what is asked for happens, or the connection fails.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tls {
    pub mode: TlsMode,
    /// PEM; `None` trusts the CAs of the operating system.
    pub trusted_ca: Option<String>,
    /// The name the certificate must carry, where it differs from the host.
    pub server_name: Option<String>,
}

impl Database {
    /// Whether it is a connection template, which has no host of its own.
    pub fn is_template(&self) -> bool {
        self.host.is_empty()
    }

    /// `host:port`, with brackets around an IPv6 address; what it is where it has no host.
    pub fn address(&self) -> String {
        if self.is_template() {
            return TEMPLATE.to_owned();
        }
        if self.host.contains(':') {
            return format!("[{}]:{}", self.host, self.port);
        }

        format!("{}:{}", self.host, self.port)
    }

    /// Whether a credential sent to the one could reach somebody else than one sent to the other.
    pub(super) fn leads_elsewhere(&self, other: &Self) -> bool {
        self.host != other.host || self.port != other.port || self.tls != other.tls
    }

    pub(super) fn view(&self, now: Timestamp) -> DatabaseView {
        let trusted_ca = self.tls.trusted_ca.clone().unwrap_or_default();
        // Parsed when it was saved; should a later parser refuse it, the page shows the text without facts.
        let trusted_ca_facts = certificates::facts(&trusted_ca, now).unwrap_or_default();

        DatabaseView {
            host: self.host.clone(),
            port: self.port,
            database_type: self.database_type,
            database: self.database.clone(),
            tls_mode: self.tls.mode,
            trusted_ca,
            trusted_ca_facts,
            tls_server_name: self.tls.server_name.clone().unwrap_or_default(),
            notes: self.notes.clone(),
        }
    }

    pub(super) fn fields(&self) -> Vec<(&'static str, String)> {
        vec![
            ("host", self.host.clone()),
            ("port", self.port.to_string()),
            ("database_type", self.database_type.label().to_owned()),
            ("database", self.database.clone()),
            ("tls_mode", self.tls.mode.name().to_owned()),
            ("trusted_ca", pem_words(self.tls.trusted_ca.as_deref())),
            (
                "tls_server_name",
                self.tls.server_name.clone().unwrap_or_default(),
            ),
            ("notes", self.notes.clone()),
        ]
    }
}

impl Content {
    /// What a database's form says.
    ///
    /// # Errors
    /// Every wrong field.
    pub fn of_database(draft: &DatabaseDraft) -> Result<Self, Vec<FieldError>> {
        let mut errors = draft.check();
        let trusted_ca = filled(&draft.trusted_ca);
        if let Some(pem) = &trusted_ca
            && !errors.iter().any(|error| error.field == "trusted_ca")
            && let Err(sentence) = certificates::facts(pem, Timestamp(0))
        {
            errors.push(FieldError::new("trusted_ca", sentence));
        }

        match (draft.host(), draft.port()) {
            (Some(host), Some(port)) if errors.is_empty() => {
                let tls = Tls {
                    mode: draft.tls_mode,
                    trusted_ca,
                    server_name: filled(&draft.tls_server_name),
                };
                let (database_type, database) = (draft.database_type, draft.database());
                let notes = draft.notes.trim().to_owned();
                let body = Body::Database(Database {
                    host,
                    port,
                    database_type,
                    database,
                    tls,
                    notes,
                });

                Ok(Self {
                    title: draft.title.trim().to_owned(),
                    folder: draft.folder.clone(),
                    body,
                })
            }
            _ => Err(errors),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft() -> DatabaseDraft {
        DatabaseDraft {
            title: " Orders ".to_owned(),
            host: "[2001:db8::7]".to_owned(),
            ..DatabaseDraft::default()
        }
    }

    #[test]
    fn a_draft_becomes_a_database_and_its_view_the_draft() {
        let content = Content::of_database(&draft()).unwrap();

        assert_eq!(content.title, "Orders");
        let Body::Database(database) = &content.body else {
            panic!("{content:?}")
        };
        assert_eq!(database.address(), "[2001:db8::7]:5432");
        let again = database.view(Timestamp(0)).draft(&content.title, None);
        assert_eq!(Content::of_database(&again).unwrap(), content);
    }

    #[test]
    fn a_trusted_ca_must_be_a_certificate() {
        let pem = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".to_owned();

        let errors = Content::of_database(&DatabaseDraft {
            trusted_ca: pem,
            ..draft()
        })
        .unwrap_err();

        assert_eq!(
            errors,
            [FieldError::new(
                "trusted_ca",
                "Certificate 1 in this text cannot be read."
            )]
        );
    }
}
