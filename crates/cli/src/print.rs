//! What is written for people and programs: answers to standard output, complaints to standard error.

use std::io::{Write, stderr, stdout};

use serde::Serialize;
use serde_json::json;

use crate::exit::{Exit, Failure};

/// One line of an answer.
///
/// # Errors
/// Nobody reads on.
pub fn line(text: &str) -> Result<(), Failure> {
    writeln!(stdout(), "{text}").map_err(|error| unwritten(&error))
}

/// A piece of an answer that is written as it is.
///
/// # Errors
/// Nobody reads on.
pub fn piece(bytes: &[u8]) -> Result<(), Failure> {
    let mut stdout = stdout();

    stdout
        .write_all(bytes)
        .and_then(|()| stdout.flush())
        .map_err(|error| unwritten(&error))
}

/// An answer for programs: one line.
///
/// # Errors
/// Nobody reads on.
pub fn json(answer: &impl Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string(answer)
        .map_err(|error| Failure::new(Exit::Failed, format!("The answer cannot be written: {error}.")))?;

    line(&text)
}

/// Facts beside the answer, for programs: one line to standard error.
pub fn facts(facts: &impl Serialize) {
    if let Ok(text) = serde_json::to_string(facts) {
        // There is nobody else to tell.
        let _ = writeln!(stderr(), "{text}");
    }
}

/// A remark beside the answer.
pub fn remark(sentence: &str) {
    // There is nobody else to tell.
    let _ = writeln!(stderr(), "postern: {sentence}");
}

/// Why the program ends.
pub fn failure(failure: &Failure, wants_json: bool) {
    let Failure { exit, sentence, .. } = failure;
    // There is nobody else to tell.
    let _ = if wants_json {
        let answer = json!({ "error": exit.as_str(), "sentence": sentence });

        writeln!(stderr(), "{answer}")
    } else {
        writeln!(stderr(), "postern: {sentence}")
    };
}

fn unwritten(error: &std::io::Error) -> Failure {
    Failure::new(
        Exit::Failed,
        format!("Standard output cannot be written: {error}."),
    )
}
