//! What may stand in a Host field: a host name (RFC 1123) or an IPv4 or IPv6 address, nothing else.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Longest host name (RFC 1123 §2.1) in bytes.
const MAX_HOST: usize = 253;
/// Longest label of a host name in bytes.
const MAX_LABEL: usize = 63;

/// The host without surrounding space and without the brackets of an IPv6 address.
///
/// # Errors
/// A full sentence that says what is wrong and what would be right.
pub fn parse(text: &str) -> Result<String, String> {
    let host = text.trim();
    if host.is_empty() {
        return Err("Enter a host name or an IP address.".to_owned());
    }
    if let Some((_, rest)) = host.split_once("://") {
        let bare = rest.split(['/', ':', '@', '?']).next().unwrap_or_default();
        return Err(format!(
            "Host must not contain a scheme such as postgresql://. Enter only the host, for example {}.",
            example(bare)
        ));
    }
    if host.starts_with('/') {
        return Err("Host must be a host name or an IP address, not the path of a socket.".to_owned());
    }

    if let Some(inside) = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return match inside.parse::<Ipv6Addr>() {
            Ok(_) => Ok(inside.to_owned()),
            Err(_) => Err(format!("{inside} is not an IPv6 address.")),
        };
    }
    if host.parse::<IpAddr>().is_ok() {
        return Ok(host.to_owned());
    }
    if has_port(host) {
        return Err("Host must not contain a port. Use the Port field.".to_owned());
    }
    if host.contains(':') {
        return Err(format!("{host} is not an IPv6 address."));
    }
    if host.contains('/') {
        return Err("Host must not contain a path. Use the Database Name field for the database.".to_owned());
    }

    name(host)
}

/// A host with a port behind it or not, as it is typed: `db`, `db:5433`, `[2001:db8::7]:5433`.
///
/// # Errors
/// A full sentence that says what is wrong.
pub fn with_port(text: &str) -> Result<(String, Option<u16>), String> {
    let text = text.trim();
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if has_port(text) => (host, Some(port)),
        Some(_) | None => (text, None),
    };
    let host = parse(host)?;
    let Some(port) = port else {
        return Ok((host, None));
    };

    match port.parse() {
        Ok(0) | Err(_) => Err("The port behind the host must be a whole number from 1 to 65535.".to_owned()),
        Ok(port) => Ok((host, Some(port))),
    }
}

fn example(bare: &str) -> &str {
    if name(bare).is_ok() {
        bare
    } else {
        "db.example.org"
    }
}

/// `name:5432`, `192.0.2.1:5432` or `[::1]:5432`; a plain IPv6 address has more than one colon.
fn has_port(host: &str) -> bool {
    let Some((before, port)) = host.rsplit_once(':') else {
        return false;
    };

    port.bytes().all(|byte| byte.is_ascii_digit()) && (!before.contains(':') || before.ends_with(']'))
}

fn name(host: &str) -> Result<String, String> {
    // A trailing dot says that the name is complete.
    let labels = host.strip_suffix('.').unwrap_or(host);
    if labels.len() > MAX_HOST {
        return Err(format!(
            "A host name must not be longer than {MAX_HOST} characters."
        ));
    }
    if labels.split('.').any(|label| !is_label(label)) {
        return Err(
            "A host name consists of letters, digits and hyphens, in parts separated by dots.".to_owned(),
        );
    }
    if labels
        .split('.')
        .all(|label| label.bytes().all(|byte| byte.is_ascii_digit()))
        && labels.parse::<Ipv4Addr>().is_err()
    {
        return Err(format!("{host} is not an IPv4 address."));
    }

    Ok(host.to_owned())
}

fn is_label(label: &str) -> bool {
    !label.is_empty()
        && label.len() <= MAX_LABEL
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_addresses_are_hosts() {
        for (text, host) in [
            ("localhost", "localhost"),
            (" db.example.org ", "db.example.org"),
            ("DB-1.example.org.", "DB-1.example.org."),
            ("192.0.2.7", "192.0.2.7"),
            ("2001:db8::7", "2001:db8::7"),
            ("[::1]", "::1"),
            ("3com", "3com"),
        ] {
            assert_eq!(parse(text).as_deref(), Ok(host), "{text:?}");
        }
    }

    #[test]
    fn a_typed_host_may_carry_its_port() {
        for (text, host, port) in [
            ("db", "db", None),
            (" db:5433 ", "db", Some(5433)),
            ("192.0.2.7:1", "192.0.2.7", Some(1)),
            ("2001:db8::7", "2001:db8::7", None),
            ("[2001:db8::7]:5433", "2001:db8::7", Some(5433)),
        ] {
            assert_eq!(with_port(text), Ok((host.to_owned(), port)), "{text:?}");
        }
        for text in [
            "",
            ":5432",
            "db:",
            "db:0",
            "db:70000",
            "postgresql://db:5432",
            "a b:1",
        ] {
            assert!(with_port(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_port_belongs_into_its_own_field() {
        for text in ["db:5432", "192.0.2.7:5432", "[::1]:5432", "db:"] {
            assert_eq!(
                parse(text).unwrap_err(),
                "Host must not contain a port. Use the Port field.",
                "{text:?}"
            );
        }
    }

    #[test]
    fn what_is_no_host_gets_a_sentence() {
        for text in [
            "",
            "postgresql://db",
            "/var/run/postgresql",
            "db/app",
            "a_b",
            "-db",
            "db..org",
            "999.1.1.1",
            "1.2.3",
            "::zz",
            "[db]",
            "ex ample",
            "dé.example",
        ] {
            let sentence = parse(text).unwrap_err();

            assert!(sentence.ends_with('.'), "{text:?}: {sentence}");
        }
        assert!(parse(&format!("{}.org", "a".repeat(64))).is_err());
        assert!(parse(&"abc.".repeat(80)).is_err());
    }

    #[test]
    fn a_scheme_is_answered_with_the_host_that_was_meant() {
        assert_eq!(
            parse("https://db.example.org/x").unwrap_err(),
            "Host must not contain a scheme such as postgresql://. Enter only the host, for example db.example.org."
        );
    }
}
