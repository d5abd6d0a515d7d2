//! Functions, aggregates and operators.

use super::listing::{Listing, Refused};
use super::pattern::Names;
use super::types::common_name;
use super::{Inquiry, Wish};

/// `\df`: letters behind it choose the kinds.
pub(super) fn functions(inquiry: &mut Inquiry, wish: &Wish) -> Result<(), Refused> {
    let mut list = Listing::new(
        "List of functions",
        "pg_catalog.pg_proc AS p\nLEFT JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace",
    );
    list.column("Schema", "n.nspname")
        .column("Name", "p.proname")
        .column("Result data type", "pg_catalog.pg_get_function_result(p.oid)")
        .column(
            "Argument data types",
            "pg_catalog.pg_get_function_arguments(p.oid)",
        )
        .column(
            "Type",
            "CASE p.prokind WHEN 'a' THEN 'agg' WHEN 'w' THEN 'window' WHEN 'p' THEN 'proc' ELSE 'func' END",
        );
    if wish.more {
        let source = match inquiry.scope.major {
            ..=13 => "p.prosrc",
            14.. => "coalesce(pg_catalog.pg_get_function_sqlbody(p.oid), p.prosrc)",
        };
        list.column(
            "Volatility",
            "CASE p.provolatile WHEN 'i' THEN 'immutable' WHEN 's' THEN 'stable' WHEN 'v' THEN 'volatile' END",
        )
        .column(
            "Parallel",
            "CASE p.proparallel WHEN 'r' THEN 'restricted' WHEN 's' THEN 'safe' WHEN 'u' THEN 'unsafe' END",
        )
        .owner("p.proowner")
        .column(
            "Security",
            "CASE WHEN p.prosecdef THEN 'definer' ELSE 'invoker' END",
        )
        .privileges("p.proacl")
        .column("Language", "l.lanname")
        .column("Source code", source)
        .description("p.oid", "pg_proc")
        .join("LEFT JOIN pg_catalog.pg_language AS l ON l.oid = p.prolang");
    }
    argument_types(&mut list, inquiry, wish)?;
    if let Some(kinds) = kinds(wish) {
        list.only(kinds);
    }
    let names = Names::in_schema(
        "n.nspname",
        "p.proname",
        "pg_catalog.pg_function_is_visible(p.oid)",
    );
    list.matching(names, wish.pattern(), &inquiry.scope)?;
    if !wish.system && wish.pattern.is_none() {
        list.no_system("n.nspname");
    }
    list.order("1, 2, 4");
    inquiry.list(&list);
    Ok(())
}

/// The condition for the kinds of functions the letters choose; none for all.
fn kinds(wish: &Wish) -> Option<String> {
    const IS_TRIGGER: &str = "p.prorettype = 'pg_catalog.trigger'::pg_catalog.regtype";
    let chosen: Vec<_> = ['a', 'n', 'p', 't', 'w']
        .into_iter()
        .filter(|letter| wish.letters.contains(*letter))
        .collect();
    if chosen.is_empty() || chosen.len() == 5 {
        return None;
    }
    let conditions: Vec<_> = chosen
        .iter()
        .map(|letter| match letter {
            'a' => "p.prokind = 'a'".to_owned(),
            'p' => "p.prokind = 'p'".to_owned(),
            'w' => "p.prokind = 'w'".to_owned(),
            't' => IS_TRIGGER.to_owned(),
            _ => format!("(p.prokind = 'f' AND NOT {IS_TRIGGER})"),
        })
        .collect();

    Some(format!("({})", conditions.join(" OR ")))
}

/// Arguments behind the name are patterns for the types of the function's; `-` is no argument there.
fn argument_types(list: &mut Listing, inquiry: &Inquiry, wish: &Wish) -> Result<(), Refused> {
    for (idx, argument) in wish.further.iter().enumerate() {
        list.join(&format!(
            "LEFT JOIN pg_catalog.pg_type AS t{idx} ON t{idx}.oid = p.proargtypes[{idx}]"
        ))
        .join(&format!(
            "LEFT JOIN pg_catalog.pg_namespace AS n{idx} ON n{idx}.oid = t{idx}.typnamespace"
        ));
        match_type(list, inquiry, &idx.to_string(), argument)?;
    }
    Ok(())
}

/// Holds the type of alias `t` and `suffix` against a pattern.
fn match_type(list: &mut Listing, inquiry: &Inquiry, suffix: &str, pattern: &str) -> Result<(), Refused> {
    if pattern == "-" {
        list.only(format!("t{suffix}.typname IS NULL"));
        return Ok(());
    }
    let schema = format!("n{suffix}.nspname");
    let name = format!("t{suffix}.typname");
    let formatted = format!("pg_catalog.format_type(t{suffix}.oid, NULL)");
    let visible = format!("pg_catalog.pg_type_is_visible(t{suffix}.oid)");
    let names = Names::in_schema(&schema, &name, &visible).or(&formatted);
    list.matching(names, Some(common_name(pattern)), &inquiry.scope)?;
    Ok(())
}

/// `\da`
pub(super) fn aggregates(inquiry: &mut Inquiry, wish: &Wish) -> Result<(), Refused> {
    let mut list = Listing::new(
        "List of aggregate functions",
        "pg_catalog.pg_proc AS p\nLEFT JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace",
    );
    list.column("Schema", "n.nspname")
        .column("Name", "p.proname")
        .column("Result data type", "pg_catalog.format_type(p.prorettype, NULL)")
        .column(
            "Argument data types",
            "CASE WHEN p.pronargs = 0 THEN '*' ELSE pg_catalog.pg_get_function_arguments(p.oid) END",
        )
        .description("p.oid", "pg_proc")
        .only("p.prokind = 'a'");
    if !wish.system && wish.pattern.is_none() {
        list.no_system("n.nspname");
    }
    let names = Names::in_schema(
        "n.nspname",
        "p.proname",
        "pg_catalog.pg_function_is_visible(p.oid)",
    );
    list.matching(names, wish.pattern(), &inquiry.scope)?
        .order("1, 2, 4");
    inquiry.list(&list);
    Ok(())
}

/// `\do`
pub(super) fn operators(inquiry: &mut Inquiry, wish: &Wish) -> Result<(), Refused> {
    let mut list = Listing::new(
        "List of operators",
        "pg_catalog.pg_operator AS o\nLEFT JOIN pg_catalog.pg_namespace AS n ON n.oid = o.oprnamespace",
    );
    list.column("Schema", "n.nspname")
        .column("Name", "o.oprname")
        .column(
            "Left arg type",
            "CASE WHEN o.oprkind <> 'l' THEN pg_catalog.format_type(o.oprleft, NULL) END",
        )
        .column(
            "Right arg type",
            "CASE WHEN o.oprkind <> 'r' THEN pg_catalog.format_type(o.oprright, NULL) END",
        )
        .column("Result type", "pg_catalog.format_type(o.oprresult, NULL)");
    if wish.more {
        list.column("Function", "o.oprcode");
    }
    list.column(
        "Description",
        "coalesce(pg_catalog.obj_description(o.oid, 'pg_operator'), \
         pg_catalog.obj_description(o.oprcode, 'pg_proc'))",
    );
    // One type is the operand of a prefix operator.
    let operands: &[(&str, &str)] = match wish.further.len() {
        1 => &[("0", "oprright")],
        _ => &[("0", "oprleft"), ("1", "oprright")],
    };
    if wish.further.len() == 1 {
        list.only("o.oprleft = 0");
    }
    for ((suffix, operand), pattern) in operands.iter().zip(&wish.further) {
        list.join(&format!(
            "LEFT JOIN pg_catalog.pg_type AS t{suffix} ON t{suffix}.oid = o.{operand}"
        ))
        .join(&format!(
            "LEFT JOIN pg_catalog.pg_namespace AS n{suffix} ON n{suffix}.oid = t{suffix}.typnamespace"
        ));
        match_type(&mut list, inquiry, suffix, pattern)?;
    }
    if !wish.system && wish.pattern.is_none() {
        list.no_system("n.nspname");
    }
    let names = Names::in_schema(
        "n.nspname",
        "o.oprname",
        "pg_catalog.pg_operator_is_visible(o.oid)",
    );
    list.matching(names.literally(), wish.pattern(), &inquiry.scope)?
        .order("1, 2, 3, 4");
    inquiry.list(&list);
    Ok(())
}
