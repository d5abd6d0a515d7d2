//! TLS towards browsers: the certificate from its files, and again when they change, without a restart.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use anyhow::{Context, ensure};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio::time::interval;
use tokio_rustls::TlsAcceptor;
use tracing::{info, warn};

use crate::state::AppState;

/// How often the files are looked at. A renewed certificate is in use within this time.
const LOOK: Duration = Duration::from_secs(30);

/// The certificate in use and the files it came from.
#[derive(Debug)]
pub struct Certificates {
    certificate_file: PathBuf,
    key_file: PathBuf,
    current: Mutex<Current>,
}

#[derive(Debug)]
struct Current {
    key: Arc<CertifiedKey>,
    /// When the files were changed last, as far as it was tried to use them.
    changed: [SystemTime; 2],
}

impl Certificates {
    /// Reads both files.
    ///
    /// # Errors
    /// A file that cannot be read or is no PEM, a key that does not belong to the certificate, a key everybody on the
    /// machine may read.
    pub fn load(certificate_file: &Path, key_file: &Path) -> anyhow::Result<Arc<Self>> {
        let current = Current {
            changed: changed(certificate_file, key_file)?,
            key: read(certificate_file, key_file)?,
        };

        Ok(Arc::new(Self {
            certificate_file: certificate_file.to_owned(),
            key_file: key_file.to_owned(),
            current: Mutex::new(current),
        }))
    }

    /// Takes new connections with whatever certificate is in use when they arrive, to speak this protocol.
    pub fn acceptor(self: &Arc<Self>, protocol: &[u8]) -> anyhow::Result<TlsAcceptor> {
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(self.clone());
        config.alpn_protocols = vec![protocol.to_vec()];

        Ok(Arc::new(config).into())
    }

    /// Looks whether the files have changed and uses them if they are good; says whether it did.
    ///
    /// # Errors
    /// As [`Self::load`]; the certificate in use stays, and the same files are not tried again.
    pub fn look(&self) -> anyhow::Result<bool> {
        let changed = changed(&self.certificate_file, &self.key_file)?;
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if current.changed == changed {
            return Ok(false);
        }
        current.changed = changed;
        current.key = read(&self.certificate_file, &self.key_file)?;

        Ok(true)
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let current = self.current.lock().unwrap_or_else(PoisonError::into_inner);

        Some(current.key.clone())
    }
}

/// Looks at the files until the server stops.
pub async fn renew(state: AppState, certificates: Arc<Certificates>) {
    let mut every = interval(LOOK);
    loop {
        tokio::select! {
            _ = every.tick() => {}
            () = state.stopping.cancelled() => return,
        }
        match certificates.look() {
            Ok(false) => {}
            Ok(true) => info!("certificate renewed"),
            Err(error) => warn!(
                error = &*error as &dyn std::error::Error,
                "certificate not renewed; the one before stays in use"
            ),
        }
    }
}

fn changed(certificate_file: &Path, key_file: &Path) -> anyhow::Result<[SystemTime; 2]> {
    let at = |file: &Path| {
        fs::metadata(file)
            .and_then(|metadata| metadata.modified())
            .with_context(|| format!("{}: cannot be read", file.display()))
    };

    Ok([at(certificate_file)?, at(key_file)?])
}

fn read(certificate_file: &Path, key_file: &Path) -> anyhow::Result<Arc<CertifiedKey>> {
    let chain = CertificateDer::pem_file_iter(certificate_file)
        .and_then(Iterator::collect::<Result<Vec<CertificateDer<'static>>, _>>)
        .with_context(|| format!("{}: no certificates in PEM", certificate_file.display()))?;
    ensure!(
        !chain.is_empty(),
        "{}: there is no certificate in it",
        certificate_file.display()
    );
    let mode = fs::metadata(key_file)
        .with_context(|| format!("{}: cannot be read", key_file.display()))?
        .permissions()
        .mode();
    ensure!(
        mode & 0o007 == 0,
        "{}: everybody may read the private key (mode {:o}); run chmod o= on it",
        key_file.display(),
        mode & 0o777
    );
    let key = PrivateKeyDer::from_pem_file(key_file)
        .with_context(|| format!("{}: no private key in PEM", key_file.display()))?;
    let certified = CertifiedKey::from_der(chain, key, &ring::default_provider()).with_context(|| {
        format!(
            "{}: the private key cannot be used with the certificate in {}",
            key_file.display(),
            certificate_file.display()
        )
    })?;

    Ok(Arc::new(certified))
}

#[cfg(test)]
mod tests {
    use testkit::certificates::{Authority, Pair, Wishes};

    use super::*;

    struct Files {
        folder: tempfile::TempDir,
    }

    impl Files {
        fn of(pair: &Pair) -> Self {
            let files = Self {
                folder: tempfile::tempdir().unwrap(),
            };
            files.put(pair, 1);

            files
        }

        fn certificate(&self) -> PathBuf {
            self.folder.path().join("server.crt")
        }

        fn key(&self) -> PathBuf {
            self.folder.path().join("server.key")
        }

        /// Files as changed at a time of their own, since a clock may be coarse.
        fn put(&self, pair: &Pair, at: u64) {
            for (path, text) in [(self.certificate(), &pair.certificate), (self.key(), &pair.key)] {
                fs::write(&path, text).unwrap();
                fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
                let time = SystemTime::UNIX_EPOCH + Duration::from_secs(at);
                fs::File::options()
                    .write(true)
                    .open(&path)
                    .unwrap()
                    .set_modified(time)
                    .unwrap();
            }
        }

        fn load(&self) -> anyhow::Result<Arc<Certificates>> {
            Certificates::load(&self.certificate(), &self.key())
        }
    }

    fn pair() -> Pair {
        let authority = Authority::new("Postern tests").unwrap();

        // By an extension it is of version 3; rustls reads no other.
        let wishes = Wishes {
            alternative_names: "DNS:localhost",
            ..Wishes::default()
        };

        authority.issue("localhost", &wishes).unwrap()
    }

    fn in_use(certificates: &Certificates) -> CertificateDer<'static> {
        certificates.current.lock().unwrap().key.cert[0].clone()
    }

    #[test]
    fn a_renewed_certificate_is_taken_when_the_files_have_changed() {
        let files = Files::of(&pair());
        let certificates = files.load().unwrap();
        let before = in_use(&certificates);

        assert!(!certificates.look().unwrap());
        files.put(&pair(), 2);

        assert!(certificates.look().unwrap());
        assert_ne!(in_use(&certificates), before);
    }

    #[test]
    fn a_bad_renewal_leaves_the_certificate_in_use_and_is_complained_about_once() {
        let files = Files::of(&pair());
        let certificates = files.load().unwrap();
        let before = in_use(&certificates);
        let mixed = Pair {
            key: pair().key,
            ..pair()
        };

        files.put(&mixed, 2);

        let error = certificates.look().unwrap_err();
        assert!(format!("{error:#}").contains("cannot be used with"), "{error:#}");
        assert_eq!(in_use(&certificates), before);
        assert!(!certificates.look().unwrap());
    }

    #[test]
    fn a_key_everybody_may_read_is_refused() {
        let files = Files::of(&pair());
        fs::set_permissions(files.key(), fs::Permissions::from_mode(0o644)).unwrap();

        let error = files.load().unwrap_err();

        assert!(error.to_string().contains("chmod o="), "{error}");
    }
}
