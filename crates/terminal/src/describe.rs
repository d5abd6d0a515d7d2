//! `\d` and its relatives: what they ask the catalog and how the answers become tables.
//!
//! Pure: [`Command`] begins an [`Inquiry`], which names one statement after another and takes the
//! answers. What is shown, to the byte, is what psql 15 shows; the statements are our own and fit servers from
//! version 12 on.

mod access;
mod cluster;
mod foreign;
mod listing;
mod pattern;
mod privileges;
mod relation;
mod relations;
mod replication;
mod routines;
mod schemas;
mod search;
mod sheet;
mod source;
mod types;

use std::collections::VecDeque;
use std::fmt;

use listing::Refused;
pub(crate) use sheet::{Answer, Sheet};

/// What the commands must know of the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Scope {
    /// The server's major version: 15.
    pub(crate) major: u32,
    /// The database connected to: patterns may name it, and no other.
    pub(crate) database: String,
}

/// A command and its arguments.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Wish {
    pattern: Option<String>,
    /// Arguments behind the pattern.
    further: Vec<String>,
    /// `+`: more columns.
    more: bool,
    /// `S`: what belongs to the system as well.
    system: bool,
    /// Letters of the command that choose kinds.
    letters: String,
}

impl Wish {
    fn pattern(&self) -> Option<&str> {
        self.pattern.as_deref()
    }

    fn second(&self) -> Option<&str> {
        self.further.first().map(String::as_str)
    }
}

/// How a command's arguments are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reads {
    /// So many words.
    Words(usize),
    /// The rest of the line.
    Line,
}

/// A command of this family, found by its name.
#[derive(Debug, Clone)]
pub(crate) struct Command {
    run: Run,
    pub(crate) reads: Reads,
    wish: Wish,
}

type Run = fn(&mut Inquiry, &Wish) -> Result<(), Refused>;

impl Command {
    /// The command of this name, letters and `+` included; none when there is no such command.
    pub(crate) fn find(name: &str) -> Option<Self> {
        let (run, reads): (Run, _) = match name.trim_end_matches('+') {
            "l" | "list" => (cluster::databases, Reads::Words(1)),
            "lo_list" => (schemas::large_objects, Reads::Words(0)),
            "z" => (privileges::of_relations, Reads::Words(1)),
            "sf" => (source::function, Reads::Line),
            "sv" => (source::view, Reads::Line),
            _ => described(name.strip_prefix('d')?)?,
        };
        let wish = Wish {
            more: name.contains('+'),
            system: name.contains('S'),
            letters: name.get(1..).unwrap_or_default().to_owned(),
            ..Wish::default()
        };
        Some(Self { run, reads, wish })
    }

    /// Begins the work.
    pub(crate) fn begin(self, scope: Scope, words: Vec<String>) -> Inquiry {
        let mut words = words.into_iter();
        let wish = Wish {
            pattern: words.next(),
            further: words.collect(),
            ..self.wish
        };
        let mut inquiry = Inquiry::new(scope);
        if let Err(refused) = (self.run)(&mut inquiry, &wish) {
            inquiry.fail(refused);
        }
        inquiry
    }
}

/// The command whose name this is behind its `d`. Further letters mean nothing to most.
fn described(name: &str) -> Option<(Run, Reads)> {
    let mut letters = name.chars();
    let first = letters.next();
    let second = letters.next();
    let plain = matches!(second, None | Some('+'));
    let one = Reads::Words(1);
    let run: Run = match (first, second) {
        (None | Some('+' | 'S'), _) => relations_or_one,
        (Some('t' | 'v' | 'm' | 'i' | 's' | 'E'), _) => relations::list,
        (Some('A'), Some('c')) => return Some((access::classes, Reads::Words(2))),
        (Some('A'), Some('f')) => return Some((access::families, Reads::Words(2))),
        (Some('A'), Some('o')) => return Some((access::family_operators, Reads::Words(2))),
        (Some('A'), Some('p')) => return Some((access::family_functions, Reads::Words(2))),
        (Some('A'), _) if plain => access::methods,
        (Some('a'), _) => routines::aggregates,
        (Some('b'), _) => cluster::tablespaces,
        (Some('c'), _) if name.starts_with("config") => cluster::parameters,
        (Some('c'), _) => types::conversions,
        (Some('C'), _) => types::casts,
        (Some('d'), Some('p')) => privileges::defaults,
        (Some('d'), _) => schemas::comments,
        (Some('D'), _) => types::domains,
        (Some('f'), None | Some('+' | 'S' | 'a' | 'n' | 'p' | 't' | 'w')) => {
            return Some((routines::functions, Reads::Words(usize::MAX)));
        }
        (Some('g' | 'u'), _) => cluster::roles,
        (Some('l'), _) => schemas::large_objects,
        (Some('L'), _) => schemas::languages,
        (Some('n'), _) => schemas::schemas,
        (Some('o'), _) => return Some((routines::operators, Reads::Words(usize::MAX))),
        (Some('O'), _) => types::collations,
        (Some('p'), _) => privileges::of_relations,
        (Some('P'), None | Some('+' | 't' | 'i' | 'n')) => relations::partitioned,
        (Some('T'), _) => types::types,
        (Some('r'), Some('d')) if name.starts_with("rds") => {
            return Some((cluster::role_settings, Reads::Words(2)));
        }
        (Some('R'), Some('p')) => replication::publications,
        (Some('R'), Some('s')) => replication::subscriptions,
        (Some('F'), Some('d')) => search::dictionaries,
        (Some('F'), Some('p')) => search::parsers,
        (Some('F'), Some('t')) => search::templates,
        (Some('F'), _) if plain => search::configurations,
        (Some('e'), Some('s')) => foreign::servers,
        (Some('e'), Some('u')) => foreign::user_mappings,
        (Some('e'), Some('w')) => foreign::wrappers,
        (Some('e'), Some('t')) => foreign::tables,
        (Some('x'), _) => schemas::extensions,
        (Some('X'), _) => types::statistics,
        (Some('y'), _) => schemas::event_triggers,
        (Some(_), _) => return None,
    };
    Some((run, one))
}

/// `\d`: with a name that relation, without all of them.
fn relations_or_one(inquiry: &mut Inquiry, wish: &Wish) -> Result<(), Refused> {
    match wish.pattern {
        Some(_) => relation::describe(inquiry, wish),
        None => {
            let wish = Wish {
                letters: String::new(),
                ..wish.clone()
            };
            relations::list(inquiry, &wish)
        }
    }
}

/// What an inquiry wants next.
#[derive(Debug)]
pub(crate) enum Step {
    Ask(Statement),
    Show(Sheet),
    /// Lines to print: nothing was found.
    Say(String),
    /// A line to print beside what was found.
    Warn(String),
    /// Lines to print; the command has failed and nothing follows.
    Fail(String),
    Done,
}

/// A statement for the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Statement {
    pub(crate) sql: String,
    /// Of an error only severity and message are printed.
    pub(crate) terse: bool,
}

/// A command at work.
///
/// What it does next is a queue of tasks; the answer to a statement may put further tasks in front of it.
pub(crate) struct Inquiry {
    pub(crate) scope: Scope,
    tasks: VecDeque<Task>,
    /// Tasks added by the one that runs; they go before the rest.
    added: Vec<Task>,
    waiting: Option<Take>,
    /// The table that is being put together.
    pub(crate) sheet: Sheet,
}

type Take = Box<dyn FnOnce(&mut Inquiry, Answer) + Send + Sync>;

enum Task {
    Ask(Statement, Take),
    Do(Box<dyn FnOnce(&mut Inquiry) + Send + Sync>),
    Show(Sheet),
    Say(String),
    Warn(String),
    Fail(String),
}

impl fmt::Debug for Inquiry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inquiry")
            .field("scope", &self.scope)
            .field("n_tasks", &self.tasks.len())
            .finish_non_exhaustive()
    }
}

impl Inquiry {
    pub(crate) fn new(scope: Scope) -> Self {
        Self {
            scope,
            tasks: VecDeque::new(),
            added: Vec::new(),
            waiting: None,
            sheet: Sheet::default(),
        }
    }

    /// The next step. After [`Step::Ask`] it takes the answer to it.
    pub(crate) fn next(&mut self, answer: Option<Answer>) -> Step {
        if let (Some(take), Some(answer)) = (self.waiting.take(), answer) {
            take(self, answer);
        }
        loop {
            for task in std::mem::take(&mut self.added).into_iter().rev() {
                self.tasks.push_front(task);
            }
            match self.tasks.pop_front() {
                Some(Task::Ask(statement, take)) => {
                    self.waiting = Some(take);
                    return Step::Ask(statement);
                }
                Some(Task::Do(run)) => run(self),
                Some(Task::Show(sheet)) => return Step::Show(sheet),
                Some(Task::Say(text)) => return Step::Say(text),
                Some(Task::Warn(text)) => return Step::Warn(text),
                Some(Task::Fail(text)) => {
                    self.tasks.clear();
                    return Step::Fail(text);
                }
                None => return Step::Done,
            }
        }
    }

    /// Asks; `take` gets the answer.
    fn ask(&mut self, sql: String, take: impl FnOnce(&mut Self, Answer) + Send + Sync + 'static) {
        let statement = Statement { sql, terse: false };
        self.added.push(Task::Ask(statement, Box::new(take)));
    }

    fn ask_tersely(&mut self, sql: String, take: impl FnOnce(&mut Self, Answer) + Send + Sync + 'static) {
        let statement = Statement { sql, terse: true };
        self.added.push(Task::Ask(statement, Box::new(take)));
    }

    /// Does something once what was added before is done.
    fn then(&mut self, run: impl FnOnce(&mut Self) + Send + Sync + 'static) {
        self.added.push(Task::Do(Box::new(run)));
    }

    fn show(&mut self, sheet: Sheet) {
        self.added.push(Task::Show(sheet));
    }

    /// Prints a line.
    pub(crate) fn say(&mut self, text: impl Into<String>) {
        self.added.push(Task::Say(text.into()));
    }

    /// Prints a line when everything else is done.
    pub(crate) fn warn_last(&mut self, text: String) {
        self.tasks.push_back(Task::Warn(text));
    }

    /// Prints a line and ends the command as failed.
    fn fail(&mut self, text: impl Into<String>) {
        self.added.push(Task::Fail(text.into()));
    }

    /// Adds a line below the table that is being put together.
    fn footer(&mut self, line: impl Into<String>) {
        self.sheet.footers.get_or_insert_default().push(line.into());
    }
}
