//! Launching: the checks of spec §0.5 in their order, made when a ticket is issued, when it is redeemed, and for live
//! sessions again and again.

use protocol::errors::{Code, Refusal};
use protocol::ids::RecordId;
use protocol::people::Role;
use protocol::sessions::SessionKind;
use protocol::terminal::Look;
use protocol::vault::RecordKind;

use super::{Authorized, visible};
use crate::effective::{Effective, Parent};
use crate::gateway::{self, Gateway, Via};
use crate::people::Person;
use crate::record::{Database, Record};
use crate::settings::{Settings, prerequisites};
use crate::share::Share;
use crate::supplied::{Asked, Supplied, supplied};

/// What is known when somebody wants to launch.
#[derive(Debug, Clone, Copy)]
pub struct LaunchFacts<'a> {
    pub record: &'a Record,
    pub shares: &'a [Share],
    pub settings: &'a Settings,
    /// The record `settings.configuration` points at.
    pub configuration: Option<&'a Record>,
    /// The gateway that one names.
    pub gateway: Option<&'a Gateway>,
    /// How they come.
    pub kind: SessionKind,
    /// The account somebody chose; `None` takes the launch credential, or the only one open to them.
    pub account: Option<&'a RecordId>,
    /// Personal credentials that have something to sign in with.
    pub personal: &'a [Record],
    /// What they say of the host.
    pub host: Asked<'a>,
}

/// Sessions that are live on the record, the one to be opened not counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LiveSessions {
    pub of_person: u32,
    pub of_record: u32,
}

/// Open a session on a record, with one account, under these settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Launch {
    record: RecordId,
    account: RecordId,
    is_personal: bool,
    kind: SessionKind,
    via: Option<Via>,
    supplied: Option<Supplied>,
    effective: Effective,
}

impl Authorized<Launch> {
    pub fn record(&self) -> &RecordId {
        &self.action.record
    }

    /// The PAM User whose credential is injected.
    pub fn account(&self) -> &RecordId {
        &self.action.account
    }

    /// Whether it is a personal credential.
    pub fn is_personal(&self) -> bool {
        self.action.is_personal
    }

    /// How the person comes to the database.
    pub fn kind(&self) -> SessionKind {
        self.action.kind
    }

    /// The gateway the database is reached through; `None` where the server dials it itself.
    pub fn via(&self) -> Option<&Via> {
        self.action.via.as_ref()
    }

    /// The host that was given, where the record has none.
    pub fn supplied(&self) -> Option<&Supplied> {
        self.action.supplied.as_ref()
    }

    /// What the session goes by.
    pub fn effective(&self) -> &Effective {
        &self.action.effective
    }
}

/// Authorizes a new session.
///
/// # Errors
/// In this order: `SignedOut`; `PamNotFound`; `PamPolicyDenied` for the role; `PamPolicyDenied` without a launch
/// share; `PamPrereq`; `PamConfigDenied`; `PamDisabledOnRecord`; `PamPrereq` for one no gateway may serve;
/// `PamNoCredential`; what [`supplied`] refuses; `PamLimitSessions`.
pub fn launch(
    person: &Person,
    facts: LaunchFacts<'_>,
    live: LiveSessions,
) -> Result<Authorized<Launch>, Refusal> {
    let authorized = stay(person, facts)?;
    check_limits(authorized.effective(), live)?;

    Ok(authorized)
}

/// Authorizes a session that is already open: everything but the number of sessions.
/// `facts.account` is the one in use; should it be taken away, no other takes its place.
///
/// # Errors
/// As [`launch`], without `PamLimitSessions`.
pub fn stay(person: &Person, facts: LaunchFacts<'_>) -> Result<Authorized<Launch>, Refusal> {
    let (effective, via) = reachable(person, facts)?;
    let open = accounts(person, facts);
    let account = match facts.account {
        Some(chosen) => open.into_iter().find(|account| *account == chosen).cloned(),
        None => preferred(&open, facts.settings)?.cloned(),
    };
    let Some(account) = account else {
        let may_keep = facts.settings.connection.allow_supply_user && !person.is_service_account();
        let remedy = match may_keep {
            true => "Keep a personal credential in your vault to launch with it.",
            false => "Ask an administrator to put you on its list.",
        };

        return Err(Refusal::new(
            Code::PamNoCredential,
            format!("No account of this record is open to you, or not the chosen one. {remedy}"),
        ));
    };
    let is_personal = facts.settings.account(&account).is_none();
    let supplied = supplied(
        person,
        facts.record,
        database(facts.record)?,
        &facts.settings.connection,
        facts.host,
    )?;

    let record = facts.record.id.clone();
    Ok(Authorized::new(
        person,
        Launch {
            record,
            account,
            is_personal,
            kind: facts.kind,
            via,
            supplied,
            effective,
        },
    ))
}

/// What a person who may launch is offered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// The accounts to choose from: the launch credential first, the others in the order of the list, personal credentials
    /// last.
    pub accounts: Vec<RecordId>,
    /// Whether they are to give a host.
    pub asks_host: bool,
    /// How the terminal will look.
    pub look: Look,
}

/// What a launch will offer the person.
///
/// # Errors
/// As [`launch`], up to `PamDisabledOnRecord`.
pub fn offer(person: &Person, facts: LaunchFacts<'_>) -> Result<Offer, Refusal> {
    let (effective, _) = reachable(person, facts)?;

    Ok(Offer {
        accounts: accounts(person, facts).into_iter().cloned().collect(),
        asks_host: database(facts.record)?.is_template() && facts.settings.connection.allow_supply_host,
        look: effective.look(),
    })
}

/// Everything that does not depend on the account.
fn reachable(person: &Person, facts: LaunchFacts<'_>) -> Result<(Effective, Option<Via>), Refusal> {
    // First of all, or the refusal would tell a record that is not shared from one that does not exist.
    let permissions = visible(person, &facts.record.location(), facts.shares)?;
    if person.role == Role::Auditor {
        return Err(Refusal::new(
            Code::PamPolicyDenied,
            "Your role does not allow launching connections.",
        ));
    }
    let database = database(facts.record)?;
    if !permissions.launch {
        return Err(Refusal::new(
            Code::PamPolicyDenied,
            "Launching takes a share with launch on this record or its folder. An administrator can give you one.",
        ));
    }

    let parent = parent(facts)?;
    let effective = Effective::of(facts.settings, database, Some(parent));
    check_enabled(facts.kind, &effective, parent)?;
    let via = gateway::via(facts.record, parent.configuration, facts.gateway)?;
    let connection = &facts.settings.connection;
    if connection.launch_credential.is_none() && !connection.allow_supply_user {
        return Err(Refusal::new(
            Code::PamNoCredential,
            "This record has no launch credential. Ask an administrator to select one.",
        ));
    }

    Ok((effective, via))
}

/// What the configuration and the record say to this kind of session.
fn check_enabled(kind: SessionKind, effective: &Effective, parent: Parent<'_>) -> Result<(), Refusal> {
    let configuration = parent.configuration;
    let (field, allowed, enabled, disabled) = match kind {
        SessionKind::Terminal | SessionKind::Listener => (
            "connections",
            configuration.connections,
            effective.connections.value,
            "Connections are not enabled on this record.",
        ),
        SessionKind::Tunnel => (
            "tunneling",
            configuration.tunneling,
            effective.tunneling.value,
            "Tunneling is not enabled on this record.",
        ),
    };
    if !allowed {
        return Err(Refusal::new(Code::PamConfigDenied, parent.denied(field)));
    }
    if !enabled {
        return Err(Refusal::new(Code::PamDisabledOnRecord, disabled));
    }
    if kind == SessionKind::Listener && !effective.inject_credentials.value {
        return Err(Refusal::new(
            Code::PamDisabledOnRecord,
            "Credentials are not injected for this record's native clients: connect through postern tunnel, with a user and \
             password of your own.",
        ));
    }

    Ok(())
}

fn database(record: &Record) -> Result<&Database, Refusal> {
    record.database().ok_or_else(|| {
        let kind = record.content.body.kind().label();
        Refusal::new(
            Code::PamPrereq,
            format!(
                "A {kind} cannot be launched, only a {}.",
                RecordKind::Database.label()
            ),
        )
    })
}

fn parent<'a>(facts: LaunchFacts<'a>) -> Result<Parent<'a>, Refusal> {
    let record = facts
        .configuration
        .filter(|record| Some(&record.id) == facts.settings.configuration.as_ref());
    let (Some(record), Some(_)) = (record, &facts.settings.administrative) else {
        return Err(prerequisites());
    };
    let configuration = record.configuration().ok_or_else(prerequisites)?;

    Ok(Parent {
        title: record.title(),
        configuration,
    })
}

fn accounts<'a>(person: &Person, facts: LaunchFacts<'a>) -> Vec<&'a RecordId> {
    let settings = facts.settings;
    let launch = settings.connection.launch_credential.as_ref();
    let mut open: Vec<&RecordId> = settings
        .accounts
        .iter()
        .filter(|account| account.launchers.includes(&person.id))
        .map(|account| &account.user)
        .collect();
    // Stable: false sorts before true.
    open.sort_by_key(|account| Some(*account) != launch);
    if settings.connection.allow_supply_user {
        let personal = facts.personal.iter().filter(|record| {
            record.owner.as_ref() == Some(&person.id) && settings.account(&record.id).is_none()
        });
        open.extend(personal.map(|record| &record.id));
    }

    open
}

/// The account of who chose none.
fn preferred<'a>(open: &[&'a RecordId], settings: &Settings) -> Result<Option<&'a RecordId>, Refusal> {
    let launch = settings.connection.launch_credential.as_ref();
    match open {
        [] => Ok(None),
        [only] => Ok(Some(only)),
        [first, ..] if Some(*first) == launch => Ok(Some(first)),
        [_, ..] => Err(Refusal::new(
            Code::PamNoCredential,
            "Choose the account to launch with.",
        )),
    }
}

fn check_limits(effective: &Effective, live: LiveSessions) -> Result<(), Refusal> {
    let (of_person, of_record) = (
        effective.max_sessions_per_user.value,
        effective.max_sessions_per_resource.value,
    );
    if of_person > 0 && live.of_person >= of_person {
        return Err(Refusal::new(
            Code::PamLimitSessions,
            format!(
                "You have reached the maximum of {of_person} active sessions on this record. Close an existing session and try again."
            ),
        ));
    }
    if of_record > 0 && live.of_record >= of_record {
        return Err(Refusal::new(
            Code::PamLimitSessions,
            format!(
                "This record has reached its maximum of {of_record} active sessions. Try again when one has ended."
            ),
        ));
    }

    Ok(())
}

#[cfg(test)]
mod tests;
