//! Publications and subscriptions.

use super::listing::{Listing, Refused};
use super::pattern::Names;
use super::{Inquiry, Sheet, Wish};

/// Columns of `\dRp` and `\dRp+`.
fn columns(list: &mut Listing, major: u32) {
    list.owner("p.pubowner")
        .column("All tables", "p.puballtables")
        .column("Inserts", "p.pubinsert")
        .column("Updates", "p.pubupdate")
        .column("Deletes", "p.pubdelete")
        .column("Truncates", "p.pubtruncate");
    if major >= 13 {
        list.column("Via root", "p.pubviaroot");
    }
}

/// `\dRp`
pub(super) fn publications(inquiry: &mut Inquiry, wish: &Wish) -> Result<(), Refused> {
    if wish.more {
        return each_publication(inquiry, wish);
    }
    let mut list = Listing::new("List of publications", "pg_catalog.pg_publication AS p");
    list.column("Name", "p.pubname");
    columns(&mut list, inquiry.scope.major);
    list.matching(Names::plain("p.pubname"), wish.pattern(), &inquiry.scope)?;
    inquiry.list(&list);
    Ok(())
}

/// `\dRp+`
fn each_publication(inquiry: &mut Inquiry, wish: &Wish) -> Result<(), Refused> {
    let mut list = Listing::new("", "pg_catalog.pg_publication AS p");
    list.column("name", "p.pubname")
        .column("oid", "p.oid")
        .column("all", "p.puballtables");
    list.matching(Names::plain("p.pubname"), wish.pattern(), &inquiry.scope)?;
    let nothing = match wish.pattern() {
        Some(pattern) => format!("Did not find any publication named \"{pattern}\"."),
        None => "Did not find any publications.".to_owned(),
    };
    inquiry.ask(list.sql(), move |inquiry, answer| {
        if answer.is_empty() {
            return inquiry.fail(nothing);
        }
        for row in answer.texts() {
            publication(inquiry, &row.text(0), &row.text(1), row.is_true(2));
        }
    });
    Ok(())
}

fn publication(inquiry: &mut Inquiry, name: &str, oid: &str, all_tables: bool) {
    let major = inquiry.scope.major;
    let mut list = Listing::new("", "pg_catalog.pg_publication AS p");
    columns(&mut list, major);
    list.only(format!("p.oid = {oid}"));
    let title = format!("Publication {name}");
    inquiry.ask(list.sql(), move |inquiry, answer| {
        inquiry.sheet = answer.left(&title)
    });
    if !all_tables {
        inquiry.ask(published_tables(oid, major), |inquiry, answer| {
            if !answer.is_empty() {
                inquiry.footer("Tables:");
            }
            for row in answer.texts() {
                inquiry.footer(format!("    \"{}\"{}", row.text(0), row.text(1)));
            }
        });
        if major >= 15 {
            let schemas = format!(
                "SELECT n.nspname\n\
                 FROM pg_catalog.pg_publication_namespace AS pn\n\
                 JOIN pg_catalog.pg_namespace AS n ON n.oid = pn.pnnspid\n\
                 WHERE pn.pnpubid = {oid}\n\
                 ORDER BY 1"
            );
            inquiry.ask(schemas, |inquiry, answer| {
                if !answer.is_empty() {
                    inquiry.footer("Tables from schemas:");
                }
                for row in answer.texts() {
                    inquiry.footer(format!("    \"{}\"", row.text(0)));
                }
            });
        }
    }
    inquiry.show_gathered();
}

/// Tables a publication names, each with its columns and condition.
fn published_tables(oid: &str, major: u32) -> String {
    format!(
        "SELECT n.nspname || '.' || c.relname, {}\n\
         FROM pg_catalog.pg_publication_rel AS pr\n\
         JOIN pg_catalog.pg_class AS c ON c.oid = pr.prrelid\n\
         JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace\n\
         WHERE pr.prpubid = {oid}\n\
         ORDER BY 1",
        published_part(major)
    )
}

/// Columns and condition of a table in a publication, of an entry `pr`.
pub(super) fn published_part(major: u32) -> &'static str {
    match major {
        ..=14 => "''",
        15.. => {
            "coalesce((SELECT ' (' || pg_catalog.string_agg(a.attname, ', ' ORDER BY a.attnum) || ')' \
             FROM pg_catalog.pg_attribute AS a \
             WHERE a.attrelid = pr.prrelid AND a.attnum = ANY (pr.prattrs)), '') \
             || coalesce(' WHERE ' || pg_catalog.pg_get_expr(pr.prqual, pr.prrelid), '')"
        }
    }
}

/// `\dRs`
pub(super) fn subscriptions(inquiry: &mut Inquiry, wish: &Wish) -> Result<(), Refused> {
    let major = inquiry.scope.major;
    let mut list = Listing::new("List of subscriptions", "pg_catalog.pg_subscription AS s");
    list.column("Name", "s.subname")
        .owner("s.subowner")
        .column("Enabled", "s.subenabled")
        .column("Publication", "s.subpublications");
    if wish.more {
        if major >= 14 {
            list.column("Binary", "s.subbinary")
                .column("Streaming", "s.substream");
        }
        if major >= 15 {
            list.column("Two-phase commit", "s.subtwophasestate")
                .column("Disable on error", "s.subdisableonerr");
        }
        list.column("Synchronous commit", "s.subsynccommit")
            .column("Conninfo", "s.subconninfo");
        if major >= 15 {
            list.column("Skip LSN", "s.subskiplsn");
        }
    }
    list.only(
        "s.subdbid = (SELECT d.oid FROM pg_catalog.pg_database AS d \
         WHERE d.datname = pg_catalog.current_database())",
    )
    .matching(Names::plain("s.subname"), wish.pattern(), &inquiry.scope)?;
    inquiry.list(&list);
    Ok(())
}

/// Publications a relation is in, by name.
pub(super) fn of_relation(oid: &str, major: u32) -> String {
    let part = published_part(major);
    let by_schema = match major {
        ..=14 => "",
        15.. => {
            "UNION SELECT p.pubname, '' FROM pg_catalog.pg_publication AS p \
             JOIN pg_catalog.pg_publication_namespace AS pn ON pn.pnpubid = p.oid \
             JOIN pg_catalog.pg_class AS c ON c.relnamespace = pn.pnnspid \
             WHERE c.oid = r.oid AND pg_catalog.pg_relation_is_publishable(c.oid)"
        }
    };
    format!(
        "SELECT f.name, f.part\n\
         FROM (SELECT {oid}::pg_catalog.oid AS oid) AS r, LATERAL (\n\
         SELECT p.pubname AS name, {part} AS part FROM pg_catalog.pg_publication AS p \
         JOIN pg_catalog.pg_publication_rel AS pr ON pr.prpubid = p.oid WHERE pr.prrelid = r.oid\n\
         {by_schema}\n\
         UNION SELECT p.pubname, '' FROM pg_catalog.pg_publication AS p \
         WHERE p.puballtables AND pg_catalog.pg_relation_is_publishable(r.oid)) AS f\n\
         ORDER BY 1"
    )
}

impl Inquiry {
    /// Shows the table that was put together.
    pub(super) fn show_gathered(&mut self) {
        self.then(|inquiry| {
            let sheet: Sheet = std::mem::take(&mut inquiry.sheet);
            inquiry.show(sheet);
        });
    }
}
