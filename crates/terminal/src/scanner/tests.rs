//! Statements and prompts as psql 15 finds them.

use proptest::prelude::*;

use super::*;

/// Scans lines; shows each statement and command found, and what the prompt would say at the end.
fn scan(lines: &str) -> String {
    let mut scanner = Scanner::new();
    scan_with(&mut scanner, lines)
}

fn scan_with(scanner: &mut Scanner, lines: &str) -> String {
    let mut statement = String::new();
    let mut found = Vec::new();
    for line in lines.split('\n') {
        if !statement.is_empty() {
            statement.push('\n');
        }
        let mut at = 0;
        loop {
            match scanner.scan(line, &mut at, &mut statement) {
                Stop::Semicolon => found.push(std::mem::take(&mut statement)),
                Stop::Backslash => {
                    found.push("\\".to_owned());
                    at = line.len();
                }
                Stop::Reference => {
                    statement.push(':');
                    at += 1;
                }
                Stop::EndOfLine => break,
            }
        }
    }
    let pending = match scanner.pending(&statement) {
        Pending::Ready => "=",
        Pending::Continue => "-",
        Pending::SingleQuote => "'",
        Pending::DoubleQuote => "\"",
        Pending::DollarQuote => "$",
        Pending::Comment => "*",
        Pending::Parenthesis => "(",
    };
    found.push(pending.to_owned());
    found.join(" | ")
}

#[test]
fn statements_end_where_psql_ends_them() {
    let cases = [
        ("select 1;", "select 1; | ="),
        ("select 1; select 2;", "select 1; | select 2; | ="),
        ("select 1; select 2", "select 1; | -"),
        (";", "; | ="),
        ("", "="),
        ("  ", "="),
        ("select ';';", "select ';'; | ="),
        ("select 'it''s;';", "select 'it''s;'; | ="),
        (r"select '\';", r"select '\'; | ="),
        (r"select E'\';';", r"select E'\';'; | ="),
        (r"select e'\\';", r"select e'\\'; | ="),
        (r"select some_e'\';", r"select some_e'\'; | ="),
        (r"select U&'\0041;' x'1;';", r"select U&'\0041;' x'1;'; | ="),
        (r#"select ";""";"#, r#"select ";"""; | ="#),
        ("select $$;$$;", "select $$;$$; | ="),
        ("select $a$;$b$;$$;$a$;", "select $a$;$b$;$$;$a$; | ="),
        ("select $1;", "select $1; | ="),
        ("select a$b$;", "select a$b$; | ="),
        ("select $1a$;$1a$;", "select $1a$; | $1a$; | ="),
        ("select 1$$;$$;", "select 1$$;$$; | ="),
        ("select $ä$;$ä$;", "select $ä$;$ä$; | ="),
        ("select /* ; /* ; */ ; */ 1;", "select /* ; /* ; */ ; */ 1; | ="),
        ("select 1 -- ;\n;", "select 1 -- ;\n; | ="),
        ("-- only this", "="),
        ("-- in front\nselect 1;", "select 1; | ="),
        ("/* in front */ select 1;", "/* in front */ select 1; | ="),
        ("select 1+--1;\n2;", "select 1+--1;\n2; | ="),
        ("select (1;2);", "select (1;2); | ="),
        (
            "create rule r as on insert to t do (select 1; select 2);",
            "create rule r as on insert to t do (select 1; select 2); | =",
        ),
        (")select 1;", ")select 1; | ="),
        (r"select 1\; select 2;", "select 1; select 2; | ="),
        (r"select 1 \g", r"\ | -"),
        (r"\q", r"\ | ="),
        (r"select (1 \p", r"\ | ("),
    ];
    for (lines, found) in cases {
        assert_eq!(scan(lines), found, "{lines}");
    }
}

#[test]
fn the_prompt_says_what_is_open() {
    let cases = [
        ("select", "-"),
        ("select '", "'"),
        ("select E'\\'", "'"),
        ("select x'", "'"),
        ("select \"", "\""),
        ("select $a$ $b$", "$"),
        ("select (", "("),
        ("/* /* */", "*"),
        ("select ('", "'"),
        ("select (/*", "*"),
    ];
    for (lines, pending) in cases {
        assert_eq!(scan(lines), pending, "{lines}");
    }
}

#[test]
fn bodies_of_begin_atomic_functions_hold_semicolons() {
    let body = "create or replace function f() returns int\nbegin atomic\n select 1;\n select case when true then 1 end;\nend;";
    assert_eq!(scan(body), format!("{body} | ="));
    let body = "CREATE PROCEDURE p() BEGIN ATOMIC SELECT 1; END;";
    assert_eq!(scan(body), format!("{body} | ="));
    assert_eq!(
        scan("create function f() returns int begin atomic select 1;"),
        "-"
    );

    assert_eq!(scan("begin; end;"), "begin; |  end; | =".replace("  ", " "));
    assert_eq!(
        scan("create table begin (a int); select 1;"),
        "create table begin (a int); | select 1; | ="
    );
}

#[test]
fn without_standard_strings_a_backslash_escapes_in_plain_quotes() {
    let mut scanner = Scanner::new();
    scanner.set_standard_strings(false);

    assert_eq!(scan_with(&mut scanner, r"select '\';';"), r"select '\';'; | =");
}

proptest! {
    #[test]
    fn any_text_is_scanned_to_its_end(text in "(\\PC|['\"$;()\\\\\n/*a-])*") {
        scan(&text);
    }

    #[test]
    fn what_is_scanned_is_not_changed(text in "[a-z'\"$;()/* -]{0,60}") {
        let text = format!("x{text}");
        let mut scanner = Scanner::new();
        let mut at = 0;
        let mut statements = String::new();
        let mut statement = String::new();
        while scanner.scan(&text, &mut at, &mut statement) == Stop::Semicolon {
            statements.push_str(&std::mem::take(&mut statement));
        }
        statements.push_str(&statement);

        // Only white space and comments between statements are left out.
        let mut rest = text.as_str();
        for c in statements.chars() {
            let idx = rest.find(c);
            prop_assert!(idx.is_some());
            rest = &rest[idx.unwrap() + c.len_utf8()..];
        }
    }
}
