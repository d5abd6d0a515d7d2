//! The PAM Databases of a project with their users, and the credentials they name.

mod settings;

use std::collections::BTreeSet;

use protocol::ids::RecordId;
use protocol::vault::{DatabaseDraft, DatabaseType, TlsMode, connection_string};

use self::settings::Named;
pub use self::settings::PlannedSettings;
use super::fields::Fields;
use super::problems::{Place, Problems};
use super::users::{self, PlannedUser, ReadUser};
use super::{MAX_RECORDS, parent, placeholder};
use crate::record::{Body, Content};

/// A PAM Database to make.
#[derive(Debug)]
pub struct PlannedDatabase {
    pub content: Content,
    pub place: Place,
    pub(super) settings: Option<PlannedSettings>,
}

/// The ids of a plan's records.
#[derive(Debug, Clone, Copy)]
pub struct Ids<'a> {
    pub configuration: &'a RecordId,
    /// In the order of the plan.
    pub users: &'a [RecordId],
}

/// All records but the configuration.
pub(super) struct Read {
    pub(super) users: Vec<PlannedUser>,
    pub(super) databases: Vec<PlannedDatabase>,
}

const NOT_BUILT: [(&str, &str); 8] = [
    ("database_id", "ids of databases in a cloud"),
    ("provider_group", "groups of a cloud provider"),
    ("provider_region", "regions of a cloud provider"),
    ("otp", "one-time codes of records"),
    ("scripts", "scripts"),
    ("attachments", "attachments"),
    ("folder_path", "adding to folders of other names"),
    ("uid", "adding to records by their id"),
];

const TYPES: [(&str, DatabaseType); 2] = [
    ("postgresql", DatabaseType::Postgresql),
    // The same server where somebody else runs it.
    ("postgresql-flexible", DatabaseType::Postgresql),
];

/// `None` if something cannot be made; why is among the problems.
pub(super) fn read(
    data: &mut Fields<'_, '_>,
    configuration: Option<&Content>,
    problems: &mut Problems,
) -> Option<Read> {
    let mut users: Vec<ReadUser> = Vec::new();
    let mut databases = Vec::new();
    for mut fields in data.objects("resources", problems) {
        let first = users.len();
        let own = fields.objects("users", problems);
        users.extend(own.into_iter().map(|user| users::read(user, problems)));
        databases.push((fields, first..users.len()));
    }
    let others = data.objects("users", problems);
    users.extend(others.into_iter().map(|user| users::read(user, problems)));
    check_users(&users, problems);
    if users.len() + databases.len() > MAX_RECORDS {
        problems.add(
            &data.place,
            format!("These are more than {MAX_RECORDS} records. Import them in several files."),
        );
        return None;
    }

    let mut titles = BTreeSet::new();
    let mut made = Vec::new();
    for (fields, own) in databases {
        let title = fields.place("title");
        let database = read_database(fields, &Named { users: &users, own }, problems);
        if let Some(content) = &database.content
            && !titles.insert(content.title.clone())
        {
            problems.add(
                &title,
                "Another resource of this file has this title. Give each its own.",
            );
        }
        made.push(database);
    }
    check_settings(&made, configuration, problems);

    Some(Read {
        users: users
            .into_iter()
            .map(|user| user.planned)
            .collect::<Option<_>>()?,
        databases: made
            .into_iter()
            .map(ReadDatabase::planned)
            .collect::<Option<_>>()?,
    })
}

/// A PAM Database, also where it cannot be made.
struct ReadDatabase {
    content: Option<Content>,
    place: Place,
    settings: Option<PlannedSettings>,
}

impl ReadDatabase {
    fn planned(self) -> Option<PlannedDatabase> {
        Some(PlannedDatabase {
            content: self.content?,
            place: self.place,
            settings: self.settings,
        })
    }
}

fn read_database(mut fields: Fields<'_, '_>, named: &Named<'_>, problems: &mut Problems) -> ReadDatabase {
    let n_told = problems.problems.len();
    if fields.choice("type", &[("pamDatabase", ())], problems).is_none() {
        if problems.problems.len() == n_told {
            problems.add(&fields.place("type"), "Say what this is: \"pamDatabase\".");
        }
        // Of another kind of thing every key would be unknown.
        return ReadDatabase {
            content: None,
            place: fields.place,
            settings: None,
        };
    }

    fields.not_built(&NOT_BUILT, problems);
    let database_type = fields.choice("database_type", &TYPES, problems);
    let is_encrypted = fields.flag("use_ssl", problems).unwrap_or(true);
    let is_verified = fields.flag("ssl_verification", problems).unwrap_or(true);
    let offered = DatabaseDraft::default();
    let host = fields.text("host", problems);
    let port = fields.number("port", problems);
    let draft = DatabaseDraft {
        title: fields.text("title", problems),
        port: if port.trim().is_empty() {
            offered.port
        } else {
            port
        },
        database_type: database_type.unwrap_or_default(),
        tls_mode: match (is_encrypted, is_verified) {
            (true, true) => TlsMode::VerifyFull,
            (true, false) => TlsMode::Require,
            (false, _) => TlsMode::Disable,
        },
        notes: fields.text("notes", problems),
        ..offered
    };
    // One may hold a password: its text is not told.
    let content = if connection_string::looks_like_one(&host) {
        problems.add(
            &fields.place("host"),
            "This is a connection string. Write the host alone here, and user and password as a PAM User.",
        );
        None
    } else {
        Content::of_database(&DatabaseDraft { host, ..draft })
            .map_err(|errors| problems.add_fields(errors, |field| fields.place(field)))
            .ok()
    };
    let users = fields.place("users");
    let settings = settings::read(fields.object("pam_settings", problems), users, named, problems);
    let supplies_host = settings.as_ref().is_some_and(PlannedSettings::supplies_host);
    let is_template = content.as_ref().is_some_and(|content| match &content.body {
        Body::Database(database) => database.is_template(),
        Body::Configuration(_) | Body::User(_) => false,
    });
    if is_template && !supplies_host {
        problems.add(
            &fields.place("host"),
            "Enter a host name or an IP address, or make this a connection template by \"allow_supply_host\".",
        );
    }
    let place = fields.place.clone();
    fields.close(problems);

    ReadDatabase {
        content,
        place,
        settings,
    }
}

/// Titles are what credentials and a second import find users by.
fn check_users(users: &[ReadUser], problems: &mut Problems) {
    let mut titles = BTreeSet::new();
    for user in users.iter().filter(|user| !user.title.is_empty()) {
        if !titles.insert(&user.title) {
            problems.add(
                &user.place.key("title"),
                format!(
                    "Another user of this file has the title \"{}\". Give each its own.",
                    user.title
                ),
            );
        }
    }
}

/// Asks the rules of PAM settings, with ids that mean nothing.
fn check_settings(databases: &[ReadDatabase], configuration: Option<&Content>, problems: &mut Problems) {
    let Some(parent) = configuration.and_then(parent) else {
        return;
    };
    let ids = Ids {
        configuration: &placeholder(usize::MAX),
        users: &[],
    };
    for settings in databases.iter().filter_map(|database| database.settings.as_ref()) {
        if let Err(found) = settings.with(&ids, Some(parent)) {
            problems.add_all(found);
        }
    }
}
