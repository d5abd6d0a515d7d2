//! `postern connect`: the server's psql engine in the caller's own terminal, or running their script.

mod editor;
mod files;
mod flags;
mod reading;
mod session;

use std::process::ExitCode;

use clap::Args;
use protocol::terminal::script::{Begin, PATH, Script, Source};
use protocol::terminal::{MAX_CLIENT_FRAME, SUBPROTOCOL};

use self::flags::Flags;
use self::reading::Texts;
use self::session::{Session, Work, exit};
use crate::args::{AccessArgs, ToArgs};
use crate::exit::{Exit, Failure};
use crate::own_terminal::{self, Keys, Raw};
use crate::{account, print};

/// The longest frame of the server, in bytes.
const MAX_FRAME: usize = 2 * MAX_CLIENT_FRAME;

/// What is to be connected to, and how.
///
/// With a command, a file, or where input or output is no terminal, a script runs and ends as psql does: with 0, with 1
/// where a command failed, 2 without a connection, 3 where ON_ERROR_STOP is set and a file failed.
#[derive(Debug, Args)]
pub struct ConnectArgs {
    /// The record by title or id, with or without the account: Orders, or Orders/app_ro
    record: String,
    /// The folder the record is in, by name or id, where several have its title.
    #[arg(long, value_name = "FOLDER")]
    folder: Option<String>,
    #[command(flatten)]
    to: ToArgs,
    /// The database, in place of the record's.
    #[arg(short, long = "dbname", value_name = "DATABASE")]
    database: Option<String>,
    #[command(flatten)]
    flags: Flags,
}

/// Connects, and works until the session is over; the exit code is psql's.
pub async fn run(access: &AccessArgs, wanted: ConnectArgs, wants_json: bool) -> ExitCode {
    let code = connect(access, wanted).await.unwrap_or_else(|failure| {
        print::failure(&failure, wants_json);

        exit::BAD_CONNECTION
    });

    ExitCode::from(code)
}

async fn connect(access: &AccessArgs, wanted: ConnectArgs) -> Result<u8, Failure> {
    let server = account::open(access)?;
    let script = wanted.script();
    if wanted.flags.is_one_transaction && script.is_none() {
        return Err(Failure::new(
            Exit::Usage,
            "-1 is for scripts: say what to run with -c or -f, or through a pipe.",
        ));
    }
    if wanted.flags.is_unedited && script.is_none() {
        return Err(Failure::new(
            Exit::Usage,
            "-n is for scripts: the lines of a terminal are edited by the server.",
        ));
    }
    let socket = server.open(PATH, SUBPROTOCOL, MAX_FRAME).await?;
    let work = match &script {
        Some(_) => Work::Script(Texts::of(&wanted.flags.parts)),
        None => Work::Terminal(
            Raw::enter().map_err(|error| {
                Failure::new(Exit::Failed, format!("The terminal cannot be used: {error}."))
            })?,
            Keys::new(),
        ),
    };
    let (cols, rows) = own_terminal::size();
    let begin = Begin {
        name: wanted.record,
        folder: wanted.folder,
        to: wanted.to.into(),
        database: wanted.database,
        cols,
        rows,
        flags: wanted.flags.set,
        script,
    };

    Ok(Session::new(socket, work).run(begin).await)
}

impl ConnectArgs {
    /// The script that runs, unless somebody types.
    fn script(&self) -> Option<Script> {
        let sources: Vec<Source> = self.flags.parts.iter().map(flags::Part::source).collect();
        if sources.is_empty() && own_terminal::is_there() {
            return None;
        }

        Some(Script {
            sources: if sources.is_empty() {
                vec![Source::Input]
            } else {
                sources
            },
            is_one_transaction: self.flags.is_one_transaction,
        })
    }
}
