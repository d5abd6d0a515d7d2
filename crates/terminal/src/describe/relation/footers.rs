//! What stands below a table: constraints, policies, statistics, rules, publications, triggers.

use std::fmt::Write as _;
use std::sync::Arc;

use super::{Kind, Relation, index};
use crate::describe::sheet::{Answer, Texts};
use crate::describe::{Inquiry, replication};

pub(super) fn of_table(inquiry: &mut Inquiry, relation: &Arc<Relation>) {
    if !relation.kind.is_stored() {
        return;
    }
    if relation.kind == Kind::Partitioned {
        let sql = format!("SELECT pg_catalog.pg_get_partkeydef({})", relation.oid);
        inquiry.ask(sql, |inquiry, answer| {
            inquiry.footer(format!("Partition key: {}", answer.first().text(0)));
        });
    }
    if !relation.kind.is_table() {
        return;
    }
    index::of_table(inquiry, relation);
    if relation.has_checks {
        checks(inquiry, relation);
    }
    foreign_keys(inquiry, relation);
    policies(inquiry, relation);
    statistics(inquiry, relation);
    if relation.has_rules && relation.kind != Kind::MaterializedView {
        rules(inquiry, relation);
    }
    publications(inquiry, relation);
}

/// Puts a heading above lines, if there are any.
fn section(inquiry: &mut Inquiry, heading: &str, lines: impl IntoIterator<Item = String>) {
    let mut lines = lines.into_iter().peekable();
    if lines.peek().is_some() {
        inquiry.footer(heading);
    }
    for line in lines {
        inquiry.footer(format!("    {line}"));
    }
}

/// Asks for lines and puts them below a heading.
fn ask_section(
    inquiry: &mut Inquiry,
    heading: &'static str,
    sql: String,
    line: impl Fn(Texts<'_>) -> String + Send + Sync + 'static,
) {
    inquiry.ask(sql, move |inquiry, answer| {
        let lines: Vec<_> = answer.texts().map(line).collect();
        section(inquiry, heading, lines);
    });
}

fn checks(inquiry: &mut Inquiry, relation: &Relation) {
    let sql = format!(
        "SELECT k.conname, pg_catalog.pg_get_constraintdef(k.oid, true)\n\
         FROM pg_catalog.pg_constraint AS k\n\
         WHERE k.conrelid = {} AND k.contype = 'c'\n\
         ORDER BY 1",
        relation.oid
    );
    ask_section(inquiry, "Check constraints:", sql, |row| {
        format!("\"{}\" {}", row.text(0), row.text(1))
    });
}

/// Foreign keys out of the table and into it; those of partitions are told by the table they are declared on.
fn foreign_keys(inquiry: &mut Inquiry, relation: &Relation) {
    if !relation.has_triggers && relation.kind != Kind::Partitioned {
        return;
    }
    let oid = &relation.oid;
    let lineage = format!(
        "(SELECT {oid}::pg_catalog.oid UNION SELECT relid FROM pg_catalog.pg_partition_ancestors({oid}))"
    );
    let outward = format!(
        "SELECT k.conrelid = {oid}, k.conname, pg_catalog.pg_get_constraintdef(k.oid, true), \
         k.conrelid::pg_catalog.regclass\n\
         FROM pg_catalog.pg_constraint AS k\n\
         WHERE k.conrelid IN {lineage} AND k.contype = 'f' AND k.conparentid = 0\n\
         ORDER BY 1 DESC, 2"
    );
    ask_section(inquiry, "Foreign-key constraints:", outward, |row| {
        if row.is_true(0) {
            format!("\"{}\" {}", row.text(1), row.text(2))
        } else {
            format!(
                "TABLE \"{}\" CONSTRAINT \"{}\" {}",
                row.text(3),
                row.text(1),
                row.text(2)
            )
        }
    });
    let inward = format!(
        "SELECT k.conrelid::pg_catalog.regclass, k.conname, pg_catalog.pg_get_constraintdef(k.oid, true)\n\
         FROM pg_catalog.pg_constraint AS k\n\
         WHERE k.confrelid IN {lineage} AND k.contype = 'f' AND k.conparentid = 0\n\
         ORDER BY 2"
    );
    ask_section(inquiry, "Referenced by:", inward, |row| {
        format!(
            "TABLE \"{}\" CONSTRAINT \"{}\" {}",
            row.text(0),
            row.text(1),
            row.text(2)
        )
    });
}

fn policies(inquiry: &mut Inquiry, relation: &Arc<Relation>) {
    let sql = format!(
        "SELECT p.polname, p.polpermissive, p.polcmd,\n\
         CASE WHEN p.polroles <> '{{0}}' THEN pg_catalog.array_to_string(ARRAY(\
         SELECT r.rolname FROM pg_catalog.pg_roles AS r WHERE r.oid = ANY (p.polroles) ORDER BY 1), ',') END,\n\
         pg_catalog.pg_get_expr(p.polqual, p.polrelid), pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid)\n\
         FROM pg_catalog.pg_policy AS p\n\
         WHERE p.polrelid = {}\n\
         ORDER BY 1",
        relation.oid
    );
    let relation = Arc::clone(relation);
    inquiry.ask(sql, move |inquiry, answer| {
        let some = !answer.is_empty();
        match (relation.row_security, relation.forced_row_security, some) {
            (true, false, true) => inquiry.footer("Policies:"),
            (true, true, true) => inquiry.footer("Policies (forced row security enabled):"),
            (true, false, false) => inquiry.footer("Policies (row security enabled): (none)"),
            (true, true, false) => inquiry.footer("Policies (forced row security enabled): (none)"),
            (false, _, true) => inquiry.footer("Policies (row security disabled):"),
            (false, _, false) => {}
        }
        for row in answer.texts() {
            inquiry.footer(policy(row));
        }
    });
}

fn policy(row: Texts<'_>) -> String {
    let mut line = format!("    POLICY \"{}\"", row.text(0));
    if !row.is_true(1) {
        line.push_str(" AS RESTRICTIVE");
    }
    line.push_str(match row.text(2).as_str() {
        "r" => " FOR SELECT",
        "a" => " FOR INSERT",
        "w" => " FOR UPDATE",
        "d" => " FOR DELETE",
        _ => "",
    });
    if !row.is_null(3) {
        let _ = write!(line, "\n      TO {}", row.text(3));
    }
    if !row.is_null(4) {
        let _ = write!(line, "\n      USING ({})", row.text(4));
    }
    if !row.is_null(5) {
        let _ = write!(line, "\n      WITH CHECK ({})", row.text(5));
    }
    line
}

fn statistics(inquiry: &mut Inquiry, relation: &Relation) {
    let major = inquiry.scope.major;
    let columns = match major {
        ..=13 => {
            "(SELECT pg_catalog.string_agg(pg_catalog.quote_ident(a.attname), ', ') \
             FROM pg_catalog.unnest(s.stxkeys) AS k \
             JOIN pg_catalog.pg_attribute AS a ON a.attrelid = s.stxrelid AND a.attnum = k)"
        }
        14.. => "pg_catalog.pg_get_statisticsobjdef_columns(s.oid)",
    };
    let target = match major {
        ..=12 => "-1",
        13.. => "coalesce(s.stxstattarget, -1)",
    };
    let sql = format!(
        "SELECT n.nspname || '.' || s.stxname, {columns}, s.stxrelid::pg_catalog.regclass,\n\
         'd' = ANY (s.stxkind), 'f' = ANY (s.stxkind), 'm' = ANY (s.stxkind), {target}\n\
         FROM pg_catalog.pg_statistic_ext AS s\n\
         JOIN pg_catalog.pg_namespace AS n ON n.oid = s.stxnamespace\n\
         WHERE s.stxrelid = {}\n\
         ORDER BY n.nspname, s.stxname",
        relation.oid
    );
    ask_section(inquiry, "Statistics objects:", sql, |row| {
        let kinds: Vec<_> = [(3, "ndistinct"), (4, "dependencies"), (5, "mcv")]
            .into_iter()
            .filter(|(idx, _)| row.is_true(*idx))
            .map(|(_, kind)| kind)
            .collect();
        let mut line = format!("\"{}\"", row.text(0));
        // All of them go without saying; none means statistics of one expression.
        if !kinds.is_empty() && kinds.len() < 3 {
            let _ = write!(line, " ({})", kinds.join(", "));
        }
        let _ = write!(line, " ON {} FROM {}", row.text(1), row.text(2));
        if row.text(6) != "-1" {
            let _ = write!(line, "; STATISTICS {}", row.text(6));
        }
        line
    });
}

/// The rules of a relation: definition and when one fires.
fn rules_of(oid: &str) -> String {
    format!(
        "SELECT pg_catalog.pg_get_ruledef(r.oid, true), r.ev_enabled\n\
         FROM pg_catalog.pg_rewrite AS r\n\
         WHERE r.ev_class = {oid} AND r.rulename <> '_RETURN'\n\
         ORDER BY r.rulename"
    )
}

/// A rule's definition behind `CREATE RULE`, without the semicolon.
fn rule(row: Texts<'_>) -> String {
    let definition = row.text(0);
    let rule = definition.strip_prefix("CREATE RULE ").unwrap_or(&definition);
    rule.strip_suffix(';').unwrap_or(rule).to_owned()
}

fn rules(inquiry: &mut Inquiry, relation: &Relation) {
    inquiry.ask(rules_of(&relation.oid), |inquiry, answer| {
        for (enabled, heading) in [
            ("O", "Rules:"),
            ("D", "Disabled rules:"),
            ("A", "Rules firing always:"),
            ("R", "Rules firing on replica only:"),
        ] {
            let those = answer.texts().filter(|row| row.text(1) == enabled);
            section(inquiry, heading, those.map(rule).collect::<Vec<_>>());
        }
    });
}

fn publications(inquiry: &mut Inquiry, relation: &Relation) {
    let sql = replication::of_relation(&relation.oid, inquiry.scope.major);
    ask_section(inquiry, "Publications:", sql, |row| {
        format!("\"{}\"{}", row.text(0), row.text(1))
    });
}

/// `\d+` of a view: its query and its rules.
pub(super) fn view_definition(inquiry: &mut Inquiry, relation: &Relation) {
    let is_view = matches!(relation.kind, Kind::View | Kind::MaterializedView);
    if !is_view || !relation.more {
        return;
    }
    let sql = format!("SELECT pg_catalog.pg_get_viewdef({}, true)", relation.oid);
    inquiry.ask(sql, |inquiry, answer| {
        inquiry.footer("View definition:");
        inquiry.footer(answer.first().text(0));
    });
    if !relation.has_rules {
        return;
    }
    inquiry.ask(rules_of(&relation.oid), |inquiry, answer| {
        if !answer.is_empty() {
            inquiry.footer("Rules:");
        }
        for row in answer.texts() {
            inquiry.footer(format!(" {}", rule(row)));
        }
    });
}

pub(super) fn triggers(inquiry: &mut Inquiry, relation: &Relation) {
    if !relation.has_triggers {
        return;
    }
    let parent = match inquiry.scope.major {
        ..=12 => "NULL",
        13.. => {
            "CASE WHEN t.tgparentid <> 0 THEN (\
             WITH RECURSIVE up (parent, relation) AS (\
             SELECT t.tgparentid, t.tgrelid \
             UNION ALL SELECT p.tgparentid, p.tgrelid FROM up JOIN pg_catalog.pg_trigger AS p ON p.oid = up.parent) \
             SELECT up.relation::pg_catalog.regclass FROM up WHERE up.parent = 0) END"
        }
    };
    // Before version 15 a partition's copy of a trigger counts as internal.
    let copied = match inquiry.scope.major {
        ..=14 => {
            " OR EXISTS (SELECT FROM pg_catalog.pg_depend AS d WHERE d.objid = t.oid \
             AND d.refclassid = 'pg_catalog.pg_trigger'::pg_catalog.regclass)"
        }
        15.. => "",
    };
    let sql = format!(
        "SELECT pg_catalog.pg_get_triggerdef(t.oid, true), t.tgenabled, t.tgisinternal, {parent}\n\
         FROM pg_catalog.pg_trigger AS t\n\
         WHERE t.tgrelid = {} AND (NOT t.tgisinternal OR t.tgenabled = 'D'{copied})\n\
         ORDER BY t.tgname",
        relation.oid
    );
    inquiry.ask(sql, |inquiry, answer| trigger_sections(inquiry, &answer));
}

fn trigger_sections(inquiry: &mut Inquiry, answer: &Answer) {
    for (enabled, internal, heading) in [
        ("O", None, "Triggers:"),
        ("D", Some(false), "Disabled user triggers:"),
        ("D", Some(true), "Disabled internal triggers:"),
        ("A", None, "Triggers firing always:"),
        ("R", None, "Triggers firing on replica only:"),
    ] {
        let lines: Vec<_> = answer
            .texts()
            .filter(|row| {
                row.text(1) == enabled && internal.is_none_or(|internal| row.is_true(2) == internal)
            })
            .map(|row| {
                let definition = row.text(0);
                let shown = definition
                    .split_once(" TRIGGER ")
                    .map_or(definition.as_str(), |(_, shown)| shown);
                match row.is_null(3) {
                    true => shown.to_owned(),
                    false => format!("{shown}, ON TABLE {}", row.text(3)),
                }
            })
            .collect();
        section(inquiry, heading, lines);
    }
}
