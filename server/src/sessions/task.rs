//! One terminal session while it runs: the only `select!` of a session. Its arms select, a `match` dispatches,
//! methods act.
//!
//! Bounds: what waits for the browser is bounded by its outlet, what is printed while nobody is there by
//! [`OUTPUT_WINDOW`]; what waits for the database is what one key press or paste makes; what comes from it is read
//! only while the engine wants it.

mod attachment;
mod cancels;
mod comings;
mod database;
mod farewell;
mod owner;
mod rounds;
mod script;
mod spool;
mod transfer;
mod typing;
mod window;
mod wire;

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use pg_proto::backend::Message;
use pg_proto::frontend;
use protocol::terminal::{ClientFrame, EndReason, Ended, Hello, Status, Transaction};
use protocol::time::Timestamp;
use proxy::pump::{Activity, Control, Ending, Note, Seen};
use recording::{Lane, Origin, Tape};
use terminal::{Action, End, Engine, Size};
use tokio::sync::{broadcast, oneshot, watch};
use tokio::task::yield_now;
use tokio::time::{Interval, MissedTickBehavior, interval, sleep};
use vault::effective::Effective;

use super::close::Closing;
use super::ends::{Step, ended, unrecorded};
use super::fanout::Fanout;
use super::knocks::Knock;
use super::limits::Limits;
use super::outlet::LOOK;
use super::registry::Seat;
use crate::clock;
use crate::state::AppState;
use crate::target::Aimed;
use crate::terminal::socket::Ends;
use attachment::{Attachment, Presence};
use cancels::Cancels;
use database::Reached;
use farewell::{lost, malformed};
pub use owner::{Keeper, Owner};
use script::Piping;
use spool::{Spooled, Spooling};
use transfer::Transfers;
use window::{Window, size_of};
use wire::Wire;

/// Bytes of output, or of a file, that are one frame.
const FRAME: usize = 32 * 1024;

/// Output printed before orders, keys and other sessions have a turn, in bytes.
const TURN: u64 = 1024 * 1024;

/// What a script without a connection ends with, as psql does.
const BAD_CONNECTION: u8 = 2;

/// How often limits are checked and the recording is made durable.
const TICK: Duration = Duration::from_secs(1);

/// Largest screen, in columns or rows.
pub const MAX_SCREEN: u16 = 1000;

/// A running session.
pub struct Task {
    state: AppState,
    owner: Owner,
    closing: Closing,
    engine: Engine,
    wire: Wire,
    control: Control,
    cancels: Cancels,
    server: Aimed,
    /// Where the session has worked, in the order of its coming there.
    databases: Vec<String>,
    /// Another connection, on its way.
    connecting: Option<oneshot::Receiver<Reached>>,
    transfers: Transfers,
    spooling: Spooling,
    /// What is special about a script.
    piping: Option<Piping>,
    /// How the connection has ended; what was received before is still shown.
    ending: Option<Ending>,
    activity: watch::Receiver<Activity>,
    tape: Tape,
    lane: Lane,
    presence: Presence,
    fanout: Fanout,
    /// Statements, while somebody watches.
    statements: Option<broadcast::Receiver<Seen>>,
    seat: Seat,
    limits: Limits,
    effective: Effective,
    hello: Hello,
    size: Size,
    window: Window,
    output: BytesMut,
    last_input: Timestamp,
    last_touch: Timestamp,
    looked: u64,
    /// Statements on connections before this one.
    statements_before: u64,
    bytes: u64,
    errors: u64,
    backend_pid: Option<i32>,
    tick: Interval,
    /// The person has typed while a statement runs, and looks for what was typed.
    is_urgent: bool,
    /// The engine has more to do than one turn allows.
    has_more: bool,
}

/// What a session is made of.
pub struct Parts {
    pub engine: Engine,
    pub wire: tokio::io::DuplexStream,
    pub control: Control,
    pub tape: Tape,
    pub ends: Ends,
    pub hello: Hello,
    pub size: Size,
    pub seat: Seat,
    pub limits: Limits,
    /// The settings the session was opened under.
    pub effective: Effective,
    pub backend_pid: Option<i32>,
    pub server: Aimed,
    pub database: String,
    /// A script is run, and no terminal shows it.
    pub is_script: bool,
}

/// What woke the session.
enum Event {
    Browser(Option<ClientFrame>),
    Knock(Knock),
    Statement(Seen),
    /// A watcher has been heard.
    Watchers,
    /// A flood pauses.
    Pause,
    FromDatabase(std::io::Result<usize>),
    ToDatabase(std::io::Result<()>),
    Orders,
    Tick,
    Pump(Ending),
    Connected(Box<Reached>),
    Rows(Spooled),
    /// The browser's window may have its new size.
    Still,
    /// Nothing else comes first: the engine goes on.
    Turn,
}

impl Task {
    pub fn new(state: AppState, owner: Owner, closing: Closing, parts: Parts) -> Self {
        let now = clock::now();
        let activity = parts.control.activity();
        let mut tick = interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);

        Self {
            lane: parts.tape.lane(0),
            owner,
            closing,
            engine: parts.engine,
            wire: Wire::new(parts.wire),
            cancels: Cancels::of(&state, parts.control.clone()),
            control: parts.control,
            server: parts.server,
            databases: vec![parts.database],
            connecting: None,
            transfers: Transfers::default(),
            spooling: Spooling::of(&state),
            piping: parts.is_script.then(Piping::default),
            ending: None,
            activity,
            fanout: Fanout::new(parts.tape.clone(), parts.size.cols, parts.size.rows),
            tape: parts.tape,
            presence: Presence::of(
                Attachment::new(parts.ends, parts.hello.clone(), parts.size.rows),
                now,
            ),
            statements: None,
            seat: parts.seat,
            limits: parts.limits,
            effective: parts.effective,
            hello: parts.hello,
            size: parts.size,
            window: Window::default(),
            output: BytesMut::new(),
            last_input: now,
            last_touch: now,
            looked: 0,
            statements_before: 0,
            bytes: 0,
            errors: 0,
            backend_pid: parts.backend_pid,
            tick,
            is_urgent: false,
            has_more: false,
            state,
        }
    }

    /// Runs the session to its end and releases what it held.
    pub async fn run(mut self) {
        let end = self.turn().await;
        self.finish(end).await;
    }

    async fn turn(&mut self) -> Ended {
        loop {
            if let Err(end) = self.act() {
                return end;
            }
            let event = self.next().await;
            if let Err(end) = self.handle(event).await {
                return end;
            }
        }
    }

    /// Waits for whatever comes first. Orders and limits come before the browser, which could keep them waiting
    /// by never being silent, and watchers come last.
    async fn next(&mut self) -> Event {
        let reads = self.may_read() && !self.wire.inbound.has_ended();
        let is_flooded = self.presence.is_flooded();
        let is_connected = self.ending.is_none();
        let writes = is_connected && self.wire.outbound.has_pending();

        tokio::select! {
            biased;
            changed = self.seat.orders.changed() => { drop(changed); Event::Orders }
            _ = self.tick.tick() => Event::Tick,
            Some(knock) = self.seat.knocks.recv() => Event::Knock(knock),
            () = self.window.still() => Event::Still,
            frame = self.presence.receive() => Event::Browser(frame),
            written = self.wire.outbound.write(), if writes => Event::ToDatabase(written),
            spooled = self.spooling.done() => Event::Rows(spooled),
            read = self.wire.inbound.read(), if reads => Event::FromDatabase(read),
            ending = self.control.ended(), if !reads && is_connected => Event::Pump(ending),
            reached = outcome(&mut self.connecting) => Event::Connected(Box::new(reached)),
            seen = next_statement(&mut self.statements) => Event::Statement(seen),
            () = self.fanout.listen() => Event::Watchers,
            () = sleep(LOOK), if is_flooded => Event::Pause,
            () = yield_now(), if self.has_more => Event::Turn,
        }
    }

    async fn handle(&mut self, event: Event) -> Step {
        match event {
            Event::Browser(Some(frame)) => self.browser(frame),
            Event::Browser(None) => self.leave(),
            Event::Knock(knock) => self.answer(knock).await,
            Event::Statement(seen) => {
                self.show_statement(seen);

                Ok(())
            }
            Event::FromDatabase(Ok(0)) => self.pump_ended(self.control.ended().await),
            Event::FromDatabase(Ok(_)) => Ok(()),
            Event::FromDatabase(Err(_)) | Event::ToDatabase(Err(_)) => {
                self.pump_ended(self.control.ended().await)
            }
            Event::ToDatabase(Ok(())) => Ok(()),
            Event::Watchers => {
                self.fanout.catch_up(clock::now());

                Ok(())
            }
            Event::Pause => {
                self.presence.settle();

                Ok(())
            }
            Event::Orders => self.orders().await,
            Event::Tick => self.tick().await,
            Event::Pump(ending) => self.pump_ended(ending),
            Event::Connected(reached) => self.connected(*reached).await,
            Event::Rows(spooled) => {
                self.hear_of_rows(spooled);

                Ok(())
            }
            Event::Still => self.take_size(),
            Event::Turn => Ok(()),
        }
    }

    fn browser(&mut self, frame: ClientFrame) -> Step {
        match frame {
            ClientFrame::Input(bytes) => self.type_keys(bytes),
            ClientFrame::Resize { cols, rows } => self.want_size(size_of(cols, rows)),
            ClientFrame::Ack { parsed } => {
                self.presence.acknowledge(parsed);

                Ok(())
            }
            ClientFrame::End => Err(ended(EndReason::Goodbye, "Goodbye.")),
            ClientFrame::Read(piece) => self.hear_of_script(piece),
            ClientFrame::Interrupt => {
                self.interrupt_script();

                Ok(())
            }
            // It has begun.
            ClientFrame::Begin(_) => Ok(()),
            frame @ (ClientFrame::UploadChunk(_)
            | ClientFrame::UploadEnd
            | ClientFrame::UploadCancel
            | ClientFrame::UploadFailed(_)
            | ClientFrame::FileTaken { .. }
            | ClientFrame::DownloadCancel
            | ClientFrame::Edited(_)) => self.hear_of_files(frame),
        }
    }

    /// Lets the engine act until it waits for somebody, or its turn is over.
    fn act(&mut self) -> Step {
        let turn_ends = self.bytes + TURN;
        self.has_more = false;
        loop {
            while !self.is_urgent && self.may_read() {
                let Some(message) = self.wire.inbound.next_message().map_err(|_| malformed())? else {
                    self.say_lost();
                    break;
                };
                self.take(message);
            }
            self.feed_upload();
            self.take_back()?;
            let action = if self.may_print() && !self.transfers.is_finishing() {
                self.engine.poll_action()
            } else {
                self.engine.poll_urgent()
            };
            match action {
                Some(Action::Send(message)) => self.send(&message, Origin::Person, None),
                Some(Action::Ask(message)) => self.send(&message, Origin::Interface, None),
                Some(Action::SendGuarded(guarded)) => {
                    let recorded = guarded.recorded().to_owned();
                    self.send(&guarded.message(), Origin::Person, Some(recorded));
                }
                Some(Action::Print(bytes)) => {
                    self.output.extend_from_slice(&bytes);
                    if self.output.len() >= FRAME {
                        self.show()?;
                    }
                    if self.bytes >= turn_ends {
                        self.has_more = true;
                        return Ok(());
                    }
                }
                Some(Action::Complain(bytes)) => self.complain(&bytes)?,
                Some(Action::Read(reading)) => self.want_piece(reading),
                Some(Action::Cancel) => {
                    self.cut_download();
                    self.cancels.ask();
                }
                Some(Action::Spool(chunk)) => self.spooling.keep(chunk),
                Some(Action::Unspool) => self.fetch_rows(),
                Some(Action::DropSpool) => self.spooling.clear(),
                // Kept by the engine for this session; see docs/adr/0006.
                Some(Action::Remember(_)) => {}
                Some(Action::Edit(text)) => self.ask_to_edit(text)?,
                Some(Action::Connect { database }) => self.begin_connecting(database),
                Some(Action::Upload { name }) => self.ask_for_file(name),
                Some(Action::Download { name }) => self.begin_download(name),
                Some(Action::File(bytes)) => self.keep(&bytes),
                Some(Action::FileEnd { is_whole }) => self.end_download(is_whole),
                Some(Action::End(end)) => {
                    self.show()?;

                    if end == End::Lost && self.piping.is_some() {
                        // The script's standard error says so.
                        self.note_exit(BAD_CONNECTION);
                    }

                    return Err(match (end, &self.ending) {
                        (End::Quit, _) => ended(EndReason::Goodbye, "Goodbye."),
                        (End::Exit(code), _) => {
                            self.note_exit(code);
                            ended(EndReason::Goodbye, "Goodbye.")
                        }
                        (End::Lost, Some(ending)) => lost(ending),
                        (End::Lost, None) => ended(EndReason::ConnectionLost, "Connection lost."),
                    });
                }
                None if self.is_urgent => {
                    self.is_urgent = false;
                    self.show()?;
                    self.presence.urge();
                    self.show()?;
                }
                None => {
                    self.show()?;
                    let has_waited = self.transfers.is_in_the_way();
                    self.move_files()?;
                    self.ask_for_piece()?;
                    if has_waited && !self.transfers.is_in_the_way() {
                        continue;
                    }

                    return self.show_status();
                }
            }
        }
    }

    fn take(&mut self, message: Message) {
        if let Message::ErrorResponse(_) = message {
            self.errors += 1;
        }
        self.engine.handle_message(message, clock::instant());
    }

    /// Whether more of the database is taken.
    fn may_read(&self) -> bool {
        self.engine.wants_message() && self.may_print() && self.transfers.has_room()
    }

    /// Whether the browser keeps up. What is printed meanwhile waits in the engine, what is read in PostgreSQL.
    fn may_print(&self) -> bool {
        self.presence.has_room(self.output.len())
    }

    /// Records what has been printed, then shows it: what the tape refuses is not shown.
    fn show(&mut self) -> Step {
        if !self.output.is_empty() {
            let output = self.output.split().freeze();
            let shown = self.record(&output)?;
            match self.piping {
                Some(_) => self.presence.write(output),
                None => self.presence.print(shown),
            }
        }
        let delivered = self.presence.deliver(clock::instant());

        self.unless_gone(delivered)
    }

    /// Puts output on record and before everybody who watches; gives it as a terminal may show it.
    fn record(&mut self, output: &Bytes) -> Result<Bytes, Ended> {
        let now = clock::now();
        let shown = match self.piping {
            // A script's output is as it is: control characters of the database's, ends of lines without a return.
            Some(_) => terminal::visible(output).into(),
            None => output.clone(),
        };
        let recorded = self
            .lane
            .record_output(now.micros(), shown)
            .map_err(|_| unrecorded())?;
        let shown = recorded.into_inner();
        self.bytes += shown.len() as u64;
        self.fanout.publish(&shown, now);

        Ok(shown)
    }

    fn show_status(&mut self) -> Step {
        let status = self.engine.status();
        let status = Status {
            database: status.database,
            transaction: match status.transaction {
                terminal::Transaction::Idle => Transaction::Idle,
                terminal::Transaction::Open => Transaction::InTransaction,
                terminal::Transaction::Failed => Transaction::Failed,
                terminal::Transaction::Running { .. } => Transaction::Running,
            },
            backend_pid: self.backend_pid,
        };
        if status.transaction != Transaction::Running && self.presence.is_flooded() {
            // The prompt is back: what was left out for now is shown.
            self.presence.settle();
            self.show()?;
        }
        let shown = self.presence.show_status(status);

        self.unless_gone(shown)
    }

    /// Sends the database a message. Of a Query the recording learns whose it is, and what stands in its place.
    fn send(&mut self, message: &frontend::Message, origin: Origin, instead: Option<String>) {
        if let frontend::Message::Query { .. } = message {
            self.control.note(Note { origin, instead });
        }
        self.wire.outbound.queue(message);
    }
}

/// What became of the connection that is on its way; waits for ever while none is.
async fn outcome(connecting: &mut Option<oneshot::Receiver<Reached>>) -> Reached {
    match connecting {
        Some(reached) => reached
            .await
            .unwrap_or_else(|_| Err("The connection could not be made.".to_owned())),
        None => std::future::pending().await,
    }
}

/// The next statement somebody watches; waits for ever while nobody does.
async fn next_statement(statements: &mut Option<broadcast::Receiver<Seen>>) -> Seen {
    if let Some(statements) = statements {
        loop {
            match statements.recv().await {
                Ok(seen) => return seen,
                // The recording has what was missed.
                Err(broadcast::error::RecvError::Lagged(_)) => {}
                Err(broadcast::error::RecvError::Closed) => break,
            }
        }
    }

    std::future::pending().await
}
