//! Commands for variables and for words on the screen.

use std::fmt::Display;

use super::{Arguments, Outcome, bad_argument};
use crate::engine::Engine;
use crate::print::escape::visible;

pub(super) fn set(engine: &mut Engine, arguments: &mut Arguments<'_>) -> Outcome {
    let words = match all(arguments) {
        Ok(words) => words,
        Err(bad) => return bad_argument(engine, &bad),
    };
    let Some((name, values)) = words.split_first() else {
        let list = engine.variables().to_string();
        engine.say(&visible(list.as_bytes()));
        return Outcome::Done;
    };
    let outcome = engine.variables_mut().set(name, &values.concat());
    report(engine, outcome)
}

pub(super) fn unset(engine: &mut Engine, arguments: &mut Arguments<'_>) -> Outcome {
    match arguments.next() {
        Ok(Some(name)) => {
            engine.variables_mut().unset(&name);
            Outcome::Done
        }
        Ok(None) => {
            engine.say("\\unset: missing required argument\r\n");
            Outcome::Failed
        }
        Err(bad) => bad_argument(engine, &bad),
    }
}

/// `\echo` and its relatives: here all of them write to the screen.
pub(super) fn echo(engine: &mut Engine, arguments: &mut Arguments<'_>) -> Outcome {
    let mut words = match all(arguments) {
        Ok(words) => words,
        Err(bad) => return bad_argument(engine, &bad),
    };
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

fn all(arguments: &mut Arguments<'_>) -> Result<Vec<String>, super::arguments::Bad> {
    let mut words = Vec::new();
    while let Some(word) = arguments.next()? {
        words.push(word);
    }
    Ok(words)
}

fn report(engine: &mut Engine, outcome: Result<(), impl Display>) -> Outcome {
    let Err(error) = outcome else {
        return Outcome::Done;
    };
    let text = visible(error.to_string().as_bytes());
    engine.say(&format!("{text}\r\n"));
    Outcome::Failed
}
