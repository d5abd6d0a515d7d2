//! What a server keeps of a password, made by the client so that the server never sees the password itself.

use postgres_protocol::password;

/// What every verifier begins with.
const SCRAM: &[u8] = b"SCRAM-SHA-256$";

/// What stands in the place of one.
const REDACTED: &[u8] = b"<redacted>";

/// The verifier a server keeps under `password_encryption = 'scram-sha-256'`, with a salt of its own. It holds no
/// character that a literal in SQL would have to escape.
///
/// Who has it can try passwords against it: it is no secret as the password is, and nothing to leave lying about.
pub fn scram_sha_256(password: &[u8]) -> String {
    password::scram_sha_256(password)
}

/// A text with a word in the place of a verifier and of all behind it; `None` where it holds none. Servers break long
/// words into lines, or cut them: where a verifier ends cannot be told.
pub(crate) fn without_verifier(text: &[u8]) -> Option<Vec<u8>> {
    let start = (0..text.len()).find(|start| begins_with_verifier(text.get(*start..).unwrap_or_default()))?;
    let before = text.get(..start).unwrap_or_default();

    Some([before, REDACTED].concat())
}

/// Whitespace does not count: it may be the server's.
fn begins_with_verifier(text: &[u8]) -> bool {
    let mut bytes = text.iter().filter(|byte| !byte.is_ascii_whitespace());

    text.first() == SCRAM.first() && SCRAM.iter().all(|byte| bytes.next() == Some(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_left_of_a_verifier_however_it_is_broken() {
        let cases = [
            (
                "statement: ALTER USER \"bob\" PASSWORD 'SCRAM-SHA-256$4096:c2FsdA==$a:b'",
                "statement: ALTER USER \"bob\" PASSWORD '<redacted>",
            ),
            (
                ":arg \"SCRAM-SHA-25\n      6$4096:c2Fs\n      dA==",
                ":arg \"<redacted>",
            ),
            ("SSCRAM-SHA-256$", "S<redacted>"),
        ];
        for (said, shown) in cases {
            assert_eq!(without_verifier(said.as_bytes()).unwrap(), shown.as_bytes());
        }
        for harmless in ["", "SCRAM-SHA-256", "scram-sha-256$", "PASSWORD 'x'"] {
            assert_eq!(without_verifier(harmless.as_bytes()), None);
        }
    }

    #[test]
    fn a_verifier_is_salted_and_needs_no_escape() {
        let verifier = scram_sha_256(b"swordfish");

        assert!(verifier.starts_with("SCRAM-SHA-256$4096:"), "{verifier}");
        assert!(
            verifier
                .bytes()
                .all(|byte| byte.is_ascii_graphic() && !b"'\\".contains(&byte))
        );
        assert_ne!(verifier, scram_sha_256(b"swordfish"));
    }
}
