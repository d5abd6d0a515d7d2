//! Addresses with a query, for links that keep a filter.

use std::fmt::Write;

/// `path` with those of `pairs` that are not empty.
pub fn address(path: &str, pairs: &[(&str, &str)]) -> String {
    let mut address = path.to_owned();
    let mut mark = '?';
    for (name, value) in pairs.iter().filter(|(_, value)| !value.is_empty()) {
        address.push(mark);
        address.push_str(name);
        address.push('=');
        encode(value, &mut address);
        mark = '&';
    }

    address
}

/// Percent-encoding: RFC 3986 §2.3 says which characters stand for themselves.
fn encode(text: &str, into: &mut String) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            into.push(char::from(byte));
        } else {
            // Writing to a string does not fail.
            let _written = write!(into, "%{byte:02X}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_values_are_left_away_and_others_encoded() {
        for (pairs, expected) in [
            (&[] as &[_], "/audit"),
            (&[("from", ""), ("text", "a&b=ü")], "/audit?text=a%26b%3D%C3%BC"),
            (
                &[("from", "2026-11-21"), ("before", "17")],
                "/audit?from=2026-11-21&before=17",
            ),
        ] {
            assert_eq!(address("/audit", pairs), expected);
        }
    }
}
