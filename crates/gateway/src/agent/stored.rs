//! What an instance keeps: its server, its id and its key, in a file of its owner alone.

use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use protocol::ids::InstanceId;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::identity::Identity;

/// What is in the file.
pub struct Stored {
    /// The server's address, as it was given when the instance was enrolled.
    pub server: String,
    pub instance: InstanceId,
    pub identity: Identity,
}

/// The file itself.
#[derive(Serialize, Deserialize)]
struct File {
    server: String,
    instance: InstanceId,
    /// PKCS #8 in base64.
    key: Zeroizing<String>,
}

impl Stored {
    /// Reads the file; `None` when there is none.
    ///
    /// # Errors
    /// It cannot be read, is another's business too, or is not such a file.
    pub fn load(path: &Path) -> io::Result<Option<Self>> {
        let text = match fs::read_to_string(path) {
            Ok(text) => Zeroizing::new(text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        if fs::metadata(path)?.permissions().mode() & 0o077 != 0 {
            return Err(io::Error::other(
                "others may read the key in it: set its mode to 0600, or enroll anew",
            ));
        }
        let file: File =
            serde_json::from_str(&text).map_err(|_| io::Error::other("it is not a gateway's file"))?;
        let document = STANDARD.decode(file.key.as_bytes()).map_err(io::Error::other)?;
        let identity = Identity::load(Zeroizing::new(document)).map_err(io::Error::other)?;

        Ok(Some(Self {
            server: file.server,
            instance: file.instance,
            identity,
        }))
    }

    /// Writes the file anew, whole or not at all.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn save(&self, path: &Path) -> io::Result<()> {
        let file = File {
            server: self.server.clone(),
            instance: self.instance.clone(),
            key: Zeroizing::new(STANDARD.encode(self.identity.document())),
        };
        let text = Zeroizing::new(serde_json::to_string_pretty(&file).map_err(io::Error::other)?);
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        // Made with mode 0600.
        let mut written = tempfile::NamedTempFile::new_in(folder.unwrap_or(Path::new(".")))?;
        written.write_all(text.as_bytes())?;
        written.as_file().sync_all()?;
        written.persist(path).map_err(|error| error.error)?;

        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_its_owners_and_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("gateway.json");
        assert!(Stored::load(&path).unwrap().is_none());
        let stored = Stored {
            server: "https://postern.example.org".to_owned(),
            instance: InstanceId::from_random([1; 16]),
            identity: Identity::generate().unwrap(),
        };

        stored.save(&path).unwrap();
        let again = Stored::load(&path).unwrap().unwrap();

        assert_eq!(again.server, stored.server);
        assert_eq!(again.instance, stored.instance);
        assert_eq!(again.identity.public(), stored.identity.public());
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(Stored::load(&path).is_err());
    }
}
