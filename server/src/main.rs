//! `posternd`: reads its command line and its configuration, and does what it is asked.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use protocol::ids::SessionId;
use server::command::recordings::Wanted;
use server::{command, process};
use tokio::runtime::Builder;

/// Privileged access to PostgreSQL, in the browser.
#[derive(Parser)]
#[command(name = "posternd", version)]
struct Arguments {
    /// The configuration file; without one, defaults and POSTERN_* variables.
    #[arg(long, env = "POSTERN_CONFIG", global = true)]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the pages and sessions (the default).
    Serve,
    /// Administrators, from the server's own shell.
    #[command(subcommand)]
    Admin(Admin),
    /// The audit log.
    #[command(subcommand)]
    Audit(Audit),
    /// The key that wraps every credential and every recording's key.
    #[command(subcommand)]
    MasterKey(MasterKey),
    /// Copy store, recordings and configuration into a new folder; the server may run meanwhile.
    Backup {
        /// A folder that does not exist yet, or is empty.
        folder: PathBuf,
        /// Also copy the master key, into this file. Keep it apart from the backup: together they open everything.
        #[arg(long, value_name = "FILE")]
        master_key: Option<PathBuf>,
    },
    /// Bring a backup back to where the configuration says, which must be empty.
    Restore {
        /// A folder `posternd backup` has made.
        folder: PathBuf,
        /// The master key's copy, unless it is in its place already.
        #[arg(long, value_name = "FILE")]
        master_key: Option<PathBuf>,
    },
    /// Recordings of sessions.
    #[command(subcommand)]
    Recordings(Recordings),
    /// An instance of a gateway, in a network this server does not reach; reads no configuration file.
    Gateway(command::gateway::Arguments),
}

#[derive(Subcommand)]
enum Recordings {
    /// Say of each recording whether it is intact; exit code 1 when one was altered, 3 when one cannot be read, 4 when one
    /// is on another server, 2 when one is incomplete.
    Verify {
        /// Ids of sessions.
        #[arg(required_unless_present = "all")]
        sessions: Vec<SessionId>,
        /// Every recording there is.
        #[arg(long, conflicts_with = "sessions")]
        all: bool,
        /// Of those on other servers of this store only the number; each of them verifies its own.
        #[arg(long, requires = "all")]
        here: bool,
    },
    /// Write a recording to standard output in the form of another program; noted in the audit log.
    Export {
        session: SessionId,
        /// asciicast-v3, asciicast-v2, typescript, timing, text or jsonl.
        #[arg(long)]
        format: String,
        /// With what was typed, where it was recorded.
        #[arg(long)]
        keys: bool,
    },
}

#[derive(Subcommand)]
enum Admin {
    /// Add an administrator; the password is read from standard input.
    Create {
        #[arg(long)]
        email: String,
        #[arg(long)]
        name: String,
    },
}

#[derive(Subcommand)]
enum Audit {
    /// Check the hash chain from the first event to the last.
    Verify,
}

#[derive(Subcommand)]
enum MasterKey {
    /// Replace it and wrap everything anew; the server must be stopped.
    Rotate,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    // Before there are threads.
    let done = process::prepare().and_then(|()| run(arguments));

    match done {
        Ok(code) => code,
        Err(error) => {
            report(&error);

            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let mut builder = if matches!(arguments.command, Some(Command::Gateway(_))) {
        // All it moves goes through one connection: a second thread would only be woken for it.
        Builder::new_current_thread()
    } else {
        Builder::new_multi_thread()
    };

    builder.enable_all().build()?.block_on(obey(arguments))
}

async fn obey(arguments: Arguments) -> anyhow::Result<ExitCode> {
    match arguments.command.unwrap_or(Command::Serve) {
        Command::Serve => command::serve(arguments.config.as_deref()).await,
        Command::Admin(Admin::Create { email, name }) => {
            command::create_administrator(arguments.config.as_deref(), &email, &name).await
        }
        Command::Audit(Audit::Verify) => command::verify_audit(arguments.config.as_deref()).await,
        Command::MasterKey(MasterKey::Rotate) => {
            command::master_key::rotate(arguments.config.as_deref()).await
        }
        Command::Backup { folder, master_key } => {
            command::backup::make(arguments.config.as_deref(), &folder, master_key.as_deref()).await
        }
        Command::Restore { folder, master_key } => {
            command::backup::restore(arguments.config.as_deref(), &folder, master_key.as_deref()).await
        }
        Command::Recordings(Recordings::Verify { sessions, all, here }) => {
            let wanted = match (all, here) {
                (false, _) => Wanted::These(sessions),
                (true, false) => Wanted::All,
                (true, true) => Wanted::AllHere,
            };
            command::recordings::verify(arguments.config.as_deref(), wanted).await
        }
        Command::Gateway(arguments) => command::gateway::run(arguments).await,
        Command::Recordings(Recordings::Export {
            session,
            format,
            keys,
        }) => command::recordings::export(arguments.config.as_deref(), session, &format, keys).await,
    }
}

#[expect(clippy::print_stderr, reason = "the command line's answer to a person")]
fn report(error: &anyhow::Error) {
    eprintln!("posternd: {error:#}");
}
