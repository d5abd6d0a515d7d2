//! PAM Database: where a PostgreSQL server listens and how it proves who it is (spec §4).

use serde::{Deserialize, Serialize};

use super::checks::{Checks, filled, within};
use super::connection_string::{self, ConnectionString};
use super::record::CertificateFacts;
use super::{entered::Entered, host};
use crate::forms::{Draft, FieldError};
use crate::ids::FolderId;

/// The port PostgreSQL listens on unless told otherwise.
pub const DEFAULT_PORT: u16 = 5432;
/// The database every cluster is made with.
pub const DEFAULT_DATABASE: &str = "postgres";

/// What a database without a host is.
pub const TEMPLATE: &str = "Connection template";

/// What speaks at the other end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DatabaseType {
    #[default]
    Postgresql,
}

impl DatabaseType {
    pub const ALL: [Self; 1] = [Self::Postgresql];

    pub fn label(self) -> &'static str {
        match self {
            Self::Postgresql => "PostgreSQL",
        }
    }
}

/// libpq's `sslmode`, without the two that fall back to plain text.
/// <https://www.postgresql.org/docs/current/libpq-ssl.html#LIBPQ-SSL-PROTECTION>
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TlsMode {
    Disable,
    Require,
    VerifyCa,
    #[default]
    VerifyFull,
}

impl TlsMode {
    pub const ALL: [Self; 4] = [Self::VerifyFull, Self::VerifyCa, Self::Require, Self::Disable];

    /// As libpq and PostgreSQL's documentation write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Disable => "disable",
            Self::Require => "require",
            Self::VerifyCa => "verify-ca",
            Self::VerifyFull => "verify-full",
        }
    }

    /// What a person choosing it should know.
    pub fn label(self) -> &'static str {
        match self {
            Self::Disable => "disable: no encryption",
            Self::Require => "require: encrypted, the server's certificate is not verified",
            Self::VerifyCa => "verify-ca: encrypted, the certificate must come from the trusted CA",
            Self::VerifyFull => {
                "verify-full: encrypted, the certificate must come from the trusted CA and name the host"
            }
        }
    }
}

/// What the form of a PAM Database sends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DatabaseDraft {
    pub title: String,
    pub folder: Option<FolderId>,
    pub host: String,
    pub port: String,
    pub database_type: DatabaseType,
    pub database: String,
    pub tls_mode: TlsMode,
    /// PEM certificates; empty trusts the CAs of the server's operating system.
    pub trusted_ca: String,
    /// The name the certificate must carry, where it differs from the host.
    pub tls_server_name: String,
    pub notes: String,
}

/// A new database as its form first shows it.
impl Default for DatabaseDraft {
    fn default() -> Self {
        Self {
            title: String::new(),
            folder: None,
            host: String::new(),
            port: DEFAULT_PORT.to_string(),
            database_type: DatabaseType::Postgresql,
            database: DEFAULT_DATABASE.to_owned(),
            tls_mode: TlsMode::VerifyFull,
            trusted_ca: String::new(),
            tls_server_name: String::new(),
            notes: String::new(),
        }
    }
}

/// The credential part of a connection string: it belongs into a PAM User, never into the database's record.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct PastedCredential {
    pub login: Option<String>,
    pub password: Option<Entered>,
}

impl DatabaseDraft {
    /// The host, empty in a connection template; `None` if the field holds something else.
    pub fn host(&self) -> Option<String> {
        match self.host.trim() {
            "" => Some(String::new()),
            host => host::parse(host).ok(),
        }
    }

    /// The port, if the field holds one.
    pub fn port(&self) -> Option<u16> {
        within(&self.port, 1, 65_535).and_then(|port| u16::try_from(port).ok())
    }

    /// The database to connect to; an empty field means `postgres`.
    pub fn database(&self) -> String {
        filled(&self.database).unwrap_or_else(|| DEFAULT_DATABASE.to_owned())
    }

    /// Spreads a connection string pasted into the Host field over the fields it speaks of.
    /// Answers with the credential, which the draft does not keep; `None` if the field holds no connection string.
    ///
    /// # Errors
    /// The Host field looks like a connection string and cannot be read. The field is emptied where it may hold a
    /// password, so that the form does not show one again.
    pub fn spread_connection_string(&mut self) -> Result<Option<PastedCredential>, FieldError> {
        if !connection_string::looks_like_one(&self.host) {
            return Ok(None);
        }

        let pasted = std::mem::take(&mut self.host);
        let ConnectionString {
            host,
            port,
            database,
            login,
            password,
            tls_mode,
        } = connection_string::parse(&pasted).map_err(|sentence| FieldError::new("host", sentence))?;
        if let Some(host) = host {
            self.host = host;
        }
        if let Some(port) = port {
            self.port = port.to_string();
        }
        if let Some(database) = database {
            self.database = database;
        }
        if let Some(tls_mode) = tls_mode {
            self.tls_mode = tls_mode;
        }

        Ok(Some(PastedCredential { login, password }))
    }
}

impl Draft for DatabaseDraft {
    fn check(&self) -> Vec<FieldError> {
        let mut checks = Checks::default();
        checks.title("title", "Title", &self.title);
        if let Some(host) = filled(&self.host)
            && let Err(sentence) = host::parse(&host)
        {
            checks.fail("host", sentence);
        }
        if self.port().is_none() {
            checks.fail(
                "port",
                "Port must be a whole number from 1 to 65535; PostgreSQL's own is 5432.",
            );
        }
        checks.database_name("database", "Database name", self.database.trim());
        checks.pem("trusted_ca", &self.trusted_ca, "The trusted CA", &["CERTIFICATE"]);
        // libpq refuses the same: the host's name is not compared, so every server with a public certificate passes.
        if self.tls_mode == TlsMode::VerifyCa && self.trusted_ca.trim().is_empty() {
            checks.fail(
                "trusted_ca",
                "verify-ca needs a trusted CA: a certificate of any public authority would pass without one. Paste one, or choose verify-full.",
            );
        }
        if let Some(name) = filled(&self.tls_server_name)
            && let Err(sentence) = host::parse(&name)
        {
            checks.fail(
                "tls_server_name",
                sentence.replacen("Host must", "The server name must", 1),
            );
        }
        checks.prose("notes", "Notes", &self.notes);

        checks.into_errors()
    }
}

/// A database as its page shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatabaseView {
    /// Empty in a connection template.
    pub host: String,
    pub port: u16,
    pub database_type: DatabaseType,
    pub database: String,
    pub tls_mode: TlsMode,
    pub trusted_ca: String,
    pub trusted_ca_facts: Vec<CertificateFacts>,
    pub tls_server_name: String,
    pub notes: String,
}

impl DatabaseView {
    /// The draft an edit form starts from.
    pub fn draft(&self, title: &str, folder: Option<&FolderId>) -> DatabaseDraft {
        DatabaseDraft {
            title: title.to_owned(),
            folder: folder.cloned(),
            host: self.host.clone(),
            port: self.port.to_string(),
            database_type: self.database_type,
            database: self.database.clone(),
            tls_mode: self.tls_mode,
            trusted_ca: self.trusted_ca.clone(),
            tls_server_name: self.tls_server_name.clone(),
            notes: self.notes.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft() -> DatabaseDraft {
        DatabaseDraft {
            title: "Orders".to_owned(),
            host: "db.example.org".to_owned(),
            ..DatabaseDraft::default()
        }
    }

    fn sentence(draft: &DatabaseDraft) -> String {
        draft
            .check()
            .into_iter()
            .map(|error| format!("{}: {}", error.field, error.message))
            .collect()
    }

    #[test]
    fn a_title_and_a_host_are_enough_and_a_template_has_no_host() {
        assert_eq!(draft().check(), []);
        let template = DatabaseDraft {
            host: " ".to_owned(),
            ..draft()
        };
        assert_eq!(template.check(), []);
        assert_eq!(template.host().as_deref(), Some(""));
        assert_eq!(draft().port(), Some(5432));
        assert_eq!(
            DatabaseDraft {
                database: " ".to_owned(),
                ..draft()
            }
            .database(),
            "postgres"
        );
    }

    #[test]
    fn each_wrong_field_gets_a_sentence() {
        let cases = [
            (
                DatabaseDraft {
                    title: " ".to_owned(),
                    ..draft()
                },
                "title: Enter a title.",
            ),
            (
                DatabaseDraft {
                    host: "db:1".to_owned(),
                    ..draft()
                },
                "host: Host must not contain a port. Use the Port field.",
            ),
            (
                DatabaseDraft {
                    port: "0".to_owned(),
                    ..draft()
                },
                "port: Port must be a whole number from 1 to 65535; PostgreSQL's own is 5432.",
            ),
            (
                DatabaseDraft {
                    database: "template0".to_owned(),
                    ..draft()
                },
                "database: PostgreSQL accepts no connections to template0. Choose another database.",
            ),
            (
                DatabaseDraft {
                    database: "ä".repeat(32),
                    ..draft()
                },
                "database: Database name must not be longer than 63 bytes: PostgreSQL cuts it there.",
            ),
            (
                DatabaseDraft {
                    trusted_ca: "MIIB".to_owned(),
                    ..draft()
                },
                "trusted_ca: The trusted CA must be PEM text that begins with -----BEGIN CERTIFICATE-----.",
            ),
            (
                DatabaseDraft {
                    tls_mode: TlsMode::VerifyCa,
                    ..draft()
                },
                "trusted_ca: verify-ca needs a trusted CA: a certificate of any public authority would pass without one. Paste one, or choose verify-full.",
            ),
            (
                DatabaseDraft {
                    tls_server_name: "db:1".to_owned(),
                    ..draft()
                },
                "tls_server_name: The server name must not contain a port. Use the Port field.",
            ),
        ];
        for (draft, expected) in cases {
            assert_eq!(sentence(&draft), expected);
        }
    }

    #[test]
    fn a_form_body_becomes_a_draft() {
        let draft: DatabaseDraft = serde_qs::from_str(
            "title=Orders&folder=&host=db.example.org&port=5433&database_type=postgresql&database=orders\
             &tls_mode=verify-ca&trusted_ca=&tls_server_name=&notes=",
        )
        .unwrap();

        assert_eq!(draft.tls_mode, TlsMode::VerifyCa);
        assert_eq!(draft.port(), Some(5433));
        assert_eq!(draft.folder, None);
        assert!(serde_qs::from_str::<DatabaseDraft>("title=Orders&password=x").is_err());
    }

    #[test]
    fn what_the_browser_encodes_the_server_reads() {
        let draft = DatabaseDraft {
            folder: Some(FolderId::from_random([7; 16])),
            notes: "a&b=c\n".to_owned(),
            ..draft()
        };

        assert_eq!(
            serde_qs::from_str::<DatabaseDraft>(&serde_qs::to_string(&draft).unwrap()).unwrap(),
            draft
        );
    }

    #[test]
    fn a_connection_string_in_the_host_field_is_spread_and_its_password_leaves() {
        let mut draft = DatabaseDraft {
            host: "postgresql://app:s%2Fx@db.example.org:5433/orders?sslmode=require".to_owned(),
            ..draft()
        };

        let credential = draft.spread_connection_string().unwrap().unwrap();

        assert_eq!(
            (draft.host.as_str(), draft.port.as_str(), draft.database.as_str()),
            ("db.example.org", "5433", "orders")
        );
        assert_eq!(draft.tls_mode, TlsMode::Require);
        assert_eq!(credential.login.as_deref(), Some("app"));
        assert_eq!(credential.password, Some(Entered::new("s/x")));
        assert!(!serde_json::to_string(&draft).unwrap().contains("s/x"));
    }

    #[test]
    fn a_connection_string_that_cannot_be_read_is_not_shown_again() {
        let mut draft = DatabaseDraft {
            host: "postgresql://app:s3cret@db:port/x".to_owned(),
            ..draft()
        };

        assert_eq!(draft.spread_connection_string().unwrap_err().field, "host");
        assert_eq!(draft.host, "");
    }
}
