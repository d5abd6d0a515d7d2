//! Getting to a server from where its users and gateways are: by TLS, or plainly on the same machine.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use http::Uri;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio_rustls::TlsConnector;

/// Why there is no way to a server.
#[derive(Debug, thiserror::Error)]
pub enum ReachError {
    #[error("\"{0}\" is no address of a server, such as https://postern.example.org.")]
    NoAddress(String),
    #[error("{file}: no certificates can be read from it: {problem}.")]
    Roots { file: String, problem: String },
    #[error(
        "What is said to {0} could be read by others on the way: use https, or http on this machine only."
    )]
    InTheOpen(String),
    #[error("it cannot be reached")]
    Io(#[from] io::Error),
    #[error("TLS cannot be spoken with it")]
    Tls(#[from] rustls::Error),
    #[error("no certificate can be for this name")]
    Name,
}

/// Where a server is: `https://host`, or `http://` on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    host: String,
    port: u16,
    is_tls: bool,
}

impl Address {
    /// # Errors
    /// It is none.
    pub fn parse(text: &str) -> Result<Self, ReachError> {
        let wrong = || ReachError::NoAddress(text.to_owned());
        let uri: Uri = text.trim().parse().map_err(|_| wrong())?;
        let is_tls = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            Some(_) | None => return Err(wrong()),
        };
        let host = uri.host().filter(|host| !host.is_empty()).ok_or_else(wrong)?;
        let has_more = uri.path() != "/"
            || uri.query().is_some()
            || uri.authority().is_some_and(|a| a.as_str().contains('@'));
        if has_more {
            return Err(wrong());
        }

        Ok(Self {
            host: host.to_owned(),
            port: uri.port_u16().unwrap_or(if is_tls { 443 } else { 80 }),
            is_tls,
        })
    }

    /// As the server writes it: without the port where there is no need of one.
    pub fn origin(&self) -> String {
        let Self { host, port, is_tls } = self;
        match (is_tls, port) {
            (true, 443) => format!("https://{host}"),
            (false, 80) => format!("http://{host}"),
            (true, port) => format!("https://{host}:{port}"),
            (false, port) => format!("http://{host}:{port}"),
        }
    }

    /// Host and port, as in the header `Host`.
    pub fn authority(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// The address of a WebSocket there.
    pub fn socket(&self, path: &str) -> String {
        let scheme = if self.is_tls { "wss" } else { "ws" };

        format!("{scheme}://{}{path}", self.authority())
    }

    /// Connects, and by TLS makes sure that it is this server.
    ///
    /// # Errors
    /// It is not reached, is another one, or is spoken to in the open and not on this machine.
    pub async fn connect(&self, roots: &Roots) -> Result<Box<dyn Wire>, ReachError> {
        // An IPv6 address without its brackets.
        let host = self.host.trim_start_matches('[').trim_end_matches(']');
        let addresses: Vec<SocketAddr> = lookup_host((host, self.port)).await?.collect();
        let is_here = |address: &SocketAddr| address.ip().to_canonical().is_loopback();
        // Nothing is said to another machine in the open, and none is connected to for it.
        if !self.is_tls && !addresses.iter().all(is_here) {
            return Err(ReachError::InTheOpen(host.to_owned()));
        }
        let stream = TcpStream::connect(addresses.as_slice()).await?;
        // Messages are small and answers are waited for.
        stream.set_nodelay(true)?;
        if !self.is_tls {
            return Ok(Box::new(stream));
        }
        let name = ServerName::try_from(host.to_owned()).map_err(|_| ReachError::Name)?;
        let secure = TlsConnector::from(Arc::new(roots.rules()?))
            .connect(name, stream)
            .await?;

        Ok(Box::new(secure))
    }
}

/// Whose certificates are trusted.
#[derive(Clone)]
pub struct Roots(Arc<RootCertStore>);

impl Roots {
    /// Those of a file, or the operating system's.
    ///
    /// # Errors
    /// The file cannot be read, or holds none.
    pub fn load(file: Option<&Path>) -> Result<Self, ReachError> {
        let mut roots = RootCertStore::empty();
        let Some(file) = file else {
            // Where there are none no server is trusted, and says so.
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            return Ok(Self(Arc::new(roots)));
        };
        let wrong = |problem: String| ReachError::Roots {
            file: file.display().to_string(),
            problem,
        };
        let certificates = CertificateDer::pem_file_iter(file).map_err(|error| wrong(error.to_string()))?;
        for certificate in certificates {
            let certificate = certificate.map_err(|error| wrong(error.to_string()))?;
            roots.add(certificate).map_err(|error| wrong(error.to_string()))?;
        }
        if roots.is_empty() {
            return Err(wrong("it holds none".to_owned()));
        }

        Ok(Self(Arc::new(roots)))
    }

    fn rules(&self) -> Result<ClientConfig, rustls::Error> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;

        Ok(builder
            .with_root_certificates(Arc::clone(&self.0))
            .with_no_client_auth())
    }
}

/// A byte stream to the server, TLS or not.
pub trait Wire: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Wire for T {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_written_as_browsers_write_an_origin() {
        for (given, origin) in [
            ("https://postern.example.org", "https://postern.example.org"),
            ("https://postern.example.org:443/", "https://postern.example.org"),
            ("http://localhost:7480", "http://localhost:7480"),
            ("http://[::1]:7480", "http://[::1]:7480"),
            (
                " https://postern.example.org:8443 ",
                "https://postern.example.org:8443",
            ),
        ] {
            assert_eq!(Address::parse(given).unwrap().origin(), origin, "{given}");
        }
    }

    #[test]
    fn what_is_no_address_of_a_server_is_told() {
        for given in [
            "",
            "postern.example.org",
            "ftp://postern.example.org",
            "https://postern.example.org/vault",
            "https://postern.example.org?x",
            "https://me@postern.example.org",
            "https://",
        ] {
            assert!(
                matches!(Address::parse(given), Err(ReachError::NoAddress(_))),
                "{given}"
            );
        }
    }
}
