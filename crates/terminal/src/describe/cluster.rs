//! What belongs to the whole server: databases, roles, tablespaces, settings.

use super::listing::{Listing, Refused, lines};
use super::pattern::Names;
use super::{Inquiry, Sheet, Wish};

/// `\l`
pub(super) fn databases(inquiry: &mut Inquiry, wish: &Wish) -> Result<(), Refused> {
    let mut list = Listing::new("List of databases", "pg_catalog.pg_database AS d");
    let icu_locale = match inquiry.scope.major {
        ..=14 => "NULL::text",
        15 | 16 => "d.daticulocale",
        17.. => "CASE d.datlocprovider WHEN 'i' THEN d.datlocale END",
    };
    let provider = match inquiry.scope.major {
        ..=14 => "'libc'::text",
        15.. => "CASE d.datlocprovider WHEN 'c' THEN 'libc' WHEN 'i' THEN 'icu' WHEN 'b' THEN 'builtin' END",
    };
    list.column("Name", "d.datname")
        .owner("d.datdba")
        .column("Encoding", "pg_catalog.pg_encoding_to_char(d.encoding)")
        .column("Collate", "d.datcollate")
        .column("Ctype", "d.datctype")
        .column("ICU Locale", icu_locale)
        .column("Locale Provider", provider)
        .privileges("d.datacl");
    if wish.more {
        list.column(
            "Size",
            "CASE WHEN pg_catalog.has_database_privilege(d.oid, 'CONNECT') \
             THEN pg_catalog.pg_size_pretty(pg_catalog.pg_database_size(d.oid)) ELSE 'No Access' END",
        )
        .column("Tablespace", "t.spcname")
        .column(
            "Description",
            "pg_catalog.shobj_description(d.oid, 'pg_database')",
        )
        .join("LEFT JOIN pg_catalog.pg_tablespace AS t ON t.oid = d.dattablespace");
    }
    if wish.pattern.is_some() {
        list.matching(Names::plain("d.datname"), wish.pattern(), &inquiry.scope)?;
    }
    inquiry.list(&list);
    Ok(())
}

/// `\du`, `\dg`
pub(super) fn roles(inquiry: &mut Inquiry, wish: &Wish) -> Result<(), Refused> {
    let mut list = Listing::new("List of roles", "pg_catalog.pg_roles AS r");
    list.column("Role name", "r.rolname")
        .column(
            "Attributes",
            "pg_catalog.concat_ws(E'\\n', \
             nullif(pg_catalog.concat_ws(', ', \
             CASE WHEN r.rolsuper THEN 'Superuser' END, \
             CASE WHEN NOT r.rolinherit THEN 'No inheritance' END, \
             CASE WHEN r.rolcreaterole THEN 'Create role' END, \
             CASE WHEN r.rolcreatedb THEN 'Create DB' END, \
             CASE WHEN NOT r.rolcanlogin THEN 'Cannot login' END, \
             CASE WHEN r.rolreplication THEN 'Replication' END, \
             CASE WHEN r.rolbypassrls THEN 'Bypass RLS' END), ''), \
             CASE WHEN r.rolconnlimit = 0 THEN 'No connections' \
             WHEN r.rolconnlimit = 1 THEN '1 connection' \
             WHEN r.rolconnlimit > 1 THEN r.rolconnlimit || ' connections' END, \
             'Password valid until ' || r.rolvaliduntil)",
        )
        .column(
            "Member of",
            "ARRAY(SELECT DISTINCT g.rolname FROM pg_catalog.pg_auth_members AS m \
             JOIN pg_catalog.pg_roles AS g ON g.oid = m.roleid WHERE m.member = r.oid ORDER BY g.rolname)",
        );
    if wish.more {
        list.column("Description", "pg_catalog.shobj_description(r.oid, 'pg_authid')");
    }
    if !wish.system && wish.pattern.is_none() {
        list.only("pg_catalog.left(r.rolname, 3) <> 'pg_'");
    }
    list.matching(Names::plain("r.rolname"), wish.pattern(), &inquiry.scope)?;
    inquiry.ask(list.sql(), |inquiry, answer| {
        inquiry.show(Sheet {
            footers: Some(Vec::new()),
            ..answer.titled("List of roles")
        });
    });
    Ok(())
}

/// `\db`
pub(super) fn tablespaces(inquiry: &mut Inquiry, wish: &Wish) -> Result<(), Refused> {
    let mut list = Listing::new("List of tablespaces", "pg_catalog.pg_tablespace AS t");
    list.column("Name", "t.spcname")
        .owner("t.spcowner")
        .column("Location", "pg_catalog.pg_tablespace_location(t.oid)");
    if wish.more {
        list.privileges("t.spcacl")
            .column("Options", "t.spcoptions")
            .column(
                "Size",
                "pg_catalog.pg_size_pretty(pg_catalog.pg_tablespace_size(t.oid))",
            )
            .column(
                "Description",
                "pg_catalog.shobj_description(t.oid, 'pg_tablespace')",
            );
    }
    list.matching(Names::plain("t.spcname"), wish.pattern(), &inquiry.scope)?;
    inquiry.list(&list);
    Ok(())
}

/// `\drds`
pub(super) fn role_settings(inquiry: &mut Inquiry, wish: &Wish) -> Result<(), Refused> {
    let mut list = Listing::new("List of settings", "pg_catalog.pg_db_role_setting AS s");
    list.column("Role", "r.rolname")
        .column("Database", "d.datname")
        .column("Settings", &lines("s.setconfig"))
        .join("LEFT JOIN pg_catalog.pg_roles AS r ON r.oid = s.setrole")
        .join("LEFT JOIN pg_catalog.pg_database AS d ON d.oid = s.setdatabase")
        .matching(Names::plain("r.rolname"), wish.pattern(), &inquiry.scope)?
        .matching(Names::plain("d.datname"), wish.second(), &inquiry.scope)?
        .order("1, 2");
    let nothing = match (wish.pattern(), wish.second()) {
        (Some(role), Some(database)) => {
            format!("Did not find any settings for role \"{role}\" and database \"{database}\".")
        }
        (Some(role), None) => format!("Did not find any settings for role \"{role}\"."),
        (None, _) => "Did not find any settings.".to_owned(),
    };
    inquiry.list_or_say(&list, nothing);
    Ok(())
}

/// `\dconfig`
pub(super) fn parameters(inquiry: &mut Inquiry, wish: &Wish) -> Result<(), Refused> {
    let title = match wish.pattern {
        Some(_) => "List of configuration parameters",
        None => "List of non-default configuration parameters",
    };
    let mut list = Listing::new(title, "pg_catalog.pg_settings AS s");
    list.column("Parameter", "s.name")
        .column("Value", "pg_catalog.current_setting(s.name)");
    if wish.more {
        list.column("Type", "s.vartype").column("Context", "s.context");
        if inquiry.scope.major >= 15 {
            list.privileges("p.paracl")
                .join("LEFT JOIN pg_catalog.pg_parameter_acl AS p ON p.parname = pg_catalog.lower(s.name)");
        }
    }
    match wish.pattern() {
        Some(pattern) => {
            // A dot is part of the name of an extension's parameter.
            let names = Names::plain("pg_catalog.lower(s.name)").with_dots();
            list.matching(names, Some(pattern), &inquiry.scope)?;
        }
        None => {
            list.only("s.source <> 'default'")
                .only("s.setting IS DISTINCT FROM s.boot_val");
        }
    }
    inquiry.list(&list);
    Ok(())
}
