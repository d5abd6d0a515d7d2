//! `posternd backup` and `posternd restore`: everything that lasts in one folder, and back.
//!
//! The folder holds `store.jsonl` (see [`store::copy`]), `recordings/` as they lie in the data folder, `node.id`,
//! `postern.toml` where a configuration file was named, and, written last, `backup.json`: without it the backup is
//! not whole. The store is copied first: a recording may go on meanwhile and then holds more than the store knows,
//! which is what it is after a crash too. The master key is never part of it.

mod files;

use std::fs::{self, File};
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail, ensure};
use protocol::audit::{EventName, Outcome};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use store::{Db, audit, copy, sessions};
use subtle::ConstantTimeEq;
use vault::audit::Event;
use vault::envelope::MasterKey;

use super::{STORE_CONNECTIONS, configuration, make_folders, master_key as rotation};
use crate::config::Config;
use crate::{clock, master_key, node};

/// Version of the folder's layout.
const FORMAT: u32 = 1;

/// What a backup is, written when it is whole.
#[derive(Debug, Serialize, Deserialize)]
struct Manifest {
    format: u32,
    /// Microseconds since 1970.
    made_at: i64,
    posternd: String,
    /// Id of the master key that wraps what is in it.
    master_key: String,
    /// Whose live sessions are ended after a restore: what `node.id` says.
    node: String,
    /// SHA-256 of `store.jsonl`, in hex.
    store_sha256: String,
    rows: u64,
    recordings: u64,
    recording_bytes: u64,
}

/// `backup.json`: who can write into the folder and has not the master key cannot change what is restored.
#[derive(Debug, Serialize, Deserialize)]
struct Whole {
    #[serde(flatten)]
    manifest: Manifest,
    /// Of the manifest, under the master key; in hex.
    seal: String,
}

/// Makes a backup; the server may run meanwhile.
#[expect(clippy::print_stdout, reason = "the command line's answer to a person")]
pub async fn make(file: Option<&Path>, folder: &Path, key_file: Option<&Path>) -> anyhow::Result<ExitCode> {
    let config = configuration(file)?;
    let key_file = key_file.map(|key_file| apart(key_file, folder)).transpose()?;
    files::make_empty(folder)?;
    let db = Db::open(&config.store_url(), STORE_CONNECTIONS)
        .await
        .context("the store cannot be opened")?;
    let master = only_key(&config)?;

    let store_file = folder.join("store.jsonl");
    let mut out = BufWriter::new(files::create(&store_file)?);
    let mut snapshot = db.read().await?;
    let rows = copy::write(&mut snapshot, &mut out).await?;
    // Those of the copy: of a session that began since, neither the key nor anything else is in it.
    let recorded = sessions::ids(&mut snapshot).await?;
    drop(snapshot);
    out.into_inner()
        .context("the store's copy cannot be written")?
        .sync_all()?;
    println!("store: {rows} rows");

    let copied = files::copy_recordings(&config.data.recordings(), &folder.join("recordings"), &recorded)?;
    println!(
        "recordings: {} sessions, {} bytes",
        copied.recordings, copied.bytes
    );
    let node_file = folder.join("node.id");
    let node = node::id(&config.data.folder)?.as_str().to_owned();
    files::create(&node_file)?.write_all(node.as_bytes())?;
    if let Some(file) = file {
        files::copy(file, &folder.join("postern.toml"))?;
    }
    if let Some(key_file) = &key_file {
        master_key::write_new(key_file, &master)?;
    }

    ensure!(
        only_key(&config)?.id() == master.id(),
        "the master key was replaced while the backup was made; make another one"
    );
    let manifest = Manifest {
        format: FORMAT,
        made_at: clock::now().micros(),
        posternd: env!("CARGO_PKG_VERSION").to_owned(),
        master_key: master.id().to_owned(),
        node,
        store_sha256: sha256(&store_file)?,
        rows,
        recordings: copied.recordings,
        recording_bytes: copied.bytes,
    };
    let seal = hex::encode(seal(&master, &manifest)?);
    let whole = Whole { manifest, seal };
    let out = files::create(&folder.join("backup.json"))?;
    serde_json::to_writer_pretty(&out, &whole)?;
    out.sync_all()?;
    let Whole { manifest, .. } = whole;
    note(&db, EventName::BackupMade, &manifest).await?;
    db.close().await;
    println!("{}: the backup is whole.", folder.display());
    match key_file {
        Some(key_file) => println!("{}: the master key. Keep it apart.", key_file.display()),
        None => println!(
            "The master key {} is not in it; without its copy no credential and no recording can be read.",
            manifest.master_key
        ),
    }

    Ok(ExitCode::SUCCESS)
}

/// Brings a backup back to an empty place.
#[expect(clippy::print_stdout, reason = "the command line's answer to a person")]
pub async fn restore(
    file: Option<&Path>,
    folder: &Path,
    key_copy: Option<&Path>,
) -> anyhow::Result<ExitCode> {
    let config = configuration(file)?;
    let whole = whole(folder)?;
    let key = key_for(&config, key_copy, &whole.manifest)?;
    let manifest = checked(folder, whole, key.master())?;
    make_folders(&config)?;
    let _held = node::hold(&config.data.folder, "restore to an empty data.folder")?;
    let rows_file = config.data.folder.join("store.jsonl");
    take_rows(&folder.join("store.jsonl"), &rows_file, &manifest)?;
    ensure!(
        files::is_empty(&config.data.recordings())?,
        "{}: there are recordings already; restore to an empty data.folder",
        config.data.recordings().display()
    );
    let db = Db::open(&config.store_url(), STORE_CONNECTIONS)
        .await
        .context("the store cannot be opened")?;
    ensure!(
        copy::is_unused(&db).await?,
        "the store is in use; restore to an empty one"
    );
    if let Key::Given(master) = &key {
        master_key::write_new(&config.data.master_key_file(), master)?;
    }

    let copied = files::copy_folders(&folder.join("recordings"), &config.data.recordings())?;
    ensure!(
        copied.recordings == manifest.recordings && copied.bytes == manifest.recording_bytes,
        "{}: {} recordings of {} bytes were in the backup when it was made, {} of {} are there",
        folder.display(),
        manifest.recordings,
        manifest.recording_bytes,
        copied.recordings,
        copied.bytes
    );
    println!(
        "recordings: {} sessions, {} bytes",
        copied.recordings, copied.bytes
    );
    let mut rows = BufReader::new(File::open(&rows_file)?);
    let n_rows = copy::read(&db, &mut rows).await?;
    fs::remove_file(&rows_file)?;
    println!("store: {n_rows} rows");
    files::put(&config.data.folder.join("node.id"), manifest.node.as_bytes())?;
    let master = rotation::current(&config, &db, false).await?;
    note(&db, EventName::BackupRestored, &manifest).await?;
    db.close().await;
    println!(
        "Restored with master key {}. Everybody signs in again; sessions that were live end when posternd starts.",
        master.id()
    );

    Ok(ExitCode::SUCCESS)
}

/// The master key, when it is the one that wraps everything.
fn only_key(config: &Config) -> anyhow::Result<MasterKey> {
    let keys = master_key::load(&config.data.master_key_file(), false)?;
    ensure!(
        keys.previous.is_none(),
        "the master key is being replaced, or that was cut short; run `posternd master-key rotate` with the server stopped"
    );

    Ok(keys.current)
}

/// The key file's path, when it does not lie in the backup.
fn apart(key_file: &Path, folder: &Path) -> anyhow::Result<PathBuf> {
    let (key_file, folder) = (std::path::absolute(key_file)?, std::path::absolute(folder)?);
    ensure!(
        !key_file.starts_with(&folder),
        "{}: the master key must not lie in the backup; name a file elsewhere",
        key_file.display()
    );

    Ok(key_file)
}

/// Reads what was written last.
fn whole(folder: &Path) -> anyhow::Result<Whole> {
    let path = folder.join("backup.json");
    let text = fs::read_to_string(&path).with_context(|| {
        format!(
            "{}: this is no whole backup: backup.json cannot be read",
            folder.display()
        )
    })?;
    let whole: Whole =
        serde_json::from_str(&text).with_context(|| format!("{}: cannot be read", path.display()))?;
    ensure!(
        whole.manifest.format <= FORMAT,
        "{}: the backup was made by a newer version of posternd ({})",
        folder.display(),
        whole.manifest.posternd
    );

    Ok(whole)
}

/// The manifest, once it is what the holder of the master key has written, and `node.id` what it says.
fn checked(folder: &Path, whole: Whole, master: &MasterKey) -> anyhow::Result<Manifest> {
    let Whole {
        manifest,
        seal: given,
    } = whole;
    let given = hex::decode(given).unwrap_or_default();
    ensure!(
        bool::from(seal(master, &manifest)?.as_slice().ct_eq(&given)),
        "{}: altered since the backup was made",
        folder.join("backup.json").display()
    );
    let node_file = folder.join("node.id");
    ensure!(
        fs::read_to_string(&node_file).is_ok_and(|node| node == manifest.node),
        "{}: altered since the backup was made",
        node_file.display()
    );

    Ok(manifest)
}

/// Copies the store's rows to a place of our own and checks them there: nobody exchanges them between check and use.
fn take_rows(from: &Path, to: &Path, manifest: &Manifest) -> anyhow::Result<()> {
    files::replace(from, to)?;
    if sha256(to)? != manifest.store_sha256 {
        fs::remove_file(to)?;
        bail!("{}: altered since the backup was made", from.display());
    }

    Ok(())
}

fn seal(master: &MasterKey, manifest: &Manifest) -> anyhow::Result<[u8; 32]> {
    Ok(master.authenticate("postern backup", &serde_json::to_vec(manifest)?))
}

/// The master key a backup needs.
enum Key {
    /// It is in its place.
    There(MasterKey),
    /// From a copy; its place is empty.
    Given(MasterKey),
}

impl Key {
    fn master(&self) -> &MasterKey {
        match self {
            Self::There(master) | Self::Given(master) => master,
        }
    }
}

fn key_for(config: &Config, key_copy: Option<&Path>, manifest: &Manifest) -> anyhow::Result<Key> {
    let place = config.data.master_key_file();
    let needed = &manifest.master_key;
    let load = |file: &Path| {
        let master = master_key::load(file, false)?.current;
        ensure!(
            master.id() == needed,
            "{}: the backup needs master key {needed}, this is {}",
            file.display(),
            master.id()
        );

        Ok(master)
    };
    if place.exists() {
        return load(&place).map(Key::There);
    }
    let Some(key_copy) = key_copy else {
        bail!(
            "{}: the backup needs master key {needed}; put its copy there or name it with --master-key",
            place.display()
        );
    };

    load(key_copy).map(Key::Given)
}

async fn note(db: &Db, name: EventName, manifest: &Manifest) -> anyhow::Result<()> {
    let mut tx = db.write().await?;
    let event = Event::new(name, Outcome::Ok, clock::now())
        .with("rows", manifest.rows.to_string())
        .with("recordings", manifest.recordings.to_string())
        .with("store_sha256", manifest.store_sha256.clone());
    audit::append(&mut tx, event).await?;

    Ok(tx.commit().await?)
}

fn sha256(path: &Path) -> anyhow::Result<String> {
    let mut digest = Sha256::new();
    let file = File::open(path).with_context(|| format!("{}: cannot be read", path.display()))?;
    let mut reader = BufReader::with_capacity(64 * 1024, file);
    loop {
        let piece = reader.fill_buf()?;
        if piece.is_empty() {
            return Ok(hex::encode(digest.finalize()));
        }
        digest.update(piece);
        let n_read = piece.len();
        reader.consume(n_read);
    }
}
