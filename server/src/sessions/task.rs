//! One terminal session while it runs: the only `select!` of a session. Its arms select, a `match` dispatches,
//! methods act.
//!
//! Bounds: output is sent while the browser owes at most [`OUTPUT_WINDOW`] bytes of acknowledgement; what waits
//! for the database is what one key press or paste makes; what comes from it is read only while the engine
//! wants it.

mod credit;
mod wire;

use std::time::Duration;

use app::ctx::{Actor, Client};
use bytes::{Bytes, BytesMut};
use pg_proto::backend::Message;
use protocol::terminal::{ClientFrame, EndReason, Ended, Hello, ServerFrame, Status, Transaction};
use protocol::time::Timestamp;
use proxy::pump::{Activity, Control, Ending, Phase};
use recording::{Lane, Origin, Tape};
use terminal::{Action, End, Engine, Size};
use tokio::sync::watch;
use tokio::time::{Interval, MissedTickBehavior, interval, timeout};
use tracing::{Instrument, debug, warn};
use vault::effective::Effective;

use super::close::{Closing, Counted, close};
use super::limits::{Due, Limits};
use super::registry::Seat;
use crate::clock;
use crate::launch;
use crate::state::AppState;
use crate::terminal::socket::Ends;
use credit::Credit;
use wire::Wire;

/// Output recorded and sent as one frame, in bytes.
const FRAME: usize = 32 * 1024;

/// How often limits are checked and the recording is made durable.
const TICK: Duration = Duration::from_secs(1);

/// How often a live session keeps its sign-in from going idle.
const TOUCH: i64 = 60_000_000;

/// How long a browser that does not read may keep the end waiting.
const FAREWELL: Duration = Duration::from_secs(2);

/// Largest screen, in columns or rows.
pub const MAX_SCREEN: u16 = 1000;

/// Who runs the session and with what right; checked again while it lives.
pub struct Owner {
    pub actor: Actor,
    pub client: Client,
    pub launch: protocol::terminal::LaunchDraft,
}

/// A running session.
pub struct Task {
    state: AppState,
    owner: Owner,
    closing: Closing,
    engine: Engine,
    wire: Wire,
    control: Control,
    activity: watch::Receiver<Activity>,
    tape: Tape,
    lane: Lane,
    ends: Ends,
    seat: Seat,
    limits: Limits,
    effective: Effective,
    credit: Credit,
    output: BytesMut,
    shown: Option<Status>,
    last_input: Timestamp,
    last_touch: Timestamp,
    looked: u64,
    bytes: u64,
    errors: u64,
    backend_pid: Option<i32>,
    tick: Interval,
}

/// What a session is made of.
pub struct Parts {
    pub engine: Engine,
    pub wire: tokio::io::DuplexStream,
    pub control: Control,
    pub tape: Tape,
    pub ends: Ends,
    pub seat: Seat,
    pub limits: Limits,
    /// The settings the session was opened under.
    pub effective: Effective,
    pub backend_pid: Option<i32>,
}

/// What woke the session.
enum Event {
    Browser(Option<ClientFrame>),
    FromDatabase(std::io::Result<usize>),
    ToDatabase(std::io::Result<()>),
    Orders,
    Tick,
    Pump(Ending),
}

/// Goes on, or ends for a reason.
type Step = Result<(), Ended>;

fn ended(reason: EndReason, sentence: impl Into<String>) -> Ended {
    Ended {
        reason,
        sentence: sentence.into(),
    }
}

impl Task {
    pub fn new(state: AppState, owner: Owner, closing: Closing, parts: Parts) -> Self {
        let now = clock::now();
        let activity = parts.control.activity();
        let mut tick = interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);

        Self {
            lane: parts.tape.lane(0),
            state,
            owner,
            closing,
            engine: parts.engine,
            wire: Wire::new(parts.wire),
            control: parts.control,
            activity,
            tape: parts.tape,
            ends: parts.ends,
            seat: parts.seat,
            limits: parts.limits,
            effective: parts.effective,
            credit: Credit::default(),
            output: BytesMut::new(),
            shown: None,
            last_input: now,
            last_touch: now,
            looked: 0,
            bytes: 0,
            errors: 0,
            backend_pid: parts.backend_pid,
            tick,
        }
    }

    /// Runs the session to its end and releases what it held.
    pub async fn run(mut self, hello: Hello) {
        let hello = ServerFrame::Hello(hello);
        let end = match self.send(hello) {
            Ok(()) => self.turn().await,
            Err(end) => end,
        };
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
    /// by never being silent.
    async fn next(&mut self) -> Event {
        let reads = self.engine.wants_message() && self.may_print();

        tokio::select! {
            biased;
            changed = self.seat.orders.changed() => { drop(changed); Event::Orders }
            _ = self.tick.tick() => Event::Tick,
            frame = self.ends.from_browser.recv() => Event::Browser(frame),
            written = self.wire.outbound.write(), if self.wire.outbound.has_pending() => Event::ToDatabase(written),
            read = self.wire.inbound.read(), if reads => Event::FromDatabase(read),
            ending = self.control.ended(), if !reads => Event::Pump(ending),
        }
    }

    async fn handle(&mut self, event: Event) -> Step {
        match event {
            Event::Browser(Some(frame)) => self.browser(frame),
            Event::Browser(None) => Err(ended(EndReason::ClientGone, "Connection lost.")),
            Event::FromDatabase(Ok(0)) => self.pump_ended(self.control.ended().await),
            Event::FromDatabase(Ok(_)) => Ok(()),
            Event::FromDatabase(Err(_)) | Event::ToDatabase(Err(_)) => {
                self.pump_ended(self.control.ended().await)
            }
            Event::ToDatabase(Ok(())) => Ok(()),
            Event::Orders => self.orders().await,
            Event::Tick => self.tick().await,
            Event::Pump(ending) => self.pump_ended(ending),
        }
    }

    fn browser(&mut self, frame: ClientFrame) -> Step {
        match frame {
            ClientFrame::Input(bytes) => {
                let now = clock::now();
                self.last_input = now;
                let bytes = Bytes::from(bytes);
                self.lane
                    .input(now.micros(), bytes.clone())
                    .map_err(|_| unrecorded())?;
                self.engine.handle_input(&bytes, clock::instant());
            }
            ClientFrame::Resize { cols, rows } => {
                let size = Size {
                    cols: cols.clamp(1, MAX_SCREEN),
                    rows: rows.clamp(1, MAX_SCREEN),
                };
                self.lane
                    .resize(clock::now().micros(), size.cols, size.rows)
                    .map_err(|_| unrecorded())?;
                self.engine.handle_resize(size);
            }
            ClientFrame::Ack { parsed } => self.credit.acknowledge(parsed),
            ClientFrame::End => return Err(ended(EndReason::Goodbye, "Goodbye.")),
        }

        Ok(())
    }

    /// Lets the engine act until it waits for somebody.
    fn act(&mut self) -> Step {
        loop {
            while self.engine.wants_message() && self.may_print() {
                let Some(message) = self.wire.inbound.next_message().map_err(|_| malformed())? else {
                    break;
                };
                self.take(message);
            }
            let action = if self.may_print() {
                self.engine.poll_action()
            } else {
                self.engine.poll_urgent()
            };
            match action {
                Some(Action::Send(message)) => self.wire.outbound.queue(&message),
                Some(Action::Print(bytes)) => {
                    self.output.extend_from_slice(&bytes);
                    if self.output.len() >= FRAME {
                        self.show()?;
                    }
                }
                Some(Action::Cancel) => self.cancel(),
                // Kept by the engine for this session; see docs/adr/0006.
                Some(Action::Remember(_)) => {}
                Some(Action::End(end)) => {
                    self.show()?;

                    return Err(match end {
                        End::Quit => ended(EndReason::Goodbye, "Goodbye."),
                        End::Lost => ended(EndReason::ConnectionLost, "Connection lost."),
                    });
                }
                None => {
                    self.show()?;

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

    /// Whether the browser keeps up. What is printed meanwhile waits in the engine, what is read in PostgreSQL.
    fn may_print(&self) -> bool {
        self.credit.is_left(self.output.len()) && self.ends.to_browser.capacity() > 8
    }

    /// Records what has been printed, then shows it: what the tape refuses is not shown.
    fn show(&mut self) -> Step {
        if self.output.is_empty() {
            return Ok(());
        }
        let output = self.output.split().freeze();
        let recorded = self
            .lane
            .record_output(clock::now().micros(), output)
            .map_err(|_| unrecorded())?;
        let output = recorded.into_inner();
        self.credit.spend(output.len());
        self.bytes += output.len() as u64;

        self.send(ServerFrame::Output(output.to_vec()))
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
        if self.shown.as_ref() == Some(&status) || !self.may_print() {
            return Ok(());
        }
        self.shown = Some(status.clone());

        self.send(ServerFrame::Status(status))
    }

    fn send(&mut self, frame: ServerFrame) -> Step {
        self.ends
            .to_browser
            .try_send(frame)
            .map_err(|_| ended(EndReason::ClientGone, "Connection lost."))
    }

    /// Ctrl-C: the cancel goes its own way, so that the session stays awake.
    fn cancel(&self) {
        let control = self.control.clone();
        let cancelling = async move {
            match control.cancel(Origin::Person).await {
                Ok(outcome) => debug!(?outcome, "cancel asked for"),
                Err(error) => warn!(error = &error as &dyn std::error::Error, "cancel not delivered"),
            }
        };
        self.state.tasks.spawn(cancelling.in_current_span());
    }

    async fn orders(&mut self) -> Step {
        let orders = self.seat.orders.borrow_and_update().clone();
        if let Some((reason, sentence)) = orders.end {
            return Err(ended(reason, sentence));
        }
        if orders.look_again == self.looked {
            return Ok(());
        }
        self.looked = orders.look_again;

        let authorized = launch::may_stay(&self.state, &self.owner.actor, &self.owner.launch)
            .await
            .map_err(|refusal| ended(EndReason::PolicyChanged, refusal.sentence))?;
        let in_force = authorized.effective();
        if binding(in_force) != binding(&self.effective) {
            return Err(ended(
                EndReason::PolicyChanged,
                "The settings of this record were changed. Start a new session to work under them.",
            ));
        }
        self.limits
            .change(in_force.idle_timeout(), in_force.max_session_duration());

        Ok(())
    }

    async fn tick(&mut self) -> Step {
        let now = clock::now();
        self.tape
            .handle_time(now.micros())
            .and_then(|()| self.tape.sync())
            .map_err(|_| unrecorded())?;
        if now.micros() - self.last_touch.micros() >= TOUCH {
            self.last_touch = now;
            launch::keep_signed_in(&self.state, &self.owner.actor, now).await;
        }
        match self.limits.check(self.rests_since(), now) {
            Due::Nothing => Ok(()),
            Due::Warning(sentence) => self.send(ServerFrame::Warning(sentence.to_owned())),
            Due::End(reason, sentence) => Err(ended(reason, sentence)),
        }
    }

    fn rests_since(&self) -> Option<Timestamp> {
        match self.activity.borrow().phase {
            Phase::Ready { since } => Some(Timestamp::from_micros(since).max(self.last_input)),
            Phase::Running { .. } => None,
        }
    }

    /// The connection to the database is over: the engine says so as psql does.
    fn pump_ended(&mut self, ending: Ending) -> Step {
        debug!(?ending, "pump ended");
        // What the server said last has been read; what is left of it is shown.
        while let Ok(Some(message)) = self.wire.inbound.next_message() {
            self.take(message);
        }
        if ending == Ending::RecordingFailed {
            return Err(unrecorded());
        }
        self.engine.handle_closed();
        while let Some(action) = self.engine.poll_action() {
            if let Action::Print(bytes) = action {
                self.output.extend_from_slice(&bytes);
            }
        }
        self.show()?;

        Err(ended(EndReason::ConnectionLost, "Connection lost."))
    }

    /// Says goodbye on both sides: the database's first, then recording and rows, then the browser.
    async fn finish(mut self, end: Ended) {
        self.control.end("57P01", end.sentence.clone());
        let last = format!("\r\n{}\r\n", end.sentence);
        self.output.extend_from_slice(last.as_bytes());
        // A recording that failed takes nothing more, and then nothing more is shown.
        let _ = self.show();
        let activity = *self.activity.borrow();
        let counted = Counted {
            bytes: self.bytes,
            statements: activity.statements,
            errors: self.errors,
        };
        close(&self.state, &self.closing, &self.tape, &end, counted).await;
        metrics::counter!("postern_sessions_closed_total").increment(1);
        // The browser may be gone; then there is nobody to tell.
        let _ = timeout(FAREWELL, self.ends.to_browser.send(ServerFrame::Ended(end))).await;
    }
}

/// What of the settings cannot change under a session: what is recorded, what may move, how long a statement runs.
fn binding(effective: &Effective) -> ([bool; 7], u32) {
    let switches = [
        &effective.graphical_session_recording,
        &effective.text_session_recording,
        &effective.recording_include_keys,
        &effective.can_export,
        &effective.can_import,
        &effective.can_copy,
        &effective.can_paste,
    ];

    (
        switches.map(|switch| switch.value),
        effective.statement_timeout.value,
    )
}

/// Decision 4 of the design: what cannot be recorded does not happen.
fn unrecorded() -> Ended {
    ended(
        EndReason::RecordingFailed,
        "The session was ended: its recording could not be written, and this resource requires recording.",
    )
}

fn malformed() -> Ended {
    ended(
        EndReason::ConnectionLost,
        "The database server sent something that is not PostgreSQL's protocol.",
    )
}
