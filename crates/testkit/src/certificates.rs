//! Certificates by the recipe of PostgreSQL's own documentation, through `openssl`.
//!
//! See <https://www.postgresql.org/docs/current/ssl-tcp.html#SSL-CERTIFICATE-CREATION>. As there, keys are
//! made by the tool's defaults, and a certificate without a SAN has no extensions at all (X.509 version 1
//! from OpenSSL 3.0).

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::Context;
use tempfile::TempDir;

use crate::programs::run;

/// A certificate and its private key, PEM.
#[derive(Debug, Clone)]
pub struct Pair {
    pub certificate: String,
    pub key: String,
}

/// A certificate authority of one test.
#[derive(Debug)]
pub struct Authority {
    folder: TempDir,
    /// PEM: what goes into *Trusted CA certificate*.
    pub certificate: String,
}

/// What a certificate says besides its name.
#[derive(Debug, Clone, Default)]
pub struct Wishes<'a> {
    /// `DNS:db.internal,IP:127.0.0.1`; no extensions when empty.
    pub alternative_names: &'a str,
    /// Digest of the signature, `sha384` for one; the tool's default when empty.
    pub digest: &'a str,
    /// Expired yesterday.
    pub expired: bool,
}

impl Authority {
    pub fn new(common_name: &str) -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new().prefix("postern-ca-").tempdir()?;
        let at = |name: &str| folder.path().join(name);
        let subject = format!("/CN={common_name}");
        openssl(
            &["req", "-new", "-nodes", "-text", "-subj", &subject],
            &[("-out", &at("root.csr")), ("-keyout", &at("root.key"))],
        )?;
        fs::write(
            at("ca.ext"),
            "[v3_ca]\nsubjectKeyIdentifier=hash\nbasicConstraints=critical,CA:true\n",
        )?;
        openssl(
            &["x509", "-req", "-text", "-days", "3650", "-extensions", "v3_ca"],
            &[
                ("-in", &at("root.csr")),
                ("-extfile", &at("ca.ext")),
                ("-signkey", &at("root.key")),
                ("-out", &at("root.crt")),
            ],
        )?;
        let certificate = pem(&fs::read_to_string(at("root.crt"))?)?;

        Ok(Self { folder, certificate })
    }

    /// Signs a certificate for a server or a client.
    pub fn issue(&self, common_name: &str, wishes: &Wishes<'_>) -> anyhow::Result<Pair> {
        let work = tempfile::Builder::new().prefix("postern-cert-").tempdir()?;
        let at = |name: &str| work.path().join(name);
        let ca = |name: &str| self.folder.path().join(name);
        let subject = format!("/CN={common_name}");
        openssl(
            &["req", "-new", "-nodes", "-text", "-subj", &subject],
            &[("-out", &at("server.csr")), ("-keyout", &at("server.key"))],
        )?;
        let days = if wishes.expired { "-1" } else { "365" };
        let digest = format!("-{}", wishes.digest);
        let mut words = vec!["x509", "-req", "-text", "-days", days];
        if !wishes.digest.is_empty() {
            words.push(&digest);
        }
        let (csr, root, root_key, out, names) = (
            at("server.csr"),
            ca("root.crt"),
            ca("root.key"),
            at("server.crt"),
            at("names.ext"),
        );
        let mut files = vec![
            ("-in", &*csr),
            ("-CA", &*root),
            ("-CAkey", &*root_key),
            ("-out", &*out),
        ];
        if !wishes.alternative_names.is_empty() {
            fs::write(&names, format!("subjectAltName={}\n", wishes.alternative_names))?;
            files.push(("-extfile", &*names));
        }
        words.push("-CAcreateserial");
        openssl(&words, &files)?;

        Ok(Pair {
            certificate: pem(&fs::read_to_string(out)?)?,
            key: fs::read_to_string(at("server.key"))?,
        })
    }
}

/// A certificate that is its own authority, by the one command PostgreSQL's documentation begins with.
pub fn self_signed(common_name: &str) -> anyhow::Result<Pair> {
    let work = tempfile::Builder::new().prefix("postern-cert-").tempdir()?;
    let at = |name: &str| work.path().join(name);
    let subject = format!("/CN={common_name}");
    openssl(
        &[
            "req", "-new", "-x509", "-days", "365", "-nodes", "-text", "-subj", &subject,
        ],
        &[("-out", &at("server.crt")), ("-keyout", &at("server.key"))],
    )?;
    Ok(Pair {
        certificate: pem(&fs::read_to_string(at("server.crt"))?)?,
        key: fs::read_to_string(at("server.key"))?,
    })
}

fn openssl(words: &[&str], files: &[(&str, &Path)]) -> anyhow::Result<()> {
    let mut command = Command::new("openssl");
    command.args(words);
    for (flag, file) in files {
        command.arg(flag).arg(file);
    }
    run(&mut command)?;
    Ok(())
}

/// The PEM block without the text `-text` puts before it.
fn pem(text: &str) -> anyhow::Result<String> {
    let start = text.find("-----BEGIN").context("no PEM from openssl")?;
    Ok(text.get(start..).unwrap_or_default().to_owned())
}
