//! Where a server is, and whose certificates it is believed by.

use std::path::Path;
use std::sync::Arc;

use http::Uri;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};

use crate::exit::{Exit, Failure};

/// Where a server is: `https://host`, or `http://` on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) is_tls: bool,
}

impl Address {
    /// # Errors
    /// It is none.
    pub fn parse(text: &str) -> Result<Self, Failure> {
        let wrong = || {
            Failure::new(
                Exit::Usage,
                format!("\"{text}\" is no address of a server, such as https://postern.example.org."),
            )
        };
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

    /// The host for names and sockets: an IPv6 address without its brackets.
    pub(super) fn bare_host(&self) -> &str {
        self.host.trim_start_matches('[').trim_end_matches(']')
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
    pub fn load(file: Option<&Path>) -> Result<Self, Failure> {
        let mut roots = RootCertStore::empty();
        let Some(file) = file else {
            // Where there are none no server is trusted, and says so.
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            return Ok(Self(Arc::new(roots)));
        };
        let wrong = |problem: String| {
            Failure::new(
                Exit::Usage,
                format!(
                    "{}: no certificates can be read from it: {problem}.",
                    file.display()
                ),
            )
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

    /// How TLS is made with a server: nobody is believed but by them.
    pub(super) fn rules(&self) -> Result<ClientConfig, rustls::Error> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;

        Ok(builder
            .with_root_certificates(Arc::clone(&self.0))
            .with_no_client_auth())
    }
}

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
            let failure = Address::parse(given).unwrap_err();

            assert_eq!(failure.exit, Exit::Usage, "{given}");
        }
    }
}
