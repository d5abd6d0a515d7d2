//! Whether a server's certificate is believed.
//!
//! webpki builds the chain. Three things libpq accepts and webpki does not are decided here: a server's own
//! certificate given as *Trusted CA*, a common name where there is no subject alternative name, and a
//! version 1 certificate, which is what the recipe of PostgreSQL's documentation makes.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls13_signature_with_raw_key};
use rustls::pki_types::{CertificateDer, ServerName, SubjectPublicKeyInfoDer, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, OtherError, SignatureScheme};
use webpki::{EndEntityCert, KeyUsage, RawPublicKeyEntity};
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer;
use x509_parser::x509::X509Version;

use super::{Roots, Verify, names};

/// Why a server's certificate is not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Distrust {
    #[error("certificate cannot be read")]
    Unreadable,
    #[error("certificate has expired")]
    Expired,
    #[error("certificate is not valid yet")]
    NotYetValid,
    #[error("self-signed certificate")]
    SelfSigned,
    #[error("certificate issued by an unknown authority: {issuer}")]
    UnknownIssuer { issuer: String },
    #[error("certificate is valid for {}, but wanted \"{wanted}\"", listed(.names))]
    WrongName { wanted: String, names: Vec<String> },
    /// webpki's own words.
    #[error("certificate is not accepted: {0}")]
    Other(String),
}

fn listed(names: &[String]) -> String {
    if names.is_empty() {
        "no name".to_owned()
    } else {
        names.join(", ")
    }
}

/// libpq's ladder as rustls wants it.
#[derive(Debug)]
pub(super) struct Verifier {
    verify: Verify,
    roots: Roots,
    wanted: String,
    algorithms: WebPkiSupportedAlgorithms,
}

impl Verifier {
    pub(super) fn new(
        verify: Verify,
        roots: Roots,
        wanted: String,
        algorithms: WebPkiSupportedAlgorithms,
    ) -> Self {
        Self {
            verify,
            roots,
            wanted,
            algorithms,
        }
    }

    fn check(
        &self,
        server: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<(), Distrust> {
        match self.verify {
            Verify::Nothing => Ok(()),
            Verify::Authority => self.check_authority(server, intermediates, now),
            Verify::Full => {
                self.check_authority(server, intermediates, now)?;
                self.check_name(server)
            }
        }
    }

    fn check_authority(
        &self,
        server: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<(), Distrust> {
        let parsed = parse(server)?;
        check_dates(&parsed, now)?;
        if self
            .roots
            .certificates()
            .iter()
            .any(|trusted| trusted.as_ref() == server.as_ref())
        {
            return Ok(());
        }
        if parsed.version() == X509Version::V1 {
            return self.check_version_1(&parsed, now);
        }
        let leaf = EndEntityCert::try_from(server).map_err(|error| distrust(&error, &parsed))?;
        leaf.verify_for_usage(
            self.algorithms.all,
            &self.roots.anchors().roots,
            intermediates,
            now,
            KeyUsage::server_auth(),
            None,
            None,
        )
        .map_err(|error| distrust(&error, &parsed))?;

        Ok(())
    }

    /// A certificate without extensions, signed by a trusted authority itself: no chain in between.
    fn check_version_1(&self, leaf: &X509Certificate<'_>, now: UnixTime) -> Result<(), Distrust> {
        for trusted in self.roots.certificates() {
            let Ok(authority) = parse(trusted) else { continue };
            let may_sign = authority.is_ca() || authority.version() == X509Version::V1;
            if may_sign
                && authority.subject().as_raw() == leaf.issuer().as_raw()
                && self.signed(leaf, &authority)
            {
                return check_dates(&authority, now);
            }
        }
        Err(unknown_issuer(leaf))
    }

    fn signed(&self, leaf: &X509Certificate<'_>, authority: &X509Certificate<'_>) -> bool {
        let key = SubjectPublicKeyInfoDer::from(authority.public_key().raw);
        let Ok(key) = RawPublicKeyEntity::try_from(&key) else {
            return false;
        };
        self.algorithms.all.iter().any(|algorithm| {
            key.verify_signature(
                *algorithm,
                leaf.tbs_certificate.as_ref(),
                &leaf.signature_value.data,
            )
            .is_ok()
        })
    }

    fn check_name(&self, server: &CertificateDer<'_>) -> Result<(), Distrust> {
        let names = names::of(&parse(server)?);
        if names.iter().any(|name| names::matches(name, &self.wanted)) {
            return Ok(());
        }
        Err(Distrust::WrongName {
            wanted: self.wanted.clone(),
            names: names.iter().map(ToString::to_string).collect(),
        })
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        self.check(end_entity, intermediates, now).map_err(refuse)?;
        Ok(ServerCertVerified::assertion())
    }

    // The server must hold the certificate's key on every step of the ladder: channel binding rests on it.
    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let parsed = parse(cert).map_err(refuse)?;
        let key = SubjectPublicKeyInfoDer::from(parsed.public_key().raw);
        let key = RawPublicKeyEntity::try_from(&key).map_err(|_| refuse(Distrust::Unreadable))?;
        let scheme = self
            .algorithms
            .mapping
            .iter()
            .find(|(scheme, _)| *scheme == dss.scheme);
        let algorithms = scheme.map(|(_, algorithms)| *algorithms).unwrap_or_default();
        if algorithms
            .iter()
            .any(|algorithm| key.verify_signature(*algorithm, message, dss.signature()).is_ok())
        {
            return Ok(HandshakeSignatureValid::assertion());
        }
        Err(CertificateError::BadSignature.into())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let parsed = parse(cert).map_err(refuse)?;
        let key = SubjectPublicKeyInfoDer::from(parsed.public_key().raw);
        verify_tls13_signature_with_raw_key(message, &key, dss, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

fn parse<'a>(certificate: &'a CertificateDer<'_>) -> Result<X509Certificate<'a>, Distrust> {
    let (_, parsed) = X509Certificate::from_der(certificate).map_err(|_| Distrust::Unreadable)?;
    Ok(parsed)
}

fn check_dates(certificate: &X509Certificate<'_>, now: UnixTime) -> Result<(), Distrust> {
    let now = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
    let validity = certificate.validity();
    if now < validity.not_before.timestamp() {
        return Err(Distrust::NotYetValid);
    }
    if now > validity.not_after.timestamp() {
        return Err(Distrust::Expired);
    }
    Ok(())
}

fn distrust(error: &webpki::Error, leaf: &X509Certificate<'_>) -> Distrust {
    if matches!(
        error,
        webpki::Error::UnknownIssuer | webpki::Error::CaUsedAsEndEntity
    ) {
        return unknown_issuer(leaf);
    }
    if matches!(error, webpki::Error::CertExpired { .. }) {
        return Distrust::Expired;
    }
    Distrust::Other(error.to_string())
}

fn unknown_issuer(leaf: &X509Certificate<'_>) -> Distrust {
    if leaf.issuer().as_raw() == leaf.subject().as_raw() {
        return Distrust::SelfSigned;
    }
    Distrust::UnknownIssuer {
        issuer: leaf.issuer().to_string(),
    }
}

fn refuse(distrust: Distrust) -> rustls::Error {
    CertificateError::Other(OtherError(Arc::new(distrust))).into()
}
