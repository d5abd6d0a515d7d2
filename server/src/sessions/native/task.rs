//! What keeps a session of native clients: its time, its rights, its recording, and its end.

use std::future::pending;
use std::time::Duration;

use protocol::ids::TokenId;
use protocol::sessions::SessionKind;
use protocol::terminal::{EndReason, Ended, LaunchDraft};
use protocol::time::Timestamp;
use recording::Tape;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::Hall;
use crate::clock;
use crate::launch;
use crate::sessions::bound::{CHANGED, bound_by};
use crate::sessions::close::close;
use crate::sessions::ends::{Step, ended, unrecorded};
use crate::sessions::limits::{Due, Limits};
use crate::sessions::registry::Seat;
use crate::sessions::{Place, supervise};
use crate::state::AppState;

/// How often limits are checked and the recording is made durable.
const TICK: Duration = Duration::from_secs(1);

/// How long clients may take to hear that it is over.
const FAREWELL: Duration = Duration::from_secs(8);

/// Who the session belongs to, and for how long.
pub struct Owner {
    /// What its connections come with.
    pub token: TokenId,
    pub launch: LaunchDraft,
    pub kept: Kept,
    /// Not longer than this, whatever the record allows.
    pub lasts: Option<Duration>,
    pub place: Place,
}

/// How long a session stands that nothing else ends.
pub enum Kept {
    /// As long as connections come.
    WhileUsed,
    /// As long as its tunnel does.
    ByTunnel(Rope),
}

/// What holds a session to its tunnel.
pub struct Rope {
    /// Why the tunnel is no more.
    pub cut: oneshot::Receiver<Ended>,
    /// What its person is to read.
    pub warnings: mpsc::Sender<String>,
    /// It stands only while tunnels without a token, or open to others, are allowed.
    pub is_unguarded: bool,
}

struct Task {
    state: AppState,
    hall: Hall,
    tape: Tape,
    token: TokenId,
    launch: LaunchDraft,
    kept: Kept,
    lasts: Option<Duration>,
    kind: SessionKind,
    seat: Seat,
    limits: Limits,
    looked: u64,
    has_warned_of_budget: bool,
}

/// Keeps the session to its end, and closes it.
pub async fn run(state: &AppState, hall: Hall, tape: Tape, owner: Owner) {
    let effective = hall.effective();
    let limits = Limits::new(
        owner.place.started_at,
        effective.idle_timeout(),
        shorter(effective.max_session_duration(), owner.lasts),
    );
    let task = Task {
        token: owner.token,
        launch: owner.launch,
        kept: owner.kept,
        lasts: owner.lasts,
        kind: owner.place.kind,
        seat: state.sessions.sit(hall.session(), owner.place),
        hall: hall.clone(),
        tape: tape.clone(),
        limits,
        looked: 0,
        has_warned_of_budget: false,
        state: state.clone(),
    };
    supervise::run(state, hall.closing(), &tape, task.run()).await;
    // Where the task has panicked its connections know nothing yet.
    hall.end(&ended(
        EndReason::Crash,
        "Something went wrong in Postern; the session was ended.",
    ));
}

impl Kept {
    /// Waits for the end of the tunnel, if it hangs on one.
    async fn cut(&mut self) -> Ended {
        match self {
            Self::WhileUsed => pending().await,
            Self::ByTunnel(rope) => match (&mut rope.cut).await {
                Ok(ended) => ended,
                Err(_) => ended(EndReason::ClientGone, "The tunnel was lost."),
            },
        }
    }
}

fn shorter(one: Option<Duration>, other: Option<Duration>) -> Option<Duration> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

impl Task {
    async fn run(mut self) {
        let end = self.turn().await;
        self.finish(end).await;
    }

    async fn turn(&mut self) -> Ended {
        let mut tick = interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        // What was told while the session was opened was told to others only.
        if let Err(end) = self.weigh().await {
            return end;
        }
        loop {
            let step = tokio::select! {
                biased;
                () = self.state.stopping.cancelled() => {
                    Err(ended(EndReason::Shutdown, "The server is stopping."))
                }
                changed = self.seat.orders.changed() => { drop(changed); self.orders().await }
                Some(knock) = self.seat.knocks.recv() => {
                    knock.refuse(ended(EndReason::ConnectionLost, "This session has no terminal: its clients are native ones."));
                    Ok(())
                }
                cut = self.kept.cut() => Err(cut),
                _ = tick.tick() => self.tick(),
            };
            if let Err(end) = step {
                return end;
            }
        }
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

        self.weigh().await
    }

    /// Whether its token, its person and their rights are still good.
    async fn weigh(&mut self) -> Step {
        let authorized = launch::may_stay_with_token(&self.state, &self.token, self.kind, &self.launch)
            .await
            .map_err(|refusal| ended(EndReason::PolicyChanged, refusal.sentence))?;
        let in_force = authorized.effective();
        let via = authorized.via().map(|via| &via.id);
        if bound_by(in_force) != bound_by(self.hall.effective()) || via != self.hall.aim().via.as_ref() {
            return Err(ended(EndReason::PolicyChanged, CHANGED));
        }
        let was = self.hall.effective();
        let is_unguarded = matches!(&self.kept, Kept::ByTunnel(rope) if rope.is_unguarded);
        if in_force.inject_credentials.value != was.inject_credentials.value
            || is_unguarded && !in_force.unguarded_tunnels.value
        {
            return Err(ended(EndReason::PolicyChanged, CHANGED));
        }
        self.limits.change(
            in_force.idle_timeout(),
            shorter(in_force.max_session_duration(), self.lasts),
        );

        Ok(())
    }

    fn tick(&mut self) -> Step {
        let now = clock::now();
        self.tape
            .handle_time(now.micros())
            .and_then(|()| self.tape.sync())
            .map_err(|_| unrecorded())?;
        self.leave_if_empty(now)?;
        self.warn_of_budget();
        match self.limits.check(self.hall.doing().rests_since, now) {
            Due::Nothing => Ok(()),
            Due::Warning(sentence) => {
                self.warn(sentence);

                Ok(())
            }
            Due::End(reason, sentence) => Err(ended(reason, sentence)),
        }
    }

    /// Tells clients and, where there is a tunnel, its person.
    fn warn(&self, sentence: &str) {
        self.hall.warn(sentence);
        match &self.kept {
            Kept::WhileUsed => {}
            // Who does not read has had enough to read.
            Kept::ByTunnel(rope) => drop(rope.warnings.try_send(sentence.to_owned())),
        }
    }

    /// A session whose last connection was closed waits a while for the next one.
    fn leave_if_empty(&self, now: Timestamp) -> Step {
        if matches!(self.kept, Kept::ByTunnel(_)) {
            return Ok(());
        }
        let since = now - self.state.config.listener.linger();
        let end = ended(EndReason::Goodbye, "All connections were closed.");
        if self.hall.end_if_empty(since, &end) {
            return Err(end);
        }

        Ok(())
    }

    fn warn_of_budget(&mut self) {
        if let Some(budget) = self.hall.budget().filter(|_| !self.has_warned_of_budget)
            && budget.is_nearly_spent()
        {
            self.has_warned_of_budget = true;
            let total = budget.total();
            self.warn(&format!(
                "This session has run nine tenths of the {total} statements it may run."
            ));
        }
    }

    async fn finish(self, end: Ended) {
        self.hall.end(&end);
        if timeout(FAREWELL, self.hall.emptied()).await.is_err() {
            tracing::warn!(session.id = %self.hall.session(), "connections outlast their session");
        }
        close(
            &self.state,
            self.hall.closing(),
            &self.tape,
            &end,
            self.hall.counted(),
        )
        .await;
        metrics::counter!("postern_sessions_closed_total").increment(1);
    }
}
