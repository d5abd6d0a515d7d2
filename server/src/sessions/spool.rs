//! Rows of results that are larger than memory, until the terminal knows the widths of their columns: sealed, in a
//! file without a name.
//!
//! A file is unlinked as soon as it is made, and what is written to it is sealed with AES-256-GCM under a key that is
//! drawn for it and in memory only. Whatever happens to the server, nothing is left that could be read.
//!
//! Bounds: what [`Space`] has for the whole server, and what its disk has beyond [`RESERVE`]. Reading and writing
//! block: call them where that is allowed.

use std::collections::VecDeque;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use aes_gcm::aead::{Aead, KeyInit};
use aes_gcm::{Aes256Gcm, Nonce};
use bytes::Bytes;
use terminal::Shortage;
use tracing::warn;
use zeroize::Zeroizing;

use crate::clock;

/// Bytes sealed at once.
const PIECE: usize = 256 * 1024;

/// What the seal of a piece adds to it.
const TAG: u64 = 16;

/// What is left to recordings of the disk both may lie on.
const RESERVE: u64 = 256 * 1024 * 1024;

/// What all sessions of the server may keep.
#[derive(Debug)]
pub struct Space {
    folder: PathBuf,
    most: u64,
    /// What the disk has to have besides.
    reserve: u64,
    used: AtomicU64,
}

/// The rows of one result, in chunks: first in, first out.
pub struct Spool {
    space: Arc<Space>,
    file: File,
    cipher: Aes256Gcm,
    /// Pieces sealed: the number of the next is its nonce.
    n_sealed: u64,
    chunks: VecDeque<Chunk>,
    /// Bytes written, and the place of the first chunk.
    written: u64,
    at: u64,
}

/// A chunk in the file.
struct Chunk {
    first_piece: u64,
    len: usize,
}

impl Space {
    /// Room for `most` bytes in a folder.
    pub fn new(folder: PathBuf, most: u64) -> Self {
        Self {
            folder,
            most,
            reserve: RESERVE,
            used: AtomicU64::new(0),
        }
    }

    /// Bytes in use.
    pub fn used(&self) -> u64 {
        self.used.load(Ordering::Relaxed)
    }

    fn take(&self, len: u64) -> bool {
        let more = |used: u64| used.checked_add(len).filter(|used| *used <= self.most);

        let taken = self.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
        self.tell();

        taken.is_ok()
    }

    fn give_back(&self, len: u64) {
        self.used.fetch_sub(len, Ordering::Relaxed);
        self.tell();
    }

    fn tell(&self) {
        metrics::gauge!("postern_result_spool_bytes").set(self.used() as f64);
    }
}

impl Spool {
    /// An empty one.
    pub fn create(space: &Arc<Space>) -> io::Result<Self> {
        let path = space
            .folder
            .join(format!(".result-{}", hex::encode(clock::draw::<16>())));
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)?;
        fs::remove_file(&path)?;
        let key = Zeroizing::new(clock::draw::<32>());

        Ok(Self {
            space: Arc::clone(space),
            file,
            cipher: Aes256Gcm::new((&*key).into()),
            n_sealed: 0,
            chunks: VecDeque::new(),
            written: 0,
            at: 0,
        })
    }

    /// Keeps a chunk behind the others, whole or not at all.
    pub fn push(&mut self, chunk: &[u8]) -> Result<(), Shortage> {
        let n_pieces = chunk.len().div_ceil(PIECE) as u64;
        let len = chunk.len() as u64 + n_pieces * TAG;
        if !self.space.take(len) {
            return Err(Shortage::Server);
        }
        let first_piece = self.n_sealed;
        match self.write(chunk, len) {
            Ok(()) => {
                self.written += len;
                self.chunks.push_back(Chunk {
                    first_piece,
                    len: chunk.len(),
                });

                Ok(())
            }
            Err(error) => {
                self.space.give_back(len);
                warn!(error = &error as &dyn std::error::Error, "rows not kept on disk");

                Err(Shortage::Disk)
            }
        }
    }

    fn write(&mut self, chunk: &[u8], len: u64) -> io::Result<()> {
        let disk = rustix::fs::fstatvfs(&self.file)?;
        if disk.f_bavail.saturating_mul(disk.f_frsize) < len + self.space.reserve {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let mut at = self.written;
        for piece in chunk.chunks(PIECE) {
            // A number is used once, also where the write does not succeed.
            let nonce = nonce(self.n_sealed);
            self.n_sealed += 1;
            let sealed = self
                .cipher
                .encrypt(&nonce, piece)
                .map_err(|_| io::ErrorKind::InvalidInput)?;
            self.file.write_all_at(&sealed, at)?;
            at += sealed.len() as u64;
        }

        Ok(())
    }

    /// Gives the first chunk back; `None` when there is none.
    pub fn pop(&mut self) -> io::Result<Option<Bytes>> {
        let Some(chunk) = self.chunks.pop_front() else {
            return Ok(None);
        };
        let mut rows = Vec::with_capacity(chunk.len);
        let mut piece = chunk.first_piece;
        while rows.len() < chunk.len {
            let len = PIECE.min(chunk.len - rows.len());
            let mut sealed = vec![0; len + TAG as usize];
            self.file.read_exact_at(&mut sealed, self.at)?;
            self.at += sealed.len() as u64;
            let plain = self
                .cipher
                .decrypt(&nonce(piece), sealed.as_slice())
                .map_err(|_| io::ErrorKind::InvalidData)?;
            rows.extend_from_slice(&plain);
            piece += 1;
        }

        Ok(Some(rows.into()))
    }
}

impl Drop for Spool {
    fn drop(&mut self) {
        self.space.give_back(self.written);
    }
}

fn nonce(piece: u64) -> Nonce<aes_gcm::aead::consts::U12> {
    let mut nonce = [0; 12];
    let (_, number) = nonce.split_at_mut(4);
    number.copy_from_slice(&piece.to_be_bytes());

    nonce.into()
}

#[cfg(test)]
mod tests;
