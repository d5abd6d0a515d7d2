//! `postern sessions …`: what runs and what was, watched, ended and played.

mod list;
mod named;
mod pages;
mod play;
mod reel;
mod terminate;
mod watch;

use clap::{Args as Group, Subcommand};

use crate::args::AccessArgs;
use crate::exit::Failure;

pub use named::Named;
pub use pages::Pages;

#[derive(Debug, Group)]
pub struct SessionsArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Lists sessions, newest first: your own, or everybody's where you may review them.
    List(list::ListArgs),
    /// Shows a live session in this terminal as it goes on. q or Ctrl-C leaves; the session does not notice.
    Watch(watch::WatchArgs),
    /// Ends a live session. Its person reads who did it, and why.
    Terminate(terminate::TerminateArgs),
    /// Plays a recording in this terminal; of clients without a screen it prints what they ran.
    Play(play::PlayArgs),
}

pub async fn run(access: &AccessArgs, wanted: SessionsArgs, wants_json: bool) -> Result<(), Failure> {
    match wanted.command {
        Command::List(wanted) => list::run(access, &wanted, wants_json).await,
        Command::Watch(wanted) => watch::run(access, &wanted, wants_json).await,
        Command::Terminate(wanted) => terminate::run(access, wanted, wants_json).await,
        Command::Play(wanted) => play::run(access, &wanted, wants_json).await,
    }
}
