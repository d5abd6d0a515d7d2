//! Who may do what: privileges of relations, default privileges.

use super::listing::{Listing, Refused, lines};
use super::pattern::Names;
use super::{Inquiry, Wish};

/// What a policy's command is called in one letter; nothing for all commands.
const POLICY: &str = "p.polname \
    || CASE WHEN NOT p.polpermissive THEN ' (RESTRICTIVE)' ELSE '' END \
    || CASE WHEN p.polcmd <> '*' THEN ' (' || p.polcmd::pg_catalog.text || '):' ELSE ':' END \
    || coalesce(E'\\n  (u): ' || pg_catalog.pg_get_expr(p.polqual, p.polrelid), '') \
    || coalesce(E'\\n  (c): ' || pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid), '') \
    || CASE WHEN p.polroles <> '{0}' THEN E'\\n  to: ' || pg_catalog.array_to_string(ARRAY(\
        SELECT r.rolname FROM pg_catalog.pg_roles AS r WHERE r.oid = ANY (p.polroles) ORDER BY 1), ', ') \
    ELSE '' END";

/// `\dp`, `\z`
pub(super) fn of_relations(inquiry: &mut Inquiry, wish: &Wish) -> Result<(), Refused> {
    let mut list = Listing::new(
        "Access privileges",
        "pg_catalog.pg_class AS c\nLEFT JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace",
    );
    let columns = format!(
        "(SELECT pg_catalog.string_agg(a.attname || E':\\n  ' || {}, E'\\n' ORDER BY a.attnum) \
         FROM pg_catalog.pg_attribute AS a \
         WHERE a.attrelid = c.oid AND NOT a.attisdropped AND a.attacl IS NOT NULL)",
        "pg_catalog.array_to_string(a.attacl, E'\\n  ')"
    );
    let policies = format!(
        "(SELECT pg_catalog.string_agg({POLICY}, E'\\n' ORDER BY p.oid) \
         FROM pg_catalog.pg_policy AS p WHERE p.polrelid = c.oid)"
    );
    list.column("Schema", "n.nspname")
        .column("Name", "c.relname")
        .column(
            "Type",
            "CASE c.relkind WHEN 'r' THEN 'table' WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' \
             WHEN 'S' THEN 'sequence' WHEN 'f' THEN 'foreign table' WHEN 'p' THEN 'partitioned table' END",
        )
        .privileges("c.relacl")
        .column("Column privileges", &columns)
        .column("Policies", &policies)
        .only("c.relkind IN ('r', 'v', 'm', 'S', 'f', 'p')");
    // The system's own only for those who name a schema.
    const VISIBLE: &str = "pg_catalog.left(n.nspname, 3) <> 'pg_' AND pg_catalog.pg_table_is_visible(c.oid)";
    let names = Names::in_schema("n.nspname", "c.relname", VISIBLE);
    list.matching(names, wish.pattern(), &inquiry.scope)?
        .order("1, 2");
    inquiry.list(&list);
    Ok(())
}

/// `\ddp`
pub(super) fn defaults(inquiry: &mut Inquiry, wish: &Wish) -> Result<(), Refused> {
    let mut list = Listing::new(
        "Default access privileges",
        "pg_catalog.pg_default_acl AS d\nLEFT JOIN pg_catalog.pg_namespace AS n ON n.oid = d.defaclnamespace",
    );
    list.column("Owner", "pg_catalog.pg_get_userbyid(d.defaclrole)")
        .column("Schema", "n.nspname")
        .column(
            "Type",
            "CASE d.defaclobjtype WHEN 'r' THEN 'table' WHEN 'S' THEN 'sequence' WHEN 'f' THEN 'function' \
             WHEN 'T' THEN 'type' WHEN 'n' THEN 'schema' WHEN 'L' THEN 'large object' END",
        )
        .column("Access privileges", &lines("d.defaclacl"));
    // Schema or owner, whichever fits.
    let names = Names {
        most_parts: 3,
        ..Names::plain("n.nspname").or("pg_catalog.pg_get_userbyid(d.defaclrole)")
    };
    list.matching(names, wish.pattern(), &inquiry.scope)?
        .order("1, 2, 3");
    inquiry.list(&list);
    Ok(())
}
