//! `postern`: Postern at the command line.

mod account;
mod args;
mod clock;
mod connect;
mod credentials;
mod exit;
mod import;
mod login;
mod logout;
mod look;
mod manual;
mod own_terminal;
mod print;
mod printer;
mod recordings;
mod server;
mod sessions;
mod tunnel;
mod whoami;

use std::process::ExitCode;

use clap::Parser as _;

use crate::args::{Args, Command};
use crate::exit::{Exit, Failure};

/// One thread: what waits here waits for a person or the network.
#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => return misunderstood(&error),
    };
    let wants_json = args.json;

    match run(args).await {
        Ok(code) => code,
        Err(failure) => {
            print::failure(&failure, wants_json);

            ExitCode::from(failure.exit.code())
        }
    }
}

/// A command line that makes no sense, or a question for help. Programs are told in their way.
fn misunderstood(error: &clap::Error) -> ExitCode {
    let wants_json = std::env::args_os().any(|argument| argument == "--json");
    if !error.use_stderr() || !wants_json {
        // There is nobody else to tell.
        let _ = error.print();

        return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(1));
    }
    let told = error.to_string();
    let sentence = told.strip_prefix("error: ").unwrap_or(&told);
    let sentence = sentence.split("\n\n").next().unwrap_or_default();
    print::failure(&Failure::new(Exit::Usage, sentence), true);

    ExitCode::from(Exit::Usage.code())
}

async fn run(args: Args) -> Result<ExitCode, Failure> {
    let Args {
        access,
        json,
        command,
    } = args;

    match command {
        Command::Login => login::run(&access, json).await?,
        Command::Logout => logout::run(&access, json).await?,
        Command::Whoami => whoami::run(&access, json).await?,
        Command::Sessions(wanted) => sessions::run(&access, wanted, json).await?,
        Command::Recordings(wanted) => recordings::run(&access, wanted, json).await?,
        Command::Completion(wanted) => manual::complete(&wanted)?,
        Command::Man(wanted) => manual::man(&wanted)?,
        Command::Connect(wanted) => return Ok(connect::run(&access, wanted, json).await),
        Command::Tunnel(wanted) => return tunnel::run(&access, &wanted, json).await,
        Command::Import(wanted) => return import::run(&access, &wanted, json).await,
        Command::Pam(seed) => {
            let (access, wanted) = seed.into_tunnel(access);

            return tunnel::run(&access, &wanted, json).await;
        }
    }

    Ok(ExitCode::SUCCESS)
}
