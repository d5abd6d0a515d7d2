//! Who may do what. Each function weighs the facts in the order of spec §0.5 and answers with a proof or a refusal
//! that has its own code and sentence. What acts takes the proof, so that it cannot be reached without one.
//!
//! The rules:
//! - An administrator sees and changes every record, its PAM settings and shares, creates, moves and deletes.
//!   Launching and revealing take a share all the same; the creator of a record gets one to edit and launch.
//! - A user does what shares of the record and of its folder say, taken together. Host, port, TLS, folder, PAM
//!   settings and shares are not part of *edit*: they decide who receives credentials.
//! - An auditor reads recordings, sessions and the audit log, watches and ends live sessions, and views what is shared
//!   with them. An auditor never edits, launches or reveals, whatever the share says.
//! - A personal credential is a PAM User that belongs to one person: its owner sees, changes, reveals and deletes it, and
//!   launches with it where a record's settings allow that. For everybody else, administrators included, it does not exist.
//!   It is in no folder, nothing links to it, and nobody shares it. Auditors make none; who has become one sees and
//!   deletes those they kept, and no more.
//! - Who may launch may have an access token, for all of it or for one record; an auditor may not. Everybody may have
//!   one for the command line.
//! - A service account views and launches what is shared with it, and never more. Administrators make its tokens.
//! - A user replays sessions of their own on a record that is shared with them, where its settings allow it.
//! - What a person may not view does not exist for them: `PamNotFound`.

mod launch;
mod replay;
mod token;

use protocol::errors::{Code, Refusal};
use protocol::ids::{PersonId, RecordId};
use protocol::people::Role;
use protocol::vault::{Permissions, RecordKind, ShareScope};

pub use launch::{Launch, LaunchFacts, LiveSessions, Offer, launch, offer, stay};
pub use replay::{ReplayOwn, not_shared, replay_own};
pub use token::{TakeToken, Wanted, take_token, take_token_for};

use crate::people::Person;
use crate::record::Location;
use crate::share::{Share, granted};

/// The proof that a person may do something. Only this module makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authorized<A> {
    person: PersonId,
    action: A,
}

impl<A> Authorized<A> {
    fn new(person: &Person, action: A) -> Self {
        Self {
            person: person.id.clone(),
            action,
        }
    }

    /// Who was authorized.
    pub fn person(&self) -> &PersonId {
        &self.person
    }

    /// What for.
    pub fn action(&self) -> &A {
        &self.action
    }
}

/// See a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    record: RecordId,
    permissions: Permissions,
}

/// Change a record's fields and secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    record: RecordId,
    may_configure: bool,
}

/// Create records and folders, rename and remove folders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Create(());

/// Keep a personal credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeepPersonal(());

/// Delete a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delete {
    record: RecordId,
}

/// Change a record's PAM settings, or the shares of a record or folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Configure {
    scope: ShareScope,
}

/// See a stored secret of a PAM User.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reveal {
    record: RecordId,
}

/// Manage people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Administer(());

/// Make, change and remove gateways and their instances.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManageGateways(());

/// Read the audit log, all sessions and all recordings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audit(());

/// End somebody else's session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terminate(());

impl Authorized<View> {
    pub fn record(&self) -> &RecordId {
        &self.action.record
    }

    /// What the page may offer.
    pub fn permissions(&self) -> Permissions {
        self.action.permissions
    }
}

impl Authorized<Edit> {
    pub fn record(&self) -> &RecordId {
        &self.action.record
    }

    /// Whether host, port, TLS and folder are part of it.
    pub fn may_configure(&self) -> bool {
        self.action.may_configure
    }
}

impl Authorized<Configure> {
    pub fn scope(&self) -> &ShareScope {
        &self.action.scope
    }

    /// The record, where it is about one and not about a folder.
    pub fn record(&self) -> Option<&RecordId> {
        match &self.action.scope {
            ShareScope::Record(record) => Some(record),
            ShareScope::Folder(_) => None,
        }
    }
}

impl Authorized<Delete> {
    pub fn record(&self) -> &RecordId {
        &self.action.record
    }
}

impl Authorized<Reveal> {
    pub fn record(&self) -> &RecordId {
        &self.action.record
    }
}

/// Whether a person gave their own password again for this action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Password {
    GivenAgain,
    NotGiven,
}

/// What a person may do with a record, for lists and pages. `shares` may hold more than theirs.
pub fn permissions(person: &Person, location: &Location, shares: &[Share]) -> Permissions {
    if !person.is_active() {
        return Permissions::NONE;
    }

    if let Some(owner) = &location.owner {
        return match (*owner == person.id, person.role) {
            (true, Role::Administrator | Role::User) => Permissions::shared(true, false, true),
            (true, Role::Auditor) => Permissions::VIEW,
            (false, _) => Permissions::NONE,
        };
    }
    let shared = granted(shares, &person.id, location);
    let launchable = location.kind == RecordKind::Database;
    let revealable = location.kind == RecordKind::User;
    match person.role {
        Role::Administrator => Permissions {
            view: true,
            edit: true,
            launch: shared.launch && launchable,
            reveal: shared.reveal && revealable,
        },
        Role::User if person.is_service_account() => Permissions {
            view: shared.view,
            launch: shared.launch && launchable,
            ..Permissions::NONE
        },
        Role::User => Permissions {
            // A configuration governs other records: changing it is configuring all of them.
            edit: shared.edit && location.kind != RecordKind::Configuration,
            launch: shared.launch && launchable,
            reveal: shared.reveal && revealable,
            view: shared.view,
        },
        Role::Auditor => Permissions {
            view: shared.view,
            ..Permissions::NONE
        },
    }
}

/// # Errors
/// `SignedOut` or `PamNotFound`.
pub fn view(person: &Person, location: &Location, shares: &[Share]) -> Result<Authorized<View>, Refusal> {
    let permissions = visible(person, location, shares)?;

    Ok(Authorized::new(
        person,
        View {
            record: location.record.clone(),
            permissions,
        },
    ))
}

/// # Errors
/// `SignedOut`, `PamNotFound`, or `PamPolicyDenied` for who may only view.
pub fn edit(person: &Person, location: &Location, shares: &[Share]) -> Result<Authorized<Edit>, Refusal> {
    let permissions = visible(person, location, shares)?;
    if !permissions.edit {
        let sentence = match (person.role, location.kind) {
            (Role::Auditor, _) => "Your role does not allow changing records.",
            (Role::User | Role::Administrator, RecordKind::Configuration) => {
                "A PAM Configuration governs every record linked to it. Ask an administrator to change it."
            }
            (Role::User | Role::Administrator, RecordKind::Database | RecordKind::User) => {
                "This record is shared with you without the right to edit. Ask an administrator for it."
            }
        };
        return Err(Refusal::new(Code::PamPolicyDenied, sentence));
    }

    let may_configure = person.role == Role::Administrator && location.owner.is_none();
    Ok(Authorized::new(
        person,
        Edit {
            record: location.record.clone(),
            may_configure,
        },
    ))
}

/// # Errors
/// `SignedOut`, or `PamPolicyDenied` for everyone but administrators.
pub fn create(person: &Person) -> Result<Authorized<Create>, Refusal> {
    administrators(person, "Your role does not allow creating records and folders.")?;

    Ok(Authorized::new(person, Create(())))
}

/// # Errors
/// `SignedOut`, or `PamPolicyDenied` for auditors and service accounts.
pub fn keep_personal(person: &Person) -> Result<Authorized<KeepPersonal>, Refusal> {
    signed_in(person)?;
    if person.is_service_account() {
        return Err(Refusal::new(
            Code::PamPolicyDenied,
            "A service account keeps no credentials of its own.",
        ));
    }
    match person.role {
        Role::Administrator | Role::User => Ok(Authorized::new(person, KeepPersonal(()))),
        Role::Auditor => Err(Refusal::new(
            Code::PamPolicyDenied,
            "Your role does not allow launching, so there is no use for a personal credential.",
        )),
    }
}

/// # Errors
/// `SignedOut`, `PamNotFound`, or `PamPolicyDenied` for everyone but administrators and the owner of a personal credential.
pub fn delete(person: &Person, location: &Location, shares: &[Share]) -> Result<Authorized<Delete>, Refusal> {
    visible(person, location, shares)?;
    // Also as an auditor: nobody else could.
    let is_own = location.owner.as_ref() == Some(&person.id);
    if !is_own {
        administrators(person, CONFIGURING)?;
    }

    Ok(Authorized::new(
        person,
        Delete {
            record: location.record.clone(),
        },
    ))
}

/// PAM settings and shares of one record.
///
/// # Errors
/// `SignedOut`, `PamNotFound`, or `PamPolicyDenied` for everyone but administrators.
pub fn configure(
    person: &Person,
    location: &Location,
    shares: &[Share],
) -> Result<Authorized<Configure>, Refusal> {
    visible(person, location, shares)?;
    administrators(person, CONFIGURING)?;
    if location.owner.is_some() {
        return Err(Refusal::new(
            Code::PamPolicyDenied,
            "A personal credential is its owner's alone: it is in no folder, and nobody shares it.",
        ));
    }

    Ok(Authorized::new(
        person,
        Configure {
            scope: ShareScope::Record(location.record.clone()),
        },
    ))
}

/// Name, shares and removal of one folder.
///
/// # Errors
/// `SignedOut`, or `PamPolicyDenied` for everyone but administrators.
pub fn configure_folder(
    person: &Person,
    folder: &protocol::ids::FolderId,
) -> Result<Authorized<Configure>, Refusal> {
    administrators(person, "Your role does not allow changing or sharing folders.")?;

    Ok(Authorized::new(
        person,
        Configure {
            scope: ShareScope::Folder(folder.clone()),
        },
    ))
}

/// # Errors
/// `SignedOut`, `PamPolicyDenied`, `PamNotFound`, or at last `PamPasswordRequired`.
pub fn reveal(
    person: &Person,
    location: &Location,
    shares: &[Share],
    password: Password,
) -> Result<Authorized<Reveal>, Refusal> {
    let permissions = visible(person, location, shares)?;
    if person.role == Role::Auditor {
        return Err(Refusal::new(
            Code::PamPolicyDenied,
            "Your role does not allow revealing secrets.",
        ));
    }
    if !permissions.reveal {
        return Err(Refusal::new(
            Code::PamPolicyDenied,
            "Revealing takes a share with reveal on this record or its folder. An administrator can give you one.",
        ));
    }

    match password {
        Password::GivenAgain => Ok(Authorized::new(
            person,
            Reveal {
                record: location.record.clone(),
            },
        )),
        Password::NotGiven => Err(Refusal::new(
            Code::PamPasswordRequired,
            "Enter your own password to reveal this secret.",
        )),
    }
}

/// # Errors
/// `SignedOut`, or `PamPolicyDenied` for everyone but administrators.
pub fn administer(person: &Person) -> Result<Authorized<Administer>, Refusal> {
    administrators(person, "Your role does not allow managing people.")?;

    Ok(Authorized::new(person, Administer(())))
}

/// # Errors
/// `SignedOut`, or `PamPolicyDenied` for everyone but administrators.
pub fn manage_gateways(person: &Person) -> Result<Authorized<ManageGateways>, Refusal> {
    administrators(person, "Your role does not allow managing gateways.")?;

    Ok(Authorized::new(person, ManageGateways(())))
}

/// # Errors
/// `SignedOut`, or `PamPolicyDenied` for users.
pub fn audit(person: &Person) -> Result<Authorized<Audit>, Refusal> {
    signed_in(person)?;
    match person.role.sees_evidence() {
        true => Ok(Authorized::new(person, Audit(()))),
        false => Err(Refusal::new(
            Code::PamPolicyDenied,
            "Your role does not allow reading the audit log, sessions of others and recordings.",
        )),
    }
}

/// Who may watch a session may end it: whoever sees harm being done must not have to look for somebody else.
///
/// # Errors
/// `SignedOut`, or `PamPolicyDenied` for users.
pub fn terminate(person: &Person) -> Result<Authorized<Terminate>, Refusal> {
    signed_in(person)?;
    match person.role.sees_evidence() {
        true => Ok(Authorized::new(person, Terminate(()))),
        false => Err(Refusal::new(
            Code::PamPolicyDenied,
            "Your role does not allow ending sessions of others.",
        )),
    }
}

const CONFIGURING: &str = "Your role does not allow configuring, sharing or deleting records.";

fn signed_in(person: &Person) -> Result<(), Refusal> {
    if person.is_active() {
        return Ok(());
    }

    Err(Refusal::new(
        Code::SignedOut,
        "Your account is switched off. Ask an administrator to switch it on again.",
    ))
}

fn administrators(person: &Person, sentence: &str) -> Result<(), Refusal> {
    signed_in(person)?;
    match person.role {
        Role::Administrator => Ok(()),
        Role::Auditor | Role::User => Err(Refusal::new(Code::PamPolicyDenied, sentence)),
    }
}

fn visible(person: &Person, location: &Location, shares: &[Share]) -> Result<Permissions, Refusal> {
    signed_in(person)?;
    let permissions = permissions(person, location, shares);
    if !permissions.view {
        return Err(Refusal::not_found());
    }

    Ok(permissions)
}

#[cfg(test)]
pub(crate) mod tests;
