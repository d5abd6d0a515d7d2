//! Commands the driver has a part in: `\c` and `\e`.

use super::{Arguments, Outcome, bad_argument};
use crate::engine::Engine;

/// `\c [DB]`: another database on the same server. Who connects and where is the record's to say.
pub(super) fn connect(engine: &mut Engine, arguments: &mut Arguments<'_>) -> Outcome {
    let mut words = Vec::new();
    loop {
        match arguments.next() {
            Ok(Some(word)) => words.push(word),
            Ok(None) => break,
            Err(bad) => return bad_argument(engine, &bad),
        }
    }
    let mut words = words.into_iter();
    let database = words.next().filter(|word| word != "-").map(unquoted);
    let is_string = |name: &String| name.contains('=') || name.contains("://");
    if words.any(|word| word != "-") || database.as_ref().is_some_and(is_string) {
        engine.complain(
            "\\connect: another database can be named here, never host, port or user: those are the record's.\r\n",
        );
        if engine.is_interactive() {
            engine.say("Previous connection kept\r\n");
        }
        // Meant for somewhere else, the rest of a script must not run here.
        engine.end_unconnected();
        return Outcome::Failed;
    }
    engine.begin_connecting(database);
    Outcome::Away
}

pub(super) fn edit(engine: &mut Engine, arguments: &mut Arguments<'_>) -> Outcome {
    match arguments.next() {
        Ok(None) if !engine.is_interactive() => {
            engine.complain("\\e needs a terminal.\r\n");
            Outcome::Failed
        }
        Ok(None) => {
            engine.begin_editing();
            Outcome::Away
        }
        Ok(Some(_)) => {
            engine.complain("\\e with a file or a line is not available in this terminal.\r\n");
            Outcome::Failed
        }
        Err(bad) => bad_argument(engine, &bad),
    }
}

/// A name in double quotes without them.
fn unquoted(word: String) -> String {
    match word.strip_prefix('"').and_then(|word| word.strip_suffix('"')) {
        Some(name) => name.replace("\"\"", "\""),
        None => word,
    }
}
