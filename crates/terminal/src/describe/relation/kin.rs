//! Where a relation stands among others, and how it is stored.

use std::sync::Arc;

use super::{Kind, Relation};
use crate::describe::Inquiry;
use crate::describe::listing::options;
use crate::describe::sheet::Answer;

/// What the relation is a partition of.
pub(super) fn partition_of(inquiry: &mut Inquiry, relation: &Arc<Relation>) {
    if !relation.is_partition {
        return;
    }
    let detached = match inquiry.scope.major {
        ..=13 => "false",
        14.. => "h.inhdetachpending",
    };
    let constraint = match relation.more {
        true => "pg_catalog.pg_get_partition_constraintdef(c.oid)",
        false => "NULL",
    };
    let sql = format!(
        "SELECT h.inhparent::pg_catalog.regclass, pg_catalog.pg_get_expr(c.relpartbound, c.oid), {detached}, {constraint}\n\
         FROM pg_catalog.pg_class AS c\n\
         JOIN pg_catalog.pg_inherits AS h ON h.inhrelid = c.oid\n\
         WHERE c.oid = {}",
        relation.oid
    );
    let relation = Arc::clone(relation);
    inquiry.ask(sql, move |inquiry, answer| {
        for row in answer.texts() {
            let pending = if row.is_true(2) { " DETACH PENDING" } else { "" };
            inquiry.footer(format!("Partition of: {} {}{pending}", row.text(0), row.text(1)));
            if !relation.more {
                continue;
            }
            match row.text(3).as_str() {
                "" => inquiry.footer("No partition constraint"),
                constraint => inquiry.footer(format!("Partition constraint: {constraint}")),
            }
        }
    });
}

/// Server and options of a foreign table.
pub(super) fn foreign_server(inquiry: &mut Inquiry, relation: &Relation) {
    if relation.kind != Kind::Foreign {
        return;
    }
    let sql = format!(
        "SELECT s.srvname, {}\n\
         FROM pg_catalog.pg_foreign_table AS f\n\
         JOIN pg_catalog.pg_foreign_server AS s ON s.oid = f.ftserver\n\
         WHERE f.ftrelid = {}",
        options("f.ftoptions"),
        relation.oid
    );
    inquiry.ask(sql, |inquiry, answer| {
        for row in answer.texts() {
            inquiry.footer(format!("Server: {}", row.text(0)));
            if !row.text(1).is_empty() {
                inquiry.footer(format!("FDW options: {}", row.text(1)));
            }
        }
    });
}

/// Parents and children.
pub(super) fn hierarchy(inquiry: &mut Inquiry, relation: &Arc<Relation>) {
    if !relation.kind.is_stored() {
        return;
    }
    let oid = &relation.oid;
    let parents = format!(
        "SELECT h.inhparent::pg_catalog.regclass\n\
         FROM pg_catalog.pg_inherits AS h\n\
         JOIN pg_catalog.pg_class AS c ON c.oid = h.inhparent\n\
         WHERE h.inhrelid = {oid} AND c.relkind NOT IN ('p', 'I')\n\
         ORDER BY h.inhseqno"
    );
    inquiry.ask(parents, |inquiry, answer| {
        let names = answer.texts().map(|row| row.text(0)).collect();
        hanging(inquiry, "Inherits", names);
    });
    let pending = match inquiry.scope.major {
        ..=13 => "false",
        14.. => "h.inhdetachpending",
    };
    let children = format!(
        "SELECT c.oid::pg_catalog.regclass, c.relkind, {pending}, pg_catalog.pg_get_expr(c.relpartbound, c.oid)\n\
         FROM pg_catalog.pg_class AS c\n\
         JOIN pg_catalog.pg_inherits AS h ON h.inhrelid = c.oid\n\
         WHERE h.inhparent = {oid}\n\
         ORDER BY pg_catalog.pg_get_expr(c.relpartbound, c.oid) = 'DEFAULT', \
         c.oid::pg_catalog.regclass::pg_catalog.text"
    );
    let relation = Arc::clone(relation);
    inquiry.ask(children, move |inquiry, answer| {
        list_children(inquiry, &relation, &answer);
    });
}

fn list_children(inquiry: &mut Inquiry, relation: &Relation, answer: &Answer) {
    let n_children = answer.rows.len();
    let partitioned = relation.kind.is_partitioned();
    match (n_children, partitioned, relation.more) {
        (0, true, _) => inquiry.footer("Number of partitions: 0"),
        (0, false, _) => {}
        (_, true, false) => inquiry.footer(format!(
            "Number of partitions: {n_children} (Use \\d+ to list them.)"
        )),
        (_, false, false) => inquiry.footer(format!(
            "Number of child tables: {n_children} (Use \\d+ to list them.)"
        )),
        (_, _, true) => {
            let children = answer.texts().map(|row| {
                let mut child = row.text(0);
                if !row.is_null(3) {
                    child.push(' ');
                    child.push_str(&row.text(3));
                }
                if matches!(row.text(1).as_str(), "p" | "I") {
                    child.push_str(", PARTITIONED");
                }
                if row.is_true(2) {
                    child.push_str(" (DETACH PENDING)");
                }
                child
            });
            let heading = if partitioned { "Partitions" } else { "Child tables" };
            let children = children.collect();
            hanging(inquiry, heading, children);
        }
    }
}

/// `Heading: first,` and the others below the first.
fn hanging(inquiry: &mut Inquiry, heading: &str, names: Vec<String>) {
    let n_names = names.len();
    let indent = " ".repeat(heading.len() + 2);
    for (idx, name) in names.into_iter().enumerate() {
        let before = match idx {
            0 => format!("{heading}: "),
            _ => indent.clone(),
        };
        let comma = if idx + 1 < n_names { "," } else { "" };
        inquiry.footer(format!("{before}{name}{comma}"));
    }
}

/// Type, replica identity, tablespace, access method, options.
pub(super) fn storage(inquiry: &mut Inquiry, relation: &Arc<Relation>) {
    let relation = Arc::clone(relation);
    inquiry.then(move |inquiry| {
        if relation.kind.is_stored() {
            if !relation.of_type.is_empty() {
                inquiry.footer(format!("Typed table of type: {}", relation.of_type));
            }
            if relation.more
                && let Some(identity) = replica_identity(&relation)
            {
                inquiry.footer(format!("Replica Identity: {identity}"));
            }
            if !relation.tablespace.is_empty() {
                inquiry.footer(format!("Tablespace: \"{}\"", relation.tablespace));
            }
            if relation.more && !relation.access_method.is_empty() {
                inquiry.footer(format!("Access method: {}", relation.access_method));
            }
        }
        if relation.more && !relation.options.is_empty() {
            inquiry.footer(format!("Options: {}", relation.options));
        }
    });
}

/// How rows are told apart in replication, where that is not as usual.
fn replica_identity(relation: &Relation) -> Option<&'static str> {
    let is_kept = matches!(relation.kind, Kind::Table | Kind::MaterializedView);
    let in_catalog = relation.schema == "pg_catalog";
    match relation.replica_identity.as_str() {
        _ if !is_kept => None,
        "f" => Some("FULL"),
        "n" if !in_catalog => Some("NOTHING"),
        _ => None,
    }
}
