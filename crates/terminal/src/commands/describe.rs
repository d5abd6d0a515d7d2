//! `\d` and its relatives: names and arguments; what they do is in [`crate::describe`].

use super::{Arguments, Bad, Outcome, bad_argument};
use crate::describe::{Command, Reads};
use crate::engine::Engine;

/// Runs the command of this name; `None` when it is none of these.
pub(super) fn run(engine: &mut Engine, name: &str, arguments: &mut Arguments<'_>) -> Option<Outcome> {
    let command = Command::find(name)?;
    let words = match command.reads {
        Reads::Line => arguments.whole_line().map(|line| vec![line]).unwrap_or_default(),
        Reads::Words(most) => match words(engine, arguments, most) {
            Ok(words) => words.into_iter().map(without_semicolons).collect(),
            Err(outcome) => return Some(outcome),
        },
    };
    let mut inquiry = command.begin(engine.scope(), words);
    while let Ok(Some(extra)) = arguments.next() {
        inquiry.say_last(format!("\\{name}: extra argument \"{extra}\" ignored"));
    }
    engine.begin_inquiry(inquiry);
    Some(Outcome::Done)
}

fn words(engine: &mut Engine, arguments: &mut Arguments<'_>, most: usize) -> Result<Vec<String>, Outcome> {
    let mut words = Vec::new();
    while words.len() < most {
        match arguments.next() {
            Ok(Some(word)) => words.push(word),
            Ok(None) => break,
            // Like psql: the command goes on without the argument.
            Err(Bad::Unterminated) => {
                bad_argument(engine, &Bad::Unterminated);
                arguments.whole_line();
                break;
            }
            Err(bad) => return Err(bad_argument(engine, &bad)),
        }
    }
    Ok(words)
}

/// A semicolon typed behind a name out of habit is no part of it.
fn without_semicolons(word: String) -> String {
    word.trim_end_matches(';').to_owned()
}
