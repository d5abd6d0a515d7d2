//! What can be said at the command line.

use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;

use clap::{Args as Group, Parser, Subcommand};
use protocol::terminal::To;
use protocol::vault::length_of_time;

use crate::connect::ConnectArgs;
use crate::manual::{CompletionArgs, ManArgs};
use crate::recordings::RecordingsArgs;
use crate::sessions::SessionsArgs;

/// Postern at the command line: PostgreSQL without its passwords.
#[derive(Debug, Parser)]
#[command(name = "postern", version, max_term_width = 100)]
pub struct Args {
    #[command(flatten)]
    pub access: AccessArgs,
    /// Answers as JSON, for programs.
    #[arg(long, global = true)]
    pub json: bool,
    #[command(subcommand)]
    pub command: Command,
}

/// Which server, and in whose name. Secrets are taken from the environment only: arguments can be read by everybody on
/// the machine.
#[derive(Debug, Group)]
pub struct AccessArgs {
    /// The server's address, as in the browser: https://postern.example.org
    #[arg(long, global = true, env = "POSTERN_URL", value_name = "URL")]
    pub url: Option<String>,
    /// Trust the certificates of this file (PEM) instead of the operating system's.
    #[arg(long, global = true, env = "POSTERN_CA_FILE", value_name = "FILE")]
    pub ca_file: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Signs in: shows a code, which you approve in your browser, and keeps the token it gets.
    Login,
    /// Revokes the token of `postern login` and forgets it.
    Logout,
    /// Whose token is used here, and until when.
    Whoami,
    /// Works in a database: psql's commands in this terminal, or a script.
    Connect(ConnectArgs),
    /// Opens a local port at which any PostgreSQL client reaches a database without its password.
    Tunnel(TunnelArgs),
    /// Sessions: what runs and what was, watched, ended and played.
    Sessions(SessionsArgs),
    /// Recordings: for other programs, and whether they are as they were recorded.
    Recordings(RecordingsArgs),
    /// Makes the records of a project file, or says line by line what is wrong with it. For administrators.
    Import(ImportArgs),
    /// Prints what a shell completes: source it, or put it where your shell looks.
    Completion(CompletionArgs),
    /// Prints the man page, or writes one for each command into a folder.
    Man(ManArgs),
    /// A tunnel in other words: postern pam db access --resource … --account …
    #[command(hide = true)]
    Pam(PamArgs),
}

#[derive(Debug, Group)]
pub struct TunnelArgs {
    /// The record by title or id, with or without the account: Orders, or Orders/app_ro
    pub record: String,
    /// The folder the record is in, by name or id, where several have its title.
    #[arg(long, value_name = "FOLDER")]
    pub folder: Option<String>,
    #[command(flatten)]
    pub to: ToArgs,
    /// How long it stands: 30m, 1h, 2h30m. The record's policy may shorten it. [default: 1h]
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub duration: Option<u32>,
    /// The local address clients connect to. One that other machines reach must be allowed by the PAM Configuration.
    #[arg(long, default_value = "127.0.0.1", value_name = "ADDRESS")]
    pub host: IpAddr,
    /// The local port. [default: a free one, or the same as last time where the record says so]
    #[arg(long, value_name = "PORT")]
    pub port: Option<u16>,
    /// Listen on a Unix socket in this folder instead, for nobody but you.
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["host", "port"])]
    pub socket: Option<PathBuf>,
    /// Clients give no password: whoever reaches the port is let in. Must be allowed by the PAM Configuration.
    #[arg(long)]
    pub no_token: bool,
    /// Start this client with PGHOST, PGPORT, PGUSER, PGDATABASE and PGPASSWORD set; the tunnel ends with it.
    #[arg(long, value_name = "COMMAND")]
    pub run: Option<String>,
    #[arg(skip)]
    pub account: Option<String>,
}

/// Where a connection template leads.
#[derive(Debug, Clone, Default, Group)]
pub struct ToArgs {
    /// Where the record is a connection template: the host to connect to, and its port if it is another.
    #[arg(long, value_name = "HOST[:PORT]")]
    pub to: Option<String>,
    /// The same by a record whose host and port are taken, by title or id.
    #[arg(long, value_name = "RECORD", conflicts_with = "to")]
    pub to_record: Option<String>,
}

impl From<ToArgs> for To {
    fn from(args: ToArgs) -> Self {
        Self {
            host: args.to,
            record: args.to_record,
        }
    }
}

#[derive(Debug, Group)]
pub struct ImportArgs {
    /// A project file in JSON, with the keys of Keeper Commander.
    #[arg(value_name = "FILE.json")]
    pub file: PathBuf,
    /// Say what would happen and write nothing.
    #[arg(long)]
    pub dry_run: bool,
}

#[derive(Debug, Group)]
pub struct PamArgs {
    #[command(subcommand)]
    command: PamCommand,
}

#[derive(Debug, Subcommand)]
enum PamCommand {
    /// Databases.
    Db {
        #[command(subcommand)]
        command: DbCommand,
    },
}

#[derive(Debug, Subcommand)]
enum DbCommand {
    /// Opens a tunnel to a database.
    Access {
        /// The record, by title or id.
        #[arg(long)]
        resource: String,
        /// The account, by login, title or id.
        #[arg(long)]
        account: Option<String>,
        /// The folder the record is in.
        #[arg(long, value_name = "FOLDER")]
        project_id: Option<String>,
        /// How long it stands.
        #[arg(long, value_name = "TIME", value_parser = duration)]
        duration: Option<u32>,
        /// The server's address.
        #[arg(long, value_name = "URL")]
        domain: Option<String>,
        /// The local port; 0 is a free one.
        #[arg(long, value_name = "PORT")]
        port: Option<u16>,
    },
}

impl PamArgs {
    /// The tunnel that is meant, and the server.
    pub fn into_tunnel(self, access: AccessArgs) -> (AccessArgs, TunnelArgs) {
        let PamCommand::Db {
            command:
                DbCommand::Access {
                    resource,
                    account,
                    project_id,
                    duration,
                    domain,
                    port,
                },
        } = self.command;
        let access = AccessArgs {
            url: domain.or(access.url),
            ..access
        };
        let tunnel = TunnelArgs {
            record: resource,
            folder: project_id,
            to: ToArgs::default(),
            duration,
            host: IpAddr::V4(Ipv4Addr::LOCALHOST),
            port: port.filter(|port| *port != 0),
            socket: None,
            no_token: false,
            run: None,
            account,
        };

        (access, tunnel)
    }
}

/// Seconds of a length of time.
fn duration(text: &str) -> Result<u32, String> {
    match length_of_time::parse(text) {
        Some(0) | None => Err("say how long, for example 30m, 1h or 2h30m".to_owned()),
        Some(seconds) => Ok(seconds),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn what_can_be_said_makes_sense() {
        Args::command().debug_assert();
    }

    #[test]
    fn the_seed_spelling_means_a_tunnel() {
        let args = Args::parse_from([
            "postern",
            "pam",
            "db",
            "access",
            "--resource",
            "Orders",
            "--account",
            "app_ro",
            "--project-id",
            "Production",
            "--duration",
            "2h30m",
            "--domain",
            "https://postern.example.org",
        ]);
        let Command::Pam(seed) = args.command else {
            panic!("{:?}", args.command)
        };
        let (access, tunnel) = seed.into_tunnel(args.access);

        assert_eq!(access.url.as_deref(), Some("https://postern.example.org"));
        assert_eq!(
            (tunnel.record.as_str(), tunnel.account.as_deref()),
            ("Orders", Some("app_ro"))
        );
        assert_eq!(
            (tunnel.folder.as_deref(), tunnel.duration),
            (Some("Production"), Some(9_000))
        );
    }
}
