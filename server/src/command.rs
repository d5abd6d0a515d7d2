//! What `posternd` does from a shell: serve, add an administrator, verify the audit log, verify and export recordings.

pub mod backup;
pub mod gateway;
pub mod master_key;
pub mod recordings;

use std::fs::DirBuilder;
use std::io::{BufRead, IsTerminal, Read};
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, bail};
use protocol::errors::Refusal;
use protocol::forms::Draft;
use protocol::people::{Password, SetUpDraft};
use store::audit::verify::{Chain, verify};
use store::{Db, people};
use tokio::sync::mpsc;
use tracing_subscriber::EnvFilter;

use crate::config::{self, Config, LogFormat};
use crate::people::administrator;
use crate::recorder::{MAX_WAITING_NOTES, Note};
use crate::state::AppState;
use crate::{node, serve as serving};

/// Connections to the store, for reading.
const STORE_CONNECTIONS: u32 = 8;

/// Serves until it is told to stop.
pub async fn serve(file: Option<&Path>) -> anyhow::Result<ExitCode> {
    let config = configuration(file)?;
    log(&config)?;
    make_folders(&config)?;
    // Before the master key is read: while the folder is held, nobody replaces it.
    let _held = node::hold(&config.data.folder, "give each one its own data.folder")?;
    let (state, notes) = open(config).await?;
    serving::serve(state, notes).await?;

    Ok(ExitCode::SUCCESS)
}

/// Adds an administrator whose password is the first line of standard input.
#[expect(clippy::print_stdout, reason = "the command line's answer to a person")]
pub async fn create_administrator(file: Option<&Path>, email: &str, name: &str) -> anyhow::Result<ExitCode> {
    let config = configuration(file)?;
    let password = Password::new(read_line()?);
    let draft = SetUpDraft {
        token: Password::default(),
        email: email.to_owned(),
        name: name.to_owned(),
        new: password.clone(),
        repeat: password.clone(),
    };
    if let Some(error) = draft.check().first() {
        bail!("{}", error.message);
    }
    let email = email
        .parse()
        .map_err(|_| anyhow::anyhow!("{email:?} is not an email address"))?;
    let (state, _notes) = open(config).await?;
    let person = administrator::create(&state, &email, name, password)
        .await
        .map_err(in_words)?;
    state.db.close().await;
    println!("{} can sign in as administrator.", person.handle);

    Ok(ExitCode::SUCCESS)
}

/// Who types it is asked for it; who pipes it need not end the line.
#[expect(clippy::print_stderr, reason = "a question to a person at a terminal")]
fn read_line() -> anyhow::Result<String> {
    if std::io::stdin().is_terminal() {
        eprintln!("Password, in sight while it is typed, then Enter:");
    }
    let mut line = String::new();
    std::io::stdin()
        .lock()
        .take(1024)
        .read_line(&mut line)
        .context("the password cannot be read from standard input")?;

    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

/// Says whether the audit log is intact; exit code 0 when it is, 1 when not.
#[expect(clippy::print_stdout, reason = "the command line's answer to a person")]
pub async fn verify_audit(file: Option<&Path>) -> anyhow::Result<ExitCode> {
    let config = configuration(file)?;
    let db = Db::open(&config.store_url(), STORE_CONNECTIONS)
        .await
        .context("the store cannot be opened")?;
    let chain = verify(&mut db.read().await?).await?;
    db.close().await;

    Ok(match chain {
        Chain::Intact { events, head } => {
            println!("intact: {events} events, head {head}");

            ExitCode::SUCCESS
        }
        Chain::Broken { seq, why } => {
            println!("broken at event {seq}: {}", why.sentence());

            ExitCode::FAILURE
        }
    })
}

/// What is wrong, as a form would say it beside its field.
fn in_words(refusal: Refusal) -> anyhow::Error {
    let sentence = refusal
        .fields
        .into_iter()
        .next()
        .map_or(refusal.sentence, |error| error.message);

    anyhow::Error::msg(sentence)
}

fn configuration(file: Option<&Path>) -> anyhow::Result<Config> {
    #[expect(clippy::disallowed_methods, reason = "configuration is read here, once")]
    let environment = std::env::vars();

    Ok(config::load(file, environment)?)
}

fn log(config: &Config) -> anyhow::Result<()> {
    log_as(&config.log.filter, config.log.format)
}

fn log_as(filter: &str, format: LogFormat) -> anyhow::Result<()> {
    let filter: EnvFilter = filter
        .parse()
        .context("log.filter is no filter; write e.g. info")?;
    // Each of a peer's malformed frames would be a line of its own; that a tunnel was lost is ours to say.
    let filter = filter.add_directive("yamux=off".parse()?);
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    // Colours are for a person; a file or the journal would keep their escapes.
    let lines = if std::io::stderr().is_terminal() {
        lines
    } else {
        lines.with_ansi(false)
    };
    match format {
        LogFormat::Json => lines.json().init(),
        LogFormat::Text => lines.init(),
    }

    Ok(())
}

/// Makes the folders a server keeps its things in.
fn make_folders(config: &Config) -> anyhow::Result<()> {
    for folder in [config.data.folder.clone(), config.data.recordings()] {
        // For the server alone: the embedded store holds what people and targets are called.
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&folder)
            .with_context(|| format!("{}: the folder cannot be made; see data.folder", folder.display()))?;
    }

    Ok(())
}

/// Everything a server holds, for what is done beside it; nothing is served.
pub async fn open_for_tools(file: &Path) -> anyhow::Result<(AppState, mpsc::Receiver<Note>)> {
    open(configuration(Some(file))?).await
}

/// Opens everything a server holds, in order: folders, store, master key.
async fn open(config: Config) -> anyhow::Result<(AppState, mpsc::Receiver<Note>)> {
    make_folders(&config)?;
    let db = Db::open(&config.store_url(), STORE_CONNECTIONS)
        .await
        .context("the store cannot be opened")?;
    // Nothing is sealed before there is a person who can save it.
    let is_new_store = people::list(&mut db.read().await?).await?.is_empty();
    let master = master_key::current(&config, &db, is_new_store).await?;
    let node = node::id(&config.data.folder)?;
    let (to_store, notes) = mpsc::channel(MAX_WAITING_NOTES);

    Ok((AppState::new(config, node, db, master, to_store), notes))
}
