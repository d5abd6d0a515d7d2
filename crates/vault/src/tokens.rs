//! The text of an access token: a prefix that scanners for leaked secrets can find, and 256 random bits; and how many of
//! them one person has.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use protocol::errors::{Code, Refusal};
use protocol::tokens::{MAX_TOKENS, PREFIX};
use zeroize::Zeroizing;

use crate::Secret;

/// Characters of a text: the prefix and 32 bytes in base64.
const LEN: usize = PREFIX.len() + 43;

/// The text of a new access token. It is shown once; what is kept is its hash.
pub fn text(random: [u8; 32]) -> Secret {
    text_with(PREFIX, random)
}

/// The text of a token that enrolls an instance of a gateway.
pub fn gateway_text(random: [u8; 32]) -> Secret {
    text_with(protocol::gateways::PREFIX, random)
}

fn text_with(prefix: &str, random: [u8; 32]) -> Secret {
    let random = Zeroizing::new(random);
    // As long as it will be: a text that grows leaves copies behind.
    let mut text = String::with_capacity(LEN);
    text.push_str(prefix);
    URL_SAFE_NO_PAD.encode_string(random.as_slice(), &mut text);

    Secret::new(text)
}

/// Whether somebody with as many good tokens may have one more.
///
/// # Errors
/// `PamConflict`: it is as many as one person may have.
pub fn check_room(n_good: usize) -> Result<(), Refusal> {
    if n_good < MAX_TOKENS {
        return Ok(());
    }

    Err(Refusal::new(
        Code::PamConflict,
        format!(
            "There are {MAX_TOKENS} access tokens already, which is as many as one person or service account may have. \
             Revoke one that is not used."
        ),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_says_what_it_is_and_needs_no_escaping_in_a_url() {
        for random in [[0; 32], [0xfb; 32], [0xff; 32]] {
            let text = text(random);

            assert_eq!(text.expose().len(), LEN);
            assert!(text.expose().starts_with("ptn_"));
            assert!(
                text.expose()
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)),
                "{random:?}"
            );
        }
    }

    #[test]
    fn a_person_has_so_many_and_no_more() {
        assert!(check_room(MAX_TOKENS - 1).is_ok());
        assert!(check_room(MAX_TOKENS).is_err());
    }

    #[test]
    fn two_draws_are_two_texts() {
        assert_ne!(text([1; 32]).expose(), text([2; 32]).expose());
    }
}
