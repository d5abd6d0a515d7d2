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
        engine.say_verbatim(&list);
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
            engine.complain("\\unset: missing required argument\r\n");
            Outcome::Failed
        }
        Err(bad) => bad_argument(engine, &bad),
    }
}

/// `\echo` and `\qecho`.
pub(super) fn echo(engine: &mut Engine, arguments: &mut Arguments<'_>) -> Outcome {
    match line(arguments) {
        Ok(text) => {
            engine.say_verbatim(&text);
            Outcome::Done
        }
        Err(bad) => bad_argument(engine, &bad),
    }
}

/// `\warn`: to standard error, where there is one.
pub(super) fn warn(engine: &mut Engine, arguments: &mut Arguments<'_>) -> Outcome {
    match line(arguments) {
        Ok(text) => {
            engine.tell_aside(&visible(text.as_bytes()));
            Outcome::Done
        }
        Err(bad) => bad_argument(engine, &bad),
    }
}

/// The words, and a newline unless `-n` is the first.
fn line(arguments: &mut Arguments<'_>) -> Result<String, super::arguments::Bad> {
    let words = all(arguments)?;

    Ok(match words.split_first() {
        Some((first, rest)) if first == "-n" => rest.join(" "),
        Some(_) | None => words.join(" ") + "\n",
    })
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
    engine.complain(&format!("{text}\r\n"));
    Outcome::Failed
}
