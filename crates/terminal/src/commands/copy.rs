//! `\copy`: COPY with a file of the person's, which the browser keeps.

use super::{Arguments, Outcome};
use crate::engine::{Engine, Transfer};
use crate::print::escape::visible;

/// Longest name a file is offered under, in bytes.
const MAX_NAME: usize = 200;

/// What follows `\copy`.
#[derive(Debug, PartialEq, Eq)]
struct Parsed<'l> {
    /// A table with its columns, or a query in parentheses.
    what: &'l str,
    is_from: bool,
    place: Place,
    options: &'l str,
}

/// Where rows come from or go to.
#[derive(Debug, PartialEq, Eq)]
enum Place {
    /// `stdin`, `stdout` and psql's `pstdin`, `pstdout`: here all of them are the terminal.
    Screen,
    File(String),
    Program,
}

pub(super) fn copy(engine: &mut Engine, arguments: &mut Arguments<'_>) -> Outcome {
    let Some(line) = arguments.whole_line() else {
        engine.complain("\\copy: arguments required\r\n");
        return Outcome::Failed;
    };
    let parsed = match parse(&line) {
        Ok(parsed) => parsed,
        Err(place) => {
            let place = match place {
                "" => "end of line".to_owned(),
                word => format!("\"{}\"", visible(word.as_bytes())),
            };
            engine.complain(&format!("\\copy: parse error at {place}\r\n"));
            return Outcome::Failed;
        }
    };
    let direction = if parsed.is_from { "FROM STDIN" } else { "TO STDOUT" };
    let sql = format!("COPY {} {direction} {}", parsed.what, parsed.options);
    let transfer = match parsed.place {
        Place::Screen => None,
        Place::Program => {
            engine.complain("\\copy with a program is not available in this terminal.\r\n");
            return Outcome::Failed;
        }
        Place::File(name) => {
            let name = if engine.names_files() {
                name
            } else {
                file_name(&name)
            };
            Some(if parsed.is_from {
                Transfer::From(name)
            } else {
                Transfer::Into(name)
            })
        }
    };
    engine.send_copy(sql.trim_end().to_owned(), transfer);
    Outcome::Away
}

/// The last component of a path, without what a file's name should not hold.
fn file_name(path: &str) -> String {
    let name = path.rsplit(['/', '\\']).next().unwrap_or_default();
    let name: String = name
        .chars()
        .filter(|c| crate::print::char_width(*c).is_some())
        .collect();
    let name = name.get(..name.floor_char_boundary(MAX_NAME)).unwrap_or_default();
    match name.trim_matches(['.', ' ']) {
        "" => "copy.txt".to_owned(),
        _ => name.to_owned(),
    }
}

/// Takes the line apart; the error is the word that does not belong, empty at the end of the line.
fn parse(line: &str) -> Result<Parsed<'_>, &str> {
    let mut words = Words { line, at: 0 };
    let first = words.next().ok_or("")?;
    if !first.starts_with('(') {
        // A name may have parts: schema, dot, table, then columns in parentheses.
        while words
            .peek()
            .is_some_and(|word| word == "." || word.starts_with('('))
        {
            if words.next() == Some(".") {
                words.next().ok_or("")?;
            }
        }
    }
    let what = line.get(..words.at).unwrap_or_default().trim();
    let direction = words.next().ok_or("")?;
    let is_from = direction.eq_ignore_ascii_case("from");
    if !is_from && !direction.eq_ignore_ascii_case("to") {
        return Err(direction);
    }
    let place = words.next_place().ok_or("")?;
    let is = |names: [&str; 2]| names.iter().any(|name| place.eq_ignore_ascii_case(name));
    let place = if place.eq_ignore_ascii_case("program") {
        Place::Program
    } else if is(["stdin", "pstdin"]) || is(["stdout", "pstdout"]) {
        Place::Screen
    } else {
        Place::File(without_quotes(place))
    };
    let options = line.get(words.at..).unwrap_or_default().trim();
    Ok(Parsed {
        what,
        is_from,
        place,
        options: options.strip_suffix(';').unwrap_or(options).trim_end(),
    })
}

fn without_quotes(word: &str) -> String {
    match word.strip_prefix('\'').and_then(|word| word.strip_suffix('\'')) {
        Some(name) => name.replace("''", "'"),
        None => word.trim_end_matches(';').to_owned(),
    }
}

/// Words of the line: what is quoted or in parentheses is one, a dot is one.
struct Words<'l> {
    line: &'l str,
    at: usize,
}

impl<'l> Words<'l> {
    fn peek(&self) -> Option<&'l str> {
        Words { ..*self }.next()
    }

    fn next(&mut self) -> Option<&'l str> {
        self.take(|c| c.is_ascii_whitespace() || matches!(c, '.' | '('))
    }

    /// A place is no name: dots are part of it.
    fn next_place(&mut self) -> Option<&'l str> {
        self.take(|c| c.is_ascii_whitespace())
    }

    fn take(&mut self, ends: impl Fn(char) -> bool) -> Option<&'l str> {
        let rest = self.line.get(self.at..)?;
        let word = rest.trim_ascii_start();
        let start = self.at + rest.len() - word.len();
        let len = match word.chars().next()? {
            '.' if ends('.') => 1,
            '(' if ends('(') => group_len(word)?,
            quote @ ('\'' | '"') => quoted_len(word, quote)?,
            _ => word.find(&ends).unwrap_or(word.len()),
        };
        self.at = start + len;
        self.line.get(start..self.at)
    }
}

/// Bytes of a text in quotes with them; doubled quotes are part of it.
fn quoted_len(text: &str, quote: char) -> Option<usize> {
    let mut chars = text.char_indices().skip(1).peekable();
    while let Some((idx, c)) = chars.next() {
        if c == quote && chars.next_if(|(_, next)| *next == quote).is_none() {
            return Some(idx + 1);
        }
    }
    None
}

/// Bytes of a text in parentheses with them.
fn group_len(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(c) = text.get(at..)?.chars().next() {
        match c {
            '\'' | '"' => {
                at += quoted_len(text.get(at..)?, c)?;
                continue;
            }
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        at += c.len_utf8();
        if depth == 0 {
            return Some(at);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parsed(line: &str) -> String {
        match parse(line) {
            Ok(parsed) => format!(
                "{} | {} | {:?} | {}",
                parsed.what, parsed.is_from, parsed.place, parsed.options
            ),
            Err(place) => format!("error at {place:?}"),
        }
    }

    #[test]
    fn lines_are_taken_apart_as_psql_takes_them() {
        let cases = [
            (
                "t from 'a b.csv' csv header",
                "t | true | File(\"a b.csv\") | csv header",
            ),
            (
                "s.t (a, b) TO x.csv with (format csv);",
                "s.t (a, b) | false | File(\"x.csv\") | with (format csv)",
            ),
            ("\"a b\".\"c\" from stdin", "\"a b\".\"c\" | true | Screen | "),
            (
                "(select ')' , \"(\" from t) to '/tmp/it''s' csv",
                "(select ')' , \"(\" from t) | false | File(\"/tmp/it's\") | csv",
            ),
            ("t from program 'ls'", "t | true | Program | 'ls'"),
            ("t", "error at \"\""),
            ("t form x", "error at \"form\""),
            ("(select 1", "error at \"\""),
            ("t from 'x", "error at \"\""),
        ];
        for (line, expected) in cases {
            assert_eq!(parsed(line), expected, "{line}");
        }
    }

    #[test]
    fn a_file_is_offered_under_a_name_without_folders() {
        let cases = [
            ("/etc/passwd", "passwd"),
            ("..\\..\\a.csv", "a.csv"),
            ("..", "copy.txt"),
            ("dir/", "copy.txt"),
            ("a\u{202E}b\u{7}.csv", "ab.csv"),
        ];
        for (path, name) in cases {
            assert_eq!(file_name(path), name);
        }
    }

    proptest! {
        #[test]
        fn any_line_is_taken_apart_or_refused(line in "(from|to|[a-z.()'\" é;]){0,20}") {
            parsed(&line);
        }
    }
}
