//! Why a connection was not made: a code for programs, a sentence and a remedy for a person.

use std::borrow::Cow;
use std::fmt;
use std::io;
use std::net::SocketAddr;

use pg_proto::Malformed;
use pg_proto::backend::Fields;
use pg_proto::client::{HandshakeError, MIN_ITERATIONS};

use crate::connect::{READ_ONLY, SessionError, Stage, Target};
use crate::dial::DialError;
use crate::tls::{Distrust, PemError, Tls};

/// The ways to fail that programs tell apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// Nothing that speaks PostgreSQL answers there.
    Unreachable,
    /// The gateway that leads there is not connected.
    Offline,
    /// Somebody gave a host that may not be connected to.
    Denied,
    /// Encryption or the server's identity.
    Tls,
    /// The stored credential.
    Auth,
    /// The server knows who we are and refuses nevertheless.
    Rejected,
}

/// What went wrong.
#[derive(Debug)]
pub enum Reason {
    Resolve,
    Refused {
        address: SocketAddr,
    },
    TimedOut,
    Io(io::Error),
    /// No instance of the gateway is connected.
    Offline {
        gateway: String,
    },
    /// The instance went away while it connected.
    GatewayLost {
        gateway: String,
    },
    /// The gateway may not connect there.
    Forbidden {
        gateway: String,
        address: SocketAddr,
    },
    /// The record does not let the host that was given lead there.
    NotAllowed {
        address: SocketAddr,
    },
    /// The connection ended before the server was ready.
    Closed,
    /// What answers is not a PostgreSQL server.
    NotPostgres(String),
    /// TLS is on and the server has none.
    NoTls,
    Distrusted(Distrust),
    /// TLS itself, in rustls' words.
    TlsBroken(String),
    /// A certificate or key of ours.
    Pem(PemError),
    /// The server said so itself.
    Server(Box<Fields>),
    PasswordMissing,
    CleartextRefused,
    Md5Refused,
    /// Rounds the server asks for.
    WeakScramRefused(u64),
    Unsupported(&'static str),
    /// The server does not know the password's verifier, or somebody sits in between.
    Impostor(&'static str),
    /// The server does not say that transactions are read-only.
    NotReadOnly {
        /// As it says itself.
        version: String,
    },
}

/// A connection that was not made. `Display` is the sentence; nothing in here holds a secret.
#[derive(Debug)]
pub struct ConnectError {
    pub reason: Reason,
    /// The stage that failed.
    pub stage: Stage,
    host: String,
    port: u16,
    database: String,
    encrypted: bool,
}

impl ConnectError {
    pub(crate) fn new(reason: Reason, stage: Stage, target: &Target) -> Self {
        Self {
            reason,
            stage,
            host: target.host.clone(),
            port: target.port,
            database: target.database.clone(),
            encrypted: matches!(target.tls, Tls::On(_)),
        }
    }

    /// A target that was not reached, before anything was said to it.
    pub fn of_dial(error: DialError, stage: Stage, host: &str, port: u16) -> Self {
        Self {
            reason: error.into(),
            stage,
            host: host.to_owned(),
            port,
            database: String::new(),
            encrypted: false,
        }
    }

    pub fn code(&self) -> Code {
        match &self.reason {
            Reason::Offline { .. } | Reason::GatewayLost { .. } => Code::Offline,
            Reason::Resolve
            | Reason::Refused { .. }
            | Reason::TimedOut
            | Reason::Io(_)
            | Reason::Forbidden { .. }
            | Reason::Closed
            | Reason::NotPostgres(_) => Code::Unreachable,
            Reason::NotAllowed { .. } => Code::Denied,
            Reason::NoTls | Reason::Distrusted(_) | Reason::TlsBroken(_) | Reason::Pem(_) => Code::Tls,
            Reason::PasswordMissing
            | Reason::CleartextRefused
            | Reason::Md5Refused
            | Reason::WeakScramRefused(_)
            | Reason::Unsupported(_)
            | Reason::Impostor(_) => Code::Auth,
            Reason::NotReadOnly { .. } => Code::Rejected,
            Reason::Server(fields) => match &*fields.code() {
                "28P01" => Code::Auth,
                "28000" if !names_hba(fields) => Code::Auth,
                POOLER if fields.message() == POOLER_REJECTS => Code::Auth,
                _ => Code::Rejected,
            },
        }
    }

    /// What failed, in one sentence.
    pub fn sentence(&self) -> String {
        self.explain().0.into_owned()
    }

    /// What to do about it.
    pub fn remedy(&self) -> String {
        self.explain().1.into_owned()
    }

    /// The server's own error, verbatim, where it gave one.
    pub fn server(&self) -> Option<&Fields> {
        match &self.reason {
            Reason::Server(fields) => Some(fields),
            Reason::Resolve
            | Reason::Refused { .. }
            | Reason::TimedOut
            | Reason::Io(_)
            | Reason::Offline { .. }
            | Reason::GatewayLost { .. }
            | Reason::Forbidden { .. }
            | Reason::NotAllowed { .. }
            | Reason::Closed
            | Reason::NotPostgres(_)
            | Reason::NoTls
            | Reason::Distrusted(_)
            | Reason::TlsBroken(_)
            | Reason::Pem(_)
            | Reason::PasswordMissing
            | Reason::CleartextRefused
            | Reason::Md5Refused
            | Reason::WeakScramRefused(_)
            | Reason::Unsupported(_)
            | Reason::Impostor(_)
            | Reason::NotReadOnly { .. } => None,
        }
    }

    fn explain(&self) -> (Cow<'static, str>, Cow<'static, str>) {
        let Self { host, port, .. } = self;
        match &self.reason {
            Reason::Resolve => (
                format!("The host name \"{host}\" does not resolve.").into(),
                "Check Hostname or IP for a typing error, and this server's DNS.".into(),
            ),
            Reason::Refused { address } => (
                format!("Nothing listens on {host} port {port} ({address} refused the connection).").into(),
                "Check Port, that PostgreSQL is running, and that its listen_addresses includes this address."
                    .into(),
            ),
            Reason::TimedOut => self.timed_out(),
            Reason::Io(error) => (
                format!("The connection to {host} port {port} failed: {error}.").into(),
                "Check the network between this server and the database server.".into(),
            ),
            Reason::Offline { gateway } => (
                format!("Gateway \"{gateway}\" is offline.").into(),
                "Ask an administrator to start one of its instances.".into(),
            ),
            Reason::GatewayLost { gateway } => (
                format!("The connection to gateway \"{gateway}\" was lost.").into(),
                "Try again in a moment: an instance comes back by itself.".into(),
            ),
            Reason::Forbidden { gateway, address } => (
                format!("Gateway \"{gateway}\" may not connect to {host} port {port} ({}).", address.ip()).into(),
                format!(
                    "Add {address} or its network to what the gateway may connect to; loopback and link-local addresses take a \
                     line of their own, not a name. Where the instance was started with --allow, add it there too."
                )
                .into(),
            ),
            // Not the address: who asks would learn the names of a network they do not see.
            Reason::NotAllowed { .. } => (
                format!("The connection template does not allow host {host} port {port}.").into(),
                "Give a host that it allows, or ask an administrator to add the address or its network to it.".into(),
            ),
            Reason::Closed => (
                format!("{host} port {port} closed the connection before it was ready.").into(),
                "Check that Port is PostgreSQL's, then look into the database server's log.".into(),
            ),
            Reason::NotPostgres(what) => (
                format!("What answers on {host} port {port} does not speak PostgreSQL's protocol ({what}).")
                    .into(),
                "Check Hostname or IP and Port.".into(),
            ),
            Reason::NoTls => (
                format!("The server at {host} port {port} does not offer TLS, and the record asks for it.").into(),
                "Turn TLS on in the database server, or set TLS Mode to disable if the network is protected otherwise."
                    .into(),
            ),
            Reason::Distrusted(distrust) => {
                (format!("The server's certificate is not trusted: {distrust}.").into(), trust_remedy(distrust))
            }
            Reason::TlsBroken(what) => (
                format!("TLS with {host} port {port} failed: {what}.").into(),
                "The server must speak TLS 1.2 or newer; if it asks for a client certificate, the PAM User \
                 must have one that the server accepts."
                    .into(),
            ),
            Reason::Pem(error) => (format!("A certificate or key cannot be used: {error}.").into(), pem_remedy(error)),
            Reason::Server(fields) => self.explain_server(fields),
            Reason::PasswordMissing => (
                "The server asks for a password and the credential has none.".into(),
                "Enter the password in the PAM User record.".into(),
            ),
            Reason::CleartextRefused => (
                "The server asks for the password in clear text, and the connection does not verify who it is."
                    .into(),
                "Set TLS Mode to verify-full, or let pg_hba.conf use scram-sha-256.".into(),
            ),
            Reason::Md5Refused => (
                "The server asks for an MD5 hash of the password, and the connection does not verify who it is. \
                 Somebody in between could ask so to guess the password."
                    .into(),
                "Let the server keep the password for scram-sha-256 (set password_encryption, then the password anew), \
                 or set TLS Mode to verify-full."
                    .into(),
            ),
            Reason::WeakScramRefused(count) => (
                format!(
                    "The server asks for SCRAM with {count} iterations only, and the connection does not verify who \
                     it is. Somebody in between could ask so to guess the password."
                )
                .into(),
                format!(
                    "Set the password anew on the server with scram_iterations at {MIN_ITERATIONS} or more, or set TLS \
                     Mode to verify-full."
                )
                .into(),
            ),
            Reason::Unsupported(what) => (
                format!("The server asks for {what}, which is not supported.").into(),
                "Let pg_hba.conf use scram-sha-256 for this account.".into(),
            ),
            Reason::Impostor(what) => (
                format!("The server does not prove that it knows the account's password: {what}.").into(),
                "This may not be the server the record means. Check Hostname or IP with who runs the network \
                 before you try again."
                    .into(),
            ),
            Reason::NotReadOnly { version } => (
                format!(
                    "Read-only mode is enabled, and the server at {host} port {port} (version {version}) does not say \
                     that its transactions are read-only."
                )
                .into(),
                "It takes PostgreSQL 14 or newer. A pooler in between has to pass on the startup parameter \
                 default_transaction_read_only, and what the server reports of it."
                    .into(),
            ),
        }
    }

    fn timed_out(&self) -> (Cow<'static, str>, Cow<'static, str>) {
        let Self { host, port, .. } = self;
        match self.stage {
            Stage::Gateway => (
                "The gateway does not answer.".into(),
                "Try again in a moment: an instance that is lost comes back by itself.".into(),
            ),
            Stage::Dns => (
                format!("The host name \"{host}\" was not resolved in time.").into(),
                "Check this server's DNS.".into(),
            ),
            Stage::Tcp => (
                format!("{host} port {port} does not answer.").into(),
                "Check the address, and that no firewall drops connections from this server.".into(),
            ),
            Stage::Tls | Stage::Authentication | Stage::Query => (
                format!("{host} port {port} accepted the connection and then stopped answering.").into(),
                "Check that Port is PostgreSQL's, and the load of the database server.".into(),
            ),
        }
    }

    fn explain_server(&self, fields: &Fields) -> (Cow<'static, str>, Cow<'static, str>) {
        match &*fields.code() {
            POOLER => self.explain_pooler(&fields.message()),
            "28P01" => (
                "The stored credential was rejected.".into(),
                "Check user name and password in the PAM User record.".into(),
            ),
            "28000" if names_hba(fields) && !self.encrypted => (
                "The server has no rule that lets this account in without encryption.".into(),
                "Set TLS Mode to verify-full. If that does not help, pg_hba.conf needs an entry for this account, \
                 database and address."
                    .into(),
            ),
            "28000" if names_hba(fields) => (
                "The server has no rule that lets this account in from here.".into(),
                "Ask who runs the database server for an entry in pg_hba.conf for this account, database and \
                 address."
                    .into(),
            ),
            "28000" => (
                "The stored credential was rejected.".into(),
                "Check that the role exists, may log in, and that its certificate is the right one, if it uses one."
                    .into(),
            ),
            "3D000" => self.no_database(),
            "42501" => (
                format!("The account may not connect to the database \"{}\".", self.database).into(),
                "Grant it CONNECT on the database, or choose another account.".into(),
            ),
            "53300" => (
                "The server has no connection left.".into(),
                "Try again when others have left, or raise max_connections or the role's connection limit."
                    .into(),
            ),
            "57P03" => (
                "The server is starting up, shutting down or recovering.".into(),
                "Try again in a moment.".into(),
            ),
            _ => (
                "The server refused the connection.".into(),
                "Its own message says why.".into(),
            ),
        }
    }

    /// What pgbouncer refuses itself, which speaks no language but English.
    fn explain_pooler(&self, message: &str) -> (Cow<'static, str>, Cow<'static, str>) {
        if message == POOLER_REJECTS {
            return (
                "The pooler before the server rejected the stored credential.".into(),
                "Check user name and password in the PAM User record, and that the pooler knows them: auth_file or \
                 auth_query of pgbouncer."
                    .into(),
            );
        }
        if let Some(parameter) = message.strip_prefix("unsupported startup parameter: ") {
            let sentence =
                format!("The pooler before the server does not accept the startup parameter {parameter}.");
            if parameter == READ_ONLY {
                return (
                    sentence.into(),
                    "Read-only mode takes it: connect to the server itself, or have a pgbouncer that can track it \
                     (track_extra_parameters)."
                        .into(),
                );
            }
            return (
                sentence.into(),
                format!(
                    "Add {parameter} to ignore_startup_parameters in pgbouncer.ini, which leaves it without effect, or \
                     connect without it."
                )
                .into(),
            );
        }
        if let Some(database) = message.strip_prefix("no such database: ") {
            return (
                format!("The pooler before the server has no database \"{database}\".").into(),
                "Add it to [databases] in pgbouncer.ini, or correct Default database.".into(),
            );
        }

        if message.starts_with("database \"") && message.ends_with("does not exist") {
            return self.no_database();
        }

        (
            "The server refused the connection.".into(),
            "Its own message says why.".into(),
        )
    }

    fn no_database(&self) -> (Cow<'static, str>, Cow<'static, str>) {
        (
            format!(
                "The database \"{}\" does not exist on this server.",
                self.database
            )
            .into(),
            "Name another one, or correct Default database where the name is the record's.".into(),
        )
    }
}

/// The only SQLSTATE pgbouncer has of its own.
const POOLER: &str = "08P01";

/// What pgbouncer says of a wrong password and of a user it does not know.
const POOLER_REJECTS: &str = "SASL authentication failed";

/// PostgreSQL names the file in every language it speaks.
fn names_hba(fields: &Fields) -> bool {
    fields.message().contains("pg_hba.conf")
}

fn trust_remedy(distrust: &Distrust) -> Cow<'static, str> {
    match distrust {
        Distrust::SelfSigned | Distrust::UnknownIssuer { .. } => {
            "Add the CA under Trusted CA certificate, or set TLS Mode to require (not recommended).".into()
        }
        Distrust::WrongName { .. } => {
            "Set Hostname or IP or TLS server name to a name in the certificate, or have a certificate issued \
             for this host."
                .into()
        }
        Distrust::Expired => "Renew the certificate on the database server.".into(),
        Distrust::NotYetValid => "Check the clocks of both servers.".into(),
        Distrust::Unreadable | Distrust::Other(_) => "Replace the certificate on the database server.".into(),
    }
}

fn pem_remedy(error: &PemError) -> Cow<'static, str> {
    match error {
        PemError::NoCertificate | PemError::BadCertificate => {
            "Paste the whole certificate, from -----BEGIN CERTIFICATE----- to -----END CERTIFICATE-----."
                .into()
        }
        PemError::EncryptedKey => "Decrypt it first, with openssl pkey for one, and paste the result.".into(),
        PemError::NoKey => "Paste the whole key, with its BEGIN and END lines.".into(),
        PemError::KeyMismatch => "Paste the key that the certificate was made with.".into(),
    }
}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.explain().0)
    }
}

impl std::error::Error for ConnectError {}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Resolve => f.write_str("the name does not resolve"),
            Self::Refused { address } => write!(f, "{address} refuses connections"),
            Self::TimedOut => f.write_str("no answer in time"),
            Self::Io(error) => error.fmt(f),
            Self::Offline { gateway } => write!(f, "gateway {gateway} is offline"),
            Self::GatewayLost { gateway } => write!(f, "gateway {gateway} was lost"),
            Self::Forbidden { gateway, address } => {
                write!(f, "gateway {gateway} may not connect to {address}")
            }
            Self::NotAllowed { address } => write!(f, "the record does not allow {address}"),
            Self::Closed => f.write_str("connection closed"),
            Self::NotPostgres(what) => write!(f, "not PostgreSQL: {what}"),
            Self::NoTls => f.write_str("server has no TLS"),
            Self::Distrusted(distrust) => distrust.fmt(f),
            Self::TlsBroken(what) => f.write_str(what),
            Self::Pem(error) => error.fmt(f),
            Self::Server(fields) => write!(f, "{}: {}", fields.code(), fields.message()),
            Self::PasswordMissing => f.write_str("password missing"),
            Self::CleartextRefused => f.write_str("clear text password refused"),
            Self::Md5Refused => f.write_str("MD5 hash of the password refused"),
            Self::WeakScramRefused(count) => write!(f, "SCRAM with {count} iterations refused"),
            Self::Unsupported(what) => write!(f, "{what} is not supported"),
            Self::Impostor(what) => write!(f, "server not proven: {what}"),
            Self::NotReadOnly { version } => {
                write!(f, "server {version} does not report read-only transactions")
            }
        }
    }
}

impl std::error::Error for Reason {}

impl Reason {
    /// Sorts out what a TLS handshake ended with.
    pub(crate) fn from_tls(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::UnexpectedEof {
            return Self::Closed;
        }
        Self::from(error)
    }
}

impl From<io::Error> for Reason {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::UnexpectedEof {
            return Self::Closed;
        }
        let tls = error
            .get_ref()
            .and_then(|inner| inner.downcast_ref::<rustls::Error>());
        let Some(tls) = tls else {
            return Self::Io(error);
        };
        if let rustls::Error::InvalidCertificate(rustls::CertificateError::Other(other)) = tls
            && let Some(distrust) = other.0.downcast_ref::<Distrust>()
        {
            return Self::Distrusted(distrust.clone());
        }
        Self::TlsBroken(tls.to_string())
    }
}

impl From<DialError> for Reason {
    fn from(error: DialError) -> Self {
        match error {
            DialError::Resolve(_) => Self::Resolve,
            DialError::Refused { address } => Self::Refused { address },
            DialError::Silent => Self::TimedOut,
            DialError::Io(error) => Self::Io(error),
            DialError::Offline { gateway } => Self::Offline { gateway },
            DialError::Lost { gateway } => Self::GatewayLost { gateway },
            DialError::Forbidden { gateway, address } => Self::Forbidden { gateway, address },
            DialError::NotAllowed { address } => Self::NotAllowed { address },
        }
    }
}

impl From<SessionError> for Reason {
    fn from(error: SessionError) -> Self {
        match error {
            SessionError::Closed => Self::Closed,
            SessionError::Io(error) => error.into(),
            SessionError::Malformed(malformed) => malformed.into(),
            SessionError::TooMuch => Self::NotPostgres(error.to_string()),
            SessionError::Server(fields) => Self::Server(Box::new(fields)),
        }
    }
}

impl From<HandshakeError> for Reason {
    fn from(error: HandshakeError) -> Self {
        match error {
            HandshakeError::Server(fields) => Self::Server(Box::new(fields)),
            HandshakeError::PasswordMissing => Self::PasswordMissing,
            HandshakeError::CleartextRefused => Self::CleartextRefused,
            HandshakeError::Md5Refused => Self::Md5Refused,
            HandshakeError::WeakScramRefused(count) => Self::WeakScramRefused(count),
            HandshakeError::Unsupported(what) => Self::Unsupported(what),
            HandshakeError::ServerNotProven(what) => Self::Impostor(what),
            HandshakeError::Iterations(_) => Self::Impostor("it asks for too many SCRAM iterations"),
            HandshakeError::Unexpected(what) => Self::NotPostgres(what.to_owned()),
            HandshakeError::Malformed(malformed) => malformed.into(),
        }
    }
}

impl From<Malformed> for Reason {
    fn from(malformed: Malformed) -> Self {
        Self::NotPostgres(malformed.to_string())
    }
}

impl From<PemError> for Reason {
    fn from(error: PemError) -> Self {
        Self::Pem(error)
    }
}
