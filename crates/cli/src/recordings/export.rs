//! `postern recordings export`.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Args as Group;
use clap::builder::PossibleValuesParser;
use protocol::recordings::ExportFormat;
use serde_json::json;
use tempfile::NamedTempFile;

use crate::args::AccessArgs;
use crate::exit::{Exit, Failure};
use crate::server::Download;
use crate::sessions::Named;
use crate::{account, own_terminal, print};

#[derive(Debug, Group)]
pub struct ExportArgs {
    /// Its session's id, as postern sessions list shows it, or enough of its beginning.
    session: Named,
    /// Its form. Sessions of clients without a screen are to be had as text and jsonl.
    #[arg(long, value_parser = PossibleValuesParser::new(ExportFormat::ALL.map(ExportFormat::as_str)))]
    format: String,
    /// The file it is written to. [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// With what was typed, where that was recorded.
    #[arg(long)]
    keys: bool,
}

pub async fn run(access: &AccessArgs, wanted: &ExportArgs, wants_json: bool) -> Result<(), Failure> {
    let server = account::open(access)?;
    if wanted.output.is_none() && wanted.format == ExportFormat::Typescript.as_str() && own_terminal::shows()
    {
        return Err(Failure::new(
            Exit::Usage,
            "A typescript may do to a terminal whatever was done to the one it is of: write it to a file with -o, or play \
             it with postern sessions play.",
        ));
    }
    let session = wanted.session.find(&server).await?;
    let keys = if wanted.keys { "&keys=on" } else { "" };
    let path = format!("/sessions/{session}/export?format={}{keys}", wanted.format);
    let mut download = server.download(&path).await?;
    let Some(file) = &wanted.output else {
        while let Some(piece) = download.next_piece().await? {
            print::piece(&piece)?;
        }
        return Ok(());
    };
    let n_bytes = save(&mut download, file).await?;
    if wants_json {
        return print::json(&json!({
            "session": session,
            "format": wanted.format,
            "file": file.to_string_lossy(),
            "bytes": n_bytes,
        }));
    }

    print::line(&format!("{n_bytes} bytes are in {}.", file.display()))
}

/// Writes it to a file, which is there when all of it is: what broke off must not look whole.
async fn save(download: &mut Download<'_>, file: &Path) -> Result<u64, Failure> {
    let unwritten = |error: io::Error| {
        Failure::new(
            Exit::Failed,
            format!("{} cannot be written: {error}.", file.display()),
        )
    };
    let folder = match file.parent() {
        Some(folder) if folder != Path::new("") => folder,
        Some(_) | None => Path::new("."),
    };
    let mut written = NamedTempFile::new_in(folder).map_err(unwritten)?;
    let mut n_bytes = 0;
    while let Some(piece) = download.next_piece().await? {
        written.write_all(&piece).map_err(unwritten)?;
        n_bytes += piece.len() as u64;
    }
    written.as_file().sync_all().map_err(unwritten)?;
    written.persist(file).map_err(|error| unwritten(error.error))?;

    Ok(n_bytes)
}
