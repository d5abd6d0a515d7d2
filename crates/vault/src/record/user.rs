//! PAM User: a role and what it signs in with (spec §5). Its secrets travel apart from its fields.

use protocol::forms::{Draft, FieldError};
use protocol::time::Timestamp;
use protocol::vault::{SecretChange, UserDraft, UserView};
use serde::{Deserialize, Serialize};

use super::{Body, Content, pem_words};
use crate::Secret;
use crate::certificates;
use crate::envelope::SecretField;

/// The fields of a PAM User.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// Name of the PostgreSQL role; its case counts.
    pub login: String,
    /// PEM of the client certificate and its intermediates; not secret.
    #[serde(default)]
    pub certificate: Option<String>,
    /// Database to test with; `None` is that of the resource.
    #[serde(default)]
    pub connect_database: Option<String>,
    #[serde(default)]
    pub description: String,
    /// From an import. PostgreSQL has no use for it, and no form shows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distinguished_name: Option<String>,
}

/// What is there already, as far as a form needs it or leaves it alone.
#[derive(Debug, Clone, Default)]
pub struct Stored {
    pub private_key: Option<Secret>,
    pub distinguished_name: Option<String>,
}

/// What happens to one stored secret.
#[derive(Debug, Clone)]
pub enum Rewrite {
    Set(Secret),
    Clear,
}

/// What a user's form says: fields, and which secrets to write.
#[derive(Debug, Clone)]
pub struct UserContent {
    pub content: Content,
    /// In the order of the form; a secret that is kept is not in it.
    pub secrets: Vec<(SecretField, Rewrite)>,
}

impl User {
    pub(super) fn view(&self, stored: &[SecretField], now: Timestamp) -> UserView {
        let certificate = self.certificate.clone().unwrap_or_default();
        // As with a trusted CA: parsed when it was saved.
        let certificate_facts = certificates::facts(&certificate, now).unwrap_or_default();

        UserView {
            login: self.login.clone(),
            has_password: stored.contains(&SecretField::Password),
            has_private_key: stored.contains(&SecretField::PrivateKey),
            certificate,
            certificate_facts,
            connect_database: self.connect_database.clone().unwrap_or_default(),
            description: self.description.clone(),
            distinguished_name: self.distinguished_name.clone().unwrap_or_default(),
        }
    }

    pub(super) fn fields(&self) -> Vec<(&'static str, String)> {
        vec![
            ("login", self.login.clone()),
            ("certificate", pem_words(self.certificate.as_deref())),
            (
                "connect_database",
                self.connect_database.clone().unwrap_or_default(),
            ),
            ("description", self.description.clone()),
            (
                "distinguished_name",
                self.distinguished_name.clone().unwrap_or_default(),
            ),
        ]
    }
}

impl UserContent {
    /// What a user's form says, against what is stored.
    ///
    /// # Errors
    /// Every wrong field.
    pub fn of(draft: UserDraft, stored: &Stored) -> Result<Self, Vec<FieldError>> {
        let mut errors = draft.check();
        let password = rewrite(draft.password_change());
        let private_key = rewrite(draft.private_key_change());
        if errors.is_empty() {
            let key = match &private_key {
                None => stored.private_key.as_ref(),
                Some(Rewrite::Set(key)) => Some(key),
                Some(Rewrite::Clear) => None,
            };
            errors.extend(check_certificate(draft.certificate().as_deref(), key));
        }
        if !errors.is_empty() {
            return Err(errors);
        }

        let user = User {
            login: draft.login(),
            certificate: draft.certificate(),
            connect_database: draft.connect_database(),
            description: draft.description.trim().to_owned(),
            distinguished_name: stored.distinguished_name.clone(),
        };
        let content = Content {
            title: draft.title.trim().to_owned(),
            folder: draft.folder,
            body: Body::User(user),
        };
        let secrets = [
            (SecretField::Password, password),
            (SecretField::PrivateKey, private_key),
        ];
        let secrets = secrets
            .into_iter()
            .filter_map(|(field, rewrite)| Some((field, rewrite?)))
            .collect();

        Ok(Self { content, secrets })
    }
}

fn rewrite(change: SecretChange) -> Option<Rewrite> {
    match change {
        SecretChange::Keep => None,
        SecretChange::Set(entered) => Some(Rewrite::Set(Secret::new(entered.into_exposed()))),
        SecretChange::Clear => Some(Rewrite::Clear),
    }
}

/// A certificate and its key come together or not at all.
fn check_certificate(certificate: Option<&str>, key: Option<&Secret>) -> Option<FieldError> {
    let (field, sentence) = match (certificate, key) {
        (None, None) => return None,
        (Some(_), None) => (
            "private_key",
            "Paste the private key that belongs to the certificate.".to_owned(),
        ),
        (None, Some(_)) => (
            "certificate",
            "Paste the certificate that belongs to the private key.".to_owned(),
        ),
        (Some(pem), Some(key)) => {
            if let Err(sentence) = certificates::facts(pem, Timestamp(0)) {
                ("certificate", sentence)
            } else {
                ("private_key", certificates::check_pair(pem, key).err()?)
            }
        }
    };

    Some(FieldError::new(field, sentence))
}

#[cfg(test)]
mod tests {
    use protocol::vault::Entered;

    use super::*;

    const CLIENT: &str = include_str!("../certificates/client.pem");
    const CLIENT_KEY: &str = include_str!("../certificates/client.key");
    const OTHER_KEY: &str = include_str!("../certificates/other.key");

    fn draft() -> UserDraft {
        UserDraft {
            title: "Read only".to_owned(),
            login: "orders_ro".to_owned(),
            ..UserDraft::default()
        }
    }

    fn stored(key: &str) -> Stored {
        Stored {
            private_key: Some(Secret::new(key.to_owned())),
            ..Stored::default()
        }
    }

    fn error(draft: UserDraft, stored: &Stored) -> String {
        let errors = UserContent::of(draft, stored).unwrap_err();

        errors
            .into_iter()
            .map(|error| format!("{}: {}", error.field, error.message))
            .collect()
    }

    #[test]
    fn only_what_was_entered_is_written() {
        let kept = UserContent::of(draft(), &Stored::default()).unwrap();
        let set = UserContent::of(
            UserDraft {
                password: Entered::new("hunter2"),
                ..draft()
            },
            &Stored::default(),
        );
        let cleared = UserContent::of(
            UserDraft {
                clear_password: true,
                ..draft()
            },
            &Stored::default(),
        );

        assert!(kept.secrets.is_empty());
        assert!(matches!(
            set.unwrap().secrets.as_slice(),
            [(SecretField::Password, Rewrite::Set(_))]
        ));
        assert!(matches!(
            cleared.unwrap().secrets.as_slice(),
            [(SecretField::Password, Rewrite::Clear)]
        ));
    }

    #[test]
    fn a_certificate_needs_its_own_key() {
        let with = |certificate: &str, key: &str| UserDraft {
            certificate: certificate.to_owned(),
            private_key: Entered::new(key),
            ..draft()
        };

        assert!(UserContent::of(with(CLIENT, CLIENT_KEY), &Stored::default()).is_ok());
        assert!(UserContent::of(with(CLIENT, ""), &stored(CLIENT_KEY)).is_ok());
        assert_eq!(
            error(with(CLIENT, ""), &Stored::default()),
            "private_key: Paste the private key that belongs to the certificate."
        );
        assert_eq!(
            error(with("", CLIENT_KEY), &Stored::default()),
            "certificate: Paste the certificate that belongs to the private key."
        );
        assert_eq!(
            error(with(CLIENT, ""), &stored(OTHER_KEY)),
            "private_key: The private key does not belong to the certificate."
        );
    }

    #[test]
    fn a_form_leaves_a_name_alone_that_was_imported() {
        let stored = Stored {
            distinguished_name: Some("CN=orders".to_owned()),
            ..Stored::default()
        };

        let Body::User(user) = UserContent::of(draft(), &stored).unwrap().content.body else {
            panic!("a PAM User")
        };

        assert_eq!(user.view(&[], Timestamp(0)).distinguished_name, "CN=orders");
        assert!(
            !serde_json::to_string(&User {
                distinguished_name: None,
                ..user
            })
            .unwrap()
            .contains("name")
        );
    }

    #[test]
    fn removing_the_key_and_leaving_the_certificate_is_refused() {
        let draft = UserDraft {
            certificate: CLIENT.to_owned(),
            clear_private_key: true,
            ..draft()
        };

        assert!(error(draft, &stored(CLIENT_KEY)).starts_with("private_key"));
    }
}
