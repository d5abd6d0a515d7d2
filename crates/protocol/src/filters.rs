//! What the filter forms of lists check alike: texts, words out of a list, the cursor of the next page. An empty field
//! does not filter.

use std::str::FromStr;

use crate::forms::FieldError;

/// Longest text of a filter, in bytes.
const MAX_TEXT: usize = 200;

/// What is wrong with texts that are searched for, as names and values of fields.
pub(crate) fn check_texts(fields: &[(&str, &str)]) -> impl Iterator<Item = FieldError> {
    fields
        .iter()
        .filter(|(_, text)| text.len() > MAX_TEXT)
        .map(|(field, _)| FieldError::new(*field, "Use at most 200 characters."))
}

/// What is wrong with a word that must be one of `W`.
pub(crate) fn check_word<W: FromStr>(field: &str, word: &str, message: &str) -> Option<FieldError> {
    let is_right = word.is_empty() || word.parse::<W>().is_ok();

    (!is_right).then(|| FieldError::new(field, message))
}

/// What is wrong with the field `before`, which says where the page begins.
pub(crate) fn check_cursor<C: FromStr>(before: &str) -> Option<FieldError> {
    check_word::<C>(
        "before",
        before,
        "This page does not exist. Start from the first one.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_field_is_right_and_a_wrong_one_is_named() {
        let long = "a".repeat(MAX_TEXT + 1);
        let texts: Vec<String> = check_texts(&[("person", ""), ("record", "ada"), ("text", &long)])
            .map(|error| error.field)
            .collect();

        assert_eq!(texts, ["text"]);
        assert_eq!(check_cursor::<i64>(""), None);
        assert_eq!(check_cursor::<i64>("17"), None);
        assert_eq!(check_cursor::<i64>("x").unwrap().field, "before");
        assert_eq!(
            check_word::<bool>("live", "maybe", "Choose.").unwrap().field,
            "live"
        );
    }
}
