//! `\d NAME`: each relation that fits, with everything about it.

mod columns;
mod footers;
mod index;
mod kin;
mod sequence;

use std::sync::Arc;

use super::listing::{Listing, Refused};
use super::pattern::Names;
use super::sheet::Texts;
use super::{Inquiry, Wish, relations};

/// A relation as its row in `pg_class` describes it.
#[derive(Debug)]
struct Relation {
    oid: String,
    schema: String,
    name: String,
    kind: Kind,
    unlogged: bool,
    /// `\d+`
    more: bool,
    has_checks: bool,
    has_index: bool,
    has_rules: bool,
    has_triggers: bool,
    row_security: bool,
    forced_row_security: bool,
    is_partition: bool,
    options: String,
    /// The tablespace's name, unless it is the database's own.
    tablespace: String,
    of_type: String,
    replica_identity: String,
    access_method: String,
}

/// `pg_class.relkind`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Table,
    View,
    MaterializedView,
    Index,
    PartitionedIndex,
    Sequence,
    Toast,
    Composite,
    Foreign,
    Partitioned,
}

impl Kind {
    fn from_code(code: &str) -> Option<Self> {
        Some(match code {
            "r" => Self::Table,
            "v" => Self::View,
            "m" => Self::MaterializedView,
            "i" => Self::Index,
            "I" => Self::PartitionedIndex,
            "S" => Self::Sequence,
            "t" => Self::Toast,
            "c" => Self::Composite,
            "f" => Self::Foreign,
            "p" => Self::Partitioned,
            _ => return None,
        })
    }

    fn is_index(self) -> bool {
        matches!(self, Self::Index | Self::PartitionedIndex)
    }

    fn is_partitioned(self) -> bool {
        matches!(self, Self::Partitioned | Self::PartitionedIndex)
    }

    /// Has constraints, policies, rules of its own.
    fn is_table(self) -> bool {
        matches!(
            self,
            Self::Table | Self::MaterializedView | Self::Foreign | Self::Partitioned | Self::Toast
        )
    }

    /// May stand in a hierarchy, have a tablespace and an access method.
    fn is_stored(self) -> bool {
        self.is_table() || self == Self::PartitionedIndex
    }

    /// Has columns with a default, a comment, NULL or not.
    fn is_row_like(self) -> bool {
        matches!(
            self,
            Self::Table
                | Self::View
                | Self::MaterializedView
                | Self::Foreign
                | Self::Partitioned
                | Self::Composite
        )
    }
}

impl Relation {
    fn new(row: Texts<'_>, more: bool) -> Option<Self> {
        Some(Self {
            oid: row.text(0),
            schema: row.text(1),
            name: row.text(2),
            kind: Kind::from_code(&row.text(3))?,
            unlogged: row.text(4) == "u",
            more,
            has_checks: row.is_true(5),
            has_index: row.is_true(6),
            has_rules: row.is_true(7),
            has_triggers: row.is_true(8),
            row_security: row.is_true(9),
            forced_row_security: row.is_true(10),
            is_partition: row.is_true(11),
            options: row.text(12),
            tablespace: row.text(13),
            of_type: row.text(14),
            replica_identity: row.text(15),
            access_method: row.text(16),
        })
    }

    /// The heading above its table.
    fn title(&self) -> String {
        let what = match (self.kind, self.unlogged) {
            (Kind::Table, false) => "Table",
            (Kind::Table, true) => "Unlogged table",
            (Kind::View, _) => "View",
            (Kind::MaterializedView, false) => "Materialized view",
            (Kind::MaterializedView, true) => "Unlogged materialized view",
            (Kind::Index, false) => "Index",
            (Kind::Index, true) => "Unlogged index",
            (Kind::PartitionedIndex, false) => "Partitioned index",
            (Kind::PartitionedIndex, true) => "Unlogged partitioned index",
            (Kind::Sequence, false) => "Sequence",
            (Kind::Sequence, true) => "Unlogged sequence",
            (Kind::Toast, _) => "TOAST table",
            (Kind::Composite, _) => "Composite type",
            (Kind::Foreign, _) => "Foreign table",
            (Kind::Partitioned, false) => "Partitioned table",
            (Kind::Partitioned, true) => "Unlogged partitioned table",
        };
        format!("{what} \"{}.{}\"", self.schema, self.name)
    }
}

/// `\d NAME`
pub(super) fn describe(inquiry: &mut Inquiry, wish: &Wish) -> Result<(), Refused> {
    let mut list = Listing::new(
        "",
        "pg_catalog.pg_class AS c\nLEFT JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace",
    );
    let names = Names::in_schema("n.nspname", "c.relname", "pg_catalog.pg_table_is_visible(c.oid)");
    list.column("oid", "c.oid")
        .matching(names, wish.pattern(), &inquiry.scope)?
        .order("n.nspname, c.relname");
    let nothing = relations::nothing(wish);
    let more = wish.more;
    inquiry.ask(list.sql(), move |inquiry, answer| {
        if answer.is_empty() {
            return inquiry.fail(nothing);
        }
        for row in answer.texts() {
            let oid = row.text(0);
            inquiry.ask(facts(&oid), move |inquiry, answer| {
                let relation = answer.texts().next().and_then(|row| Relation::new(row, more));
                match relation {
                    Some(relation) => describe_one(inquiry, Arc::new(relation)),
                    // Dropped while it was being described.
                    None => inquiry.fail(format!("Did not find any relation with OID {oid}.")),
                }
            });
        }
    });
    Ok(())
}

fn facts(oid: &str) -> String {
    format!(
        "SELECT c.oid, n.nspname, c.relname, c.relkind, c.relpersistence, c.relchecks > 0, c.relhasindex, \
         c.relhasrules, c.relhastriggers, c.relrowsecurity, c.relforcerowsecurity, c.relispartition,\n\
         pg_catalog.array_to_string(c.reloptions || ARRAY(\
         SELECT 'toast.' || o FROM pg_catalog.unnest(tc.reloptions) AS o), ', '),\n\
         t.spcname, CASE WHEN c.reloftype <> 0 THEN c.reloftype::pg_catalog.regtype END, c.relreplident, am.amname\n\
         FROM pg_catalog.pg_class AS c\n\
         LEFT JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace\n\
         LEFT JOIN pg_catalog.pg_class AS tc ON tc.oid = c.reltoastrelid\n\
         LEFT JOIN pg_catalog.pg_tablespace AS t ON t.oid = c.reltablespace\n\
         LEFT JOIN pg_catalog.pg_am AS am ON am.oid = c.relam\n\
         WHERE c.oid = {oid}"
    )
}

fn describe_one(inquiry: &mut Inquiry, relation: Arc<Relation>) {
    match relation.kind {
        Kind::Sequence => sequence::describe(inquiry, &relation),
        Kind::Table
        | Kind::View
        | Kind::MaterializedView
        | Kind::Index
        | Kind::PartitionedIndex
        | Kind::Toast
        | Kind::Composite
        | Kind::Foreign
        | Kind::Partitioned => {
            columns::ask(inquiry, &relation);
            kin::partition_of(inquiry, &relation);
            index::about(inquiry, &relation);
            footers::of_table(inquiry, &relation);
            footers::view_definition(inquiry, &relation);
            footers::triggers(inquiry, &relation);
            kin::foreign_server(inquiry, &relation);
            kin::hierarchy(inquiry, &relation);
            kin::storage(inquiry, &relation);
        }
    }
    inquiry.show_gathered();
}
