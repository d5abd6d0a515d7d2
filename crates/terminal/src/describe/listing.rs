//! Commands that show one answer as it is: a title, columns, conditions, an order.

use super::pattern::Names;
use super::{Inquiry, Scope, Sheet};

/// A query in parts, and the title of its table.
#[derive(Debug, Clone, Default)]
pub(super) struct Listing {
    title: String,
    columns: Vec<String>,
    from: String,
    conditions: Vec<String>,
    order: String,
}

/// What cannot be asked, as it is told.
pub(super) type Refused = String;

impl Listing {
    pub(super) fn new(title: &str, from: &str) -> Self {
        Self {
            title: title.to_owned(),
            from: from.to_owned(),
            order: "1".to_owned(),
            ..Self::default()
        }
    }

    /// Adds a column under this heading.
    pub(super) fn column(&mut self, heading: &str, expression: &str) -> &mut Self {
        self.columns.push(format!("{expression} AS \"{heading}\""));
        self
    }

    /// Adds a column of privileges, one grant a line.
    pub(super) fn privileges(&mut self, acl: &str) -> &mut Self {
        self.column("Access privileges", &lines(acl))
    }

    pub(super) fn owner(&mut self, oid: &str) -> &mut Self {
        self.column("Owner", &format!("pg_catalog.pg_get_userbyid({oid})"))
    }

    /// Adds the comment on an object of this catalog.
    pub(super) fn description(&mut self, oid: &str, catalog: &str) -> &mut Self {
        self.column(
            "Description",
            &format!("pg_catalog.obj_description({oid}, '{catalog}')"),
        )
    }

    pub(super) fn join(&mut self, text: &str) -> &mut Self {
        self.from.push('\n');
        self.from.push_str(text);
        self
    }

    pub(super) fn only(&mut self, condition: impl Into<String>) -> &mut Self {
        self.conditions.push(condition.into());
        self
    }

    /// Leaves out what belongs to the system.
    pub(super) fn no_system(&mut self, schema: &str) -> &mut Self {
        self.only(format!("{schema} <> 'pg_catalog'"))
            .only(format!("{schema} <> 'information_schema'"))
    }

    pub(super) fn matching(
        &mut self,
        names: Names<'_>,
        pattern: Option<&str>,
        scope: &Scope,
    ) -> Result<&mut Self, Refused> {
        self.conditions.extend(names.conditions(pattern, scope)?);
        Ok(self)
    }

    pub(super) fn order(&mut self, order: &str) -> &mut Self {
        order.clone_into(&mut self.order);
        self
    }

    pub(super) fn sql(&self) -> String {
        let mut sql = format!("SELECT {}\nFROM {}", self.columns.join(",\n    "), self.from);
        if !self.conditions.is_empty() {
            sql.push_str("\nWHERE ");
            sql.push_str(&self.conditions.join("\n    AND "));
        }
        sql.push_str("\nORDER BY ");
        sql.push_str(&self.order);
        sql
    }
}

impl Inquiry {
    /// Shows what the query finds, even when that is nothing.
    pub(super) fn list(&mut self, listing: &Listing) {
        let title = listing.title.clone();
        self.ask(listing.sql(), move |inquiry, answer| {
            inquiry.show(answer.titled(&title));
        });
    }

    /// Shows what the query finds, without the count of its rows.
    pub(super) fn list_without_count(&mut self, listing: &Listing) {
        let title = listing.title.clone();
        self.ask(listing.sql(), move |inquiry, answer| {
            inquiry.show(Sheet {
                footers: Some(Vec::new()),
                ..answer.titled(&title)
            });
        });
    }

    /// Shows what the query finds, or says that it is nothing.
    pub(super) fn list_or_say(&mut self, listing: &Listing, nothing: String) {
        let title = listing.title.clone();
        self.ask(listing.sql(), move |inquiry, answer| {
            if answer.is_empty() {
                inquiry.say(nothing);
            } else {
                inquiry.show(answer.titled(&title));
            }
        });
    }
}

/// An array, one element a line.
pub(super) fn lines(array: &str) -> String {
    format!("pg_catalog.array_to_string({array}, E'\\n')")
}

/// Options of foreign objects as `(name 'value', ..)`.
pub(super) fn options(array: &str) -> String {
    format!(
        "CASE WHEN {array} IS NOT NULL THEN '(' || (\
         SELECT pg_catalog.string_agg(pg_catalog.quote_ident(o.option_name) || ' ' || \
         pg_catalog.quote_literal(o.option_value), ', ') \
         FROM pg_catalog.pg_options_to_table({array}) AS o) || ')' END"
    )
}
