//! The names in a certificate, and whether one of them is the host's: libpq's rules.

use std::net::IpAddr;

use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;

/// Names a certificate was issued to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Name {
    Dns(String),
    Ip(IpAddr),
}

/// The subject alternative names, or, where there is no name or address among them, the common name. None
/// at all when they cannot be read.
pub(super) fn of(certificate: &X509Certificate<'_>) -> Vec<Name> {
    let Ok(san) = certificate.subject_alternative_name() else {
        return Vec::new();
    };
    let names: Vec<Name> = san
        .iter()
        .flat_map(|san| &san.value.general_names)
        .filter_map(name)
        .collect();
    if !names.is_empty() {
        return names;
    }
    let common_names = certificate.subject().iter_common_name();
    common_names
        .filter_map(|name| Some(Name::Dns(name.as_str().ok()?.to_owned())))
        .collect()
}

/// Whether `name` stands for `host`. `*` stands for one whole label, the leftmost.
pub(super) fn matches(name: &Name, host: &str) -> bool {
    let host = host.trim_end_matches('.');
    match (name, host.parse::<IpAddr>()) {
        (Name::Ip(ip), Ok(host)) => *ip == host,
        (Name::Ip(_), Err(_)) => false,
        // An address in a common name is compared as text, never as a pattern.
        (Name::Dns(name), Ok(_)) => name == host,
        (Name::Dns(name), Err(_)) => match name.strip_prefix("*.") {
            None => name.eq_ignore_ascii_case(host),
            Some(parent) => host
                .split_once('.')
                .is_some_and(|(label, rest)| !label.is_empty() && rest.eq_ignore_ascii_case(parent)),
        },
    }
}

fn name(name: &GeneralName<'_>) -> Option<Name> {
    if let GeneralName::DNSName(name) = name {
        return Some(Name::Dns((*name).to_owned()));
    }
    let GeneralName::IPAddress(bytes) = name else {
        return None;
    };
    if let Ok(v4) = <[u8; 4]>::try_from(*bytes) {
        return Some(Name::Ip(IpAddr::from(v4)));
    }
    <[u8; 16]>::try_from(*bytes)
        .ok()
        .map(|v6| Name::Ip(IpAddr::from(v6)))
}

impl std::fmt::Display for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Dns(name) => f.write_str(name),
            Self::Ip(ip) => ip.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stands_for_its_host() {
        let check = |name: &str, host: &str, expected: bool| {
            assert_eq!(
                matches(&Name::Dns(name.to_owned()), host),
                expected,
                "{name} for {host}"
            );
        };

        check("db.internal", "db.internal", true);
        check("DB.Internal", "db.internal.", true);
        check("db.internal", "other.internal", false);
        check("*.internal", "db.internal", true);
        check("*.internal", "a.db.internal", false);
        check("*.internal", "internal", false);
        check("*.internal", ".internal", false);
        check("d*.internal", "db.internal", false);
        check("*", "localhost", false);
        check("10.0.0.1", "10.0.0.1", true);
        check("*.0.0.1", "10.0.0.1", false);
    }

    #[test]
    fn an_address_is_compared_as_an_address() {
        let name = Name::Ip("::1".parse().unwrap());

        assert!(matches(&name, "0:0:0:0:0:0:0:1"));
        assert!(!matches(&name, "127.0.0.1"));
        assert!(!matches(&name, "localhost"));
    }
}
