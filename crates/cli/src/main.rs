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
mod print;
mod server;
mod tunnel;
mod whoami;

use std::process::ExitCode;

use clap::Parser as _;

use crate::args::{Args, Command};
use crate::exit::Failure;

/// One thread: what waits here waits for a person or the network.
#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let args = Args::parse();
    let wants_json = args.json;

    match run(args).await {
        Ok(code) => code,
        Err(failure) => {
            print::failure(&failure, wants_json);

            ExitCode::from(failure.exit.code())
        }
    }
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
