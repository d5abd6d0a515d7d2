//! `posternd master-key rotate`: a new master key, and everything the old one wrapped wrapped anew.
//!
//! In this order, so that a crash at any point loses nothing: both keys into the file, every wrapped key in one
//! transaction, the new key alone into the file. A server or command that finds two keys finishes the work first.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, bail};
use protocol::audit::{EventName, Outcome};
use store::wrapped_keys::{self, RecordingKey, SecretKey};
use store::{Db, audit};
use vault::audit::Event;
use vault::envelope::{MasterKey, is_wrapped_by, rewrap_secret_key, rewrap_session_key};

use super::{STORE_CONNECTIONS, configuration};
use crate::config::Config;
use crate::master_key::{self, Keys};
use crate::{clock, node};

/// Replaces the master key while no server runs.
#[expect(clippy::print_stdout, reason = "the command line's answer to a person")]
pub async fn rotate(file: Option<&Path>) -> anyhow::Result<ExitCode> {
    let config = configuration(file)?;
    let _held =
        node::hold(&config.data.folder).context("stop posternd first: it holds the key that is replaced")?;
    let db = Db::open(&config.store_url(), STORE_CONNECTIONS)
        .await
        .context("the store cannot be opened")?;
    let before = current(&config, &db, false).await?;
    let keys = Keys {
        current: MasterKey::from_random(clock::draw()),
        previous: Some(before),
    };
    let key_file = config.data.master_key_file();
    master_key::replace(&key_file, &keys)?;
    let (old, new) = (
        keys.previous.as_ref().map_or("", MasterKey::id).to_owned(),
        keys.current.id().to_owned(),
    );
    let n_rewrapped = finish(&config, &db, keys).await?;
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
        finish(config, db, keys).await?;
    }

    Ok(current)
}

async fn finish(config: &Config, db: &Db, keys: Keys) -> anyhow::Result<u64> {
    let Some(previous) = &keys.previous else {
        bail!("there is no key to replace");
    };
    let n_rewrapped = rewrap(db, previous, &keys.current).await?;
    let alone = Keys {
        current: keys.current,
        previous: None,
    };
    master_key::replace(&config.data.master_key_file(), &alone)?;

    Ok(n_rewrapped)
}

/// Wraps with `to` whatever `from` wraps; what `to` wraps already stays.
async fn rewrap(db: &Db, from: &MasterKey, to: &MasterKey) -> anyhow::Result<u64> {
    let mut tx = db.write().await?;
    let mut n_rewrapped = 0;
    for key in wrapped_keys::secrets(&mut tx).await? {
        if is_wrapped_by(to, &key.wrapped) {
            continue;
        }
        let wrapped = rewrap_secret_key(from, to, &key.record, key.field, &key.wrapped, clock::draw())
            .with_context(|| format!("record {}: its secret cannot be read", key.record))?;
        wrapped_keys::replace_secret(&mut tx, &SecretKey { wrapped, ..key }).await?;
        n_rewrapped += 1;
    }
    let mut after = None;
    loop {
        let keys = wrapped_keys::recordings(&mut tx, after.as_ref()).await?;
        let Some(last) = keys.last() else {
            break;
        };
        after = Some(last.session.clone());
        for key in keys {
            if is_wrapped_by(to, &key.wrapped) {
                continue;
            }
            let wrapped = rewrap_session_key(from, to, &key.session, &key.wrapped, clock::draw())
                .with_context(|| {
                    format!("session {}: the key of its recording cannot be read", key.session)
                })?;
            wrapped_keys::replace_recording(&mut tx, &RecordingKey { wrapped, ..key }).await?;
            n_rewrapped += 1;
        }
    }
    let event = Event::new(EventName::MasterKeyRotated, Outcome::Ok, clock::now())
        .with("before", from.id().to_owned())
        .with("after", to.id().to_owned());
    audit::append(&mut tx, event).await?;
    tx.commit().await?;

    Ok(n_rewrapped)
}
