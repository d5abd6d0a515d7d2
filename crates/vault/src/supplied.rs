//! A host somebody gives when they launch: connection templates have none of their own (spec §9.4).
//!
//! A credential is sent to it, so the template says which hosts may be given. The address that is dialled is held against
//! that once more, where it is dialled.

use std::net::IpAddr;

use protocol::errors::{Code, Refusal};
use protocol::gateways::targets::Targets;
use protocol::ids::RecordId;
use protocol::terminal::HOST_REQUIRED;
use protocol::vault::host;

use crate::authorize;
use crate::people::Person;
use crate::record::{Database, Record};
use crate::settings::Connection;
use crate::share::Share;

/// What somebody who launches says of the host.
#[derive(Debug, Clone, Copy)]
pub enum Asked<'a> {
    Nothing,
    /// `host` or `host:port`.
    Host(&'a str),
    /// Another record's host and port; `None` where there is no such record.
    Record(&'a RecordId, Option<(&'a Record, &'a [Share])>),
    /// More than one of them.
    Both,
}

/// The host that was given, and may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Supplied {
    host: String,
    port: Option<u16>,
    record: Option<RecordId>,
    allowed: Targets,
}

impl Supplied {
    /// A name or an address, without brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Where another than the template's is meant.
    pub fn port(&self) -> Option<u16> {
        self.port
    }

    /// The record whose host it is.
    pub fn record(&self) -> Option<&RecordId> {
        self.record.as_ref()
    }

    /// What it may lead to: for the address that is dialled.
    pub fn allowed(&self) -> &Targets {
        &self.allowed
    }

    /// As somebody would type it.
    pub fn typed(&self) -> String {
        match self.port {
            Some(port) if self.host.contains(':') => format!("[{}]:{port}", self.host),
            Some(port) => format!("{}:{port}", self.host),
            None => self.host.clone(),
        }
    }
}

/// The host of a launch, where the record has none; `None` where it has.
///
/// # Errors
/// `PamPolicyDenied` where none may be given; `PamPrereq` where there is none and none may be given; `Validation` for one that
/// is missing, two, or none that could be; `PamNotFound` for the host of a record the person does not see; `PamTargetDenied`
/// for an address the template does not allow.
pub fn supplied(
    person: &Person,
    template: &Record,
    database: &Database,
    connection: &Connection,
    asked: Asked<'_>,
) -> Result<Option<Supplied>, Refusal> {
    if !database.is_template() {
        return match asked {
            Asked::Nothing => Ok(None),
            Asked::Host(_) | Asked::Record(..) | Asked::Both => Err(not_allowed()),
        };
    }
    if !connection.allow_supply_host {
        return Err(match asked {
            Asked::Nothing => Refusal::new(
                Code::PamPrereq,
                "This record has no host. Ask an administrator to enter one, or to allow supplying it.",
            ),
            Asked::Host(_) | Asked::Record(..) | Asked::Both => not_allowed(),
        });
    }
    let invalid = |sentence: String| Refusal::new(Code::Validation, sentence);
    let (host, port, record) = match asked {
        Asked::Nothing => return Err(invalid(HOST_REQUIRED.to_owned())),
        Asked::Both => return Err(invalid("Enter a host or choose a record, not both.".to_owned())),
        Asked::Host(typed) => {
            let (host, port) = host::with_port(typed).map_err(invalid)?;

            (host, port, None)
        }
        Asked::Record(id, found) => {
            let (host, port) = found
                .and_then(|(record, shares)| of_record(person, record, shares))
                .ok_or_else(|| {
                    Refusal::new(
                        Code::PamNotFound,
                        "The record whose host was chosen is not there, or has none. Choose another one.",
                    )
                })?;

            (host, Some(port), Some(id.clone()))
        }
    };
    let allowed = connection.supplied_hosts();
    // No list, or a rule this server does not know: without rules a gateway would admit what its own do.
    let is_unknown = allowed.texts().is_empty();
    let of_port = port.unwrap_or(database.port);
    // A name is held against the rules with the address it leads to, when that is known; it is not looked up for nothing.
    let may_be = match host.parse::<IpAddr>() {
        Ok(address) => allowed.admit(&host, of_port, address),
        Err(_) => allowed.may_admit(&host, of_port),
    };
    if is_unknown || !may_be {
        return Err(denied(&host, template.title()));
    }

    Ok(Some(Supplied {
        host,
        port,
        record,
        allowed,
    }))
}

/// The sentence for a host a template does not allow.
pub fn denied(host: &str, template: &str) -> Refusal {
    Refusal::new(
        Code::PamTargetDenied,
        format!("Host {host} is not allowed by connection template \"{template}\"."),
    )
}

fn of_record(person: &Person, record: &Record, shares: &[Share]) -> Option<(String, u16)> {
    let is_visible = authorize::permissions(person, &record.location(), shares).view;
    let database = record.database().filter(|database| !database.is_template())?;

    is_visible.then(|| (database.host.clone(), database.port))
}

fn not_allowed() -> Refusal {
    Refusal::new(
        Code::PamPolicyDenied,
        "This record does not allow supplying a host.",
    )
}

#[cfg(test)]
mod tests;
