//! Access methods, operator classes and operator families.

use super::listing::{Listing, Refused};
use super::pattern::Names;
use super::types::common_name;
use super::{Inquiry, Wish};

/// `\dA`
pub(super) fn methods(inquiry: &mut Inquiry, wish: &Wish) -> Result<(), Refused> {
    let mut list = Listing::new("List of access methods", "pg_catalog.pg_am AS m");
    list.column("Name", "m.amname").column(
        "Type",
        "CASE m.amtype WHEN 'i' THEN 'Index' WHEN 't' THEN 'Table' END",
    );
    if wish.more {
        list.column("Handler", "m.amhandler")
            .description("m.oid", "pg_am");
    }
    list.matching(Names::plain("m.amname"), wish.pattern(), &inquiry.scope)?;
    inquiry.list(&list);
    Ok(())
}

/// `\dAc`: classes of an access method for a type.
pub(super) fn classes(inquiry: &mut Inquiry, wish: &Wish) -> Result<(), Refused> {
    let mut list = Listing::new(
        "List of operator classes",
        "pg_catalog.pg_opclass AS o\n\
         JOIN pg_catalog.pg_am AS m ON m.oid = o.opcmethod\n\
         LEFT JOIN pg_catalog.pg_namespace AS n ON n.oid = o.opcnamespace\n\
         LEFT JOIN pg_catalog.pg_type AS t ON t.oid = o.opcintype\n\
         LEFT JOIN pg_catalog.pg_namespace AS tn ON tn.oid = t.typnamespace",
    );
    list.column("AM", "m.amname")
        .column("Input type", "pg_catalog.format_type(o.opcintype, NULL)")
        .column(
            "Storage type",
            "CASE WHEN o.opckeytype NOT IN (0, o.opcintype) THEN pg_catalog.format_type(o.opckeytype, NULL) END",
        )
        .column(
            "Operator class",
            "CASE WHEN pg_catalog.pg_opclass_is_visible(o.oid) THEN pg_catalog.quote_ident(o.opcname) \
             ELSE pg_catalog.format('%I.%I', n.nspname, o.opcname) END",
        )
        .column("Default?", "CASE WHEN o.opcdefault THEN 'yes' ELSE 'no' END");
    if wish.more {
        list.column(
            "Operator family",
            "CASE WHEN pg_catalog.pg_opfamily_is_visible(f.oid) THEN pg_catalog.quote_ident(f.opfname) \
             ELSE pg_catalog.format('%I.%I', fn.nspname, f.opfname) END",
        )
        .owner("o.opcowner")
        .join("LEFT JOIN pg_catalog.pg_opfamily AS f ON f.oid = o.opcfamily")
        .join("LEFT JOIN pg_catalog.pg_namespace AS fn ON fn.oid = f.opfnamespace");
    }
    list.matching(Names::plain("m.amname"), wish.pattern(), &inquiry.scope)?;
    if let Some(kind) = wish.second() {
        let names = Names::in_schema("tn.nspname", "t.typname", "pg_catalog.pg_type_is_visible(t.oid)")
            .or("pg_catalog.format_type(t.oid, NULL)");
        list.matching(names, Some(common_name(kind)), &inquiry.scope)?;
    }
    list.order("1, 2, 4");
    inquiry.list(&list);
    Ok(())
}

/// A family's name, with its schema where that is needed.
const FAMILY: &str = "CASE WHEN pg_catalog.pg_opfamily_is_visible(f.oid) THEN pg_catalog.quote_ident(f.opfname) \
    ELSE pg_catalog.format('%I.%I', fn.nspname, f.opfname) END";

/// `\dAf`: families of an access method that have a class for a type.
pub(super) fn families(inquiry: &mut Inquiry, wish: &Wish) -> Result<(), Refused> {
    let mut list = Listing::new(
        "List of operator families",
        "pg_catalog.pg_opfamily AS f\n\
         JOIN pg_catalog.pg_am AS m ON m.oid = f.opfmethod\n\
         LEFT JOIN pg_catalog.pg_namespace AS fn ON fn.oid = f.opfnamespace",
    );
    list.column("AM", "m.amname")
        .column("Operator family", FAMILY)
        .column(
            "Applicable types",
            "(SELECT pg_catalog.string_agg(pg_catalog.format_type(o.opcintype, NULL), ', ' ORDER BY o.ctid) \
             FROM pg_catalog.pg_opclass AS o WHERE o.opcfamily = f.oid)",
        );
    if wish.more {
        list.owner("f.opfowner");
    }
    list.matching(Names::plain("m.amname"), wish.pattern(), &inquiry.scope)?;
    if let Some(kind) = wish.second() {
        let names = Names::in_schema("tn.nspname", "t.typname", "pg_catalog.pg_type_is_visible(t.oid)")
            .or("pg_catalog.format_type(t.oid, NULL)");
        let mut conditions = vec!["o.opcfamily = f.oid".to_owned()];
        conditions.extend(names.conditions(Some(common_name(kind)), &inquiry.scope)?);
        list.only(format!(
            "EXISTS (SELECT FROM pg_catalog.pg_opclass AS o \
             JOIN pg_catalog.pg_type AS t ON t.oid = o.opcintype \
             JOIN pg_catalog.pg_namespace AS tn ON tn.oid = t.typnamespace WHERE {})",
            conditions.join(" AND ")
        ));
    }
    list.order("1, 2");
    inquiry.list(&list);
    Ok(())
}

/// `\dAo`: operators of families of an access method.
pub(super) fn family_operators(inquiry: &mut Inquiry, wish: &Wish) -> Result<(), Refused> {
    let mut list = Listing::new(
        "List of operators of operator families",
        "pg_catalog.pg_amop AS o\n\
         JOIN pg_catalog.pg_opfamily AS f ON f.oid = o.amopfamily\n\
         JOIN pg_catalog.pg_am AS m ON m.oid = f.opfmethod AND m.oid = o.amopmethod\n\
         LEFT JOIN pg_catalog.pg_namespace AS fn ON fn.oid = f.opfnamespace",
    );
    list.column("AM", "m.amname")
        .column("Operator family", FAMILY)
        .column("Operator", "o.amopopr::pg_catalog.regoperator")
        .column("Strategy", "o.amopstrategy")
        .column(
            "Purpose",
            "CASE o.amoppurpose WHEN 'o' THEN 'ordering' WHEN 's' THEN 'search' END",
        );
    if wish.more {
        list.column("Sort opfamily", "sf.opfname")
            .join("LEFT JOIN pg_catalog.pg_opfamily AS sf ON sf.oid = o.amopsortfamily");
    }
    family_conditions(&mut list, inquiry, wish)?;
    // Operators of one type before those of several.
    list.order(
        "1, 2, o.amoplefttype = o.amoprighttype DESC, pg_catalog.format_type(o.amoplefttype, NULL), \
         pg_catalog.format_type(o.amoprighttype, NULL), o.amopstrategy",
    );
    inquiry.list(&list);
    Ok(())
}

/// `\dAp`: support functions of families of an access method.
pub(super) fn family_functions(inquiry: &mut Inquiry, wish: &Wish) -> Result<(), Refused> {
    let mut list = Listing::new(
        "List of support functions of operator families",
        "pg_catalog.pg_amproc AS a\n\
         JOIN pg_catalog.pg_opfamily AS f ON f.oid = a.amprocfamily\n\
         JOIN pg_catalog.pg_am AS m ON m.oid = f.opfmethod\n\
         LEFT JOIN pg_catalog.pg_namespace AS fn ON fn.oid = f.opfnamespace\n\
         LEFT JOIN pg_catalog.pg_proc AS p ON p.oid = a.amproc",
    );
    let function = match wish.more {
        true => "a.amproc::pg_catalog.oid::pg_catalog.regprocedure::pg_catalog.text",
        false => "p.proname",
    };
    list.column("AM", "m.amname")
        .column("Operator family", FAMILY)
        .column(
            "Registered left type",
            "pg_catalog.format_type(a.amproclefttype, NULL)",
        )
        .column(
            "Registered right type",
            "pg_catalog.format_type(a.amprocrighttype, NULL)",
        )
        .column("Number", "a.amprocnum")
        .column("Function", function);
    family_conditions(&mut list, inquiry, wish)?;
    list.order("1, 2, a.amproclefttype = a.amprocrighttype DESC, 3, 4, 5");
    inquiry.list(&list);
    Ok(())
}

fn family_conditions(list: &mut Listing, inquiry: &Inquiry, wish: &Wish) -> Result<(), Refused> {
    list.matching(Names::plain("m.amname"), wish.pattern(), &inquiry.scope)?;
    if let Some(family) = wish.second() {
        let names = Names::in_schema("fn.nspname", "f.opfname", "");
        list.matching(names, Some(family), &inquiry.scope)?;
    }
    Ok(())
}
