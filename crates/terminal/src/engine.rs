//! The session: who has the terminal, what runs, what is printed next.

mod ahead;
mod away;
mod hidden;
mod inquiry;
mod lines;
mod messages;
mod output;
mod password;
mod script;
mod settings;
mod spool;
#[cfg(test)]
mod tests;
mod timing;
mod transfer;
mod typing;
mod voice;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use pg_proto::backend::TransactionStatus;
use pg_proto::{Text, frontend};

use crate::copy::Rows;
use crate::editor::Editor;
use crate::print::Table;
use crate::print::escape::visible;
use crate::print::options::Options;
use crate::scanner::Scanner;
use crate::variables::Variables;
use ahead::Echo;
use inquiry::Asking;
use lines::Line;
use output::{Output, Stream};
pub use password::Guarded;
use password::NewPassword;
pub use script::{Flag, Reading, Script, Source};
pub use spool::Shortage;
pub(crate) use transfer::Transfer;

/// Output below this is let out together with the prompt after it.
const SMALL_OUTPUT: usize = 16 * 1024;

/// Output at which messages and keys have to wait.
const MUCH_OUTPUT: usize = 64 * 1024;

/// What the first lines say of read-only mode.
const READ_ONLY: &str = "Read-only mode: statements that write are blocked.\r\n";

/// Columns and rows of the terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    pub cols: u16,
    pub rows: u16,
}

impl Default for Size {
    fn default() -> Self {
        Self { cols: 80, rows: 24 }
    }
}

/// What a session begins with.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    pub database: String,
    pub user: String,
    /// Host and port as `\conninfo` names them.
    pub host: String,
    pub port: u16,
    /// The encryption of the connection to the database; `None` is a plain connection.
    pub tls: Option<Tls>,
    /// The server's parameters of these names, as reported when the session began. Later reports come as
    /// messages.
    pub is_superuser: bool,
    pub standard_conforming_strings: bool,
    /// The server's version for the first line: `15.18`.
    pub server_version: String,
    /// The session is in read-only mode: the first lines and the prompts say so.
    pub is_read_only: bool,
    pub size: Size,
    /// Bytes of rows that are held to learn the widths of columns.
    pub result_memory: usize,
    /// Bytes of rows of a larger result that are given to [`Action::Spool`]; 0 is none.
    pub result_spool: usize,
    /// Statements typed in earlier sessions, oldest first.
    pub history: Vec<String>,
    pub files: Files,
    /// psql's flags, in their order.
    pub flags: Vec<Flag>,
    /// What runs instead of what somebody types. There is no terminal then: see [`Action::Print`].
    pub script: Option<Script>,
}

/// Whose files `\copy` speaks of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Files {
    /// The person's, who chooses one when it is wanted: names are hints.
    #[default]
    Chosen,
    /// The person's, by their names.
    Named,
}

/// The encryption `\conninfo` names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tls {
    /// `TLSv1.3`
    pub protocol: String,
    /// `TLS_AES_256_GCM_SHA384`
    pub cipher: String,
}

/// A connection that took the place of another, for [`Engine::handle_connected`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connected {
    pub database: String,
    pub tls: Option<Tls>,
    /// The parameters of these names, as the server reported them when the connection was made.
    pub is_superuser: bool,
    pub standard_conforming_strings: bool,
    pub server_version: String,
}

/// What the engine wants done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Send this to the database.
    Send(frontend::Message),
    /// Send this statement, which is a command's question to the catalog and not the person's.
    Ask(frontend::Message),
    /// Send this statement and record it as it says.
    SendGuarded(Guarded),
    /// Show this to the person: at most 32 KiB, whole characters, `\r\n` at the ends of lines. Of a script it is what
    /// psql writes to standard output, and no terminal may be shown it as it is: see [`crate::visible`].
    Print(Bytes),
    /// What a script writes to standard error, alike.
    Complain(Bytes),
    /// The next bytes of the script, or of the rows in it: [`Engine::handle_read`] takes them. One is asked for at a
    /// time.
    Read(Reading),
    /// Ask the database, by a connection of its own, to cancel what runs.
    Cancel,
    /// Keep these rows behind those kept before, then say [`Engine::handle_spooled`] or
    /// [`Engine::handle_spool_refused`]. The next do not come before that.
    Spool(Bytes),
    /// Give back what was kept first, as it was, to [`Engine::handle_unspooled`].
    Unspool,
    /// Keep nothing any longer; an answer that is still on its way is not wanted.
    DropSpool,
    /// Let the person edit this text; [`Engine::handle_edited`] takes what came of it. Given up by Ctrl-C: see
    /// [`Engine::is_editing_text`].
    Edit(String),
    /// Connect to this database on the same server as the same user; [`Engine::handle_connected`] takes the
    /// outcome. Nothing is sent until then.
    Connect { database: String },
    /// Let the person choose a file, whose bytes are rows: [`Engine::handle_upload`] takes them while
    /// [`Engine::wants_upload`], then [`Engine::upload_finished`] or [`Engine::upload_failed`]. Over as soon as
    /// [`Engine::is_uploading`] is false.
    Upload {
        /// The name in the command: with [`Files::Chosen`] a hint, without folders.
        name: String,
    },
    /// Begin a file of this name for the person to keep. With [`Files::Chosen`] it has no folders in it.
    Download { name: String },
    /// The next bytes of that file, as the server sent them. Leave actions untaken to have the server wait.
    File(Bytes),
    /// That file has ended: whole, or cut short by an error or Ctrl-C.
    FileEnd { is_whole: bool },
    /// Keep this statement for [`Settings::history`] of later sessions. Never holds a password literal.
    Remember(String),
    /// The session is over. Comes once, after everything was printed.
    End(End),
}

/// Why a session is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The person left.
    Quit,
    /// The database closed the connection.
    Lost,
    /// A script is over, or a flag was wrong: what psql's process would end with.
    Exit(u8),
}

/// What a status line shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    pub database: String,
    pub transaction: Transaction,
}

/// Where the session stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transaction {
    /// None is open.
    Idle,
    Open,
    /// Open, and only its end is accepted.
    Failed,
    /// A statement runs.
    Running {
        since: Instant,
    },
}

/// A psql session as a state machine.
///
/// Bytes of the person go into [`Self::handle_input`], messages of the database into
/// [`Self::handle_message`]; after each, take actions until there are none.
///
/// Flow control: feed messages only while [`Self::wants_message`]; when nothing more may be printed, take
/// [`Self::poll_urgent`] instead of [`Self::poll_action`]. Then what is held is bounded: rows of one result
/// (`result_memory` and one message, or with the rest in the spool 1 MiB and two), 64 KiB of output and one message, as much of a file, 64 KiB of keys typed ahead, 256 KiB
/// of the line being edited, 16 MiB of the statement before it and as much of the one run last, 4 MiB of
/// history. While a table is written, one line of one cell with its padding comes on top: as wide as the
/// widest value shown, where a tab counts 8 and an escaped byte 4 or 6.
#[derive(Debug)]
pub struct Engine {
    database: String,
    user: String,
    host: String,
    port: u16,
    tls: Option<Tls>,
    is_superuser: bool,
    is_read_only: bool,
    result_memory: usize,
    result_spool: usize,
    files: Files,
    /// The major version of the server: 15.
    server_major: u32,
    /// How tables look.
    options: Options,
    /// How those of the statement that runs look, when `\g` says so.
    run_options: Option<Options>,
    variables: Arc<Variables>,
    /// Whether the time of statements is told.
    is_timing: bool,
    /// What `\errverbose` says.
    last_error: Option<String>,

    now: Instant,
    state: State,
    transaction: TransactionStatus,
    editor: Editor,
    /// The line's picture is older than its text.
    dirty: bool,
    /// The terminal's size, where the line is still painted for the one before.
    late_size: Option<Size>,
    typeahead: VecDeque<u8>,
    echo: Echo,

    scanner: Scanner,
    /// The statement typed so far.
    statement: String,
    /// The statement sent last.
    previous: String,
    /// The statement that runs, when it is neither typed nor a command's that asks the catalog.
    own_sql: String,
    /// Typed lines that become one entry of the history; `None` when they are too long for one.
    entry: Option<String>,
    line: Option<Line>,
    lines: VecDeque<String>,
    rows: Rows,

    shape: Shape,
    result: Option<Table>,
    /// The driver has been given rows to keep.
    has_spool: bool,
    /// A command that asks the catalog.
    asking: Option<Asking>,
    /// `\password`.
    password: Option<NewPassword>,
    /// The statement that runs sets it.
    has_sent_verifier: bool,
    /// Ctrl-C was pressed: results of what runs are not shown.
    cancelled: bool,
    /// The statement or command that ran last has failed.
    has_failed: bool,
    /// ON_ERROR_STOP, as it was when the line began.
    stops_on_error: bool,
    /// Of the statement that runs nothing is told but errors.
    is_silent: bool,
    script: Option<Box<script::Run>>,
    /// A file rows come from or go to.
    transfer: Option<Transfer>,
    /// Bytes of the file among `actions`.
    transfer_held: usize,
    notifications: String,
    output: Output,
    actions: VecDeque<Action>,
}

/// Who has the terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Nobody: nothing runs, and the prompt is not there yet.
    Ready,
    /// The person, at the prompt.
    Prompt,
    /// The database.
    Running {
        since: Instant,
    },
    /// The person, at COPY's prompt.
    CopyIn {
        since: Instant,
    },
    /// The person, typing what is not shown.
    Hidden,
    /// The driver, which answers an action.
    Away(Errand),
    /// The end, when everything is printed.
    Ending(End),
    Over,
}

/// What the driver is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Errand {
    Edit,
    Connect,
}

/// What the statement's current result consists of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Tag,
    Rows,
    CopyOut,
}

impl Engine {
    /// Begins a session on a connection that is ready for a query.
    pub fn new(settings: Settings, now: Instant) -> Self {
        let mut scanner = Scanner::new();
        scanner.set_standard_strings(settings.standard_conforming_strings);
        let variables = settings::first_variables(&settings);
        let is_scripted = settings.script.is_some();
        let mut engine = Self {
            database: settings.database,
            user: settings.user,
            host: settings.host,
            port: settings.port,
            tls: settings.tls,
            is_superuser: settings.is_superuser,
            is_read_only: settings.is_read_only,
            result_memory: settings.result_memory,
            result_spool: settings.result_spool,
            files: settings.files,
            server_major: major_version(&settings.server_version),
            options: Options {
                screen: settings.size.cols,
                verbatim: is_scripted,
                ..Options::default()
            },
            run_options: None,
            variables,
            is_timing: false,
            last_error: None,
            now,
            state: State::Ready,
            transaction: TransactionStatus::Idle,
            editor: Editor::new(settings.size, settings.history),
            dirty: false,
            late_size: None,
            typeahead: VecDeque::new(),
            echo: Echo::default(),
            scanner,
            statement: String::new(),
            previous: String::new(),
            own_sql: String::new(),
            entry: Some(String::new()),
            line: None,
            lines: VecDeque::new(),
            rows: Rows::default(),
            shape: Shape::Tag,
            result: None,
            has_spool: false,
            asking: None,
            password: None,
            has_sent_verifier: false,
            cancelled: false,
            has_failed: false,
            stops_on_error: false,
            is_silent: false,
            script: settings.script.map(|script| Box::new(script::Run::new(script))),
            transfer: None,
            transfer_held: 0,
            notifications: String::new(),
            output: match is_scripted {
                true => Output::piped(),
                false => Output::default(),
            },
            actions: VecDeque::new(),
        };
        if !is_scripted {
            // Pastes come bracketed, so that a pasted line runs only when Enter is pressed.
            engine.say("\x1b[?2004h");
        }
        engine.apply(settings.flags);
        if !is_scripted && !engine.is_quiet() && engine.state == State::Ready {
            let version = visible(settings.server_version.as_bytes());
            let mode = if settings.is_read_only { READ_ONLY } else { "" };
            engine.say(&format!(
                "Postern (PostgreSQL {version})\r\n{mode}Type \"\\?\" for help.\r\n\r\n"
            ));
        }

        engine
    }

    /// The next thing to do; `None` until something else happens.
    pub fn poll_action(&mut self) -> Option<Action> {
        self.advance();
        if let Some(action) = self.poll_urgent() {
            return Some(action);
        }
        if let Some(action) = self.poll_unspool() {
            return Some(action);
        }
        if let Some((stream, chunk)) = self.output.next_chunk() {
            return Some(match stream {
                Stream::Out => Action::Print(chunk),
                Stream::Err => Action::Complain(chunk),
            });
        }
        if self.output.pending() > 0 {
            return None;
        }
        match self.state {
            State::Ending(end) => {
                self.state = State::Over;
                Some(Action::End(end))
            }
            State::Ready
            | State::Prompt
            | State::Away(_)
            | State::Running { .. }
            | State::CopyIn { .. }
            | State::Hidden
            | State::Over => None,
        }
    }

    /// The next thing to do besides printing and ending: for a driver that may not print.
    pub fn poll_urgent(&mut self) -> Option<Action> {
        if let Some(action) = self.poll_spool() {
            return Some(action);
        }
        let action = self.actions.pop_front();
        if let Some(Action::File(bytes)) = &action {
            self.transfer_held = self.transfer_held.saturating_sub(bytes.len());
        }
        action
    }

    /// Whether the next message of the database may be fed: not while much is to be printed or kept.
    pub fn wants_message(&self) -> bool {
        let has_to_spool = self.result.as_ref().is_some_and(Table::has_to_spool);

        self.output.pending() < MUCH_OUTPUT && self.transfer_held < MUCH_OUTPUT && !has_to_spool
    }

    pub fn status(&self) -> Status {
        let transaction = match (self.state, self.transaction) {
            (State::Running { since } | State::CopyIn { since }, _) => Transaction::Running { since },
            (_, TransactionStatus::Idle) => Transaction::Idle,
            (_, TransactionStatus::InTransaction) => Transaction::Open,
            (_, TransactionStatus::Failed) => Transaction::Failed,
        };
        Status {
            database: self.database.clone(),
            transaction,
        }
    }

    /// Goes on as far as possible without waiting: lines, the prompt, keys typed ahead.
    fn advance(&mut self) {
        self.take_size();
        loop {
            match self.state {
                State::Ready if self.asking.is_some() && self.output.pending() <= SMALL_OUTPUT => {
                    self.pursue_inquiry();
                }
                State::Ready if self.asking.is_some() => break,
                State::Ready if self.has_lines() => self.run_lines(),
                State::Ready if self.script.is_some() => {
                    if !self.go_on() {
                        break;
                    }
                }
                State::CopyIn { since } if self.script.is_some() => {
                    if !self.feed_rows(since) {
                        break;
                    }
                }
                State::Ready if self.output.pending() <= SMALL_OUTPUT => self.show_prompt(),
                State::Prompt | State::CopyIn { .. } if self.takes_keys() && !self.typeahead.is_empty() => {
                    self.type_ahead();
                }
                State::Ready
                | State::Prompt
                | State::Away(_)
                | State::CopyIn { .. }
                | State::Running { .. }
                | State::Hidden
                | State::Ending(_)
                | State::Over => break,
            }
        }
        self.repaint();
    }

    /// Prints a table that is whole.
    pub(crate) fn show_table(&mut self, table: Table) {
        self.output.push_table(table);
    }

    fn send(&mut self, message: frontend::Message) {
        self.actions.push_back(Action::Send(message));
    }

    /// Runs the query buffer.
    fn send_statement(&mut self) {
        self.previous = std::mem::take(&mut self.statement);
        self.has_failed = false;
        if self.variables.is("ECHO", "queries") {
            let text = format!("{}\n", self.previous);
            self.say_verbatim(&text);
        }
        self.send(frontend::Message::Query {
            sql: Text::from(self.previous.as_str()),
        });
        self.own_sql.clear();
        self.begin_running();
    }

    fn begin_running(&mut self) {
        self.cancelled = false;
        self.shape = Shape::Tag;
        self.state = State::Running { since: self.now };
    }

    /// Runs a COPY of the engine's own words; the query buffer stays.
    pub(crate) fn send_copy(&mut self, sql: String, transfer: Option<Transfer>) {
        self.transfer = transfer;
        self.send(frontend::Message::Query {
            sql: Text::from(sql.as_str()),
        });
        self.own_sql = sql;
        self.has_failed = false;
        self.begin_running();
    }

    fn quit(&mut self) {
        self.send(frontend::Message::Terminate);
        self.say("\x1b[?2004l");
        self.state = State::Ending(End::Quit);
    }

    /// What `\conninfo` says.
    pub(crate) fn connection(&self) -> String {
        let tls = self.tls.as_ref().map_or(String::new(), |tls| {
            format!(
                "SSL connection (protocol: {}, cipher: {}, compression: off)\n",
                tls.protocol, tls.cipher
            )
        });
        visible(
            format!(
                "You are connected to database \"{}\" as user \"{}\" on host \"{}\" at port \"{}\".\n{tls}",
                self.database, self.user, self.host, self.port
            )
            .as_bytes(),
        )
    }
}

/// `15.18 (Debian 15.18-1)` is 15; what is no version is taken for the newest.
fn major_version(text: &str) -> u32 {
    let digits = text.split(|c: char| !c.is_ascii_digit()).next();
    digits.and_then(|digits| digits.parse().ok()).unwrap_or(u32::MAX)
}
