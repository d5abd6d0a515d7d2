//! Certificates people paste: what they say, when they end, and whether a key belongs to one.

use std::time::Duration;

use protocol::time::Timestamp;
use protocol::vault::CertificateFacts;
use rustls::crypto::ring::sign::any_supported_type;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;
use x509_parser::certificate::X509Certificate;
use x509_parser::pem::Pem;

use crate::Secret;

/// How long before its end a certificate is warned about.
const SOON: Duration = Duration::from_secs(30 * 86_400);
const DAY: u64 = 86_400;

/// The facts of every certificate in a PEM text, in its order.
///
/// # Errors
/// A full sentence: there is no certificate in it, or one cannot be read.
pub fn facts(pem: &str, now: Timestamp) -> Result<Vec<CertificateFacts>, String> {
    let mut all = Vec::new();
    for block in blocks(pem)? {
        let certificate = certificate(&block, all.len() + 1)?;
        all.push(facts_of(&certificate, now));
    }

    Ok(all)
}

/// Says whether a private key belongs to the first certificate of a PEM text.
///
/// # Errors
/// A full sentence, for the field of the private key.
pub fn check_pair(certificate_pem: &str, key: &Secret) -> Result<(), String> {
    let blocks = blocks(certificate_pem)?;
    let first = blocks.first().ok_or("There is no certificate in this text.")?;
    let certificate = certificate(first, 1)?;

    let der = PrivateKeyDer::from_pem_slice(key.expose().as_bytes())
        .map_err(|_| "The private key cannot be read. Paste it as PEM text, without a passphrase.")?;
    let key = any_supported_type(&der)
        .map_err(|_| "The private key is of a kind that cannot sign in by TLS. Use RSA, ECDSA (P-256, P-384) or Ed25519.")?;
    let public = key
        .public_key()
        .ok_or("The private key does not tell its public key.")?;

    if public.as_ref() != certificate.tbs_certificate.subject_pki.raw {
        return Err("The private key does not belong to the certificate.".to_owned());
    }

    Ok(())
}

fn blocks(pem: &str) -> Result<Vec<Pem>, String> {
    let mut certificates = Vec::new();
    for block in Pem::iter_from_buffer(pem.as_bytes()) {
        let block =
            block.map_err(|_| "This PEM text is cut off or damaged. Paste it again, from BEGIN to END.")?;
        if block.label == "CERTIFICATE" {
            certificates.push(block);
        }
    }
    if certificates.is_empty() {
        return Err("There is no certificate in this text.".to_owned());
    }

    Ok(certificates)
}

fn certificate(block: &Pem, number: usize) -> Result<X509Certificate<'_>, String> {
    block
        .parse_x509()
        .map_err(|_| format!("Certificate {number} in this text cannot be read."))
}

fn facts_of(certificate: &X509Certificate<'_>, now: Timestamp) -> CertificateFacts {
    let validity = certificate.validity();
    let not_before = at(validity.not_before.timestamp());
    let not_after = at(validity.not_after.timestamp());

    CertificateFacts {
        subject: certificate.subject().to_string(),
        issuer: certificate.issuer().to_string(),
        not_before,
        not_after,
        warning: warning(not_before, not_after, now),
    }
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_micros(seconds.saturating_mul(1_000_000))
}

fn warning(not_before: Timestamp, not_after: Timestamp, now: Timestamp) -> Option<String> {
    if now < not_before {
        return Some("This certificate is not valid yet.".to_owned());
    }
    if now > not_after {
        return Some("This certificate has expired.".to_owned());
    }

    let left = not_after.since(now);
    let days = left.as_secs() / DAY;
    match days {
        _ if left >= SOON => None,
        0 => Some("This certificate expires within a day.".to_owned()),
        1 => Some("This certificate expires in 1 day.".to_owned()),
        days => Some(format!("This certificate expires in {days} days.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CA: &str = include_str!("certificates/ca.pem");
    const CLIENT: &str = include_str!("certificates/client.pem");
    const CLIENT_KEY: &str = include_str!("certificates/client.key");
    const OTHER_KEY: &str = include_str!("certificates/other.key");

    fn key(text: &str) -> Secret {
        Secret::new(text.to_owned())
    }

    fn end() -> Timestamp {
        facts(CA, Timestamp(0)).unwrap()[0].not_after
    }

    #[test]
    fn a_bundle_says_who_it_is_and_when_it_ends() {
        let facts = facts(&format!("a comment\n{CLIENT}{CA}"), end() - SOON).unwrap();

        let subjects: Vec<&str> = facts.iter().map(|facts| facts.subject.as_str()).collect();
        assert_eq!(subjects, ["CN=orders_ro", "O=Example, CN=Example Root"]);
        assert_eq!(facts[0].issuer, "O=Example, CN=Example Root");
        assert_eq!(facts[1].warning, None);
    }

    #[test]
    fn a_certificate_is_warned_about_before_it_ends() {
        let warning = |now| facts(CA, now).unwrap()[0].warning.clone().unwrap_or_default();
        let days = |days: u64| Duration::from_secs(days * DAY);

        assert_eq!(warning(end() - days(30)), "");
        assert_eq!(warning(end() - days(12)), "This certificate expires in 12 days.");
        assert_eq!(
            warning(end() - Duration::from_secs(5)),
            "This certificate expires within a day."
        );
        assert_eq!(warning(end() + days(1)), "This certificate has expired.");
        assert_eq!(warning(Timestamp(0)), "This certificate is not valid yet.");
    }

    #[test]
    fn what_is_no_certificate_gets_a_sentence() {
        let cut = CA.get(..CA.len() / 2).unwrap();
        let garbage = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        for (text, sentence) in [
            ("", "There is no certificate in this text."),
            (CLIENT_KEY, "There is no certificate in this text."),
            (
                cut,
                "This PEM text is cut off or damaged. Paste it again, from BEGIN to END.",
            ),
            (garbage, "Certificate 1 in this text cannot be read."),
        ] {
            assert_eq!(facts(text, Timestamp(0)).unwrap_err(), sentence);
        }
    }

    #[test]
    fn a_key_must_belong_to_its_certificate() {
        assert_eq!(check_pair(CLIENT, &key(CLIENT_KEY)), Ok(()));
        assert_eq!(
            check_pair(CLIENT, &key(OTHER_KEY)).unwrap_err(),
            "The private key does not belong to the certificate."
        );
        assert_eq!(
            check_pair(CLIENT, &key("hunter2")).unwrap_err(),
            "The private key cannot be read. Paste it as PEM text, without a passphrase."
        );
    }
}
