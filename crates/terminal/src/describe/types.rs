//! Types, domains, casts, conversions, collations.

use super::listing::{Listing, Refused};
use super::pattern::Names;
use super::{Inquiry, Wish};

/// The name `format_type` has for a type people call differently.
pub(super) fn common_name(pattern: &str) -> &str {
    match pattern {
        "decimal" => "numeric",
        "float" => "double precision",
        "int" => "integer",
        "bool[]" => "boolean[]",
        "decimal[]" => "numeric[]",
        "float[]" | "float8[]" => "double precision[]",
        "float4[]" => "real[]",
        "int[]" | "int4[]" => "integer[]",
        "int2[]" => "smallint[]",
        "int8[]" => "bigint[]",
        "time[]" => "time without time zone[]",
        "timetz[]" => "time with time zone[]",
        "timestamp[]" => "timestamp without time zone[]",
        "timestamptz[]" => "timestamp with time zone[]",
        "varbit[]" => "bit varying[]",
        "varchar[]" => "character varying[]",
        other => other,
    }
}

/// `\dT`
pub(super) fn types(inquiry: &mut Inquiry, wish: &Wish) -> Result<(), Refused> {
    let mut list = Listing::new(
        "List of data types",
        "pg_catalog.pg_type AS t\nLEFT JOIN pg_catalog.pg_namespace AS n ON n.oid = t.typnamespace",
    );
    list.column("Schema", "n.nspname")
        .column("Name", "pg_catalog.format_type(t.oid, NULL)");
    if wish.more {
        list.column("Internal name", "t.typname")
            .column(
                "Size",
                "CASE WHEN t.typrelid <> 0 THEN 'tuple' WHEN t.typlen < 0 THEN 'var' \
                 ELSE t.typlen::pg_catalog.text END",
            )
            .column(
                "Elements",
                "(SELECT pg_catalog.string_agg(e.enumlabel, E'\\n' ORDER BY e.enumsortorder) \
                 FROM pg_catalog.pg_enum AS e WHERE e.enumtypid = t.oid)",
            )
            .owner("t.typowner")
            .privileges("t.typacl");
    }
    list.description("t.oid", "pg_type").only(
        "(t.typrelid = 0 OR EXISTS (SELECT FROM pg_catalog.pg_class AS c \
         WHERE c.oid = t.typrelid AND c.relkind = 'c'))",
    );
    // Types of arrays only for those who ask for arrays.
    if !wish.pattern().is_some_and(|pattern| pattern.contains("[]")) {
        list.only(
            "NOT EXISTS (SELECT FROM pg_catalog.pg_type AS e WHERE e.oid = t.typelem AND e.typarray = t.oid)",
        );
    }
    if !wish.system && wish.pattern.is_none() {
        list.no_system("n.nspname");
    }
    let names = Names::in_schema("n.nspname", "t.typname", "pg_catalog.pg_type_is_visible(t.oid)")
        .or("pg_catalog.format_type(t.oid, NULL)");
    list.matching(names, wish.pattern().map(common_name), &inquiry.scope)?
        .order("1, 2");
    inquiry.list(&list);
    Ok(())
}

/// `\dD`
pub(super) fn domains(inquiry: &mut Inquiry, wish: &Wish) -> Result<(), Refused> {
    let mut list = Listing::new(
        "List of domains",
        "pg_catalog.pg_type AS t\nLEFT JOIN pg_catalog.pg_namespace AS n ON n.oid = t.typnamespace",
    );
    list.column("Schema", "n.nspname")
        .column("Name", "t.typname")
        .column("Type", "pg_catalog.format_type(t.typbasetype, t.typtypmod)")
        .column(
            "Collation",
            "(SELECT c.collname FROM pg_catalog.pg_collation AS c, pg_catalog.pg_type AS b \
             WHERE c.oid = t.typcollation AND b.oid = t.typbasetype AND t.typcollation <> b.typcollation)",
        )
        .column("Nullable", "CASE WHEN t.typnotnull THEN 'not null' END")
        .column("Default", "t.typdefault")
        .column(
            "Check",
            "(SELECT pg_catalog.string_agg(pg_catalog.pg_get_constraintdef(k.oid, true), ' ' ORDER BY k.oid) \
             FROM pg_catalog.pg_constraint AS k WHERE k.contypid = t.oid AND k.contype = 'c')",
        );
    if wish.more {
        list.privileges("t.typacl").description("t.oid", "pg_type");
    }
    list.only("t.typtype = 'd'");
    if !wish.system && wish.pattern.is_none() {
        list.no_system("n.nspname");
    }
    let names = Names::in_schema("n.nspname", "t.typname", "pg_catalog.pg_type_is_visible(t.oid)");
    list.matching(names, wish.pattern(), &inquiry.scope)?
        .order("1, 2");
    inquiry.list(&list);
    Ok(())
}

/// `\dc`
pub(super) fn conversions(inquiry: &mut Inquiry, wish: &Wish) -> Result<(), Refused> {
    let mut list = Listing::new(
        "List of conversions",
        "pg_catalog.pg_conversion AS c\nJOIN pg_catalog.pg_namespace AS n ON n.oid = c.connamespace",
    );
    list.column("Schema", "n.nspname")
        .column("Name", "c.conname")
        .column("Source", "pg_catalog.pg_encoding_to_char(c.conforencoding)")
        .column("Destination", "pg_catalog.pg_encoding_to_char(c.contoencoding)")
        .column("Default?", "CASE WHEN c.condefault THEN 'yes' ELSE 'no' END");
    if wish.more {
        list.description("c.oid", "pg_conversion");
    }
    if !wish.system && wish.pattern.is_none() {
        list.no_system("n.nspname");
    }
    let names = Names::in_schema(
        "n.nspname",
        "c.conname",
        "pg_catalog.pg_conversion_is_visible(c.oid)",
    );
    list.matching(names, wish.pattern(), &inquiry.scope)?
        .order("1, 2");
    inquiry.list(&list);
    Ok(())
}

/// `\dC`: the pattern may fit either type.
pub(super) fn casts(inquiry: &mut Inquiry, wish: &Wish) -> Result<(), Refused> {
    let mut list = Listing::new(
        "List of casts",
        "pg_catalog.pg_cast AS c\n\
         LEFT JOIN pg_catalog.pg_proc AS p ON p.oid = c.castfunc\n\
         LEFT JOIN pg_catalog.pg_type AS s ON s.oid = c.castsource\n\
         LEFT JOIN pg_catalog.pg_namespace AS sn ON sn.oid = s.typnamespace\n\
         LEFT JOIN pg_catalog.pg_type AS t ON t.oid = c.casttarget\n\
         LEFT JOIN pg_catalog.pg_namespace AS tn ON tn.oid = t.typnamespace",
    );
    list.column("Source type", "pg_catalog.format_type(c.castsource, NULL)")
        .column("Target type", "pg_catalog.format_type(c.casttarget, NULL)")
        .column(
            "Function",
            "CASE c.castmethod WHEN 'b' THEN '(binary coercible)' WHEN 'i' THEN '(with inout)' ELSE p.proname END",
        )
        .column(
            "Implicit?",
            "CASE c.castcontext WHEN 'e' THEN 'no' WHEN 'a' THEN 'in assignment' ELSE 'yes' END",
        );
    if wish.more {
        list.description("c.oid", "pg_cast");
    }
    let pattern = wish.pattern().map(common_name);
    let mut sides = Vec::new();
    for (schema, name, formatted, visible) in [
        (
            "sn.nspname",
            "s.typname",
            "pg_catalog.format_type(s.oid, NULL)",
            "pg_catalog.pg_type_is_visible(s.oid)",
        ),
        (
            "tn.nspname",
            "t.typname",
            "pg_catalog.format_type(t.oid, NULL)",
            "pg_catalog.pg_type_is_visible(t.oid)",
        ),
    ] {
        let names = Names::in_schema(schema, name, visible).or(formatted);
        let conditions = names.conditions(pattern, &inquiry.scope)?;
        let side = match conditions.is_empty() {
            true => "true".to_owned(),
            false => conditions.join(" AND "),
        };
        sides.push(format!("({side})"));
    }
    list.only(format!("({})", sides.join(" OR "))).order("1, 2");
    inquiry.list(&list);
    Ok(())
}

/// `\dO`
pub(super) fn collations(inquiry: &mut Inquiry, wish: &Wish) -> Result<(), Refused> {
    let mut list = Listing::new(
        "List of collations",
        "pg_catalog.pg_collation AS c\nJOIN pg_catalog.pg_namespace AS n ON n.oid = c.collnamespace",
    );
    let icu_locale = match inquiry.scope.major {
        ..=14 => "c.collcollate",
        15 | 16 => "c.colliculocale",
        17.. => "CASE c.collprovider WHEN 'i' THEN c.colllocale END",
    };
    list.column("Schema", "n.nspname")
        .column("Name", "c.collname")
        .column("Collate", "c.collcollate")
        .column("Ctype", "c.collctype")
        .column("ICU Locale", icu_locale)
        .column(
            "Provider",
            "CASE c.collprovider WHEN 'd' THEN 'default' WHEN 'c' THEN 'libc' WHEN 'i' THEN 'icu' \
             WHEN 'b' THEN 'builtin' END",
        )
        .column(
            "Deterministic?",
            "CASE WHEN c.collisdeterministic THEN 'yes' ELSE 'no' END",
        );
    if wish.more {
        list.description("c.oid", "pg_collation");
    }
    if !wish.system && wish.pattern.is_none() {
        list.no_system("n.nspname");
    }
    // Collations of other encodings do not exist for this database.
    list.only("c.collencoding IN (-1, pg_catalog.pg_char_to_encoding(pg_catalog.getdatabaseencoding()))");
    let names = Names::in_schema(
        "n.nspname",
        "c.collname",
        "pg_catalog.pg_collation_is_visible(c.oid)",
    );
    list.matching(names, wish.pattern(), &inquiry.scope)?
        .order("1, 2");
    inquiry.list(&list);
    Ok(())
}

/// `\dX`
pub(super) fn statistics(inquiry: &mut Inquiry, wish: &Wish) -> Result<(), Refused> {
    let mut list = Listing::new("List of extended statistics", "pg_catalog.pg_statistic_ext AS s");
    let columns = match inquiry.scope.major {
        ..=13 => {
            "(SELECT pg_catalog.string_agg(pg_catalog.quote_ident(a.attname), ', ') \
             FROM pg_catalog.unnest(s.stxkeys) AS k \
             JOIN pg_catalog.pg_attribute AS a ON a.attrelid = s.stxrelid AND a.attnum = k)"
        }
        14.. => "pg_catalog.pg_get_statisticsobjdef_columns(s.oid)",
    };
    list.column(
        "Schema",
        "s.stxnamespace::pg_catalog.regnamespace::pg_catalog.text",
    )
    .column("Name", "s.stxname")
    .column(
        "Definition",
        &format!("pg_catalog.format('%s FROM %s', {columns}, s.stxrelid::pg_catalog.regclass)"),
    );
    let kinds: &[_] = match inquiry.scope.major {
        ..=11 => &[("Ndistinct", 'd'), ("Dependencies", 'f')],
        12.. => &[("Ndistinct", 'd'), ("Dependencies", 'f'), ("MCV", 'm')],
    };
    for (heading, kind) in kinds {
        list.column(
            heading,
            &format!("CASE WHEN '{kind}' = ANY (s.stxkind) THEN 'defined' END"),
        );
    }
    let names = Names::in_schema(
        "s.stxnamespace::pg_catalog.regnamespace::pg_catalog.text",
        "s.stxname",
        "pg_catalog.pg_statistics_obj_is_visible(s.oid)",
    );
    list.matching(names, wish.pattern(), &inquiry.scope)?
        .order("1, 2");
    inquiry.list(&list);
    Ok(())
}
