//! Schemas and what is installed in a database: extensions, languages, event triggers, large objects, comments.

use super::listing::{Listing, Refused};
use super::pattern::{Names, quoted};
use super::{Inquiry, Sheet, Wish};

/// `\dn`
pub(super) fn schemas(inquiry: &mut Inquiry, wish: &Wish) -> Result<(), Refused> {
    let mut list = Listing::new("List of schemas", "pg_catalog.pg_namespace AS n");
    list.column("Name", "n.nspname").owner("n.nspowner");
    if wish.more {
        list.privileges("n.nspacl").description("n.oid", "pg_namespace");
    }
    if !wish.system && wish.pattern.is_none() {
        list.only("pg_catalog.left(n.nspname, 3) <> 'pg_'")
            .only("n.nspname <> 'information_schema'");
    }
    list.matching(Names::of_database("n.nspname"), wish.pattern(), &inquiry.scope)?;
    let Some(pattern) = wish.pattern.clone().filter(|_| inquiry.scope.major >= 15) else {
        inquiry.list(&list);
        return Ok(());
    };
    inquiry.ask(list.sql(), move |inquiry, schemas| {
        let publications = format!(
            "SELECT p.pubname\n\
             FROM pg_catalog.pg_publication AS p\n\
             JOIN pg_catalog.pg_publication_namespace AS pn ON pn.pnpubid = p.oid\n\
             JOIN pg_catalog.pg_namespace AS n ON n.oid = pn.pnnspid\n\
             WHERE n.nspname = {}\n\
             ORDER BY 1",
            quoted(&pattern)
        );
        inquiry.ask(publications, move |inquiry, answer| {
            let named = answer.texts().map(|row| format!("    \"{}\"", row.text(0)));
            let footers: Vec<_> = std::iter::once("Publications:".to_owned()).chain(named).collect();
            inquiry.show(Sheet {
                footers: (footers.len() > 1).then_some(footers),
                ..schemas.titled("List of schemas")
            });
        });
    });
    Ok(())
}

/// `\dx`
pub(super) fn extensions(inquiry: &mut Inquiry, wish: &Wish) -> Result<(), Refused> {
    if wish.more {
        return extension_members(inquiry, wish);
    }
    let mut list = Listing::new("List of installed extensions", "pg_catalog.pg_extension AS e");
    list.column("Name", "e.extname")
        .column("Version", "e.extversion")
        .column("Schema", "n.nspname")
        .description("e.oid", "pg_extension")
        .join("LEFT JOIN pg_catalog.pg_namespace AS n ON n.oid = e.extnamespace")
        .matching(Names::plain("e.extname"), wish.pattern(), &inquiry.scope)?;
    inquiry.list(&list);
    Ok(())
}

fn extension_members(inquiry: &mut Inquiry, wish: &Wish) -> Result<(), Refused> {
    let mut list = Listing::new("", "pg_catalog.pg_extension AS e");
    list.column("name", "e.extname").column("oid", "e.oid").matching(
        Names::plain("e.extname"),
        wish.pattern(),
        &inquiry.scope,
    )?;
    let nothing = match wish.pattern() {
        Some(pattern) => format!("Did not find any extension named \"{pattern}\"."),
        None => "Did not find any extensions.".to_owned(),
    };
    inquiry.ask(list.sql(), move |inquiry, answer| {
        if answer.is_empty() {
            return inquiry.fail(nothing);
        }
        for row in answer.texts() {
            let title = format!("Objects in extension \"{}\"", row.text(0));
            let mut members = Listing::new(&title, "pg_catalog.pg_depend AS d");
            members
                .column(
                    "Object description",
                    "pg_catalog.pg_describe_object(d.classid, d.objid, 0)",
                )
                .only("d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass")
                .only(format!("d.refobjid = {}", row.text(1)))
                .only("d.deptype = 'e'");
            inquiry.list(&members);
        }
    });
    Ok(())
}

/// `\dL`
pub(super) fn languages(inquiry: &mut Inquiry, wish: &Wish) -> Result<(), Refused> {
    let mut list = Listing::new("List of languages", "pg_catalog.pg_language AS l");
    list.column("Name", "l.lanname")
        .owner("l.lanowner")
        .column("Trusted", "l.lanpltrusted");
    if wish.more {
        list.column("Internal language", "NOT l.lanispl")
            .column("Call handler", "l.lanplcallfoid::pg_catalog.regprocedure")
            .column("Validator", "l.lanvalidator::pg_catalog.regprocedure")
            .column("Inline handler", "l.laninline::pg_catalog.regprocedure")
            .privileges("l.lanacl");
    }
    list.description("l.oid", "pg_language");
    if !wish.system && wish.pattern.is_none() {
        list.only("l.lanplcallfoid <> 0");
    }
    list.matching(Names::of_database("l.lanname"), wish.pattern(), &inquiry.scope)?;
    inquiry.list(&list);
    Ok(())
}

/// `\dy`
pub(super) fn event_triggers(inquiry: &mut Inquiry, wish: &Wish) -> Result<(), Refused> {
    let mut list = Listing::new("List of event triggers", "pg_catalog.pg_event_trigger AS e");
    list.column("Name", "e.evtname")
        .column("Event", "e.evtevent")
        .owner("e.evtowner")
        .column(
            "Enabled",
            "CASE e.evtenabled WHEN 'O' THEN 'enabled' WHEN 'R' THEN 'replica' WHEN 'A' THEN 'always' \
             WHEN 'D' THEN 'disabled' END",
        )
        .column("Function", "e.evtfoid::pg_catalog.regproc")
        .column("Tags", "pg_catalog.array_to_string(e.evttags, ', ')");
    if wish.more {
        list.description("e.oid", "pg_event_trigger");
    }
    list.matching(Names::plain("e.evtname"), wish.pattern(), &inquiry.scope)?;
    inquiry.list(&list);
    Ok(())
}

/// `\dl`
pub(super) fn large_objects(inquiry: &mut Inquiry, wish: &Wish) -> Result<(), Refused> {
    let mut list = Listing::new("Large objects", "pg_catalog.pg_largeobject_metadata AS l");
    list.column("ID", "l.oid").owner("l.lomowner");
    if wish.more {
        list.privileges("l.lomacl");
    }
    list.description("l.oid", "pg_largeobject");
    inquiry.list(&list);
    Ok(())
}

/// Comments `\dd` shows: heading, catalog, name, schema's oid, joins, what makes one visible.
const COMMENTED: [(&str, &str, &str, &str, &str); 6] = [
    (
        "table constraint",
        "pg_catalog.pg_constraint AS o JOIN pg_catalog.pg_class AS c ON c.oid = o.conrelid \
         JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace",
        "o.conname",
        "pg_constraint",
        "pg_catalog.pg_table_is_visible(c.oid)",
    ),
    (
        "domain constraint",
        "pg_catalog.pg_constraint AS o JOIN pg_catalog.pg_type AS t ON t.oid = o.contypid \
         JOIN pg_catalog.pg_namespace AS n ON n.oid = t.typnamespace",
        "o.conname",
        "pg_constraint",
        "pg_catalog.pg_type_is_visible(t.oid)",
    ),
    (
        "operator class",
        "pg_catalog.pg_opclass AS o JOIN pg_catalog.pg_namespace AS n ON n.oid = o.opcnamespace",
        "o.opcname",
        "pg_opclass",
        "pg_catalog.pg_opclass_is_visible(o.oid)",
    ),
    (
        "operator family",
        "pg_catalog.pg_opfamily AS o JOIN pg_catalog.pg_namespace AS n ON n.oid = o.opfnamespace",
        "o.opfname",
        "pg_opfamily",
        "pg_catalog.pg_opfamily_is_visible(o.oid)",
    ),
    (
        "rule",
        "pg_catalog.pg_rewrite AS o JOIN pg_catalog.pg_class AS c ON c.oid = o.ev_class \
         AND o.rulename <> '_RETURN' JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace",
        "o.rulename",
        "pg_rewrite",
        "pg_catalog.pg_table_is_visible(c.oid)",
    ),
    (
        "trigger",
        "pg_catalog.pg_trigger AS o JOIN pg_catalog.pg_class AS c ON c.oid = o.tgrelid \
         JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace",
        "o.tgname",
        "pg_trigger",
        "pg_catalog.pg_table_is_visible(c.oid)",
    ),
];

/// `\dd`
pub(super) fn comments(inquiry: &mut Inquiry, wish: &Wish) -> Result<(), Refused> {
    let mut kinds = Vec::new();
    for (kind, from, name, catalog, visible) in COMMENTED {
        let mut list = Listing::new("", from);
        list.column("Schema", "n.nspname")
            .column("Name", &format!("{name}::pg_catalog.text"))
            .column("Object", &format!("'{kind}'::pg_catalog.text"))
            .column("Description", "d.description")
            .join(&format!(
                "JOIN pg_catalog.pg_description AS d ON d.objoid = o.oid AND d.objsubid = 0 \
                 AND d.classoid = 'pg_catalog.{catalog}'::pg_catalog.regclass"
            ));
        if !wish.system && wish.pattern.is_none() {
            list.no_system("n.nspname");
        }
        let names = Names::in_schema("n.nspname", name, visible);
        list.matching(names, wish.pattern(), &inquiry.scope)?;
        kinds.push(format!("({})", list.sql()));
    }
    let union = format!("({}) AS found", kinds.join("\nUNION ALL "));
    let mut list = Listing::new("Object descriptions", &union);
    for heading in ["Schema", "Name", "Object", "Description"] {
        list.column(heading, &format!("found.\"{heading}\""));
    }
    list.order("1, 2, 3");
    inquiry.list(&list);
    Ok(())
}
