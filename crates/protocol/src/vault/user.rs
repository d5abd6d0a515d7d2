//! PAM User: one role of a PostgreSQL server and what it signs in with (spec §5).

use serde::{Deserialize, Serialize};

use super::checks::{Checks, checkbox, filled};
use super::entered::{Entered, SecretChange};
use super::record::CertificateFacts;
use crate::forms::{Draft, FieldError};
use crate::ids::FolderId;

/// Longest password, in bytes; PostgreSQL itself accepts no more from a client.
const MAX_PASSWORD: usize = 1024;

/// PEM labels of private keys that can be read without a passphrase.
const KEYS: [&str; 3] = ["PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY"];

/// What the form of a PAM User sends. Password and key are write-only: an empty field keeps what is stored.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UserDraft {
    #[serde(default)]
    pub title: String,
    #[serde(default)]
    pub folder: Option<FolderId>,
    #[serde(default)]
    pub login: String,
    #[serde(default)]
    pub password: Entered,
    #[serde(default, deserialize_with = "checkbox")]
    pub clear_password: bool,
    /// PEM; signs in by TLS together with `certificate`.
    #[serde(default)]
    pub private_key: Entered,
    #[serde(default, deserialize_with = "checkbox")]
    pub clear_private_key: bool,
    /// PEM; not secret. Client certificate first, then its intermediates.
    #[serde(default)]
    pub certificate: String,
    /// The database *Test* connects to with this user; empty is the resource's default database.
    #[serde(default)]
    pub connect_database: String,
    #[serde(default)]
    pub description: String,
}

impl UserDraft {
    /// The role's name without surrounding space; its case counts.
    pub fn login(&self) -> String {
        self.login.trim().to_owned()
    }

    pub fn password_change(&self) -> SecretChange {
        SecretChange::of(&self.password, self.clear_password)
    }

    pub fn private_key_change(&self) -> SecretChange {
        SecretChange::of(&self.private_key, self.clear_private_key)
    }

    pub fn connect_database(&self) -> Option<String> {
        filled(&self.connect_database)
    }

    pub fn certificate(&self) -> Option<String> {
        filled(&self.certificate)
    }
}

impl Draft for UserDraft {
    fn check(&self) -> Vec<FieldError> {
        let mut checks = Checks::default();
        checks.title("title", "Title", &self.title);
        if self.login.trim().is_empty() {
            checks.fail("login", "Enter the name of the PostgreSQL role.");
        }
        checks.postgres_name("login", "Login", self.login.trim());
        self.check_password(&mut checks);
        self.check_private_key(&mut checks);
        checks.pem(
            "certificate",
            &self.certificate,
            "The client certificate",
            &["CERTIFICATE"],
        );
        checks.database_name(
            "connect_database",
            "Connect database",
            self.connect_database.trim(),
        );
        checks.prose("description", "Description", &self.description);

        checks.into_errors()
    }
}

impl UserDraft {
    fn check_password(&self, checks: &mut Checks) {
        let password = self.password.expose();
        if password.len() > MAX_PASSWORD {
            checks.fail(
                "password",
                format!("The password must not be longer than {MAX_PASSWORD} bytes."),
            );
        }
        if password.contains('\0') {
            checks.fail("password", "The password must not contain NUL characters.");
        }
        if self.clear_password && !self.password.is_empty() {
            checks.fail(
                "clear_password",
                "Enter a new password or remove the stored one, not both.",
            );
        }
    }

    fn check_private_key(&self, checks: &mut Checks) {
        let key = self.private_key.expose();
        if key.contains("ENCRYPTED") {
            checks.fail(
                "private_key",
                "The private key is protected with a passphrase. Paste the key without one.",
            );
        } else {
            checks.pem("private_key", key, "The private key", &KEYS);
        }
        if self.clear_private_key && !self.private_key.is_empty() {
            checks.fail(
                "clear_private_key",
                "Enter a new key or remove the stored one, not both.",
            );
        }
    }
}

/// A PAM User as its page shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserView {
    pub login: String,
    pub has_password: bool,
    pub has_private_key: bool,
    pub certificate: String,
    pub certificate_facts: Vec<CertificateFacts>,
    pub connect_database: String,
    pub description: String,
    /// From an import; PostgreSQL does not use it.
    pub distinguished_name: String,
}

impl UserView {
    /// The draft an edit form starts from.
    pub fn draft(&self, title: &str, folder: Option<&FolderId>) -> UserDraft {
        UserDraft {
            title: title.to_owned(),
            folder: folder.cloned(),
            login: self.login.clone(),
            certificate: self.certificate.clone(),
            connect_database: self.connect_database.clone(),
            description: self.description.clone(),
            ..UserDraft::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft() -> UserDraft {
        UserDraft {
            title: "Orders, read only".to_owned(),
            login: "orders_ro".to_owned(),
            ..UserDraft::default()
        }
    }

    fn fields(draft: &UserDraft) -> Vec<String> {
        draft.check().into_iter().map(|error| error.field).collect()
    }

    #[test]
    fn a_title_and_a_login_are_enough() {
        assert_eq!(draft().check(), []);
    }

    #[test]
    fn each_wrong_field_gets_a_sentence() {
        let cases = [
            (
                UserDraft {
                    login: " ".to_owned(),
                    ..draft()
                },
                "login",
            ),
            (
                UserDraft {
                    login: "x".repeat(64),
                    ..draft()
                },
                "login",
            ),
            (
                UserDraft {
                    password: Entered::new("a\0b"),
                    ..draft()
                },
                "password",
            ),
            (
                UserDraft {
                    password: Entered::new("x".repeat(1025)),
                    ..draft()
                },
                "password",
            ),
            (
                UserDraft {
                    password: Entered::new("x"),
                    clear_password: true,
                    ..draft()
                },
                "clear_password",
            ),
            (
                UserDraft {
                    private_key: Entered::new("ssh-rsa AAAA"),
                    ..draft()
                },
                "private_key",
            ),
            (
                UserDraft {
                    private_key: Entered::new("-----BEGIN ENCRYPTED PRIVATE KEY-----"),
                    ..draft()
                },
                "private_key",
            ),
            (
                UserDraft {
                    certificate: "x".to_owned(),
                    ..draft()
                },
                "certificate",
            ),
            (
                UserDraft {
                    connect_database: "template0".to_owned(),
                    ..draft()
                },
                "connect_database",
            ),
        ];
        for (draft, field) in cases {
            assert_eq!(fields(&draft), [field]);
        }
    }

    #[test]
    fn a_form_that_leaves_the_password_empty_keeps_it() {
        let draft: UserDraft = serde_qs::from_str("title=T&login=a&password=&private_key=").unwrap();

        assert_eq!(draft.password_change(), SecretChange::Keep);
        assert_eq!(draft.private_key_change(), SecretChange::Keep);
    }

    #[test]
    fn a_draft_does_not_show_its_secrets() {
        let draft = UserDraft {
            password: Entered::new("hunter2"),
            private_key: Entered::new("key"),
            ..draft()
        };

        assert!(!format!("{draft:?}").contains("hunter2"));
    }
}
