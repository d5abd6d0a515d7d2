//! `\sf` and `\sv`: functions and views as the statements that make them.

use std::fmt::Write as _;

use super::listing::Refused;
use super::pattern::quoted;
use super::{Inquiry, Wish};

/// `\sf`
pub(super) fn function(inquiry: &mut Inquiry, wish: &Wish) -> Result<(), Refused> {
    let Some(name) = wish.pattern.clone() else {
        return Err("function name is required".to_owned());
    };
    // With its arguments a name is one function, without it must be the only one.
    let cast = if name.contains('(') {
        "regprocedure"
    } else {
        "regproc"
    };
    let lookup = format!("SELECT {}::pg_catalog.{cast}::pg_catalog.oid", quoted(&name));
    let numbered = wish.more;
    inquiry.ask_tersely(lookup, move |inquiry, answer| {
        let oid = answer.first().text(0);
        let sql = format!("SELECT pg_catalog.pg_get_functiondef({oid})");
        inquiry.ask_tersely(sql, move |inquiry, answer| {
            let text = answer.first().text(0);
            inquiry.show_source(&text, numbered.then_some(starts_body as fn(&str) -> bool));
        });
    });
    Ok(())
}

/// Lines of a function are counted from here.
fn starts_body(line: &str) -> bool {
    ["AS ", "BEGIN ", "RETURN "]
        .iter()
        .any(|word| line.starts_with(word))
}

/// `\sv`
pub(super) fn view(inquiry: &mut Inquiry, wish: &Wish) -> Result<(), Refused> {
    let Some(name) = wish.pattern.clone() else {
        return Err("view name is required".to_owned());
    };
    let lookup = format!("SELECT {}::pg_catalog.regclass::pg_catalog.oid", quoted(&name));
    let numbered = wish.more;
    inquiry.ask_tersely(lookup, move |inquiry, answer| {
        let oid = answer.first().text(0);
        let sql = format!(
            "SELECT c.relkind, n.nspname, c.relname, pg_catalog.pg_get_viewdef(c.oid, true),\n\
             pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname),\n\
             (SELECT pg_catalog.string_agg(pg_catalog.quote_ident(o.option_name) || '=' || \
             pg_catalog.quote_literal(o.option_value), ', ') \
             FROM pg_catalog.pg_options_to_table(c.reloptions) AS o WHERE o.option_name <> 'check_option'),\n\
             (SELECT pg_catalog.upper(o.option_value) \
             FROM pg_catalog.pg_options_to_table(c.reloptions) AS o WHERE o.option_name = 'check_option')\n\
             FROM pg_catalog.pg_class AS c\n\
             LEFT JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace\n\
             WHERE c.oid = {oid}"
        );
        inquiry.ask_tersely(sql, move |inquiry, answer| {
            let row = answer.first();
            if row.text(0) != "v" {
                return inquiry.fail(format!("\"{}.{}\" is not a view", row.text(1), row.text(2)));
            }
            let mut text = format!("CREATE OR REPLACE VIEW {}", row.text(4));
            if !row.is_null(5) {
                let _ = write!(text, "\n WITH ({})", row.text(5));
            }
            let query = row.text(3);
            let _ = write!(text, " AS\n{}", query.strip_suffix(';').unwrap_or(&query));
            if !row.is_null(6) {
                let _ = write!(text, "\n WITH {} CHECK OPTION", row.text(6));
            }
            inquiry.show_source(&text, numbered.then_some(|_| true));
        });
    });
    Ok(())
}

impl Inquiry {
    /// Prints a definition; with `counted`, numbers its lines from the first for which that holds.
    fn show_source(&mut self, text: &str, counted: Option<fn(&str) -> bool>) {
        let text = text.strip_suffix('\n').unwrap_or(text);
        let Some(starts) = counted else {
            return self.say(text);
        };
        let mut number = 0_u32;
        let lines: Vec<_> = text
            .split('\n')
            .map(|line| {
                if number > 0 || starts(line) {
                    number += 1;
                }
                match number {
                    0 => format!("        {line}"),
                    _ => format!("{number:<7} {line}"),
                }
            })
            .collect();
        self.say(lines.join("\n"));
    }
}
