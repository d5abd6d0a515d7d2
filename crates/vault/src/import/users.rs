//! The PAM Users of a project.

use protocol::forms::Draft;
use protocol::vault::UserDraft;

use super::fields::Fields;
use super::problems::{Place, Problems};
use crate::Secret;
use crate::envelope::SecretField;
use crate::record::{Content, Rewrite, Stored, UserContent};

/// A PAM User to make.
#[derive(Debug)]
pub struct PlannedUser {
    pub content: Content,
    pub secrets: Vec<(SecretField, Rewrite)>,
    pub place: Place,
}

/// A PAM User as credentials name it, also where it cannot be made.
#[derive(Debug)]
pub(super) struct ReadUser {
    pub(super) title: String,
    pub(super) login: String,
    pub(super) place: Place,
    pub(super) planned: Option<PlannedUser>,
}

/// Longest distinguished name, in characters. It is kept, and nothing reads it.
const MAX_NAME: usize = 1_000;

const NOT_BUILT: [(&str, &str); 7] = [
    ("rotation_settings", "password rotation"),
    ("managed", "managed users"),
    ("otp", "one-time codes of accounts"),
    ("scripts", "scripts"),
    ("attachments", "attachments"),
    ("folder_path", "adding to folders of other names"),
    ("uid", "adding to records by their id"),
];

pub(super) fn read(mut fields: Fields<'_, '_>, problems: &mut Problems) -> ReadUser {
    fields.choice("type", &[("pamUser", ())], problems);
    fields.not_built(&NOT_BUILT, problems);
    let key = fields.secret("private_pem_key", problems).unwrap_or_default();
    if !key.expose().trim().is_empty() {
        problems.add(
            &fields.place("private_pem_key"),
            "A key signs in to PostgreSQL together with a client certificate, which this file has no key for. Leave it out here, and paste both on the record's page.",
        );
    }
    let login = fields.text("login", problems);
    let mut title = fields.text("title", problems);
    if title.trim().is_empty() && !login.trim().is_empty() {
        title = format!("PAM User - {}", login.trim());
    }
    let password = fields.secret("password", problems);
    if password.as_ref().is_some_and(|password| password.is_empty()) {
        problems.add(
            &fields.place("password"),
            "There is no password: nobody could be signed in with this user. Write it here; it is stored encrypted.",
        );
    }
    let mut draft = UserDraft {
        title,
        login,
        password: password.unwrap_or_default(),
        connect_database: fields.text("connect_database", problems),
        description: fields.text("notes", problems),
        ..UserDraft::default()
    };
    let name = fields.text("distinguished_name", problems).trim().to_owned();
    if name.chars().count() > MAX_NAME || name.chars().any(char::is_control) {
        problems.add(
            &fields.place("distinguished_name"),
            format!("A distinguished name is one line of at most {MAX_NAME} characters."),
        );
    }
    let stored = Stored {
        distinguished_name: (!name.is_empty()).then_some(name),
        ..Stored::default()
    };

    let place = fields.place.clone();
    let title = draft.title.trim().to_owned();
    let login = draft.login();
    let errors = draft.check();
    let planned = if errors.is_empty() {
        let password = std::mem::take(&mut draft.password);
        let made = UserContent::of(draft, &stored);
        made.map(|UserContent { content, mut secrets }| {
            // It moves there and leaves no copy behind.
            let password = Rewrite::Set(Secret::new(password.into_exposed()));
            secrets.push((SecretField::Password, password));
            PlannedUser {
                content,
                secrets,
                place: place.clone(),
            }
        })
    } else {
        Err(errors)
    };
    let planned = planned
        .map_err(|errors| problems.add_fields(errors, |field| fields.place(key_of(field))))
        .ok();
    fields.close(problems);

    ReadUser {
        title,
        login,
        place,
        planned,
    }
}

/// The key a field of the form is read from.
fn key_of(field: &str) -> &str {
    match field {
        "description" => "notes",
        field => field,
    }
}
