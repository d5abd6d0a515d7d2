//! What a session looks at from time to time: whether its people still may, and whether its time is over.

use protocol::terminal::{EndReason, ServerFrame};
use protocol::time::Timestamp;
use proxy::pump::Phase;
use store::sign_ins::TOUCH;

use super::Task;
use crate::clock;
use crate::sessions::bound::{CHANGED, bound_by};
use crate::sessions::ends::{Step, ended, unrecorded};
use crate::sessions::limits::Due;

impl Task {
    pub(super) async fn orders(&mut self) -> Step {
        let orders = self.seat.orders.borrow_and_update().clone();
        if let Some((reason, sentence)) = orders.end {
            return Err(ended(reason, sentence));
        }
        if orders.look_again == self.looked {
            return Ok(());
        }
        self.looked = orders.look_again;

        let authorized = self
            .owner
            .keeper
            .lets_stay(&self.state, &self.owner.launch)
            .await
            .map_err(|refusal| ended(EndReason::PolicyChanged, refusal.sentence))?;
        let in_force = authorized.effective();
        let via = authorized.via().map(|via| &via.id);
        if bound_by(in_force) != bound_by(&self.effective) || via != self.server.via.as_ref() {
            return Err(ended(EndReason::PolicyChanged, CHANGED));
        }
        self.limits
            .change(in_force.idle_timeout(), in_force.max_session_duration());
        self.weigh_watchers().await;

        Ok(())
    }

    pub(super) async fn tick(&mut self) -> Step {
        let now = clock::now();
        self.tape
            .handle_time(now.micros())
            .and_then(|()| self.tape.sync())
            .map_err(|_| unrecorded())?;
        self.fanout.check(now);
        self.check_absence(now)?;
        if self.presence.is_here() && now.since(self.last_touch) >= TOUCH {
            self.last_touch = now;
            self.owner.keeper.touch(&self.state, now).await;
        }
        match self.limits.check(self.rests_since(), now) {
            Due::Nothing => Ok(()),
            Due::Warning(sentence) => {
                let sent = self.presence.send(ServerFrame::Warning(sentence.to_owned()));

                self.unless_gone(sent)
            }
            Due::End(reason, sentence) => Err(ended(reason, sentence)),
        }
    }

    fn rests_since(&self) -> Option<Timestamp> {
        let since = match self.activity.borrow().phase {
            Phase::Ready { since } => Some(since),
            Phase::Running { .. } => self.control.starves_since(),
        };

        since.map(|since| Timestamp::from_micros(since).max(self.last_input))
    }
}
