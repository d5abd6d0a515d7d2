//! TLS to targets: libpq's ladder of `sslmode`, without its silent steps down.
//!
//! See <https://www.postgresql.org/docs/current/libpq-ssl.html>.

mod end_point;
mod names;
mod verify;

use std::fmt;
use std::sync::Arc;

use rustls::client::Resumption;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{ClientConfig, RootCertStore};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use vault::Secret;
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer;

pub use verify::Distrust;
use verify::Verifier;

use crate::dial::BoxStream;

/// What the target's record says about TLS.
#[derive(Debug, Clone)]
pub enum Tls {
    /// `disable`: the server is not even asked.
    Off,
    /// The server must speak TLS; one that does not is refused, never spoken to in clear.
    On(TlsRules),
}

/// How much of the server's certificate is believed, and whose signature.
#[derive(Debug, Clone)]
pub struct TlsRules {
    pub verify: Verify,
    /// Authorities, or the very certificate of the server. Not looked at with [`Verify::Nothing`].
    pub roots: Roots,
    /// The name the certificate must have, when it is not the host dialled.
    pub server_name: Option<String>,
}

/// The upper steps of libpq's `sslmode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verify {
    /// `require`: encrypted, to whoever answers.
    Nothing,
    /// `verify-ca`: signed by a trusted authority.
    Authority,
    /// `verify-full`: that, and issued to the host's name.
    Full,
}

/// Trusted certificates. Cheap to clone.
#[derive(Clone)]
pub struct Roots(Arc<Trusted>);

struct Trusted {
    certificates: Vec<CertificateDer<'static>>,
    anchors: RootCertStore,
}

/// A certificate the client shows, with its key. `Debug` shows neither.
#[derive(Clone)]
pub struct ClientCertificate {
    /// PEM: the certificate, then those that lead to its authority.
    pub certificates: String,
    /// PEM, not encrypted: PKCS#8, PKCS#1 or SEC1.
    pub key: Secret,
}

/// Why certificates or keys cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PemError {
    #[error("there is no certificate in the PEM text")]
    NoCertificate,
    #[error("a certificate in the PEM text cannot be read")]
    BadCertificate,
    #[error("the private key is encrypted")]
    EncryptedKey,
    #[error("there is no usable private key in the PEM text")]
    NoKey,
    #[error("the private key does not belong to the certificate")]
    KeyMismatch,
}

impl Roots {
    /// Reads a *Trusted CA* field or an operating system's bundle.
    ///
    /// A certificate that cannot serve as an authority is kept nevertheless: it may be the server's own.
    pub fn from_pem(pem: &str) -> Result<Self, PemError> {
        let certificates = certificates(pem)?;
        let mut anchors = RootCertStore::empty();
        anchors.add_parsable_certificates(certificates.iter().cloned());

        Ok(Self(Arc::new(Trusted {
            certificates,
            anchors,
        })))
    }

    /// Trusts nobody: every verified connection fails and says to add an authority.
    pub fn none() -> Self {
        Self(Arc::new(Trusted {
            certificates: Vec::new(),
            anchors: RootCertStore::empty(),
        }))
    }

    pub fn is_empty(&self) -> bool {
        self.0.certificates.is_empty()
    }

    fn certificates(&self) -> &[CertificateDer<'static>] {
        &self.0.certificates
    }

    fn anchors(&self) -> &RootCertStore {
        &self.0.anchors
    }
}

impl TlsRules {
    /// Whether the server's identity is established: a password in clear may be sent then. A certificate that
    /// names somebody else's host does not count.
    pub(crate) fn identifies_server(&self) -> bool {
        self.verify == Verify::Full
    }

    /// Everything of a handshake that can be wrong before a byte is sent.
    pub(crate) fn connector(
        &self,
        host: &str,
        client: Option<&ClientCertificate>,
    ) -> Result<Connector, PemError> {
        let wanted = self
            .server_name
            .as_deref()
            .filter(|name| !name.is_empty())
            .unwrap_or(host);
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let algorithms = provider.signature_verification_algorithms;
        let verifier: Arc<dyn ServerCertVerifier> = Arc::new(Verifier::new(
            self.verify,
            self.roots.clone(),
            wanted.to_owned(),
            algorithms,
        ));
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
            .map_err(|_| PemError::NoKey)?
            .dangerous()
            .with_custom_certificate_verifier(verifier);
        let mut config = match client {
            None => builder.with_no_client_auth(),
            Some(client) => {
                let certified = client.certified(&provider)?;
                builder.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(certified)))
            }
        };
        config.alpn_protocols = vec![b"postgresql".to_vec()];
        // Connected with once: who would come back to resume it is a cancel, which may shake hands anew.
        config.resumption = Resumption::disabled();
        // A name that is no DNS name and no address cannot be sent as SNI; it can still be compared.
        let name = ServerName::try_from(wanted.to_owned());
        config.enable_sni = name.is_ok();
        let name = name.unwrap_or(ServerName::IpAddress(std::net::Ipv4Addr::UNSPECIFIED.into()));

        Ok(Connector {
            tls: TlsConnector::from(Arc::new(config)),
            name,
        })
    }
}

/// A TLS handshake about to happen. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Connector {
    tls: TlsConnector,
    name: ServerName<'static>,
}

impl Connector {
    pub(crate) async fn connect(&self, stream: BoxStream) -> std::io::Result<TlsStream<BoxStream>> {
        self.tls.connect(self.name.clone(), stream).await
    }
}

/// What protects a connection, in the words psql uses for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFacts {
    /// `TLSv1.3` or `TLSv1.2`.
    pub protocol: &'static str,
    /// The suite's name, as TLS 1.3 spells it: `TLS_AES_256_GCM_SHA384`.
    pub cipher: String,
}

/// What the handshake agreed on.
pub(crate) fn facts(stream: &TlsStream<BoxStream>) -> TlsFacts {
    let (_, session) = stream.get_ref();
    let is_13 = session.protocol_version() == Some(rustls::ProtocolVersion::TLSv1_3);
    let suite = session
        .negotiated_cipher_suite()
        .and_then(|suite| suite.suite().as_str());
    let cipher = suite.unwrap_or_default().replace("TLS13_", "TLS_");

    TlsFacts {
        protocol: if is_13 { "TLSv1.3" } else { "TLSv1.2" },
        cipher,
    }
}

/// `tls-server-end-point` of the certificate this connection was made with.
pub(crate) fn end_point(stream: &TlsStream<BoxStream>) -> Option<Vec<u8>> {
    let (_, session) = stream.get_ref();
    end_point::hash(session.peer_certificates()?.first()?)
}

impl ClientCertificate {
    /// Certificate and key for a handshake. rustls' own way in refuses version 1 certificates, which
    /// PostgreSQL takes.
    fn certified(&self, provider: &CryptoProvider) -> Result<CertifiedKey, PemError> {
        let key = self.key.expose();
        if key.contains("ENCRYPTED") {
            return Err(PemError::EncryptedKey);
        }
        let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).map_err(|_| PemError::NoKey)?;
        let key = provider
            .key_provider
            .load_private_key(key)
            .map_err(|_| PemError::NoKey)?;
        let chain = certificates(&self.certificates)?;
        let own = chain.first().ok_or(PemError::NoCertificate)?;
        let (_, own) = X509Certificate::from_der(own).map_err(|_| PemError::BadCertificate)?;
        if key
            .public_key()
            .is_some_and(|public| public.as_ref() != own.public_key().raw)
        {
            return Err(PemError::KeyMismatch);
        }
        Ok(CertifiedKey::new(chain, key))
    }
}

fn certificates(pem: &str) -> Result<Vec<CertificateDer<'static>>, PemError> {
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
    let certificates = certificates.map_err(|_| PemError::BadCertificate)?;
    if certificates.is_empty() {
        return Err(PemError::NoCertificate);
    }
    Ok(certificates)
}

impl fmt::Debug for Roots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Roots({})", self.0.certificates.len())
    }
}

impl fmt::Debug for ClientCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientCertificate(..)")
    }
}
