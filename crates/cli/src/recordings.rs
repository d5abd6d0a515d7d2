//! `postern recordings …`: recordings for other programs, and whether they hold.

mod export;
mod verify;

use clap::{Args as Group, Subcommand};

use crate::args::AccessArgs;
use crate::exit::Failure;

#[derive(Debug, Group)]
pub struct RecordingsArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Writes a recording in the form of another program. Each export is in the audit log.
    Export(export::ExportArgs),
    /// Has the server check that recordings are all there and as they were recorded; ends with 1 if one is not.
    Verify(verify::VerifyArgs),
}

pub async fn run(access: &AccessArgs, wanted: RecordingsArgs, wants_json: bool) -> Result<(), Failure> {
    match wanted.command {
        Command::Export(wanted) => export::run(access, &wanted, wants_json).await,
        Command::Verify(wanted) => verify::run(access, wanted, wants_json).await,
    }
}
