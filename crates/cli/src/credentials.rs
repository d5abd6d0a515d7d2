//! What a person is signed in with, in a file of theirs that nobody else may read.

use std::ffi::OsStr;
use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use protocol::entered::Entered;
use protocol::time::Timestamp;
use serde::{Deserialize, Serialize};

/// The file in the folder.
const NAME: &str = "credentials.json";

/// Longest file that is read.
const MAX_FILE: u64 = 64 * 1024;

/// One sign-in at one server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credentials {
    /// The server the token is for: it is sent to no other.
    pub url: String,
    pub email: String,
    pub token: Entered,
    pub expires_at: Timestamp,
}

/// Why there are no credentials to be had, or they cannot be kept.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{}: others may read it, and the token in it; `chmod 600` it, or sign in again", .0.display())]
    Open(PathBuf),
    #[error("{}: it is not what `postern login` writes; remove it and sign in again", .0.display())]
    Foreign(PathBuf),
    #[error("{}: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
}

/// The folder of the configuration, from `XDG_CONFIG_HOME` or `HOME`.
pub fn folder(xdg: Option<&OsStr>, home: Option<&OsStr>) -> Option<PathBuf> {
    let absolute = |path: &OsStr| Some(PathBuf::from(path)).filter(|path| path.is_absolute());

    xdg.and_then(absolute)
        .or_else(|| Some(home.and_then(absolute)?.join(".config")))
        .map(|folder| folder.join("postern"))
}

/// Reads what [`save`] has written; `None` when nobody is signed in.
///
/// # Errors
/// Others may read the file, or it is something else.
pub fn load(folder: &Path) -> Result<Option<Credentials>, Error> {
    let path = folder.join(NAME);
    let failed = |source| Error::Io {
        path: path.clone(),
        source,
    };
    let file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    // Of what was opened, not of what has the name by now.
    let mode = file.metadata().map_err(failed)?.permissions().mode();
    if mode & 0o077 != 0 {
        return Err(Error::Open(path));
    }
    let mut text = String::new();
    file.take(MAX_FILE).read_to_string(&mut text).map_err(failed)?;

    serde_json::from_str(&text)
        .map(Some)
        .map_err(|_| Error::Foreign(path))
}

/// Keeps the credentials in place of those that were: the file is there whole or not at all, and never open to others.
///
/// # Errors
/// The folder cannot be made or written.
pub fn save(folder: &Path, credentials: &Credentials) -> Result<(), Error> {
    let path = folder.join(NAME);
    let new = folder.join(format!("{NAME}.{}", std::process::id()));
    let written = make(folder).and_then(|()| {
        write(&new, credentials)?;
        fs::rename(&new, &path)?;

        File::open(folder)?.sync_all()
    });

    written.map_err(|source| {
        // Where it was not made there is nothing to remove.
        let _ = fs::remove_file(&new);

        Error::Io { path, source }
    })
}

/// Forgets the credentials; false when there were none.
///
/// # Errors
/// The file cannot be removed.
pub fn remove(folder: &Path) -> Result<bool, Error> {
    let path = folder.join(NAME);

    match fs::remove_file(&path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(source) => Err(Error::Io { path, source }),
    }
}

fn make(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;

    // Also one that was there before.
    fs::set_permissions(folder, Permissions::from_mode(0o700))
}

fn write(path: &Path, credentials: &Credentials) -> io::Result<()> {
    // Left behind by a process of this number that was killed.
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    let text = serde_json::to_vec_pretty(credentials)?;
    file.write_all(&text)?;

    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn credentials() -> Credentials {
        Credentials {
            url: "https://postern.example.org".to_owned(),
            email: "ada@example.org".to_owned(),
            token: Entered::new("ptn_secret"),
            expires_at: Timestamp(7),
        }
    }

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn what_was_saved_is_loaded_and_nobody_else_may_read_it() {
        let ground = tempfile::tempdir().unwrap();
        let folder = ground.path().join("config/postern");

        assert_eq!(load(&folder).unwrap(), None);
        save(&folder, &credentials()).unwrap();
        let other = Credentials {
            email: "bob@example.org".to_owned(),
            ..credentials()
        };
        save(&folder, &other).unwrap();

        assert_eq!(load(&folder).unwrap(), Some(other));
        assert_eq!((mode(&folder), mode(&folder.join(NAME))), (0o700, 0o600));
        assert_eq!(
            fs::read_dir(&folder).unwrap().count(),
            1,
            "nothing is left behind"
        );
        assert!(remove(&folder).unwrap());
        assert!(!remove(&folder).unwrap());
        assert_eq!(load(&folder).unwrap(), None);
    }

    #[test]
    fn a_file_others_may_read_is_not_read() {
        let ground = tempfile::tempdir().unwrap();
        save(ground.path(), &credentials()).unwrap();
        let file = ground.path().join(NAME);

        for open in [0o640, 0o604, 0o660] {
            fs::set_permissions(&file, Permissions::from_mode(open)).unwrap();
            assert!(matches!(load(ground.path()), Err(Error::Open(_))), "{open:o}");
        }
        save(ground.path(), &credentials()).unwrap();
        assert!(load(ground.path()).unwrap().is_some(), "saving closes it");
    }

    #[test]
    fn a_folder_that_was_open_is_closed() {
        let ground = tempfile::tempdir().unwrap();
        fs::set_permissions(ground.path(), Permissions::from_mode(0o755)).unwrap();

        save(ground.path(), &credentials()).unwrap();

        assert_eq!(mode(ground.path()), 0o700);
    }

    #[test]
    fn what_somebody_else_wrote_is_told_without_its_content() {
        let ground = tempfile::tempdir().unwrap();
        save(ground.path(), &credentials()).unwrap();
        fs::write(ground.path().join(NAME), r#"{"token":"ptn_secret"}"#).unwrap();

        let error = load(ground.path()).unwrap_err();

        assert!(matches!(error, Error::Foreign(_)));
        assert!(!error.to_string().contains("ptn_secret"));
    }

    #[test]
    fn the_folder_is_where_the_system_says() {
        let of = |xdg: Option<&str>, home: Option<&str>| {
            folder(xdg.map(OsStr::new), home.map(OsStr::new)).map(|path| path.display().to_string())
        };

        assert_eq!(of(Some("/c"), Some("/home/a")).as_deref(), Some("/c/postern"));
        assert_eq!(
            of(Some("relative"), Some("/home/a")).as_deref(),
            Some("/home/a/.config/postern")
        );
        assert_eq!(
            of(None, Some("/home/a")).as_deref(),
            Some("/home/a/.config/postern")
        );
        assert_eq!(of(None, None), None);
    }
}
