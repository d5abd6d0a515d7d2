//! Where words go: all of them to the terminal; of a script, results to standard output and the rest to standard error,
//! with psql's name and the place in the script in front.

use super::Engine;

/// How bad it is; a script's standard error names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Severity {
    /// The database has its own word.
    None,
    Warning,
    Error,
}

impl Engine {
    /// Whether somebody types.
    pub(crate) fn is_interactive(&self) -> bool {
        self.script.is_none()
    }

    /// Prints text that is safe for a terminal.
    pub(crate) fn say(&mut self, text: &str) {
        self.output.say(text);
    }

    /// Prints text of the person's: safe for a terminal where it is one.
    pub(crate) fn say_verbatim(&mut self, text: &str) {
        self.output.say_verbatim(text);
    }

    /// Says what went wrong with a command.
    pub(crate) fn complain(&mut self, text: &str) {
        self.log(Severity::Error, text);
    }

    /// Says what is odd about a command.
    pub(crate) fn warn(&mut self, text: &str) {
        self.log(Severity::Warning, text);
    }

    /// Passes on what the database says beside results.
    pub(super) fn pass_on(&mut self, text: &str) {
        match self.script {
            Some(_) => self.log(Severity::None, text),
            None => self.say_aside(text),
        }
    }

    /// Writes to standard error as it is.
    pub(crate) fn tell_aside(&mut self, text: &str) {
        match self.script {
            Some(_) => self.output.complain(text),
            None => self.say(text),
        }
    }

    fn log(&mut self, severity: Severity, text: &str) {
        let Some(script) = &self.script else {
            return self.say(text);
        };
        let Some(place) = script.place() else {
            return self.output.complain(text);
        };
        let severity = match severity {
            Severity::None => "",
            Severity::Warning => "warning: ",
            Severity::Error => "error: ",
        };
        self.output.complain(&format!("psql:{place}: {severity}{text}"));
    }
}
