//! `tls-server-end-point` (RFC 5929 §4.1): the hash of the server's certificate that SCRAM binds to.

use sha2::{Digest, Sha256, Sha384, Sha512};
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer;
use x509_parser::signature_algorithm::SignatureAlgorithm;

/// Hashes the certificate with its own signature's digest; MD5 and SHA-1 become SHA-256, as the RFC says.
/// `None` when the signature has no digest of its own (Ed25519): there is no channel binding then.
pub(super) fn hash(certificate: &[u8]) -> Option<Vec<u8>> {
    let (_, parsed) = X509Certificate::from_der(certificate).ok()?;
    Some(match digest(&parsed)? {
        Bits::Sha256 => Sha256::digest(certificate).to_vec(),
        Bits::Sha384 => Sha384::digest(certificate).to_vec(),
        Bits::Sha512 => Sha512::digest(certificate).to_vec(),
    })
}

enum Bits {
    Sha256,
    Sha384,
    Sha512,
}

fn digest(certificate: &X509Certificate<'_>) -> Option<Bits> {
    let algorithm = &certificate.signature_algorithm;
    let oid = match SignatureAlgorithm::try_from(algorithm) {
        Ok(SignatureAlgorithm::RSASSA_PSS(parameters)) => parameters.hash_algorithm_oid().to_id_string(),
        Ok(_) | Err(_) => algorithm.algorithm.to_id_string(),
    };
    match oid.as_str() {
        // MD5, SHA-1 and SHA-256: with RSA, with ECDSA, alone (RSASSA-PSS).
        "1.2.840.113549.1.1.4"
        | "1.2.840.113549.1.1.5"
        | "1.2.840.113549.1.1.11"
        | "1.2.840.10045.4.1"
        | "1.2.840.10045.4.3.2"
        | "1.3.14.3.2.26"
        | "2.16.840.1.101.3.4.2.1" => Some(Bits::Sha256),
        "1.2.840.113549.1.1.12" | "1.2.840.10045.4.3.3" | "2.16.840.1.101.3.4.2.2" => Some(Bits::Sha384),
        "1.2.840.113549.1.1.13" | "1.2.840.10045.4.3.4" | "2.16.840.1.101.3.4.2.3" => Some(Bits::Sha512),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use rustls::pki_types::CertificateDer;
    use rustls::pki_types::pem::PemObject;
    use testkit::certificates::{Authority, Wishes};

    use super::*;

    #[test]
    fn weak_digests_become_sha_256_and_strong_ones_stay() {
        let authority = Authority::new("root").unwrap();
        let check = |digest: &str, expected: fn(&[u8]) -> Vec<u8>| {
            let pair = authority
                .issue(
                    "localhost",
                    &Wishes {
                        digest,
                        ..Wishes::default()
                    },
                )
                .unwrap();
            let der = CertificateDer::from_pem_slice(pair.certificate.as_bytes()).unwrap();
            assert_eq!(hash(&der), Some(expected(&der)), "{digest}");
        };

        check("md5", |der| Sha256::digest(der).to_vec());
        check("sha1", |der| Sha256::digest(der).to_vec());
        check("sha256", |der| Sha256::digest(der).to_vec());
        check("sha384", |der| Sha384::digest(der).to_vec());
        check("sha512", |der| Sha512::digest(der).to_vec());
    }

    #[test]
    fn what_is_no_certificate_has_no_hash() {
        assert_eq!(hash(b"hello"), None);
    }
}
