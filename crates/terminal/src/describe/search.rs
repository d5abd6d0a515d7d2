//! Text search: configurations, dictionaries, parsers, templates.

use super::listing::{Listing, Refused};
use super::pattern::Names;
use super::{Inquiry, Sheet, Wish};

/// `\dF`
pub(super) fn configurations(inquiry: &mut Inquiry, wish: &Wish) -> Result<(), Refused> {
    let names = Names::in_schema(
        "n.nspname",
        "c.cfgname",
        "pg_catalog.pg_ts_config_is_visible(c.oid)",
    );
    let from =
        "pg_catalog.pg_ts_config AS c\nLEFT JOIN pg_catalog.pg_namespace AS n ON n.oid = c.cfgnamespace";
    let mut list = Listing::new("List of text search configurations", from);
    list.column("Schema", "n.nspname")
        .column("Name", "c.cfgname")
        .matching(names, wish.pattern(), &inquiry.scope)?
        .order("1, 2");
    if !wish.more {
        list.description("c.oid", "pg_ts_config");
        inquiry.list(&list);
        return Ok(());
    }
    list.column("oid", "c.oid")
        .column("parser", "p.prsname")
        .column("parser_schema", "np.nspname")
        .join("JOIN pg_catalog.pg_ts_parser AS p ON p.oid = c.cfgparser")
        .join("LEFT JOIN pg_catalog.pg_namespace AS np ON np.oid = p.prsnamespace");
    let nothing = none("configuration", wish);
    inquiry.ask(list.sql(), move |inquiry, answer| {
        if answer.is_empty() {
            return inquiry.fail(nothing);
        }
        for row in answer.texts() {
            let parser = qualified(&row.text(4), &row.text(3));
            let title = format!(
                "Text search configuration \"{}\"\nParser: \"{parser}\"",
                qualified(&row.text(0), &row.text(1))
            );
            let oid = row.text(2);
            let mut tokens = Listing::new(
                &title,
                &format!(
                    "pg_catalog.pg_ts_config AS c,\n\
                     LATERAL pg_catalog.ts_token_type(c.cfgparser) AS t,\n\
                     LATERAL (SELECT pg_catalog.string_agg(\
                     m.mapdict::pg_catalog.regdictionary::pg_catalog.text, ',' ORDER BY m.mapseqno) AS dictionaries \
                     FROM pg_catalog.pg_ts_config_map AS m \
                     WHERE m.mapcfg = {oid} AND m.maptokentype = t.tokid) AS d"
                ),
            );
            tokens
                .column("Token", "t.alias")
                .column("Dictionaries", "d.dictionaries")
                .only(format!("c.oid = {oid}"))
                .only("d.dictionaries IS NOT NULL");
            inquiry.list_without_count(&tokens);
        }
    });
    Ok(())
}

/// `\dFd`
pub(super) fn dictionaries(inquiry: &mut Inquiry, wish: &Wish) -> Result<(), Refused> {
    let mut list = Listing::new(
        "List of text search dictionaries",
        "pg_catalog.pg_ts_dict AS d\nLEFT JOIN pg_catalog.pg_namespace AS n ON n.oid = d.dictnamespace",
    );
    list.column("Schema", "n.nspname").column("Name", "d.dictname");
    if wish.more {
        list.column("Template", "coalesce(nt.nspname, '(null)') || '.' || t.tmplname")
            .column("Init options", "d.dictinitoption")
            .join("LEFT JOIN pg_catalog.pg_ts_template AS t ON t.oid = d.dicttemplate")
            .join("LEFT JOIN pg_catalog.pg_namespace AS nt ON nt.oid = t.tmplnamespace");
    }
    let names = Names::in_schema(
        "n.nspname",
        "d.dictname",
        "pg_catalog.pg_ts_dict_is_visible(d.oid)",
    );
    list.description("d.oid", "pg_ts_dict")
        .matching(names, wish.pattern(), &inquiry.scope)?
        .order("1, 2");
    inquiry.list(&list);
    Ok(())
}

/// Methods of a parser: name and column of `pg_ts_parser`.
const METHODS: [(&str, &str); 5] = [
    ("Start parse", "prsstart"),
    ("Get next token", "prstoken"),
    ("End parse", "prsend"),
    ("Get headline", "prsheadline"),
    ("Get token types", "prslextype"),
];

/// `\dFp`
pub(super) fn parsers(inquiry: &mut Inquiry, wish: &Wish) -> Result<(), Refused> {
    let names = Names::in_schema(
        "n.nspname",
        "p.prsname",
        "pg_catalog.pg_ts_parser_is_visible(p.oid)",
    );
    let mut list = Listing::new(
        "List of text search parsers",
        "pg_catalog.pg_ts_parser AS p\nLEFT JOIN pg_catalog.pg_namespace AS n ON n.oid = p.prsnamespace",
    );
    list.column("Schema", "n.nspname")
        .column("Name", "p.prsname")
        .matching(names, wish.pattern(), &inquiry.scope)?
        .order("1, 2");
    if !wish.more {
        list.description("p.oid", "pg_ts_parser");
        inquiry.list(&list);
        return Ok(());
    }
    list.column("oid", "p.oid");
    let nothing = none("parser", wish);
    inquiry.ask(list.sql(), move |inquiry, answer| {
        if answer.is_empty() {
            return inquiry.fail(nothing);
        }
        for row in answer.texts() {
            parser(inquiry, &qualified(&row.text(0), &row.text(1)), &row.text(2));
        }
    });
    Ok(())
}

fn parser(inquiry: &mut Inquiry, name: &str, oid: &str) {
    let rows: Vec<_> = METHODS
        .iter()
        .enumerate()
        .map(|(idx, (method, column))| format!("({idx}, '{method}', p.{column})"))
        .collect();
    let from = format!(
        "pg_catalog.pg_ts_parser AS p,\nLATERAL (VALUES {}) AS f (place, method, function)",
        rows.join(", ")
    );
    let mut methods = Listing::new(&format!("Text search parser \"{name}\""), &from);
    methods
        .column("Method", "f.method")
        .column("Function", "f.function::pg_catalog.regproc")
        .column(
            "Description",
            "pg_catalog.obj_description(f.function::pg_catalog.oid, 'pg_proc')",
        )
        .only(format!("p.oid = {oid}"))
        .order("f.place");
    inquiry.list_without_count(&methods);

    let title = format!("Token types for parser \"{name}\"");
    let mut tokens = Listing::new(&title, &format!("pg_catalog.ts_token_type({oid}) AS t"));
    tokens
        .column("Token name", "t.alias")
        .column("Description", "t.description");
    inquiry.ask(tokens.sql(), move |inquiry, answer| {
        inquiry.show(Sheet {
            always_counted: true,
            ..answer.titled(&title)
        });
    });
}

/// `\dFt`
pub(super) fn templates(inquiry: &mut Inquiry, wish: &Wish) -> Result<(), Refused> {
    let mut list = Listing::new(
        "List of text search templates",
        "pg_catalog.pg_ts_template AS t\nLEFT JOIN pg_catalog.pg_namespace AS n ON n.oid = t.tmplnamespace",
    );
    list.column("Schema", "n.nspname").column("Name", "t.tmplname");
    if wish.more {
        list.column("Init", "t.tmplinit::pg_catalog.regproc")
            .column("Lexize", "t.tmpllexize::pg_catalog.regproc");
    }
    let names = Names::in_schema(
        "n.nspname",
        "t.tmplname",
        "pg_catalog.pg_ts_template_is_visible(t.oid)",
    );
    list.description("t.oid", "pg_ts_template")
        .matching(names, wish.pattern(), &inquiry.scope)?
        .order("1, 2");
    inquiry.list(&list);
    Ok(())
}

fn qualified(schema: &str, name: &str) -> String {
    match schema {
        "" => name.to_owned(),
        _ => format!("{schema}.{name}"),
    }
}

fn none(what: &str, wish: &Wish) -> String {
    match wish.pattern() {
        Some(pattern) => format!("Did not find any text search {what} named \"{pattern}\"."),
        None => format!("Did not find any text search {what}s."),
    }
}
