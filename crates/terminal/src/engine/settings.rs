//! What steers the session and what tells of it: print options, variables, prompts, the last error.

use std::sync::Arc;

use pg_proto::backend::{Field, Fields, TransactionStatus};

use super::{Engine, Settings, State};
use crate::print::escape::visible;
use crate::print::options::Options;
use crate::report::{self, Context, Verbosity};
use crate::scanner::Pending;
use crate::variables::Variables;

/// Longest text of a prompt.
const MAX_PROMPT: usize = 1024;

/// Longest message kept in a variable.
const MAX_MESSAGE: usize = 64 * 1024;

/// Which of the three prompts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Which {
    Statement,
    Next,
    Rows,
}

/// The variables a session begins with.
pub(super) fn first_variables(settings: &Settings) -> Arc<Variables> {
    let mut variables = Variables::new();
    let version = settings.server_version.as_str();
    variables.tell("DBNAME", &settings.database);
    variables.tell("USER", &settings.user);
    variables.tell("HOST", &settings.host);
    variables.tell("PORT", &settings.port.to_string());
    variables.tell("ENCODING", "UTF8");
    variables.tell("SERVER_VERSION_NAME", version);
    variables.tell("SERVER_VERSION_NUM", &version_number(version));
    variables.tell("LAST_ERROR_MESSAGE", "");
    variables.tell("LAST_ERROR_SQLSTATE", "00000");
    Arc::new(variables)
}

/// `15.18` is 150018, `9.6.24` is 90624.
fn version_number(version: &str) -> String {
    let number = version
        .split(|c: char| c != '.' && !c.is_ascii_digit())
        .next()
        .unwrap_or_default();
    let mut parts = number.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    let (major, minor, patch) = (
        parts.next().unwrap_or(0),
        parts.next().unwrap_or(0),
        parts.next().unwrap_or(0),
    );
    let number = match major {
        0..10 => u64::from(major) * 10_000 + u64::from(minor) * 100 + u64::from(patch),
        _ => u64::from(major) * 10_000 + u64::from(minor),
    };
    number.to_string()
}

impl Engine {
    /// What tables are to be printed with.
    pub(crate) fn print_options(&self) -> &Options {
        &self.options
    }

    /// Columns of the terminal.
    pub(crate) fn columns(&self) -> usize {
        self.options.screen.into()
    }

    /// Has the results of the statement sent next look different from those after it.
    pub(crate) fn print_next_with(&mut self, options: Options) {
        self.run_options = Some(options);
    }

    pub(crate) fn print_options_mut(&mut self) -> &mut Options {
        &mut self.options
    }

    /// The variables as they are; later changes are not seen.
    pub(crate) fn variables(&self) -> Arc<Variables> {
        Arc::clone(&self.variables)
    }

    pub(crate) fn variables_mut(&mut self) -> &mut Variables {
        Arc::make_mut(&mut self.variables)
    }

    pub(crate) fn is_timing(&self) -> bool {
        self.is_timing
    }

    pub(crate) fn set_timing(&mut self, is_on: bool) {
        self.is_timing = is_on;
    }

    pub(crate) fn is_quiet(&self) -> bool {
        self.variables.is_on("QUIET")
    }

    /// Tells the variables of another connection.
    pub(super) fn tell_connection(&mut self, version: &str) {
        let database = self.database.clone();
        let variables = self.variables_mut();
        variables.tell("DBNAME", &database);
        variables.tell("SERVER_VERSION_NAME", version);
        variables.tell("SERVER_VERSION_NUM", &version_number(version));
    }

    /// How much of errors and notices is shown.
    pub(super) fn verbosity(&self) -> Verbosity {
        let words = [
            ("verbose", Verbosity::Verbose),
            ("terse", Verbosity::Terse),
            ("sqlstate", Verbosity::SqlState),
        ];
        let chosen = words
            .into_iter()
            .find(|(word, _)| self.variables.is("VERBOSITY", word));
        chosen.map_or(Verbosity::Default, |(_, verbosity)| verbosity)
    }

    /// When the context of errors and notices is shown.
    pub(super) fn context(&self) -> Context {
        let words = [("never", Context::Never), ("always", Context::Always)];
        let chosen = words
            .into_iter()
            .find(|(word, _)| self.variables.is("SHOW_CONTEXT", word));
        chosen.map_or(Context::Errors, |(_, context)| context)
    }

    /// Tells the variables how the statement went.
    pub(super) fn tell_success(&mut self, n_rows: u64) {
        let variables = self.variables_mut();
        variables.tell("ERROR", "false");
        variables.tell("SQLSTATE", "00000");
        variables.tell("ROW_COUNT", &n_rows.to_string());
    }

    /// Keeps an error for `\errverbose` and tells the variables of it.
    pub(super) fn tell_error(&mut self, fields: &Fields) {
        let state = fields.get(Field::Code).unwrap_or_default().into_owned();
        let message = fields.get(Field::Message).unwrap_or_default().into_owned();
        let message = message
            .get(..message.floor_char_boundary(MAX_MESSAGE))
            .unwrap_or_default();
        self.last_error = Some(report::error(
            fields,
            self.sql(),
            Verbosity::Verbose,
            Context::Always,
        ));
        let variables = self.variables_mut();
        variables.tell("ERROR", "true");
        variables.tell("SQLSTATE", &state);
        variables.tell("ROW_COUNT", "0");
        variables.tell("LAST_ERROR_SQLSTATE", &state);
        variables.tell("LAST_ERROR_MESSAGE", message);
    }

    /// What `\errverbose` says.
    pub(crate) fn last_error(&self) -> Option<String> {
        self.last_error.clone()
    }

    /// The prompt for a statement or for its next line.
    pub(super) fn prompt(&self) -> String {
        match self.scanner.pending(&self.statement) {
            Pending::Ready => self.expand_prompt(Which::Statement),
            Pending::Continue
            | Pending::SingleQuote
            | Pending::DoubleQuote
            | Pending::DollarQuote
            | Pending::Comment
            | Pending::Parenthesis => self.expand_prompt(Which::Next),
        }
    }

    /// The prompt for rows.
    pub(super) fn rows_prompt(&self) -> String {
        self.expand_prompt(Which::Rows)
    }

    fn expand_prompt(&self, which: Which) -> String {
        let name = match which {
            Which::Statement => "PROMPT1",
            Which::Next => "PROMPT2",
            Which::Rows => "PROMPT3",
        };
        let mut out = String::new();
        let format = self.variables.get(name).unwrap_or_default();
        let mut chars = format.chars();
        while let Some(c) = chars.next() {
            if c != '%' {
                out.push(c);
                continue;
            }
            match chars.next() {
                Some(':') => {
                    let rest = chars.as_str();
                    let (name, behind) = rest.split_once(':').unwrap_or((rest, ""));
                    out.push_str(self.variables.get(name).unwrap_or_default());
                    chars = behind.chars();
                }
                // Colours of the prompt are not passed on: the terminal's colours are the person's.
                Some('[') => {
                    let rest = chars.as_str();
                    chars = rest.split_once("%]").map_or("", |(_, behind)| behind).chars();
                }
                // psql's backquotes run a program: there is none.
                Some('`') => {
                    let rest = chars.as_str();
                    chars = rest.split_once('`').map_or("", |(_, behind)| behind).chars();
                }
                Some(c) => self.put_escape(which, c, &mut out),
                None => {}
            }
            if out.len() > MAX_PROMPT {
                break;
            }
        }
        out.truncate(out.floor_char_boundary(MAX_PROMPT));
        visible(out.as_bytes()).replace("\r\n", "\\n")
    }

    fn put_escape(&self, which: Which, c: char, out: &mut String) {
        match c {
            '/' => out.push_str(&self.database),
            '~' if self.database == self.user => out.push('~'),
            '~' => out.push_str(&self.database),
            'n' => out.push_str(&self.user),
            'M' => out.push_str(&self.host),
            'm' => out.push_str(self.host.split('.').next().unwrap_or_default()),
            '>' => out.push_str(&self.port.to_string()),
            '#' => out.push(if self.is_superuser { '#' } else { '>' }),
            '%' => out.push('%'),
            'l' => out.push_str(&(self.statement.lines().count() + 1).to_string()),
            'x' => out.push_str(match self.transaction {
                TransactionStatus::Idle => "",
                TransactionStatus::InTransaction => "*",
                TransactionStatus::Failed => "!",
            }),
            'R' if which == Which::Rows => {}
            'R' => {
                if self.is_read_only {
                    out.push_str(" [RO]");
                }
                out.push(match self.scanner.pending(&self.statement) {
                    Pending::Ready => '=',
                    Pending::Continue => '-',
                    Pending::SingleQuote => '\'',
                    Pending::DoubleQuote => '"',
                    Pending::DollarQuote => '$',
                    Pending::Comment => '*',
                    Pending::Parenthesis => '(',
                });
            }
            other => out.push(other),
        }
    }

    /// The statement errors speak of: none while nothing runs.
    pub(super) fn sql(&self) -> &str {
        match self.state {
            State::Running { .. } | State::CopyIn { .. } => match self.asked() {
                Some(asked) => asked,
                None if self.own_sql.is_empty() => &self.previous,
                None => &self.own_sql,
            },
            State::Ready
            | State::Prompt
            | State::Hidden
            | State::Away(_)
            | State::Ending(_)
            | State::Over => "",
        }
    }
}
