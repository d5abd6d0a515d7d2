//! `\password`: another role's password. The session's own is the vault's to change.

use super::{Arguments, Outcome, bad_argument};
use crate::engine::Engine;

const NAME_IT: &str = "\\password: name the role whose password is to change. The password of this session's own \
                       role is kept in the vault and changed there.\r\n";

const OWN: &str = "\\password: this session's own role is signed in with a password that the vault keeps. Changed \
                   here, it would no longer fit: change it in the record.\r\n";

pub(super) fn password(engine: &mut Engine, arguments: &mut Arguments<'_>) -> Outcome {
    if !engine.is_interactive() {
        engine.complain("\\password: a new password is typed at a terminal, never read from a script.\r\n");
        return Outcome::Failed;
    }
    let role = match arguments.next() {
        Ok(Some(word)) => identifier(&word),
        Ok(None) => {
            engine.complain(NAME_IT);
            return Outcome::Failed;
        }
        Err(bad) => return bad_argument(engine, &bad),
    };
    if engine.is_own_role(&role) {
        engine.complain(OWN);
        return Outcome::Failed;
    }
    engine.begin_password(role);
    Outcome::Done
}

/// A name as SQL reads it: what stands in double quotes as it is, the rest in lower case.
fn identifier(word: &str) -> String {
    let mut name = String::new();
    let mut chars = word.chars().peekable();
    let mut is_quoted = false;
    while let Some(c) = chars.next() {
        match c {
            '"' if is_quoted && chars.peek() == Some(&'"') => {
                chars.next();
                name.push('"');
            }
            '"' => is_quoted = !is_quoted,
            _ if is_quoted => name.push(c),
            _ => name.push(c.to_ascii_lowercase()),
        }
    }

    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_folded_unless_they_are_quoted() {
        let cases = [
            ("Bob", "bob"),
            ("\"Bob\"", "Bob"),
            ("a\"B\"c", "aBc"),
            ("\"q\"\"Q\"", "q\"Q"),
        ];
        for (word, name) in cases {
            assert_eq!(identifier(word), name);
        }
    }
}
