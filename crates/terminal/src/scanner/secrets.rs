//! Which statements carry a password and are therefore never remembered.

/// True when the text seems to give a password as a literal: `PASSWORD 'x'`, `password = 'x'`,
/// `password=x` in a connection string.
///
/// Errs on the side of forgetting: a statement that compares a column named `password` is forgotten, too.
pub(crate) fn holds_password(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let mut rest = lower.as_str();
    while let Some((_, after)) = rest.split_once("password") {
        if gives_literal(after) {
            return true;
        }
        rest = after;
    }
    false
}

fn gives_literal(after: &str) -> bool {
    let value = skip_blank(after.trim_start_matches(['"', '\'']));
    let operators: &[char] = &['=', ':', '>'];
    let bare = value.trim_start_matches(operators);
    let assigned = bare.len() < value.len();
    let bare = skip_blank(bare);
    if assigned {
        return !bare.is_empty();
    }
    ["'", "$", "e'", "u&'", "n'"]
        .iter()
        .any(|start| bare.starts_with(start))
}

/// Skips white space and comments.
fn skip_blank(mut text: &str) -> &str {
    loop {
        text = text.trim_start();
        if let Some(comment) = text.strip_prefix("--") {
            text = comment.split_once('\n').map_or("", |(_, rest)| rest);
        } else if let Some(comment) = text.strip_prefix("/*") {
            text = comment.split_once("*/").map_or("", |(_, rest)| rest);
        } else {
            return text;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_that_give_a_password_are_recognised() {
        let giving = [
            "ALTER ROLE app PASSWORD 'x'",
            "create user a with encrypted password\n'x';",
            "alter role a password /* c */ e'x'",
            "alter role a password -- c\n $$x$$",
            "create user mapping for a server s options (user 'a', password 'x')",
            "select dblink_connect('host=h password=x')",
            "select * from t where password = 'x'",
        ];
        for text in giving {
            assert!(holds_password(text), "{text}");
        }
        let plain = [
            "alter role a password null",
            "select password from t",
            "select rolpassword, 1 from pg_authid",
            "select 1",
        ];
        for text in plain {
            assert!(!holds_password(text), "{text}");
        }
    }
}
