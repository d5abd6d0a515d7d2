//! `posternd`: reads its command line and its configuration, and does what it is asked.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use server::{command, process};

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

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if let Err(error) = process::prepare() {
        report(&error);

        return ExitCode::FAILURE;
    }
    let result = match arguments.command.unwrap_or(Command::Serve) {
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
    };

    match result {
        Ok(code) => code,
        Err(error) => {
            report(&error);

            ExitCode::FAILURE
        }
    }
}

#[expect(clippy::print_stderr, reason = "the command line's answer to a person")]
fn report(error: &anyhow::Error) {
    eprintln!("posternd: {error:#}");
}
