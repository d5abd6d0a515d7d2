//! Names and arguments of backslash commands, split as psql splits them.

use std::sync::Arc;

use crate::scanner::Reference;
use crate::variables::Variables;

/// The rest of a line behind a backslash.
#[derive(Debug)]
pub(crate) struct Arguments<'l> {
    rest: &'l str,
    variables: Arc<Variables>,
    /// Bytes that variables have put into the arguments so far.
    expanded: usize,
}

/// Bytes variables may put into the arguments of one command: names are short, values are not.
const MAX_EXPANDED: usize = 4 * 1024 * 1024;

/// Why an argument cannot be used.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Bad {
    #[error("unterminated quoted string")]
    Unterminated,
    #[error("Backquotes are not available in this terminal.")]
    Backquote,
    #[error("The values of the variables in this command are too long.")]
    TooLong,
}

impl<'l> Arguments<'l> {
    pub(crate) fn new(rest: &'l str, variables: Arc<Variables>) -> Self {
        Self {
            rest,
            variables,
            expanded: 0,
        }
    }

    /// The command's name: up to white space or the next backslash.
    pub(crate) fn name(&mut self) -> &'l str {
        let end = self.rest.find(|c: char| c == '\\' || c.is_ascii_whitespace());
        let (name, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        self.rest = rest;
        name
    }

    /// The next argument: single quotes and their escapes are undone, double quotes stay, variables are put in.
    pub(crate) fn next(&mut self) -> Result<Option<String>, Bad> {
        self.rest = self.rest.trim_ascii_start();
        if self.rest.is_empty() || self.rest.starts_with('\\') {
            return Ok(None);
        }
        let mut word = String::new();
        let mut chars = self.rest.char_indices();
        let mut end = self.rest.len();
        let mut skipped = 0;
        while let Some((idx, c)) = chars.next() {
            let idx = idx + skipped;
            match c {
                '\\' => {
                    end = idx;
                    break;
                }
                '\'' => quoted(&mut chars, &mut word)?,
                '"' => double_quoted(&mut chars, &mut word)?,
                '`' => return Err(Bad::Backquote),
                ':' => {
                    let reference = self.rest.get(idx..).and_then(Reference::at);
                    let value =
                        reference.and_then(|found| Some((found.len, found.resolve(&self.variables)?)));
                    match value {
                        Some((len, value)) => {
                            self.expanded += value.len();
                            if self.expanded > MAX_EXPANDED {
                                return Err(Bad::TooLong);
                            }
                            word.push_str(&value);
                            chars = self.rest.get(idx + len..).unwrap_or_default().char_indices();
                            skipped = idx + len;
                        }
                        None => word.push(c),
                    }
                }
                _ if c.is_ascii_whitespace() => {
                    end = idx;
                    break;
                }
                _ => word.push(c),
            }
        }
        self.rest = self.rest.get(end..).unwrap_or_default();

        Ok(Some(word))
    }

    /// The rest of the line as it stands; nothing when it is blank.
    pub(crate) fn whole_line(&mut self) -> Option<String> {
        let line = std::mem::take(&mut self.rest).trim_ascii();
        (!line.is_empty()).then(|| line.to_owned())
    }

    /// What follows the command: after `\\` more SQL, after `\` the next command. Returns its bytes.
    pub(crate) fn finish(self) -> usize {
        self.rest.strip_prefix("\\\\").unwrap_or(self.rest).len()
    }
}

fn quoted(chars: &mut std::str::CharIndices<'_>, word: &mut String) -> Result<(), Bad> {
    while let Some((_, c)) = chars.next() {
        match c {
            '\'' if chars.as_str().starts_with('\'') => {
                chars.next();
                word.push('\'');
            }
            '\'' => return Ok(()),
            '\\' => word.push(escape(chars)?),
            _ => word.push(c),
        }
    }
    Err(Bad::Unterminated)
}

fn double_quoted(chars: &mut std::str::CharIndices<'_>, word: &mut String) -> Result<(), Bad> {
    word.push('"');
    for (_, c) in chars.by_ref() {
        word.push(c);
        if c == '"' {
            return Ok(());
        }
    }
    Err(Bad::Unterminated)
}

/// `\n`, `\x41`, `\101` and so on, behind the backslash.
fn escape(chars: &mut std::str::CharIndices<'_>) -> Result<char, Bad> {
    let (_, c) = chars.next().ok_or(Bad::Unterminated)?;
    Ok(match c {
        'n' => '\n',
        't' => '\t',
        'b' => '\x08',
        'r' => '\r',
        'f' => '\x0C',
        '0'..='7' => coded(chars, c.to_digit(8).unwrap_or(0), 8, 2),
        'x' if chars.as_str().starts_with(|c: char| c.is_ascii_hexdigit()) => coded(chars, 0, 16, 2),
        other => other,
    })
}

fn coded(chars: &mut std::str::CharIndices<'_>, first: u32, radix: u32, most: usize) -> char {
    let mut code = first;
    for _ in 0..most {
        let Some(digit) = chars.as_str().chars().next().and_then(|c| c.to_digit(radix)) else {
            break;
        };
        code = code * radix + digit;
        chars.next();
    }
    char::from(code.to_le_bytes().first().copied().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn behind(text: &str) -> Arguments<'_> {
        let mut variables = Variables::new();
        variables.set("v", "it's").unwrap();
        Arguments::new(text, Arc::new(variables))
    }

    #[test]
    fn variables_are_put_in_outside_of_quotes() {
        let words = all(r#"a:v:v :'v' :"v" ":v" ':v' :w v:: :{?v} x"#);
        assert_eq!(
            words,
            [
                "ait'sit's",
                "'it''s'",
                "\"it's\"",
                "\":v\"",
                ":v",
                ":w",
                "v::",
                "TRUE",
                "x"
            ]
            .map(|word| Ok(word.to_owned()))
        );
    }

    fn all(text: &str) -> Vec<Result<String, Bad>> {
        let mut arguments = behind(text);
        let mut found = Vec::new();
        loop {
            match arguments.next() {
                Ok(None) => return found,
                Ok(Some(word)) => found.push(Ok(word)),
                Err(bad) => {
                    found.push(Err(bad));
                    return found;
                }
            }
        }
    }

    #[test]
    fn arguments_are_what_psql_takes_them_for() {
        let words = all(r#" 'a''b\n\x41\101' "x y" c'd'e -n"#);
        assert_eq!(
            words,
            ["a'b\nAA", "\"x y\"", "cde", "-n"].map(|word| Ok(word.to_owned()))
        );
        assert_eq!(all("'abc"), [Err(Bad::Unterminated)]);
        assert_eq!(all("x `ls`"), [Ok("x".to_owned()), Err(Bad::Backquote)]);
    }

    #[test]
    fn a_backslash_ends_a_command_and_two_begin_sql_again() {
        let mut arguments = behind("echo a\\echo b");
        assert_eq!(arguments.name(), "echo");
        assert_eq!(arguments.next(), Ok(Some("a".to_owned())));
        assert_eq!(arguments.next(), Ok(None));
        assert_eq!(arguments.finish(), "\\echo b".len());

        let mut arguments = behind("p\\\\select 1;");
        assert_eq!(arguments.name(), "p");
        assert_eq!(arguments.finish(), "select 1;".len());
    }
}
