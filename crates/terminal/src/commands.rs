//! Backslash commands: one entry each in [`COMMANDS`].

mod arguments;
mod describe;

use std::fmt::Write as _;

pub(crate) use arguments::Arguments;
use arguments::Bad;

use crate::engine::Engine;
use crate::print::escape::visible;

/// What a command wants to happen next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The line goes on.
    Done,
    /// The query buffer is to be run.
    Send,
    Quit,
    /// The rest of the line is dropped.
    Failed,
}

/// A backslash command.
struct Command {
    names: &'static [&'static str],
    /// Heading of `\?` it is listed under; commands of one heading stand together.
    group: &'static str,
    usage: &'static str,
    help: &'static str,
    run: fn(&mut Engine, &mut Arguments<'_>) -> Outcome,
}

const COMMANDS: &[Command] = &[
    Command {
        names: &["g"],
        group: "General",
        usage: "\\g",
        help: "execute query",
        run: go,
    },
    Command {
        names: &["q", "quit"],
        group: "General",
        usage: "\\q",
        help: "quit",
        run: quit,
    },
    Command {
        names: &["?"],
        group: "Help",
        usage: "\\?",
        help: "show help on backslash commands",
        run: help,
    },
    Command {
        names: &["p", "print"],
        group: "Query Buffer",
        usage: "\\p",
        help: "show the contents of the query buffer",
        run: print,
    },
    Command {
        names: &["r", "reset"],
        group: "Query Buffer",
        usage: "\\r",
        help: "reset (clear) the query buffer",
        run: reset,
    },
    Command {
        names: &["echo"],
        group: "Input/Output",
        usage: "\\echo [-n] [STRING]",
        help: "write string to standard output (-n for no newline)",
        run: echo,
    },
    Command {
        names: &["conninfo"],
        group: "Connection",
        usage: "\\conninfo",
        help: "display information about current connection",
        run: conninfo,
    },
];

/// Commands of psql that reach for the files, programs or environment of the machine psql runs on: here that
/// would be Postern's.
const REFUSED: &[&str] = &[
    "!",
    "cd",
    "i",
    "include",
    "include_relative",
    "ir",
    "o",
    "out",
    "setenv",
    "w",
    "write",
];

/// Runs the command whose name begins at byte `at` of `line`; moves `at` behind it and its arguments.
pub(crate) fn run(engine: &mut Engine, line: &str, at: &mut usize) -> Outcome {
    let mut arguments = Arguments::new(line.get(*at..).unwrap_or_default(), engine.variables());
    let name = arguments.name();
    let outcome = match COMMANDS.iter().find(|command| command.names.contains(&name)) {
        Some(command) => (command.run)(engine, &mut arguments),
        None => match describe::run(engine, name, &mut arguments) {
            Some(outcome) => outcome,
            None => refuse(engine, name),
        },
    };
    if outcome == Outcome::Failed {
        *at = line.len();
        return outcome;
    }
    while let Ok(Some(extra)) = arguments.next() {
        let extra = visible(extra.as_bytes());
        engine.say(&format!("\\{name}: extra argument \"{extra}\" ignored\r\n"));
    }
    *at = line.len() - arguments.finish();
    outcome
}

fn refuse(engine: &mut Engine, name: &str) -> Outcome {
    let shown = visible(name.as_bytes());
    if name.starts_with('!') {
        engine.say("\\! is not available in this terminal.\r\n");
    } else if REFUSED.contains(&name) {
        engine.say(&format!("\\{shown} is not available in this terminal.\r\n"));
    } else {
        engine.say(&format!("invalid command \\{shown}\r\nTry \\? for help.\r\n"));
    }
    Outcome::Failed
}

fn bad_argument(engine: &mut Engine, bad: &Bad) -> Outcome {
    engine.say(&format!("{bad}\r\n"));
    Outcome::Failed
}

fn go(engine: &mut Engine, arguments: &mut Arguments<'_>) -> Outcome {
    match arguments.next() {
        Ok(None) => {
            engine.recall_previous();
            Outcome::Send
        }
        Ok(Some(_)) => {
            engine.say("\\g with a file, a program or options is not available in this terminal.\r\n");
            Outcome::Failed
        }
        Err(bad) => bad_argument(engine, &bad),
    }
}

fn quit(_: &mut Engine, _: &mut Arguments<'_>) -> Outcome {
    Outcome::Quit
}

fn help(engine: &mut Engine, _: &mut Arguments<'_>) -> Outcome {
    let mut text = String::new();
    let mut group = "";
    for command in COMMANDS {
        if command.group != group {
            let gap = if group.is_empty() { "" } else { "\r\n" };
            group = command.group;
            let _ = write!(text, "{gap}{group}\r\n");
        }
        let _ = write!(text, "  {:<22} {}\r\n", command.usage, command.help);
    }
    engine.say(&text);
    Outcome::Done
}

fn print(engine: &mut Engine, _: &mut Arguments<'_>) -> Outcome {
    let text = match engine.query_buffer() {
        "" => "Query buffer is empty.".to_owned(),
        text => visible(text.as_bytes()),
    };
    engine.say(&format!("{text}\r\n"));
    Outcome::Done
}

fn reset(engine: &mut Engine, _: &mut Arguments<'_>) -> Outcome {
    engine.reset_query_buffer();
    engine.say("Query buffer reset (cleared).\r\n");
    Outcome::Done
}

fn echo(engine: &mut Engine, arguments: &mut Arguments<'_>) -> Outcome {
    let mut words = Vec::new();
    loop {
        match arguments.next() {
            Ok(Some(word)) => words.push(word),
            Ok(None) => break,
            Err(bad) => return bad_argument(engine, &bad),
        }
    }
    let newline = words.first().is_none_or(|word| word != "-n");
    if !newline {
        words.remove(0);
    }
    engine.say(&visible(words.join(" ").as_bytes()));
    if newline {
        engine.say("\r\n");
    }
    Outcome::Done
}

fn conninfo(engine: &mut Engine, _: &mut Arguments<'_>) -> Outcome {
    let text = engine.connection();
    engine.say(&text);
    Outcome::Done
}
