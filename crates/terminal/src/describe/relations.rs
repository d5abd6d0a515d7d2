//! Lists of relations: `\d`, `\dt` and its kin, `\dP`.

use super::listing::{Listing, Refused};
use super::pattern::Names;
use super::{Inquiry, Wish};

/// What a relation is, in words.
const KIND: &str = "CASE c.relkind WHEN 'r' THEN 'table' WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' \
    WHEN 'i' THEN 'index' WHEN 'S' THEN 'sequence' WHEN 't' THEN 'TOAST table' WHEN 'f' THEN 'foreign table' \
    WHEN 'p' THEN 'partitioned table' WHEN 'I' THEN 'partitioned index' END";

const FROM: &str =
    "pg_catalog.pg_class AS c\nLEFT JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace";

const VISIBLE: &str = "pg_catalog.pg_table_is_visible(c.oid)";

/// `\d` without a name, `\dt`, `\di` and so on; letters choose the kinds.
pub(super) fn list(inquiry: &mut Inquiry, wish: &Wish) -> Result<(), Refused> {
    let letters = match wish.letters.chars().any(|letter| "tvmisE".contains(letter)) {
        true => wish.letters.as_str(),
        false => "tvmsE",
    };
    let has = |letter| letters.contains(letter);
    let mut list = Listing::new("List of relations", FROM);
    list.column("Schema", "n.nspname")
        .column("Name", "c.relname")
        .column("Type", KIND)
        .owner("c.relowner");
    if has('i') {
        list.column("Table", "ic.relname")
            .join("LEFT JOIN pg_catalog.pg_index AS i ON i.indexrelid = c.oid")
            .join("LEFT JOIN pg_catalog.pg_class AS ic ON ic.oid = i.indrelid");
    }
    if wish.more {
        list.column(
            "Persistence",
            "CASE c.relpersistence WHEN 'p' THEN 'permanent' WHEN 't' THEN 'temporary' \
             WHEN 'u' THEN 'unlogged' END",
        );
        if has('t') || has('m') || has('i') {
            list.column("Access method", "am.amname")
                .join("LEFT JOIN pg_catalog.pg_am AS am ON am.oid = c.relam");
        }
        list.column(
            "Size",
            "pg_catalog.pg_size_pretty(pg_catalog.pg_table_size(c.oid))",
        )
        .description("c.oid", "pg_class");
    }
    let all = wish.system || wish.pattern.is_some();
    let mut kinds = Vec::new();
    for (letter, codes) in [
        ('t', "'r', 'p'"),
        ('v', "'v'"),
        ('m', "'m'"),
        ('i', "'i', 'I'"),
        ('s', "'S'"),
        ('E', "'f'"),
    ] {
        if has(letter) {
            kinds.push(codes);
        }
    }
    if has('t') && all {
        kinds.push("'t'");
    }
    list.only(format!("c.relkind IN ({})", kinds.join(", ")));
    if !all {
        list.no_system("n.nspname")
            .only("pg_catalog.left(n.nspname, 8) <> 'pg_toast'");
    }
    let names = Names::in_schema("n.nspname", "c.relname", VISIBLE);
    list.matching(names, wish.pattern(), &inquiry.scope)?
        .order("1, 2");
    inquiry.list_or_say(&list, nothing(wish));
    Ok(())
}

/// What is said when no relation fits.
pub(super) fn nothing(wish: &Wish) -> String {
    match wish.pattern() {
        Some(pattern) => format!("Did not find any relation named \"{pattern}\"."),
        None => "Did not find any relations.".to_owned(),
    }
}

/// `\dP`: partitioned tables (`t`) and indexes (`i`), those that are partitions themselves too (`n`).
pub(super) fn partitioned(inquiry: &mut Inquiry, wish: &Wish) -> Result<(), Refused> {
    let (tables, indexes) = match (wish.letters.contains('t'), wish.letters.contains('i')) {
        (false, false) => (true, true),
        chosen => chosen,
    };
    let nested = wish.letters.contains('n') || wish.pattern.is_some();
    let title = match (tables, indexes) {
        (true, false) => "List of partitioned tables",
        (false, true) => "List of partitioned indexes",
        (_, _) => "List of partitioned relations",
    };
    let mut list = Listing::new(title, FROM);
    let mut order = vec!["1"];
    list.column("Schema", "n.nspname")
        .column("Name", "c.relname")
        .owner("c.relowner");
    if tables && indexes {
        list.column("Type", KIND);
        order.push("4 DESC");
    }
    if nested {
        list.column("Parent name", "h.inhparent::pg_catalog.regclass")
            .join("LEFT JOIN pg_catalog.pg_inherits AS h ON h.inhrelid = c.oid");
        order.push("h.inhparent::pg_catalog.regclass NULLS FIRST");
    }
    if indexes {
        list.column("Table", "i.indrelid::pg_catalog.regclass")
            .join("LEFT JOIN pg_catalog.pg_index AS i ON i.indexrelid = c.oid");
    }
    order.push("2");
    if wish.more {
        if wish.letters.contains('n') {
            list.column("Leaf partition size", "pg_catalog.pg_size_pretty(s.leaves)");
        }
        list.column("Total size", "pg_catalog.pg_size_pretty(s.total)")
            .description("c.oid", "pg_class")
            .join(
                "LEFT JOIN LATERAL (SELECT sum(pg_catalog.pg_table_size(t.relid)) AS total, \
                 sum(CASE WHEN t.isleaf AND t.level = 1 THEN pg_catalog.pg_table_size(t.relid) ELSE 0 END) AS leaves \
                 FROM pg_catalog.pg_partition_tree(c.oid) AS t) AS s ON true",
            );
    }
    let kinds = match (tables, indexes) {
        (true, false) => "'p'",
        (false, true) => "'I'",
        (_, _) => "'p', 'I'",
    };
    list.only(format!("c.relkind IN ({kinds})"));
    if !nested {
        list.only("NOT c.relispartition");
    }
    if wish.pattern.is_none() {
        list.no_system("n.nspname")
            .only("pg_catalog.left(n.nspname, 8) <> 'pg_toast'");
    }
    let names = Names::in_schema("n.nspname", "c.relname", VISIBLE);
    list.matching(names, wish.pattern(), &inquiry.scope)?
        .order(&order.join(", "));
    inquiry.list(&list);
    Ok(())
}
