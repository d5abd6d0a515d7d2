//! The engine's own backslash commands, in the order `\?` lists them.

use super::{
    Arguments, Outcome, connection, conninfo, copy, formatting, go, go_expanded, help, password, print, quit,
    reset, syntax, variables, verbose_error,
};
use crate::engine::Engine;

/// A backslash command.
pub(super) struct Command {
    pub(super) names: &'static [&'static str],
    /// Heading of `\?` it is listed under; commands of one heading stand together.
    pub(super) group: &'static str,
    pub(super) usage: &'static str,
    pub(super) help: &'static str,
    pub(super) run: fn(&mut Engine, &mut Arguments<'_>) -> Outcome,
}

const fn command(
    group: &'static str,
    names: &'static [&'static str],
    usage: &'static str,
    help: &'static str,
    run: fn(&mut Engine, &mut Arguments<'_>) -> Outcome,
) -> Command {
    Command {
        names,
        group,
        usage,
        help,
        run,
    }
}

#[rustfmt::skip]
pub(super) const COMMANDS: &[Command] = &[
    command("General", &["errverbose"], "\\errverbose", "show most recent error message at maximum verbosity", verbose_error),
    command("General", &["g"], "\\g [(OPTIONS)]", "execute query", go),
    command("General", &["gx"], "\\gx [(OPTIONS)]", "as \\g, but forces expanded output mode", go_expanded),
    command("General", &["q", "quit"], "\\q", "quit", quit),
    command("Help", &["?"], "\\?", "show help on backslash commands", help),
    command("Help", &["h", "help"], "\\h [NAME]", "SQL commands: their usual form and PostgreSQL's page, * for all", syntax::syntax),
    command("Query Buffer", &["e", "edit"], "\\e", "edit the query buffer", connection::edit),
    command("Query Buffer", &["p", "print"], "\\p", "show the contents of the query buffer", print),
    command("Query Buffer", &["r", "reset"], "\\r", "reset (clear) the query buffer", reset),
    command("Input/Output", &["copy"], "\\copy ...", "perform SQL COPY with a file that is uploaded or downloaded", copy::copy),
    command("Input/Output", &["echo"], "\\echo [-n] [STRING]", "write string to standard output (-n for no newline)", variables::echo),
    command("Input/Output", &["qecho"], "\\qecho [-n] [STRING]", "same as \\echo here", variables::echo),
    command("Input/Output", &["warn"], "\\warn [-n] [STRING]", "same as \\echo here", variables::warn),
    command("Formatting", &["a"], "\\a", "toggle between unaligned and aligned output mode", formatting::unaligned),
    command("Formatting", &["C"], "\\C [STRING]", "set table title, or unset if none", formatting::title),
    command("Formatting", &["f"], "\\f [STRING]", "show or set field separator for unaligned query output", formatting::field_separator),
    command("Formatting", &["pset"], "\\pset [NAME [VALUE]]", "set table output option, or list all if no parameters", formatting::pset),
    command("Formatting", &["t"], "\\t [on|off]", "show only rows", formatting::tuples_only),
    command("Formatting", &["T"], "\\T [STRING]", "set HTML <table> tag attributes, or unset if none", formatting::table_attributes),
    command("Formatting", &["x"], "\\x [on|off|auto]", "toggle expanded output", formatting::expanded),
    command("Connection", &["c", "connect"], "\\c[onnect] [DBNAME]", "connect to another database", connection::connect),
    command("Connection", &["conninfo"], "\\conninfo", "display information about current connection", conninfo),
    command("Connection", &["password"], "\\password USERNAME", "change the password of another user", password::password),
    command("Operating System", &["timing"], "\\timing [on|off]", "toggle timing of commands", formatting::timing),
    command("Variables", &["set"], "\\set [NAME [VALUE]]", "set internal variable, or list all if no parameters", variables::set),
    command("Variables", &["unset"], "\\unset NAME", "unset (delete) internal variable", variables::unset),
];

/// Commands of psql 15 to 18 that are not here. Some reach for the files, programs or environment of the machine psql
/// runs on: here that would be Postern's.
#[rustfmt::skip]
pub(super) const REFUSED: &[&str] = &[
    "!", "bind", "bind_named", "cd", "close_prepared", "copyright", "crosstabview", "ef", "elif", "else",
    "encoding", "endif", "endpipeline", "ev", "flush", "flushrequest", "gdesc", "getenv", "getresults", "gexec",
    "gset", "H", "html", "i", "if", "include", "include_relative", "ir", "lo_export", "lo_import", "lo_unlink", "o",
    "out", "parse", "prompt", "restrict", "s", "sendpipeline", "setenv", "startpipeline", "syncpipeline",
    "unrestrict", "w", "watch", "write",
];
