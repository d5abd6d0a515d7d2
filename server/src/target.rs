//! Where a record's connections go, with which credential: the one place that opens a stored secret for use.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use protocol::errors::{Code, Refusal};
use protocol::gateways::targets::Targets;
use protocol::ids::{GatewayId, RecordId};
use protocol::sessions::SessionKind;
use protocol::vault::TlsMode;
use proxy::{
    ClientCertificate, ConnectError, Credential, Dial, DirectDial, Roots, Target, Tls, TlsRules, Verify,
};
use store::Snapshot;
use store::records::{self, secrets};
use tracing::error;
use vault::authorize::{Authorized, Launch};
use vault::envelope::{self, Sealed, SecretField};
use vault::gateway::Via;
use vault::record::{Database, Record};
use vault::supplied::Supplied;

use crate::gateways::way::GatewayDial;
use crate::people::store_failed;
use crate::state::AppState;

/// A target, how to reach it, and whom to be there. `Debug` of a credential shows no secret.
pub struct Aim {
    pub record_title: String,
    /// As whom the session works, for lists and recordings.
    pub account: String,
    pub dial: Arc<dyn Dial>,
    pub target: Target,
    pub credential: Credential,
    /// The gateway it is reached through.
    pub via: Option<GatewayId>,
    /// For the bar above the terminal: the way there, its encryption, and whether it is read-only.
    pub reached: String,
}

/// Where a session leads, and as whom: the same for all its connections.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Aimed {
    host: String,
    port: u16,
    user: String,
    /// The same name in another network is another server.
    pub via: Option<GatewayId>,
    pub read_only: bool,
}

impl Aimed {
    pub fn of(aim: &Aim) -> Self {
        Self {
            host: aim.target.host.clone(),
            port: aim.target.port,
            user: aim.credential.user.clone(),
            via: aim.via.clone(),
            read_only: aim.target.read_only,
        }
    }
}

/// The target of a launch.
pub async fn aim_at(state: &AppState, launch: &Authorized<Launch>) -> Result<Aim, Refusal> {
    let mut snapshot = state.db.read().await.map_err(store_failed)?;
    let record = lookup(&mut snapshot, launch.record()).await?;
    let account = lookup(&mut snapshot, launch.account()).await?;
    let effective = launch.effective();
    let via = launch.via().cloned();
    let supplied = launch.supplied();
    let is_tunnel = launch.kind() == SessionKind::Tunnel;
    let port = if is_tunnel {
        &effective.tunnel_port
    } else {
        &effective.port
    };
    let endpoint = Endpoint {
        supplied: supplied.cloned(),
        port: supplied.and_then(Supplied::port).unwrap_or(port.value),
        database: effective.default_database.value.clone(),
        read_only: effective.read_only.value,
        timeout: effective.connect_timeout(),
    };
    if is_tunnel && !effective.inject_credentials.value {
        // No secret is opened that nobody is to use.
        return point(
            state,
            &record,
            endpoint,
            OWN.to_owned(),
            Credential::default(),
            via,
        );
    }
    let secrets = secrets::for_launch(&mut snapshot, launch)
        .await
        .map_err(store_failed)?;

    aim(state, &record, &account, &secrets, endpoint, via)
}

/// The account of a session whose clients sign in as whom they like.
const OWN: &str = "own credentials";

/// What of a connection is not the record's own.
pub struct Endpoint {
    /// The host that was given, with what it may lead to; `None` where the record has one.
    pub supplied: Option<Supplied>,
    pub port: u16,
    pub database: String,
    pub read_only: bool,
    pub timeout: Duration,
}

/// The target of a database record with one of its PAM Users.
pub fn aim(
    state: &AppState,
    record: &Record,
    account: &Record,
    secrets: &[(SecretField, Sealed)],
    endpoint: Endpoint,
    via: Option<Via>,
) -> Result<Aim, Refusal> {
    let credential = credential(state, account, secrets)?;

    point(state, record, endpoint, credential.user.clone(), credential, via)
}

fn point(
    state: &AppState,
    record: &Record,
    endpoint: Endpoint,
    account: String,
    credential: Credential,
    via: Option<Via>,
) -> Result<Aim, Refusal> {
    let database = record.database().ok_or_else(Refusal::not_found)?;
    let given = endpoint.supplied.as_ref();
    let host = given.map_or(&*database.host, Supplied::host).to_owned();
    if host.is_empty() {
        return Err(Refusal::new(
            Code::PamPrereq,
            "A connection template has no host of its own.",
        ));
    }
    let route = match &via {
        None => "direct".to_owned(),
        Some(via) => format!("gateway {}", via.name),
    };
    let reached = match given {
        None => route,
        Some(_) => format!("{host}, {route}"),
    };
    let allowed = given.map_or_else(Targets::all, |supplied| supplied.allowed().clone());
    let target = Target {
        host,
        port: endpoint.port,
        database: endpoint.database,
        tls: tls(state, database)?,
        application_name: "postern".to_owned(),
        options: Vec::new(),
        read_only: endpoint.read_only,
        timeout: endpoint.timeout,
    };
    let mode = if endpoint.read_only { " · read-only" } else { "" };

    Ok(Aim {
        record_title: record.title().to_owned(),
        account,
        reached: format!("{reached} · TLS {}{mode}", database.tls.mode.name()),
        via: via.as_ref().map(|via| via.id.clone()),
        dial: dial(state, via, endpoint.timeout, allowed),
        target,
        credential,
    })
}

/// The way there: by this server itself, or through a gateway.
fn dial(state: &AppState, via: Option<Via>, attempt: Duration, allowed: Targets) -> Arc<dyn Dial> {
    match via {
        None => {
            let admits = move |host: &str, port, address| allowed.admit(host, port, address);

            Arc::new(DirectDial::new(attempt, Box::new(admits)))
        }
        Some(via) => Arc::new(GatewayDial {
            pool: state.gateways.clone(),
            via,
            attempt,
            allowed,
            reached: Mutex::default(),
        }),
    }
}

/// A record whose right was weighed before.
pub async fn lookup(snapshot: &mut Snapshot, id: &RecordId) -> Result<Record, Refusal> {
    records::lookup(snapshot, id)
        .await
        .map_err(store_failed)?
        .ok_or_else(Refusal::not_found)
}

fn tls(state: &AppState, database: &Database) -> Result<Tls, Refusal> {
    let verify = match database.tls.mode {
        TlsMode::Disable => return Ok(Tls::Off),
        TlsMode::Require => Verify::Nothing,
        TlsMode::VerifyCa => Verify::Authority,
        TlsMode::VerifyFull => Verify::Full,
    };
    let roots = match &database.tls.trusted_ca {
        Some(pem) => Roots::from_pem(pem).map_err(|problem| {
            Refusal::new(
                Code::PamDbTls,
                format!("The trusted CA of this record cannot be used: {problem}."),
            )
        })?,
        None => state.system_roots.clone(),
    };

    Ok(Tls::On(TlsRules {
        verify,
        roots,
        server_name: database.tls.server_name.clone(),
    }))
}

fn credential(
    state: &AppState,
    user: &Record,
    secrets: &[(SecretField, Sealed)],
) -> Result<Credential, Refusal> {
    let fields = user.user().ok_or_else(Refusal::not_found)?;
    let mut password = None;
    let mut key = None;
    for (field, sealed) in secrets {
        let secret = envelope::open(&state.master, &user.id, *field, sealed).map_err(|problem| {
            error!(error = &problem as &dyn std::error::Error, record.id = %user.id, "secret not opened");

            Refusal::new(
                Code::Internal,
                "The stored credential cannot be opened with the server's master key.",
            )
        })?;
        match field {
            SecretField::Password => password = Some(secret),
            SecretField::PrivateKey => key = Some(secret),
        }
    }
    let certificate = match (&fields.certificate, key) {
        (Some(certificates), Some(key)) => Some(ClientCertificate {
            certificates: certificates.clone(),
            key,
        }),
        (None, _) | (_, None) => None,
    };

    Ok(Credential {
        user: fields.login.clone(),
        password,
        certificate,
    })
}

/// A connection that failed, in words: what failed and what to do about it.
pub fn refusal(error: &ConnectError) -> Refusal {
    let code = match error.code() {
        proxy::Code::Offline => Code::PamGatewayOffline,
        proxy::Code::Unreachable => Code::PamDbUnreachable,
        proxy::Code::Tls => Code::PamDbTls,
        proxy::Code::Denied => Code::PamTargetDenied,
        proxy::Code::Auth => Code::PamDbAuth,
        proxy::Code::Rejected => Code::PamDbRejected,
    };

    Refusal::new(code, format!("{} {}", error.sentence(), error.remedy()))
}
