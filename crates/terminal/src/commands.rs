//! Backslash commands: those of the engine itself have one entry each in [`list::COMMANDS`].

mod arguments;
mod describe;
mod formatting;
mod list;
mod variables;

use std::fmt::Write as _;

pub(crate) use arguments::Arguments;
use arguments::Bad;

use crate::engine::Engine;
use crate::print::escape::visible;
use list::{COMMANDS, REFUSED};

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

fn verbose_error(engine: &mut Engine, _: &mut Arguments<'_>) -> Outcome {
    let text = engine.last_error();
    engine.say(&text);
    Outcome::Done
}

fn conninfo(engine: &mut Engine, _: &mut Arguments<'_>) -> Outcome {
    let text = engine.connection();
    engine.say(&text);
    Outcome::Done
}
