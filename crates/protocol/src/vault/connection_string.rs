//! Connection strings people paste: libpq's URI and keyword/value forms, as far as a record can keep them.
//! <https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING>

use super::database::TlsMode;
use super::entered::Entered;

/// What a connection string says. What it leaves out is `None`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ConnectionString {
    pub host: Option<String>,
    pub port: Option<u16>,
    pub database: Option<String>,
    pub login: Option<String>,
    pub password: Option<Entered>,
    /// `allow` and `prefer` may fall back to plain text, which no mode of ours does: they are read as `require`.
    pub tls_mode: Option<TlsMode>,
}

/// Whether a text is meant as a connection string rather than as a host.
pub fn looks_like_one(text: &str) -> bool {
    let text = text.trim_start();

    uri_body(text).is_some()
        || (text.contains('=') && text.starts_with(|letter: char| letter.is_ascii_alphabetic()))
}

/// Reads a connection string.
///
/// # Errors
/// A full sentence. It never repeats a value, because the value may be the password.
pub fn parse(text: &str) -> Result<ConnectionString, String> {
    let text = text.trim();
    match uri_body(text) {
        Some(body) => uri(body),
        None => keywords(text),
    }
}

fn uri_body(text: &str) -> Option<&str> {
    ["postgresql://", "postgres://"]
        .iter()
        .find_map(|scheme| text.strip_prefix(scheme))
}

fn uri(body: &str) -> Result<ConnectionString, String> {
    let mut parsed = ConnectionString::default();
    let (body, query) = body.split_once('?').unwrap_or((body, ""));
    let (authority, path) = body.split_once('/').unwrap_or((body, ""));
    let (credential, address) = match authority.rsplit_once('@') {
        Some((credential, address)) => (Some(credential), address),
        None => (None, authority),
    };

    if let Some(credential) = credential {
        let (login, password) = match credential.split_once(':') {
            Some((login, password)) => (login, Some(password)),
            None => (credential, None),
        };
        parsed.set("user", &decode(login)?)?;
        if let Some(password) = password {
            parsed.set("password", &decode(password)?)?;
        }
    }
    if address.contains(',') {
        return Err("A record has one host. Paste a connection string that names one.".to_owned());
    }
    let (host, port) = host_and_port(address);
    parsed.set("host", &decode(host)?)?;
    parsed.set("port", port)?;
    parsed.set("dbname", &decode(path)?)?;
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (key, value) = pair
            .split_once('=')
            .ok_or("The part after ? must consist of key=value pairs.")?;
        parsed.set(&decode(key)?, &decode(value)?)?;
    }

    Ok(parsed)
}

fn host_and_port(address: &str) -> (&str, &str) {
    if let Some((inside, after)) = address.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        return (inside, after.strip_prefix(':').unwrap_or(after));
    }

    address.rsplit_once(':').unwrap_or((address, ""))
}

/// `host = db port=5432 password='it''s \' here'`: values may be quoted, `\` takes the next letter as it is.
fn keywords(text: &str) -> Result<ConnectionString, String> {
    let mut parsed = ConnectionString::default();
    let mut rest = text;
    while !rest.is_empty() {
        let (key, after) = rest
            .split_once('=')
            .ok_or("A connection string consists of key=value pairs.")?;
        let (value, after) = keyword_value(after.trim_start())?;
        parsed.set(key.trim(), &value)?;
        rest = after.trim_start();
    }

    Ok(parsed)
}

fn keyword_value(text: &str) -> Result<(String, &str), String> {
    let quoted = text.starts_with('\'');
    let mut value = String::new();
    let mut letters = text.char_indices().skip(usize::from(quoted));
    while let Some((at, letter)) = letters.next() {
        match letter {
            '\\' => value.extend(letters.next().map(|(_, escaped)| escaped)),
            '\'' if quoted => return Ok((value, text.get(at + 1..).unwrap_or_default())),
            letter if !quoted && letter.is_whitespace() => {
                return Ok((value, text.get(at..).unwrap_or_default()));
            }
            letter => value.push(letter),
        }
    }
    if quoted {
        return Err("A quoted value is not closed.".to_owned());
    }

    Ok((value, ""))
}

impl ConnectionString {
    /// Takes one parameter. What a record has no field for (`application_name`, `options`, …) is passed over.
    fn set(&mut self, key: &str, value: &str) -> Result<(), String> {
        if value.is_empty() {
            return Ok(());
        }

        match key {
            "host" | "hostaddr" => self.host = Some(value.to_owned()),
            "port" => {
                let port = value.parse().ok().filter(|port| *port > 0);
                self.port = Some(port.ok_or("The port must be a whole number from 1 to 65535.")?);
            }
            "dbname" => self.database = Some(value.to_owned()),
            "user" => self.login = Some(value.to_owned()),
            "password" => self.password = Some(Entered::new(value)),
            "sslmode" => self.tls_mode = Some(tls_mode(value)?),
            _ => {}
        }

        Ok(())
    }
}

fn tls_mode(value: &str) -> Result<TlsMode, String> {
    match value {
        "disable" => Ok(TlsMode::Disable),
        "allow" | "prefer" | "require" => Ok(TlsMode::Require),
        "verify-ca" => Ok(TlsMode::VerifyCa),
        "verify-full" => Ok(TlsMode::VerifyFull),
        _ => Err("sslmode must be disable, require, verify-ca or verify-full.".to_owned()),
    }
}

/// Percent-decoding (RFC 3986 §2.1) of UTF-8 text.
fn decode(text: &str) -> Result<String, String> {
    const WRONG: &str = "A percent sign in the connection string must be followed by two hexadecimal digits.";

    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let (high, low) = (rest.next().ok_or(WRONG)?, rest.next().ok_or(WRONG)?);
        let digit = |byte: u8| {
            char::from(byte)
                .to_digit(16)
                .and_then(|digit| u8::try_from(digit).ok())
                .ok_or(WRONG)
        };
        bytes.push(digit(high)? * 16 + digit(low)?);
    }

    String::from_utf8(bytes).map_err(|_| "The connection string is not UTF-8 text.".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn full() -> ConnectionString {
        ConnectionString {
            host: Some("db.example.org".to_owned()),
            port: Some(5433),
            database: Some("orders".to_owned()),
            login: Some("app".to_owned()),
            password: Some(Entered::new("it's @/:%")),
            tls_mode: Some(TlsMode::VerifyFull),
        }
    }

    #[test]
    fn both_forms_say_the_same() {
        let uri = "postgresql://app:it's%20%40%2F%3A%25@db.example.org:5433/orders?sslmode=verify-full&application_name=x";
        let pairs = r"host=db.example.org port = 5433 dbname=orders user='app' password='it\'s @/:%' sslmode=verify-full";

        assert_eq!(parse(uri).unwrap(), full());
        assert_eq!(parse(pairs).unwrap(), full());
    }

    #[test]
    fn what_is_left_out_stays_open() {
        assert_eq!(parse("postgres://").unwrap(), ConnectionString::default());
        assert_eq!(
            parse("postgres:///orders").unwrap().database.as_deref(),
            Some("orders")
        );
        assert_eq!(
            parse("postgres://[2001:db8::7]:5433/").unwrap().host.as_deref(),
            Some("2001:db8::7")
        );
        assert_eq!(parse("postgres://[2001:db8::7]:5433/").unwrap().port, Some(5433));
        assert_eq!(
            parse("postgres://db?password=x").unwrap().password,
            Some(Entered::new("x"))
        );
    }

    #[test]
    fn a_mode_that_may_fall_back_is_read_as_require() {
        for mode in ["allow", "prefer", "require"] {
            assert_eq!(
                parse(&format!("host=db sslmode={mode}")).unwrap().tls_mode,
                Some(TlsMode::Require)
            );
        }
    }

    #[test]
    fn what_cannot_be_read_gets_a_sentence_without_the_password() {
        for text in [
            "postgresql://app:s3cret@a,b/x",
            "postgresql://app:s3cret%@db/x",
            "postgresql://app:s3cret@db:99999/x",
            "postgresql://app:s3cret@db/x?sslmode=maybe",
            "host=db password='s3cret",
            "host=db s3cret",
        ] {
            let sentence = parse(text).unwrap_err();

            assert!(
                sentence.ends_with('.') && !sentence.contains("s3cret"),
                "{text:?}: {sentence}"
            );
        }
    }

    #[test]
    fn a_host_is_not_taken_for_a_connection_string() {
        assert!(looks_like_one(" postgres://db"));
        assert!(looks_like_one("host=db"));
        assert!(!looks_like_one("db.example.org"));
        assert!(!looks_like_one("db:5432"));
        assert!(!looks_like_one("https://db"));
    }
}
