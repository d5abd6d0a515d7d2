//! Hosts, addresses and names of roles: long words that may be broken where they have a joint.

use leptos::prelude::*;

/// After these a line may end.
const JOINTS: [char; 6] = ['.', '@', '/', ':', '_', '-'];

/// `text` with a place to break after each joint.
#[component]
pub fn Breaks(#[prop(into)] text: String) -> impl IntoView {
    pieces(&text)
        .map(|piece| {
            view! {
                {piece.to_owned()}
                <wbr />
            }
        })
        .collect_view()
}

fn pieces(text: &str) -> impl Iterator<Item = &str> {
    text.split_inclusive(JOINTS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_may_end_after_each_joint() {
        for (text, expected) in [
            ("ben@postern.example", vec!["ben@", "postern.", "example"]),
            ("db-1:5432", vec!["db-", "1:", "5432"]),
            ("shop", vec!["shop"]),
            ("", vec![]),
        ] {
            assert_eq!(pieces(text).collect::<Vec<_>>(), expected, "{text}");
        }
    }
}
