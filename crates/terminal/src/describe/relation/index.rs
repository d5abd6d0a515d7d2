//! Indexes: what stands below one, and the lines of a table's.

use std::fmt::Write as _;
use std::sync::Arc;

use super::{Kind, Relation};
use crate::describe::Inquiry;
use crate::describe::sheet::Texts;

/// What an index is, for which table.
pub(super) fn about(inquiry: &mut Inquiry, relation: &Arc<Relation>) {
    if relation.kind == Kind::Toast {
        owning_table(inquiry, &relation.oid);
    }
    if !relation.kind.is_index() {
        return;
    }
    let sql = format!(
        "SELECT i.indisprimary, i.indisunique, {}, am.amname, n.nspname || '.' || c.relname,\n\
         pg_catalog.pg_get_expr(i.indpred, i.indrelid, true),\n\
         i.indisclustered, i.indisvalid, k.condeferrable, k.condeferred, i.indisreplident\n\
         FROM pg_catalog.pg_index AS i\n\
         JOIN pg_catalog.pg_class AS ic ON ic.oid = i.indexrelid\n\
         JOIN pg_catalog.pg_am AS am ON am.oid = ic.relam\n\
         JOIN pg_catalog.pg_class AS c ON c.oid = i.indrelid\n\
         JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace\n\
         LEFT JOIN pg_catalog.pg_constraint AS k ON k.conindid = i.indexrelid \
         AND k.conrelid = i.indrelid AND k.contype IN ('p', 'u', 'x')\n\
         WHERE i.indexrelid = {}",
        nulls_not_distinct(inquiry.scope.major),
        relation.oid
    );
    let relation = Arc::clone(relation);
    inquiry.ask(sql, move |inquiry, answer| {
        let row = answer.first();
        let mut line = String::new();
        if row.is_true(0) {
            line.push_str("primary key, ");
        } else if row.is_true(1) {
            let nulls = if row.is_true(2) { " nulls not distinct" } else { "" };
            let _ = write!(line, "unique{nulls}, ");
        }
        let _ = write!(line, "{}, for table \"{}\"", row.text(3), row.text(4));
        if !row.is_null(5) {
            let _ = write!(line, ", predicate ({})", row.text(5));
        }
        for (holds, word) in [
            (row.is_true(6), ", clustered"),
            (!row.is_true(7), ", invalid"),
            (row.is_true(8), ", deferrable"),
            (row.is_true(9), ", initially deferred"),
            (row.is_true(10), ", replica identity"),
        ] {
            if holds {
                line.push_str(word);
            }
        }
        inquiry.footer(line);
        if relation.kind == Kind::Index && !relation.tablespace.is_empty() {
            inquiry.footer(format!("Tablespace: \"{}\"", relation.tablespace));
        }
    });
}

fn owning_table(inquiry: &mut Inquiry, oid: &str) {
    let sql = format!(
        "SELECT n.nspname || '.' || c.relname\n\
         FROM pg_catalog.pg_class AS c\n\
         JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace\n\
         WHERE c.reltoastrelid = {oid}"
    );
    inquiry.ask(sql, |inquiry, answer| {
        for row in answer.texts() {
            inquiry.footer(format!("Owning table: \"{}\"", row.text(0)));
        }
    });
}

fn nulls_not_distinct(major: u32) -> &'static str {
    match major {
        ..=14 => "false",
        15.. => "i.indnullsnotdistinct",
    }
}

/// The indexes of a table.
pub(super) fn of_table(inquiry: &mut Inquiry, relation: &Relation) {
    if !relation.has_index {
        return;
    }
    let sql = format!(
        "SELECT ic.relname, i.indisprimary, i.indisunique, k.contype,\n\
         pg_catalog.pg_get_constraintdef(k.oid, true), pg_catalog.pg_get_indexdef(i.indexrelid, 0, true),\n\
         k.condeferrable, k.condeferred, i.indisclustered, i.indisvalid, i.indisreplident, t.spcname\n\
         FROM pg_catalog.pg_index AS i\n\
         JOIN pg_catalog.pg_class AS ic ON ic.oid = i.indexrelid\n\
         LEFT JOIN pg_catalog.pg_tablespace AS t ON t.oid = ic.reltablespace\n\
         LEFT JOIN pg_catalog.pg_constraint AS k ON k.conindid = i.indexrelid \
         AND k.conrelid = i.indrelid AND k.contype IN ('p', 'u', 'x')\n\
         WHERE i.indrelid = {}\n\
         ORDER BY i.indisprimary DESC, ic.relname",
        relation.oid
    );
    inquiry.ask(sql, |inquiry, answer| {
        if !answer.is_empty() {
            inquiry.footer("Indexes:");
        }
        for row in answer.texts() {
            inquiry.footer(line(row));
        }
    });
}

fn line(row: Texts<'_>) -> String {
    let mut line = format!("    \"{}\"", row.text(0));
    let contype = row.text(3);
    if contype == "x" {
        let _ = write!(line, " {}", row.text(4));
    } else {
        if row.is_true(1) {
            line.push_str(" PRIMARY KEY,");
        } else if row.is_true(2) {
            line.push_str(if contype == "u" {
                " UNIQUE CONSTRAINT,"
            } else {
                " UNIQUE,"
            });
        }
        let definition = row.text(5);
        let method = definition.split_once(" USING ").map_or("", |(_, rest)| rest);
        let _ = write!(line, " {method}");
        if row.is_true(6) {
            line.push_str(" DEFERRABLE");
        }
        if row.is_true(7) {
            line.push_str(" INITIALLY DEFERRED");
        }
    }
    for (holds, word) in [
        (row.is_true(8), " CLUSTER"),
        (!row.is_true(9), " INVALID"),
        (row.is_true(10), " REPLICA IDENTITY"),
    ] {
        if holds {
            line.push_str(word);
        }
    }
    if !row.is_null(11) {
        let _ = write!(line, ", tablespace \"{}\"", row.text(11));
    }
    line
}
