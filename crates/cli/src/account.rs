//! Which server is asked, in whose name: by the environment and the arguments, or by what `postern login` has kept.

use std::env;
use std::path::PathBuf;

use zeroize::Zeroizing;

use gateway::reach::{Address, Roots};

use crate::args::AccessArgs;
use crate::credentials::{self, Credentials};
use crate::exit::{Exit, Failure};
use crate::server::Server;

/// The access token, for scripts.
const TOKEN: &str = "POSTERN_TOKEN";

/// The server, with the token to show there.
///
/// # Errors
/// No address, one that is none, no token for it, or certificates that cannot be read.
pub fn open(access: &AccessArgs) -> Result<Server, Failure> {
    let (address, token) = match (token(), access.url.as_deref()) {
        (Some(token), Some(url)) => (Address::parse(url)?, token),
        (Some(token), None) => (kept_address(kept()?.as_ref())?, token),
        (None, _) => return of(access, &kept()?.ok_or_else(nobody)?),
    };

    Ok(Server::new(
        address,
        Roots::load(access.ca_file.as_deref())?,
        Some(token),
    ))
}

/// The server for who has no token yet: the one that is named, or the last one.
///
/// # Errors
/// As [`open`].
pub fn stranger(access: &AccessArgs, last: Option<&Credentials>) -> Result<Server, Failure> {
    let address = match access.url.as_deref() {
        Some(url) => Address::parse(url)?,
        None => kept_address(last)?,
    };

    Ok(Server::new(
        address,
        Roots::load(access.ca_file.as_deref())?,
        None,
    ))
}

/// The server of what was kept, with its token; to no other one that is named it is sent.
///
/// # Errors
/// As [`open`].
pub fn of(access: &AccessArgs, kept: &Credentials) -> Result<Server, Failure> {
    let address = kept_address(Some(kept))?;
    let named = access.url.as_deref().map(Address::parse).transpose()?;
    if let Some(other) = named.filter(|named| *named != address) {
        let (here, there) = (address.origin(), other.origin());
        return Err(Failure::new(
            Exit::Authentication,
            format!("You are signed in at {here}, and not at {there}: run postern login --url {there}."),
        ));
    }
    let token = Zeroizing::new(kept.token.expose().to_owned());

    Ok(Server::new(
        address,
        Roots::load(access.ca_file.as_deref())?,
        Some(token),
    ))
}

/// What `postern login` has kept.
///
/// # Errors
/// Others may read it, or it is something else.
pub fn kept() -> Result<Option<Credentials>, Failure> {
    Ok(credentials::load(&folder()?)?)
}

/// Where it is kept.
///
/// # Errors
/// The environment does not say where configuration belongs.
pub fn folder() -> Result<PathBuf, Failure> {
    credentials::folder(
        env::var_os("XDG_CONFIG_HOME").as_deref(),
        env::var_os("HOME").as_deref(),
    )
    .ok_or_else(|| {
        Failure::new(
            Exit::Usage,
            "There is no place for what you are signed in with: HOME is not set.",
        )
    })
}

/// Whether the environment has a token, which wins over the one that is kept.
pub fn has_token() -> bool {
    token().is_some()
}

fn token() -> Option<Zeroizing<String>> {
    let token = env::var_os(TOKEN)?.into_string().ok()?;

    (!token.is_empty()).then(|| Zeroizing::new(token))
}

fn kept_address(kept: Option<&Credentials>) -> Result<Address, Failure> {
    let kept = kept.ok_or_else(|| {
        Failure::new(
            Exit::Usage,
            "No server is named: set POSTERN_URL, or say --url https://postern.example.org.",
        )
    })?;

    Ok(Address::parse(&kept.url)?)
}

fn nobody() -> Failure {
    Failure::new(
        Exit::Authentication,
        format!(
            "You are not signed in: run postern login, with --url and the server's address the first time, or set {TOKEN} \
             to an access token, which you make under Account in Postern."
        ),
    )
}

impl From<credentials::Error> for Failure {
    fn from(error: credentials::Error) -> Self {
        let exit = match error {
            credentials::Error::Open(_) | credentials::Error::Foreign(_) => Exit::Authentication,
            credentials::Error::Io { .. } => Exit::Failed,
        };

        Self::new(exit, format!("{error}."))
    }
}
