//! Backslash commands: those of the engine itself have one entry each in [`list::COMMANDS`].

mod arguments;
mod connection;
mod copy;
mod describe;
mod formatting;
mod list;
mod password;
mod syntax;
mod variables;

use std::fmt::Write as _;

pub(crate) use arguments::Arguments;
use arguments::Bad;

use crate::engine::Engine;
use crate::print::escape::visible;
use crate::print::options::{Expanded, Options};
use crate::print::settings;
use list::{COMMANDS, REFUSED};

/// What a script must not go on without.
const CONDITIONALS: [&str; 4] = ["if", "elif", "else", "endif"];

/// What a command wants to happen next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The line goes on.
    Done,
    /// The query buffer is to be run.
    Send,
    Quit,
    /// The driver does something first; the rest of the line is dropped.
    Away,
    /// The rest of the line is dropped.
    Failed,
}

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
    if matches!(outcome, Outcome::Failed | Outcome::Away) {
        *at = line.len();
        return outcome;
    }
    while let Ok(Some(extra)) = arguments.next() {
        let extra = visible(extra.as_bytes());
        engine.warn(&format!("\\{name}: extra argument \"{extra}\" ignored\r\n"));
    }
    *at = line.len() - arguments.finish();
    outcome
}

fn refuse(engine: &mut Engine, name: &str) -> Outcome {
    let shown = visible(name.as_bytes());
    if name.starts_with('!') {
        engine.complain("\\! is not available in this terminal.\r\n");
    } else if CONDITIONALS.contains(&name) && !engine.is_interactive() {
        engine.complain(&format!(
            "\\{shown} is not available: what it leaves out would run. Nothing more of this script does.\r\n"
        ));
        engine.end_script();
    } else if REFUSED.contains(&name) {
        engine.complain(&format!("\\{shown} is not available in this terminal.\r\n"));
    } else {
        engine.complain(&format!("invalid command \\{shown}\r\n"));
        if engine.is_interactive() {
            engine.say("Try \\? for help.\r\n");
        }
    }
    Outcome::Failed
}

fn bad_argument(engine: &mut Engine, bad: &Bad) -> Outcome {
    engine.complain(&format!("{bad}\r\n"));
    Outcome::Failed
}

fn go(engine: &mut Engine, arguments: &mut Arguments<'_>) -> Outcome {
    let options = engine.print_options().clone();
    go_with(engine, arguments, "g", options)
}

fn go_expanded(engine: &mut Engine, arguments: &mut Arguments<'_>) -> Outcome {
    let options = Options {
        expanded: Expanded::On,
        ..engine.print_options().clone()
    };
    go_with(engine, arguments, "gx", options)
}

/// Runs the query buffer with these options, changed by those in parentheses.
fn go_with(engine: &mut Engine, arguments: &mut Arguments<'_>, name: &str, mut options: Options) -> Outcome {
    let outcome = match arguments.next() {
        Ok(None) => Ok(()),
        Ok(Some(first)) => match first.strip_prefix('(') {
            Some(first) => read_options(arguments, first.to_owned(), name, &mut options),
            None => Err(format!(
                "\\{name} with a file or a program is not available in this terminal."
            )),
        },
        Err(bad) => return bad_argument(engine, &bad),
    };
    if let Err(message) = outcome {
        let message = visible(message.as_bytes());
        engine.complain(&format!("{message}\r\n"));
        return Outcome::Failed;
    }
    engine.print_next_with(options);
    engine.recall_previous();
    Outcome::Send
}

/// Reads `name=value ...)`; the first of them was read already.
fn read_options(
    arguments: &mut Arguments<'_>,
    first: String,
    command: &str,
    options: &mut Options,
) -> Result<(), String> {
    let mut word = first;
    loop {
        let (text, is_last) = match word.strip_suffix(')') {
            Some(text) => (text, true),
            None => (word.as_str(), false),
        };
        let (name, value) = match text.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (text, None),
        };
        if !name.is_empty() {
            settings::set(options, name, value)?;
        }
        if is_last {
            return Ok(());
        }
        word = match arguments.next() {
            Ok(Some(word)) => word,
            Ok(None) => return Err(format!("\\{command}: missing right parenthesis")),
            Err(bad) => return Err(bad.to_string()),
        };
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
    text.push_str("\r\nInformational (S: system objects too, +: more of each)\r\n");
    for (usage, help) in describe::HELP {
        let _ = write!(text, "  {usage:<22} {help}\r\n");
    }
    engine.say(&text);
    Outcome::Done
}

fn print(engine: &mut Engine, _: &mut Arguments<'_>) -> Outcome {
    let text = match engine.query_buffer() {
        "" => "Query buffer is empty.".to_owned(),
        text => text.to_owned(),
    };
    engine.say_verbatim(&format!("{text}\n"));
    Outcome::Done
}

fn reset(engine: &mut Engine, _: &mut Arguments<'_>) -> Outcome {
    engine.reset_query_buffer();
    engine.say("Query buffer reset (cleared).\r\n");
    Outcome::Done
}

fn verbose_error(engine: &mut Engine, _: &mut Arguments<'_>) -> Outcome {
    match engine.last_error() {
        Some(text) => engine.complain(&text),
        None => engine.say("There is no previous error.\r\n"),
    }
    Outcome::Done
}

fn conninfo(engine: &mut Engine, _: &mut Arguments<'_>) -> Outcome {
    let text = engine.connection();
    engine.say(&text);
    Outcome::Done
}
