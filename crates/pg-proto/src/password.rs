//! What a server keeps of a password, made by the client so that the server never sees the password itself.

use postgres_protocol::password;

/// The verifier a server keeps under `password_encryption = 'scram-sha-256'`, with a salt of its own. It holds no
/// character that a literal in SQL would have to escape.
///
/// Who has it can try passwords against it: it is no secret as the password is, and nothing to leave lying about.
pub fn scram_sha_256(password: &[u8]) -> String {
    password::scram_sha_256(password)
}

#[cfg(test)]
mod tests {
    use super::*;

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
