//! `posternd master-key rotate`: a new master key, and everything the old one wrapped wrapped anew.
//!
//! In this order, so that a crash at any point loses nothing: every wrapped key in one transaction, both keys into the
//! file, the transaction committed, the new key alone into the file. A server or command that finds two keys finishes
//! the work first. A key that cannot be read ends the work before the file is touched.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, bail};
use protocol::audit::{EventName, Outcome};
use store::wrapped_keys::{self, RecordingKey, SecretKey};
use store::{Db, Tx, audit};
use vault::audit::Event;
use vault::envelope::{MasterKey, is_wrapped_by, rewrap_secret_key, rewrap_session_key};

use super::{STORE_CONNECTIONS, configuration};
use crate::config::Config;
use crate::master_key::{self, Keys};
use crate::{clock, node};

/// So many keys that cannot be read are named.
const NAMED: usize = 20;

/// Replaces the master key while no server runs.
#[expect(clippy::print_stdout, reason = "the command line's answer to a person")]
pub async fn rotate(file: Option<&Path>) -> anyhow::Result<ExitCode> {
    let config = configuration(file)?;
    let _held = node::hold(
        &config.data.folder,
        "stop posternd first: it holds the key that is replaced",
    )?;
    let db = Db::open(&config.store_url(), STORE_CONNECTIONS)
        .await
        .context("the store cannot be opened")?;
    let before = current(&config, &db, false).await?;
    let old = before.id().to_owned();
    let keys = Keys {
        current: MasterKey::from_random(clock::draw()),
        previous: Some(before),
    };
    let new = keys.current.id().to_owned();
    let key_file = config.data.master_key_file();
    let n_rewrapped = replace(&config, &db, keys).await?;
    db.close().await;
    println!(
        "Master key {new} has taken the place of {old}; {n_rewrapped} keys were wrapped anew.\n\
         Keep a copy of {} apart from backups. Backups made before still need the old key.",
        key_file.display()
    );

    Ok(ExitCode::SUCCESS)
}

/// The master key in use; finishes a replacement that was cut short.
pub(super) async fn current(config: &Config, db: &Db, is_new_store: bool) -> anyhow::Result<MasterKey> {
    let keys = master_key::load(&config.data.master_key_file(), is_new_store)?;
    let current = keys.current.clone();
    if keys.previous.is_some() {
        replace(config, db, keys).await?;
    }

    Ok(current)
}

async fn replace(config: &Config, db: &Db, keys: Keys) -> anyhow::Result<u64> {
    let Some(previous) = &keys.previous else {
        bail!("there is no key to replace");
    };
    let mut tx = db.write().await?;
    let n_rewrapped = rewrap(&mut tx, previous, &keys.current).await?;
    master_key::replace(&config.data.master_key_file(), &keys)?;
    tx.commit().await?;
    let alone = Keys {
        current: keys.current,
        previous: None,
    };
    master_key::replace(&config.data.master_key_file(), &alone)?;

    Ok(n_rewrapped)
}

/// Wraps with `to` whatever `from` wraps; what `to` wraps already stays.
///
/// # Errors
/// Names what cannot be read. The transaction is not to be committed then.
async fn rewrap(tx: &mut Tx, from: &MasterKey, to: &MasterKey) -> anyhow::Result<u64> {
    let mut n_rewrapped = 0;
    let mut unread = Vec::new();
    for key in wrapped_keys::secrets(tx).await? {
        if is_wrapped_by(to, &key.wrapped) {
            continue;
        }
        match rewrap_secret_key(from, to, &key.record, key.field, &key.wrapped, clock::draw()) {
            Ok(wrapped) => {
                wrapped_keys::replace_secret(tx, &SecretKey { wrapped, ..key }).await?;
                n_rewrapped += 1;
            }
            Err(_) => unread.push(format!("the {} of record {}", key.field.name(), key.record)),
        }
    }
    let mut after = None;
    loop {
        let keys = wrapped_keys::recordings(tx, after.as_ref()).await?;
        let Some(last) = keys.last() else {
            break;
        };
        after = Some(last.session.clone());
        for key in keys {
            if is_wrapped_by(to, &key.wrapped) {
                continue;
            }
            match rewrap_session_key(from, to, &key.session, &key.wrapped, clock::draw()) {
                Ok(wrapped) => {
                    wrapped_keys::replace_recording(tx, &RecordingKey { wrapped, ..key }).await?;
                    n_rewrapped += 1;
                }
                Err(_) => unread.push(format!("the recording of session {}", key.session)),
            }
        }
    }
    if !unread.is_empty() {
        let (n, named) = (unread.len(), unread.get(..NAMED).unwrap_or(&unread).join(", "));
        bail!("{n} keys cannot be read with the master key there is, so nothing was changed: {named}");
    }
    let event = Event::new(EventName::MasterKeyRotated, Outcome::Ok, clock::now())
        .with("before", from.id().to_owned())
        .with("after", to.id().to_owned());
    audit::append(tx, event).await?;

    Ok(n_rewrapped)
}
