//! Records: a PAM Configuration, a PAM Database or a PAM User, with a title, in a folder or in none.

mod change;
mod configuration;
mod database;
mod user;

use protocol::ids::{FolderId, PersonId, RecordId};
use protocol::time::Timestamp;
use protocol::vault::{Body as BodyView, RecordKind};
use sha2::{Digest, Sha256};

pub use change::Change;
pub use configuration::Configuration;
pub use database::{Database, Tls};
pub use user::{Rewrite, Stored, User, UserContent};

use crate::certificates;
use crate::envelope::SecretField;

/// A record as the vault knows it. Its secrets are apart, and so are its PAM settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    pub id: RecordId,
    /// Whose personal credential it is; `None` of every other record. It never changes.
    pub owner: Option<PersonId>,
    pub content: Content,
    /// Grows with each save.
    pub version: i64,
    pub created: Stamp,
    pub updated: Stamp,
}

/// Who did something, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp {
    pub by: PersonId,
    pub at: Timestamp,
}

/// What a form about a record says: everything a person may change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    pub title: String,
    pub folder: Option<FolderId>,
    pub body: Body,
}

/// The fields of each kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    Configuration(Configuration),
    Database(Database),
    User(User),
}

/// What decides who may do what with a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    pub record: RecordId,
    pub owner: Option<PersonId>,
    pub folder: Option<FolderId>,
    pub kind: RecordKind,
}

impl Record {
    pub fn location(&self) -> Location {
        Location {
            record: self.id.clone(),
            owner: self.owner.clone(),
            folder: self.content.folder.clone(),
            kind: self.content.body.kind(),
        }
    }

    pub fn title(&self) -> &str {
        &self.content.title
    }

    pub fn configuration(&self) -> Option<&Configuration> {
        match &self.content.body {
            Body::Configuration(configuration) => Some(configuration),
            Body::Database(_) | Body::User(_) => None,
        }
    }

    pub fn database(&self) -> Option<&Database> {
        match &self.content.body {
            Body::Database(database) => Some(database),
            Body::Configuration(_) | Body::User(_) => None,
        }
    }

    pub fn user(&self) -> Option<&User> {
        match &self.content.body {
            Body::User(user) => Some(user),
            Body::Configuration(_) | Body::Database(_) => None,
        }
    }

    /// The copy a person asked for: its own title, the same fields. Secrets and shares are not copied: a copy of a
    /// password would have to be changed twice, and a copy of a share was granted by nobody.
    pub fn duplicate(&self) -> Content {
        let copy = format!("Copy of {}", self.content.title);
        let title = copy.chars().take(200).collect();
        let body = match &self.content.body {
            // Without its key a client certificate signs nobody in.
            Body::User(user) => Body::User(User {
                certificate: None,
                ..user.clone()
            }),
            body @ (Body::Configuration(_) | Body::Database(_)) => body.clone(),
        };

        Content {
            title,
            folder: self.content.folder.clone(),
            body,
        }
    }
}

impl Body {
    pub fn kind(&self) -> RecordKind {
        match self {
            Self::Configuration(_) => RecordKind::Configuration,
            Self::Database(_) => RecordKind::Database,
            Self::User(_) => RecordKind::User,
        }
    }

    /// The second line of a list: where a database is, who a user is.
    pub fn subtitle(&self) -> String {
        match self {
            Self::Configuration(_) => String::new(),
            Self::Database(database) => database.address(),
            Self::User(user) => user.login.clone(),
        }
    }

    /// What a page shows. `stored` are the secrets there are; `now` decides which certificates are warned about.
    pub fn view(&self, stored: &[SecretField], now: Timestamp) -> BodyView {
        match self {
            Self::Configuration(configuration) => BodyView::Configuration(configuration.view()),
            Self::Database(database) => BodyView::Database(database.view(now)),
            Self::User(user) => BodyView::User(user.view(stored, now)),
        }
    }
}

/// A PEM text as the history names it: who it is for, and a fingerprint that tells two of one name apart.
fn pem_words(pem: Option<&str>) -> String {
    let Some(pem) = pem else {
        return String::new();
    };

    let digest = hex::encode(Sha256::digest(pem.as_bytes()));
    let fingerprint = digest.get(..16).unwrap_or_default();
    let subjects: Vec<String> = match certificates::facts(pem, Timestamp(0)) {
        Ok(facts) => facts.into_iter().map(|facts| facts.subject).collect(),
        Err(_) => vec!["PEM text".to_owned()],
    };

    format!("{} (SHA-256 {fingerprint})", subjects.join("; "))
}

fn filled(text: &str) -> Option<String> {
    let text = text.trim();

    (!text.is_empty()).then(|| text.to_owned())
}
