//! Comings and goings: the browser is lost, comes back, is taken over; somebody begins to watch.

use app::ctx::{Actor, Client};
use protocol::audit::{EventName, Outcome};
use protocol::errors::{Code, Refusal};
use protocol::terminal::watch::{WatchFrame, WatchHello};
use protocol::terminal::{EndReason, Hello, RESUMED_LINES, ServerFrame};
use protocol::time::Timestamp;
use proxy::pump::Seen;
use recording::Origin;
use store::audit;

use super::attachment::{Attachment, Gone, Presence};
use super::window::size_of;
use super::{Keeper, Step, Task, ended};
use crate::clock;
use crate::launch;
use crate::people::store_failed;
use crate::sessions::knocks::{Arrival, Knock, Watching};

const SCRIPTED: &str = "A script runs in this session: nobody can type into it.";

const TAKEN_OVER: &str = "This session was taken over by another window.";

impl Task {
    /// Whoever knocks is let in, or told why not.
    pub(super) async fn answer(&mut self, knock: Knock) -> Step {
        match knock {
            Knock::Back(arrival) => self.come_back(*arrival).await,
            Knock::Watcher(watching) => self.be_watched(*watching),
        }
    }

    /// Leaves where a frame could not be sent: the browser is not there.
    pub(super) fn unless_gone(&mut self, sent: Result<(), Gone>) -> Step {
        match sent {
            Ok(()) => Ok(()),
            Err(Gone) => self.leave(),
        }
    }

    /// The browser has gone; the session waits for it.
    pub(super) fn leave(&mut self) -> Step {
        let now = clock::now();
        self.unless_script()?;
        self.drop_transfers();
        self.presence = Presence::away(now);
        self.seat.note_attached(false);
        self.fanout.attach(false, now);

        self.check_absence(now)
    }

    /// Whether nobody has been there for too long.
    pub(super) fn check_absence(&self, now: Timestamp) -> Step {
        let grace = self.state.config.sessions.reattach_grace();
        match self.presence.away_since() {
            Some(since) if now.since(since) >= grace => Err(ended(EndReason::ClientGone, "Connection lost.")),
            Some(_) | None => Ok(()),
        }
    }

    /// The session's person is back, or takes it over with another window.
    async fn come_back(&mut self, arrival: Arrival) -> Step {
        let Arrival {
            actor,
            client,
            ends,
            screen,
        } = arrival;
        let returns = match self.piping {
            Some(_) => Err(Refusal::new(Code::PamConflict, SCRIPTED)),
            None => self.weigh_return(&actor, &client).await,
        };
        if let Err(refusal) = returns {
            let refused = ended(EndReason::PolicyChanged, refusal.sentence);
            // Who has gone again in the meantime is not missed.
            let _told = ends.to_browser.try_send(ServerFrame::Ended(refused));

            return Ok(());
        }
        self.owner.person = actor.person.clone();
        self.owner.keeper = Keeper::SignIn(Box::new(actor));
        self.owner.client = client;
        // It was another terminal's.
        self.hello.look = self.effective.look();
        self.resize(size_of(screen.cols, screen.rows))?;
        // What was printed is part of the picture, what is printed from here on comes after it.
        self.show()?;
        let picture = self.fanout.snapshot(RESUMED_LINES);
        let painted = Attachment::new(ends, self.greeting(), self.size.rows)
            .and_then(|mut attachment| attachment.paint(picture).map(|()| attachment));
        let Ok(attachment) = painted else {
            return Ok(());
        };
        self.drop_transfers();
        // A window that is not there any more need not be told.
        let _told = self.presence.send(ServerFrame::TakenOver(TAKEN_OVER.to_owned()));
        self.presence = Presence::Here(Box::new(attachment));
        self.seat.note_attached(true);
        self.fanout.attach(true, clock::now());

        Ok(())
    }

    /// Everything a launch is weighed by, but the number of sessions: this one is open.
    async fn weigh_return(&mut self, actor: &Actor, client: &Client) -> Result<(), Refusal> {
        if actor.person.id != self.owner.person.id {
            return Err(launch::not_there());
        }
        let weighed = launch::may_stay(&self.state, actor, &self.owner.launch).await;
        let now = clock::now();
        let event = match &weighed {
            Ok(_) => self
                .closing
                .event_from(client, EventName::ConnectionResumed, Outcome::Ok, now),
            Err(refusal) => self
                .closing
                .event_from(client, EventName::ConnectionDenied, Outcome::Denied, now)
                .with("reason", refusal.sentence.clone()),
        };
        let mut tx = self.state.db.write().await.map_err(store_failed)?;
        audit::append(&mut tx, event).await.map_err(store_failed)?;
        tx.commit().await.map_err(store_failed)?;

        weighed.map(|_| ())
    }

    /// What a browser that comes back is told first.
    fn greeting(&self) -> Hello {
        Hello {
            resumed: true,
            ends_at: self.limits.ends_at(),
            now: clock::now(),
            ..self.hello.clone()
        }
    }

    fn be_watched(&mut self, watching: Watching) -> Step {
        self.show()?;
        let hello = WatchHello {
            session: self.hello.session.clone(),
            record_title: self.hello.record_title.clone(),
            person_email: self.owner.person.handle.to_string(),
            account: self.hello.account.clone(),
            reached: self.hello.reached.clone(),
            recordings: self.hello.recordings.clone(),
            started_at: self.hello.now,
            ends_at: self.limits.ends_at(),
            now: clock::now(),
            look: self.hello.look.clone(),
            is_attached: self.presence.is_here(),
        };
        self.fanout.join(watching, hello);
        if self.statements.is_none() {
            self.statements = Some(self.control.statements());
        }

        Ok(())
    }

    /// Watchers whose right is gone see no more.
    pub(super) async fn weigh_watchers(&mut self) {
        for viewer in self.fanout.viewers() {
            if let Err(refusal) = launch::may_watch(&self.state, &viewer).await {
                self.fanout.dismiss(&viewer, &refusal.sentence);
            }
        }
    }

    pub(super) fn show_statement(&mut self, seen: Seen) {
        let frame = match seen {
            Seen::Started { seq, at, origin, sql } => WatchFrame::StatementStart {
                seq,
                at: Timestamp::from_micros(at),
                is_interfaces: origin == Origin::Interface,
                sql,
            },
            Seen::Ended { at, end } => WatchFrame::StatementEnd {
                statement: end.statement,
                at: Timestamp::from_micros(at),
                tag: end.tag,
                rows: end.rows,
                duration: end.duration,
                error: end.error,
            },
        };
        self.fanout.tell(&frame, clock::now());
        if !self.fanout.is_watched() {
            self.statements = None;
        }
    }
}
