//! What a virtual terminal is fed: UTF-8 that arrives in pieces, and sizes it can bear.

use std::borrow::Cow;

/// Larger screens are cut for the virtual terminal, which takes 16 bytes a cell.
const MAX_COLS: u16 = 1000;
const MAX_ROWS: u16 = 400;

/// A size the virtual terminal gets in place of the one that was asked for.
pub(crate) fn bearable(cols: u16, rows: u16) -> (u16, u16) {
    (cols.min(MAX_COLS), rows.min(MAX_ROWS))
}

/// Splits off the complete text at the start of `bytes`; what is not UTF-8 becomes U+FFFD.
///
/// Up to three bytes of a character that is not complete stay in `bytes`.
pub fn take_text(bytes: &mut Vec<u8>) -> String {
    let mut text = String::with_capacity(bytes.len());
    let mut rest: &[u8] = bytes;
    let unfinished = loop {
        match std::str::from_utf8(rest) {
            Ok(valid) => {
                text.push_str(valid);
                break 0;
            }
            Err(error) => {
                let (valid, after) = rest.split_at(error.valid_up_to());
                text.push_str(std::str::from_utf8(valid).unwrap_or_default());
                let Some(wrong) = error.error_len() else {
                    break after.len();
                };
                text.push(char::REPLACEMENT_CHARACTER);
                rest = after.get(wrong..).unwrap_or_default();
            }
        }
    };
    bytes.drain(..bytes.len() - unfinished);
    text
}

/// Text as it can be looked at: control characters but line ends and tabs, and what turns the direction of writing or is
/// not seen, are named by their numbers.
pub fn legible(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut legible = String::with_capacity(text.len() + 8);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\r' if chars.peek() == Some(&'\n') => {}
            c if is_hidden(c) => legible.push_str(&format!("⟨U+{:04X}⟩", u32::from(c))),
            c => legible.push(c),
        }
    }
    Cow::Owned(legible)
}

fn is_hidden(c: char) -> bool {
    match c {
        '\n' | '\t' => false,
        '\u{ad}'
        | '\u{61c}'
        | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{feff}' => true,
        c => c.is_control(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_character_cut_in_two_waits_for_its_rest() {
        let mut bytes = "żé".as_bytes()[..3].to_vec();

        assert_eq!(take_text(&mut bytes), "ż");
        bytes.push("é".as_bytes()[1]);
        assert_eq!(take_text(&mut bytes), "é");
        assert_eq!(bytes, b"");
    }

    #[test]
    fn what_hides_is_seen() {
        for (text, expected) in [
            ("select 1\n\t-- ż", "select 1\n\t-- ż"),
            ("a\r\nb\rc", "a\nb⟨U+000D⟩c"),
            ("\x1b[31m\0\x7f\u{85}", "⟨U+001B⟩[31m⟨U+0000⟩⟨U+007F⟩⟨U+0085⟩"),
            ("drop\u{202e}tceles\u{200b}", "drop⟨U+202E⟩tceles⟨U+200B⟩"),
        ] {
            assert_eq!(legible(text), expected);
        }
    }

    proptest! {
        #[test]
        fn pieces_give_the_text_of_the_whole(text in ".{0,40}", cut in 0usize..160) {
            let whole = text.as_bytes();
            let cut = cut.min(whole.len());
            let mut bytes = whole[..cut].to_vec();

            let mut read = take_text(&mut bytes);
            bytes.extend_from_slice(&whole[cut..]);
            read.push_str(&take_text(&mut bytes));

            prop_assert_eq!(read, text);
        }

        #[test]
        fn any_bytes_are_taken_but_for_an_unfinished_character(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let mut rest = bytes.clone();

            let text = take_text(&mut rest);

            prop_assert!(rest.len() <= 3);
            prop_assert_eq!(text, String::from_utf8_lossy(&bytes[..bytes.len() - rest.len()]));
        }
    }
}
