//! The two folders of a project, and with whom they are shared.
//!
//! Who is named for the resources may launch them, which takes no sight of a credential. Who is named for the users sees
//! the credentials, as in the vault the file comes from: here that is *reveal*.

use protocol::forms::Draft;
use protocol::people::check_email;
use protocol::vault::{FolderDraft, Permissions};

use super::fields::Fields;
use super::problems::{Place, Problems};
use crate::people::Email;

/// A folder to make.
#[derive(Debug)]
pub struct PlannedFolder {
    pub name: String,
    pub shares: Vec<PlannedShare>,
    pub place: Place,
}

/// A share of a folder to make.
#[derive(Debug)]
pub struct PlannedShare {
    pub email: Email,
    pub permissions: Permissions,
    pub place: Place,
}

/// What only administrators do here.
const NOT_BUILT: [(&str, &str); 2] = [
    ("manage_users", "sharing by others than administrators"),
    ("can_share", "sharing by others than administrators"),
];

pub(super) fn resources(
    fields: Fields<'_, '_>,
    project: &str,
    place: &Place,
    problems: &mut Problems,
) -> PlannedFolder {
    let name = format!("{project} - Resources");
    // Once is enough for a name that makes two.
    if !project.is_empty() {
        problems.add_fields(FolderDraft { name: name.clone() }.check(), |_| place.clone());
    }

    folder(
        name,
        fields,
        |edit| Permissions::shared(edit, true, false),
        problems,
    )
}

pub(super) fn users(fields: Fields<'_, '_>, project: &str, problems: &mut Problems) -> PlannedFolder {
    let name = format!("{project} - Users");

    folder(
        name,
        fields,
        |edit| Permissions::shared(edit, false, true),
        problems,
    )
}

/// `permissions` says what somebody gets who may edit, or not.
fn folder(
    name: String,
    mut fields: Fields<'_, '_>,
    permissions: impl Fn(bool) -> Permissions,
    problems: &mut Problems,
) -> PlannedFolder {
    fields.not_built(&NOT_BUILT, problems);
    let all_edit = fields.flag("can_edit", problems).unwrap_or_default();
    let all_manage = fields.flag("manage_records", problems).unwrap_or_default();
    let mut shares: Vec<PlannedShare> = Vec::new();
    for mut member in fields.objects("permissions", problems) {
        member.not_built(&NOT_BUILT, problems);
        member.not_built(&[("expiration", "shares that end by themselves")], problems);
        let edits = all_edit || member.flag("manage_records", problems).unwrap_or(all_manage);
        let place = member.place("name");
        if let Some(email) = person(&member.text("name", problems), &place, problems) {
            if shares.iter().any(|share| share.email == email) {
                problems.add(&place, "This person is on the list already.");
            }
            shares.push(PlannedShare {
                email,
                permissions: permissions(edits),
                place,
            });
        }
        member.close(problems);
    }
    let place = fields.place.clone();
    fields.close(problems);

    PlannedFolder { name, shares, place }
}

fn person(name: &str, place: &Place, problems: &mut Problems) -> Option<Email> {
    let name = name.trim();
    if name.is_empty() {
        problems.add(place, "Name a person by their email address.");
        return None;
    }
    if !name.contains('@') {
        problems.add(
            place,
            "This server does not have teams. Name people instead, each by their email address.",
        );
        return None;
    }
    if let Some(error) = check_email(name) {
        problems.add(place, error.message);
        return None;
    }

    name.parse().ok()
}
