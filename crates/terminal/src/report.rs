//! Errors, notices and notifications, laid out as psql lays them out.

use pg_proto::Text;
use pg_proto::backend::{Field, Fields};

use crate::print::char_width;
use crate::print::escape::{Glyph, put_glyph, visible};

/// Columns of a statement's line that are shown.
const LINE_COLUMNS: usize = 60;

/// Columns kept behind the place of an error when its line is cut.
const RIGHT_COLUMNS: usize = 10;

/// Characters kept on either side of the place while its line is cut; each takes one column at least.
const NEAR: usize = LINE_COLUMNS + RIGHT_COLUMNS;

/// psql's VERBOSITY.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verbosity {
    Default,
    Verbose,
    Terse,
    SqlState,
}

/// psql's SHOW_CONTEXT.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Context {
    Never,
    Errors,
    Always,
}

/// An error.
pub(crate) fn error(fields: &Fields, sql: &str, verbosity: Verbosity, context: Context) -> String {
    report(fields, sql, verbosity, context != Context::Never)
}

/// A notice or warning.
pub(crate) fn notice(fields: &Fields, sql: &str, verbosity: Verbosity, context: Context) -> String {
    report(fields, sql, verbosity, context == Context::Always)
}

/// A notification, as psql announces it.
pub(crate) fn notification(channel: &Text, payload: &Text, process_id: i32) -> String {
    let channel = visible(channel.as_bytes());
    let payload = match payload.is_empty() {
        true => String::new(),
        false => format!(" with payload \"{}\"", visible(payload.as_bytes())),
    };
    format!(
        "Asynchronous notification \"{channel}\"{payload} received from server process with PID {process_id}.\r\n"
    )
}

fn report(fields: &Fields, sql: &str, verbosity: Verbosity, context: bool) -> String {
    let mut out = String::new();
    if let Some(severity) = field(fields, Field::Severity) {
        out.push_str(&severity);
        out.push_str(":  ");
    }
    let state = field(fields, Field::Code).filter(|state| !state.is_empty());
    if let (Verbosity::SqlState, Some(state)) = (verbosity, &state) {
        return format!("{out}{state}\r\n");
    }
    if let (Verbosity::Verbose, Some(state)) = (verbosity, &state) {
        out.push_str(&format!("{state}: "));
    }
    out.push_str(&field(fields, Field::Message).unwrap_or_default());

    let internal = fields.internal_query();
    let place = match (fields.position(), fields.internal_position(), &internal) {
        (Some(position), _, _) | (None, Some(position), _) if verbosity == Verbosity::Terse => {
            out.push_str(&format!(" at character {position}"));
            None
        }
        (Some(position), _, _) => Some((sql, position)),
        (None, Some(position), Some(internal)) => Some((internal.as_ref(), position)),
        (None, Some(position), None) => {
            out.push_str(&format!(" at character {position}"));
            None
        }
        (None, None, _) => None,
    };
    out.push_str("\r\n");
    if let Some((sql, position)) = place {
        put_place(&mut out, sql, position);
    }
    if matches!(verbosity, Verbosity::Terse | Verbosity::SqlState) {
        return out;
    }

    let labels = [
        ("DETAIL", Field::Detail),
        ("HINT", Field::Hint),
        ("QUERY", Field::InternalQuery),
        ("CONTEXT", Field::Where),
    ];
    for (label, name) in labels {
        if name == Field::Where && !context {
            continue;
        }
        if let Some(text) = field(fields, name) {
            out.push_str(&format!("{label}:  {text}\r\n"));
        }
    }
    if verbosity == Verbosity::Verbose {
        put_source(&mut out, fields);
    }
    out
}

/// Appends the objects the error is about and the place in the server's source.
fn put_source(out: &mut String, fields: &Fields) {
    let labels = [
        ("SCHEMA NAME", Field::Schema),
        ("TABLE NAME", Field::Table),
        ("COLUMN NAME", Field::Column),
        ("DATATYPE NAME", Field::DataType),
        ("CONSTRAINT NAME", Field::Constraint),
    ];
    for (label, name) in labels {
        if let Some(text) = field(fields, name) {
            out.push_str(&format!("{label}:  {text}\r\n"));
        }
    }
    let (routine, file, line) = (
        field(fields, Field::Routine),
        field(fields, Field::File),
        field(fields, Field::Line),
    );
    if routine.is_none() && file.is_none() && line.is_none() {
        return;
    }
    out.push_str("LOCATION:  ");
    if let Some(routine) = routine {
        out.push_str(&format!("{routine}, "));
    }
    if let (Some(file), Some(line)) = (file, line) {
        out.push_str(&format!("{file}:{line}"));
    }
    out.push_str("\r\n");
}

fn field(fields: &Fields, name: Field) -> Option<String> {
    fields.raw(name as u8).map(|text| visible(text.as_bytes()))
}

/// One character of the line shown, and its column.
struct Shown {
    c: char,
    column: usize,
}

/// Appends `LINE n:` and a caret below the character at `position`, counted from 1.
fn put_place(out: &mut String, sql: &str, position: usize) {
    let Some(place) = position.checked_sub(1) else {
        return;
    };
    let Some((number, line, place)) = line_of(sql, place) else {
        return;
    };
    let mut columns = 0;
    let mut shown = Vec::new();
    // A line may have millions of characters.
    let n_skipped = place.saturating_sub(NEAR);
    let place = place - n_skipped;
    for c in line.chars().skip(n_skipped).take(2 * NEAR) {
        shown.push(Shown { c, column: columns });
        columns += columns_of(c);
    }
    let column_at = |idx: usize| shown.get(idx).map_or(columns, |shown| shown.column);
    let caret = column_at(place);

    let (mut first, mut last) = (0, shown.len());
    if columns > LINE_COLUMNS {
        if caret + RIGHT_COLUMNS <= LINE_COLUMNS {
            while column_at(last) > LINE_COLUMNS {
                last -= 1;
            }
        } else {
            while caret + RIGHT_COLUMNS < column_at(last) {
                last -= 1;
            }
            while column_at(last) - column_at(first) > LINE_COLUMNS {
                first += 1;
            }
        }
    }

    let mut prefix = format!("LINE {number}: ");
    if first > 0 {
        prefix.push_str("...");
    }
    out.push_str(&prefix);
    for shown in shown.get(first..last).unwrap_or_default() {
        put_shown(out, shown.c);
    }
    if last < shown.len() {
        out.push_str("...");
    }
    out.push_str("\r\n");
    out.extend(std::iter::repeat_n(' ', prefix.len() + caret - column_at(first)));
    out.push_str("^\r\n");
}

/// The line that holds character `place`: its number from 1, its text, and the place within it.
fn line_of(sql: &str, place: usize) -> Option<(usize, &str, usize)> {
    let mut number = 1;
    let mut line_start = 0;
    let mut line_place = 0;
    let mut before = '\0';
    let mut n_chars = 0;
    for (idx, c) in sql.char_indices() {
        if n_chars == place {
            break;
        }
        n_chars += 1;
        line_place += 1;
        if c == '\n' || c == '\r' {
            if c == '\r' || before != '\r' {
                number += 1;
            }
            line_start = idx + 1;
            line_place = 0;
        }
        before = c;
    }
    if n_chars < place {
        return None;
    }
    let line = sql.get(line_start..)?;
    let line = line.split(['\n', '\r']).next().unwrap_or_default();

    Some((number, line, line_place))
}

fn columns_of(c: char) -> usize {
    match c {
        '\t' => 1,
        _ => char_width(c).map_or_else(
            || put_glyph(&mut String::new(), Glyph::Char(c), 0),
            |width| width.max(1),
        ),
    }
}

fn put_shown(out: &mut String, c: char) {
    match c {
        '\t' => out.push(' '),
        _ => {
            put_glyph(out, Glyph::Char(c), 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use proptest::prelude::*;

    use super::*;

    fn check(sql: &str, fields: Fields, expected: &Expect) {
        expected.assert_eq(&error(&fields, sql, Verbosity::Default, Context::Errors).replace("\r\n", "\n"));
    }

    fn at(position: usize) -> Fields {
        Fields::new("ERROR", "42703", "column \"nocol\" does not exist")
            .with(Field::Position, &position.to_string())
    }

    fn at_nocol(sql: &str) -> Fields {
        let before = sql.split("nocol").next().unwrap();
        at(before.chars().count() + 1)
    }

    // What psql 15 printed for the same statements.
    #[test]
    fn the_caret_stands_under_the_place_and_long_lines_are_cut() {
        let sql = format!(
            "select '{}', nocol, '{}', '{}';",
            "a".repeat(80),
            "b".repeat(39),
            "c".repeat(36)
        );
        check(
            &sql,
            at_nocol(&sql),
            &expect![[r#"
            ERROR:  column "nocol" does not exist
            LINE 1: ...aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', nocol, 'bb...
                                                                         ^
        "#]],
        );
        let sql = format!("select nocol, '{}', '{}';", "b".repeat(39), "c".repeat(36));
        check(
            &sql,
            at_nocol(&sql),
            &expect![[r#"
            ERROR:  column "nocol" does not exist
            LINE 1: select nocol, 'bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb', 'cc...
                           ^
        "#]],
        );
        let sql = format!("select '{}', nocol;", "a".repeat(80));
        check(
            &sql,
            at_nocol(&sql),
            &expect![[r#"
            ERROR:  column "nocol" does not exist
            LINE 1: ...aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', nocol;
                                                                             ^
        "#]],
        );
        let sql = "select '日本語', 'é', \tnocol;";
        check(
            sql,
            at_nocol(sql),
            &expect![[r#"
            ERROR:  column "nocol" does not exist
            LINE 1: select '日本語', 'é',  nocol;
                                           ^
        "#]],
        );
        let sql = "select -- c2\n nocol /* x */ ;";
        check(
            sql,
            at_nocol(sql),
            &expect![[r#"
            ERROR:  column "nocol" does not exist
            LINE 2:  nocol /* x */ ;
                     ^
        "#]],
        );
    }

    #[test]
    fn an_error_inside_a_function_shows_the_functions_statement() {
        let fields = Fields::new("ERROR", "42P01", "relation \"nosuch\" does not exist")
            .with(Field::InternalPosition, "15")
            .with(Field::InternalQuery, "SELECT 1 from nosuch")
            .with(
                Field::Where,
                "PL/pgSQL function inline_code_block line 1 at PERFORM",
            );

        check(
            "do $$ ... $$",
            fields,
            &expect![[r#"
            ERROR:  relation "nosuch" does not exist
            LINE 1: SELECT 1 from nosuch
                                  ^
            QUERY:  SELECT 1 from nosuch
            CONTEXT:  PL/pgSQL function inline_code_block line 1 at PERFORM
        "#]],
        );
    }

    #[test]
    fn detail_and_hint_follow_the_message_and_control_characters_are_shown() {
        let fields = Fields::new("WARNING", "01000", "careful\n\x1b]52;c;x\x07")
            .with(Field::Detail, "some detail")
            .with(Field::Hint, "some hint")
            .with(Field::Where, "somewhere");

        expect![[r#"
            WARNING:  careful
            \x1B]52;c;x\x07
            DETAIL:  some detail
            HINT:  some hint
        "#]]
        .assert_eq(&notice(&fields, "", Verbosity::Default, Context::Errors).replace("\r\n", "\n"));
    }

    #[test]
    fn notifications_are_announced_in_one_line() {
        let shown = notification(&Text::from("foo"), &Text::from("b\x1bar"), 7);
        assert_eq!(
            shown,
            "Asynchronous notification \"foo\" with payload \"b\\x1Bar\" received from server process with PID 7.\r\n"
        );
        let shown = notification(&Text::from("foo"), &Text::from(""), 7);
        assert_eq!(
            shown,
            "Asynchronous notification \"foo\" received from server process with PID 7.\r\n"
        );
    }

    #[test]
    fn a_place_far_in_a_long_line_is_shown_like_any_other() {
        for before in ["a".repeat(30_000), "日".repeat(30_000), "\u{301}".repeat(30_000)] {
            let shown = |before: &str| {
                let sql = format!("select '{before}', nocol, '{}'", "b".repeat(90));
                error(&at_nocol(&sql), &sql, Verbosity::Default, Context::Errors)
            };
            let near: String = before.chars().take(100).collect();

            assert_eq!(shown(&before), shown(&near));
        }
    }

    proptest! {
        #[test]
        fn any_position_in_any_text_is_reported(sql in "(\\PC|[\n\r\t\x1b]){0,90}", position in 0_usize..100) {
            let shown = error(&at(position), &sql, Verbosity::Default, Context::Errors);
            prop_assert!(shown.starts_with("ERROR:  "));
            prop_assert!(!shown.contains('\x1b'));
        }
    }
}
