//! `posternd gateway`: an instance of a gateway, in a network the server does not reach.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, bail};
use gateway::agent::stored::Stored;
use gateway::agent::{AgentError, Settings, enroll, serve};
use gateway::identity::Identity;
use gateway::reach::{Address, Roots};
use protocol::errors::{Code, Refusal};
use protocol::gateways::targets::{Rule, Targets};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::info;
use zeroize::Zeroizing;

use super::log_as;
use crate::clock;
use crate::config::LogFormat;
use crate::serve::stop_signal;

/// What the command line says.
#[derive(clap::Args)]
pub struct Arguments {
    /// The server's address, such as https://postern.example.org; needed once.
    #[arg(long, env = "POSTERN_URL", value_name = "URL")]
    server: Option<String>,
    /// A token from the gateway's page; needed once.
    #[arg(
        long,
        env = "POSTERN_GATEWAY_TOKEN",
        value_name = "TOKEN",
        hide_env_values = true
    )]
    token: Option<String>,
    /// Where this instance keeps its key, for its owner alone.
    #[arg(long, value_name = "FILE", default_value = "postern-gateway.json")]
    file: PathBuf,
    /// Certificates to trust instead of the operating system's, in PEM.
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
    /// Connect to nothing else, whatever the server says: an address, a network or a name, with :port or without; may be
    /// repeated.
    #[arg(long, value_name = "RULE")]
    allow: Vec<Rule>,
    /// The address of this machine to connect to targets from.
    #[arg(long, value_name = "ADDRESS")]
    from: Option<IpAddr>,
    /// Seconds to wait for connections to end when told to stop.
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    drain: u64,
}

/// Runs until it is told to stop, or has lost its place.
///
/// # Errors
/// It cannot be enrolled, or was removed.
pub async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    log_as("info", LogFormat::Text)?;
    let Arguments {
        server,
        token,
        file,
        ca_file,
        allow,
        from,
        drain,
    } = arguments;
    let token = token.map(Zeroizing::new);
    let kept = Stored::load(&file).with_context(|| file.display().to_string())?;
    let address = match (&server, &kept) {
        (Some(server), _) => Address::parse(server)?,
        (None, Some(kept)) => Address::parse(&kept.server)?,
        (None, None) => {
            bail!("name the server with --server; the gateway's page in Postern shows the command")
        }
    };
    let settings = Settings {
        server: address,
        roots: Roots::load(ca_file.as_deref())?,
        allowed: allowed(allow),
        from,
        drain: Duration::from_secs(drain),
        version: env!("CARGO_PKG_VERSION"),
        machine: rustix::system::uname().nodename().to_string_lossy().into_owned(),
        now: clock::instant,
    };
    let stop = CancellationToken::new();
    let watching = TaskTracker::new();
    watching.spawn({
        let stop = stop.clone();
        async move {
            stop_signal().await;
            info!("stopping");
            stop.cancel();
        }
    });
    // Who starts it again with the command it was made with does not make another.
    let ended = match &kept {
        Some(kept) => serve(&settings, &kept.identity, &kept.instance, None, &stop).await,
        None if token.is_none() => bail!(
            "{}: there is no such file; enroll with --token, which the gateway's page in Postern shows",
            file.display()
        ),
        None => Err(AgentError::Refused(Refusal::signed_out())),
    };
    match (ended, token) {
        // Its key is good for nothing, or there is none: a token makes another.
        (Err(AgentError::Refused(refusal)), Some(token)) if refusal.code == Code::SignedOut => {
            let (kept, connected) = join(&settings, &token, &file).await?;
            serve(&settings, &kept.identity, &kept.instance, Some(connected), &stop).await?;
        }
        (ended, _) => ended?,
    }
    info!("stopped");

    Ok(ExitCode::SUCCESS)
}

/// Without a rule of its own it goes by the server's alone, which keep it from special addresses.
fn allowed(rules: Vec<Rule>) -> Targets {
    match rules.is_empty() {
        true => Targets::all(),
        false => Targets::new(rules),
    }
}

/// Enrolls a new key, and keeps it.
async fn join(
    settings: &Settings,
    token: &Zeroizing<String>,
    file: &Path,
) -> anyhow::Result<(Stored, gateway::agent::Connected)> {
    let identity = Identity::generate()?;
    let connected = enroll(settings, &identity, token)
        .await
        .with_context(|| settings.server.origin())?;
    let stored = Stored {
        server: settings.server.origin(),
        instance: connected.instance().clone(),
        identity,
    };
    stored
        .save(file)
        .with_context(|| format!("{}: the key cannot be kept; make a new token", file.display()))?;
    info!(gateway = connected.gateway(), file = %file.display(), "enrolled");

    Ok((stored, connected))
}
