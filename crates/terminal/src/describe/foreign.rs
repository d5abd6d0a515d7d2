//! Foreign data: wrappers, servers, user mappings, tables.

use super::listing::{Listing, Refused, options};
use super::pattern::Names;
use super::{Inquiry, Wish};

/// `\dew`
pub(super) fn wrappers(inquiry: &mut Inquiry, wish: &Wish) -> Result<(), Refused> {
    let mut list = Listing::new(
        "List of foreign-data wrappers",
        "pg_catalog.pg_foreign_data_wrapper AS w",
    );
    list.column("Name", "w.fdwname")
        .owner("w.fdwowner")
        .column("Handler", "w.fdwhandler::pg_catalog.regproc")
        .column("Validator", "w.fdwvalidator::pg_catalog.regproc");
    if wish.more {
        list.privileges("w.fdwacl")
            .column("FDW options", &options("w.fdwoptions"))
            .description("w.oid", "pg_foreign_data_wrapper");
    }
    list.matching(Names::plain("w.fdwname"), wish.pattern(), &inquiry.scope)?;
    inquiry.list(&list);
    Ok(())
}

/// `\des`
pub(super) fn servers(inquiry: &mut Inquiry, wish: &Wish) -> Result<(), Refused> {
    let mut list = Listing::new(
        "List of foreign servers",
        "pg_catalog.pg_foreign_server AS s\n\
         JOIN pg_catalog.pg_foreign_data_wrapper AS w ON w.oid = s.srvfdw",
    );
    list.column("Name", "s.srvname")
        .owner("s.srvowner")
        .column("Foreign-data wrapper", "w.fdwname");
    if wish.more {
        list.privileges("s.srvacl")
            .column("Type", "s.srvtype")
            .column("Version", "s.srvversion")
            .column("FDW options", &options("s.srvoptions"))
            .description("s.oid", "pg_foreign_server");
    }
    list.matching(Names::plain("s.srvname"), wish.pattern(), &inquiry.scope)?;
    inquiry.list(&list);
    Ok(())
}

/// `\deu`
pub(super) fn user_mappings(inquiry: &mut Inquiry, wish: &Wish) -> Result<(), Refused> {
    let mut list = Listing::new("List of user mappings", "pg_catalog.pg_user_mappings AS m");
    list.column("Server", "m.srvname")
        .column("User name", "m.usename");
    if wish.more {
        list.column("FDW options", &options("m.umoptions"));
    }
    let names = Names::plain("m.srvname").or("m.usename");
    list.matching(names, wish.pattern(), &inquiry.scope)?
        .order("1, 2");
    inquiry.list(&list);
    Ok(())
}

/// `\det`
pub(super) fn tables(inquiry: &mut Inquiry, wish: &Wish) -> Result<(), Refused> {
    let mut list = Listing::new(
        "List of foreign tables",
        "pg_catalog.pg_foreign_table AS f\n\
         JOIN pg_catalog.pg_class AS c ON c.oid = f.ftrelid\n\
         JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace\n\
         JOIN pg_catalog.pg_foreign_server AS s ON s.oid = f.ftserver",
    );
    list.column("Schema", "n.nspname")
        .column("Table", "c.relname")
        .column("Server", "s.srvname");
    if wish.more {
        list.column("FDW options", &options("f.ftoptions"))
            .description("c.oid", "pg_class");
    }
    let names = Names::in_schema("n.nspname", "c.relname", "pg_catalog.pg_table_is_visible(c.oid)");
    list.matching(names, wish.pattern(), &inquiry.scope)?
        .order("1, 2");
    inquiry.list(&list);
    Ok(())
}
