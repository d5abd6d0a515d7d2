//! Playback as a pure machine: where the replay is, what the screen is to show next. Time comes in with each event.
//!
//! | event             | Paused       | Playing      | Waiting      | Ended        |
//! |-------------------|--------------|--------------|--------------|--------------|
//! | `Toggle`          | Playing      | Paused       | Paused       | Playing at 0 |
//! | `Restart`         | Playing at 0 | Playing at 0 | Playing at 0 | Playing at 0 |
//! | `Faster`/`Slower` | speed        | speed        | speed        | speed        |
//! | `Seek`            | Paused       | Playing      | Playing      | Paused       |
//! | `Skip`            | –            | Playing      | –            | –            |
//! | `Tick`            | –            | Playing      | –            | –            |
//! | `Stall`           | Paused       | Waiting      | Waiting      | Ended        |
//! | `Arrived`         | Paused       | Playing      | Playing      | Ended        |
//!
//! *Playing* that has come to the end of the recording is *Ended*. `Stall` answers an action whose frames are not
//! there; `Arrived` asks for it again.

/// Microseconds since the start of the recording.
pub(super) type Micros = i64;

/// How fast, in halves of the recording's own speed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Speed(i64);

impl Speed {
    const ONE: Self = Self(2);
    const SLOWEST: Self = Self(1);
    const FASTEST: Self = Self(32);

    fn faster(self) -> Self {
        Self((self.0 * 2).min(Self::FASTEST.0))
    }

    fn slower(self) -> Self {
        Self((self.0 / 2).max(Self::SLOWEST.0))
    }

    pub(super) fn is_fastest(self) -> bool {
        self == Self::FASTEST
    }

    pub(super) fn is_slowest(self) -> bool {
        self == Self::SLOWEST
    }

    /// `0.5×`, `16×`.
    pub(super) fn label(self) -> String {
        match self.0 {
            1 => "0.5×".to_owned(),
            halves => format!("{}×", halves / 2),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Paused {
        at: Micros,
    },
    Playing {
        from: Micros,
        /// The clock when the replay was at `from`.
        since: Micros,
    },
    /// To be played when what comes at `at` has arrived.
    Waiting {
        at: Micros,
    },
    Ended,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Event {
    /// Play or pause.
    Toggle,
    Restart,
    Faster,
    Slower,
    Seek(Micros),
    /// Goes on from here: nothing happens in between.
    Skip(Micros),
    Tick,
    /// The last action could not be done: its frames are not there.
    Stall(Action),
    /// They are.
    Arrived,
}

/// What the screen does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    Nothing,
    /// What came after `after` up to `until` is printed.
    Paint {
        after: Micros,
        until: Micros,
    },
    /// The screen becomes what it was at `until`.
    Jump {
        until: Micros,
    },
}

/// A replay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Playback {
    state: State,
    speed: Speed,
    total: Micros,
    /// What the screen shows; `None` before its first frame and while it is to be another.
    painted: Option<Micros>,
}

impl Playback {
    /// Paused at `at` of a recording that is `total` long.
    pub(super) fn new(total: Micros, at: Micros) -> Self {
        let total = total.max(0);

        Self {
            state: State::Paused {
                at: at.clamp(0, total),
            },
            speed: Speed::ONE,
            total,
            painted: None,
        }
    }

    pub(super) fn state(&self) -> State {
        self.state
    }

    pub(super) fn speed(&self) -> Speed {
        self.speed
    }

    pub(super) fn total(&self) -> Micros {
        self.total
    }

    /// Whether the screen does not show yet what it is to show.
    pub(super) fn is_behind(&self) -> bool {
        match self.state {
            State::Waiting { .. } => true,
            State::Paused { .. } | State::Playing { .. } | State::Ended => self.painted.is_none(),
        }
    }

    /// Where the replay is at `now`.
    pub(super) fn position(&self, now: Micros) -> Micros {
        match self.state {
            State::Paused { at } | State::Waiting { at } => at,
            State::Playing { from, since } => {
                let passed = now.saturating_sub(since).max(0);

                from.saturating_add(passed.saturating_mul(self.speed.0) / 2)
                    .min(self.total)
            }
            State::Ended => self.total,
        }
    }

    /// The next state, and what the screen does; the table is at the head of this file.
    #[must_use]
    pub(super) fn transition(mut self, event: Event, now: Micros) -> (Self, Action) {
        let at = self.position(now);
        match event {
            Event::Toggle => self.toggle(at, now),
            Event::Restart => self.play_from(0, now),
            Event::Faster => self.set_speed(self.speed.faster(), at, now),
            Event::Slower => self.set_speed(self.speed.slower(), at, now),
            Event::Seek(to) => self.seek(to.clamp(0, self.total), now),
            Event::Skip(to) => self.skip(to, at, now),
            Event::Tick => {}
            Event::Stall(action) => {
                self.stall(action, at);
                return (self, Action::Nothing);
            }
            Event::Arrived => {
                if let State::Waiting { at } = self.state {
                    self.state = State::Playing { from: at, since: now };
                }
            }
        }
        if let State::Playing { .. } = self.state
            && self.position(now) >= self.total
        {
            self.state = State::Ended;
        }

        let action = self.paint(now);
        (self, action)
    }

    fn toggle(&mut self, at: Micros, now: Micros) {
        match self.state {
            State::Playing { .. } | State::Waiting { .. } => self.state = State::Paused { at },
            State::Paused { .. } => self.state = State::Playing { from: at, since: now },
            State::Ended => self.play_from(0, now),
        }
    }

    fn play_from(&mut self, from: Micros, now: Micros) {
        self.state = State::Playing { from, since: now };
        self.painted = None;
    }

    fn seek(&mut self, to: Micros, now: Micros) {
        self.state = match self.state {
            State::Paused { .. } | State::Ended => State::Paused { at: to },
            State::Playing { .. } | State::Waiting { .. } => State::Playing { from: to, since: now },
        };
        self.painted = None;
    }

    fn skip(&mut self, to: Micros, at: Micros, now: Micros) {
        if let State::Playing { .. } = self.state
            && to > at
        {
            self.state = State::Playing { from: to, since: now };
        }
    }

    fn set_speed(&mut self, speed: Speed, at: Micros, now: Micros) {
        if let State::Playing { .. } = self.state {
            self.state = State::Playing { from: at, since: now };
        }
        self.speed = speed;
    }

    /// What was not painted is not painted; the replay does not run ahead of it.
    fn stall(&mut self, action: Action, at: Micros) {
        match action {
            Action::Nothing => {}
            Action::Paint { after, .. } => self.painted = Some(after),
            Action::Jump { .. } => self.painted = None,
        }
        if let State::Playing { .. } = self.state {
            self.state = State::Waiting { at };
        }
    }

    fn paint(&mut self, now: Micros) -> Action {
        if let State::Waiting { .. } = self.state {
            return Action::Nothing;
        }
        let until = self.position(now);
        match self.painted.replace(until) {
            None => Action::Jump { until },
            Some(after) if after < until => Action::Paint { after, until },
            Some(after) => {
                self.painted = Some(after);

                Action::Nothing
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Feeds the events at their times; the last state and all actions but `Nothing`.
    fn run(events: &[(Micros, Event)]) -> (State, Vec<Action>) {
        let mut playback = Playback::new(100, 0);
        let mut actions = Vec::new();
        for (now, event) in events {
            let (next, action) = playback.transition(*event, *now);
            playback = next;
            if action != Action::Nothing {
                actions.push(action);
            }
        }

        (playback.state(), actions)
    }

    #[test]
    fn a_replay_paints_what_came_since_and_ends() {
        let (state, actions) = run(&[
            (0, Event::Arrived),
            (1_000, Event::Toggle),
            (1_040, Event::Tick),
            (1_100, Event::Tick),
            (1_200, Event::Tick),
        ]);

        assert_eq!(state, State::Ended);
        assert_eq!(
            actions,
            [
                Action::Jump { until: 0 },
                Action::Paint { after: 0, until: 40 },
                Action::Paint {
                    after: 40,
                    until: 100
                },
            ]
        );
    }

    #[test]
    fn every_event_leads_where_the_table_says() {
        let paused: &[(Micros, Event)] = &[(0, Event::Seek(10))];
        let playing: &[(Micros, Event)] = &[(0, Event::Seek(10)), (50, Event::Toggle)];
        let stalled = Event::Stall(Action::Paint { after: 50, until: 60 });
        let waiting: &[(Micros, Event)] = &[(0, Event::Seek(60)), (0, Event::Toggle), (0, stalled)];
        let ended: &[(Micros, Event)] = &[(0, Event::Toggle), (100, Event::Tick)];
        let from = |from| State::Playing { from, since: 100 };

        for (before, event, expected) in [
            (paused, Event::Toggle, from(10)),
            (paused, Event::Restart, from(0)),
            (paused, Event::Faster, State::Paused { at: 10 }),
            (paused, Event::Seek(70), State::Paused { at: 70 }),
            (paused, Event::Skip(70), State::Paused { at: 10 }),
            (paused, Event::Tick, State::Paused { at: 10 }),
            (paused, stalled, State::Paused { at: 10 }),
            (paused, Event::Arrived, State::Paused { at: 10 }),
            (playing, Event::Toggle, State::Paused { at: 60 }),
            (playing, Event::Restart, from(0)),
            (playing, Event::Seek(70), from(70)),
            (playing, Event::Skip(90), from(90)),
            (playing, Event::Skip(20), State::Playing { from: 10, since: 50 }),
            (playing, stalled, State::Waiting { at: 60 }),
            (waiting, Event::Toggle, State::Paused { at: 60 }),
            (waiting, Event::Seek(20), from(20)),
            (waiting, Event::Skip(80), State::Waiting { at: 60 }),
            (waiting, Event::Tick, State::Waiting { at: 60 }),
            (waiting, stalled, State::Waiting { at: 60 }),
            (waiting, Event::Arrived, from(60)),
            (ended, Event::Toggle, from(0)),
            (ended, Event::Restart, from(0)),
            (ended, Event::Seek(30), State::Paused { at: 30 }),
            (ended, Event::Slower, State::Ended),
            (ended, Event::Arrived, State::Ended),
        ] {
            let events: Vec<_> = before.iter().copied().chain([(100, event)]).collect();

            assert_eq!(run(&events).0, expected, "{event:?} after {before:?}");
        }
    }

    #[test]
    fn what_is_not_there_is_asked_for_again_when_it_is() {
        let jump = Action::Jump { until: 80 };
        let (_, actions) = run(&[(0, Event::Seek(80)), (0, Event::Stall(jump)), (5, Event::Tick)]);
        // Paused, so each tick asks again; the deck has only one request under way.
        assert_eq!(actions, [jump, jump]);

        let paint = Action::Paint { after: 0, until: 40 };
        let (state, actions) = run(&[
            (0, Event::Arrived),
            (0, Event::Toggle),
            (40, Event::Tick),
            (40, Event::Stall(paint)),
            (90, Event::Tick),
            (95, Event::Arrived),
        ]);
        assert_eq!(state, State::Playing { from: 40, since: 95 });
        assert_eq!(actions, [Action::Jump { until: 0 }, paint, paint]);
    }

    #[test]
    fn a_stretch_without_anything_is_skipped_without_a_jump() {
        let (state, actions) = run(&[
            (0, Event::Arrived),
            (0, Event::Toggle),
            (10, Event::Tick),
            (10, Event::Skip(60)),
            (15, Event::Tick),
        ]);

        assert_eq!(state, State::Playing { from: 60, since: 10 });
        assert_eq!(
            actions[1..],
            [
                Action::Paint { after: 0, until: 10 },
                Action::Paint { after: 10, until: 60 },
                Action::Paint { after: 60, until: 65 },
            ]
        );
    }

    #[test]
    fn pausing_keeps_the_place() {
        let (state, _) = run(&[(0, Event::Toggle), (30, Event::Toggle), (90, Event::Tick)]);

        assert_eq!(state, State::Paused { at: 30 });
    }

    #[test]
    fn another_speed_counts_from_where_the_replay_is() {
        let (state, actions) = run(&[
            (0, Event::Toggle),
            (10, Event::Faster),
            (20, Event::Slower),
            (30, Event::Slower),
            (50, Event::Tick),
        ]);

        assert_eq!(state, State::Playing { from: 40, since: 30 });
        assert_eq!(actions.last(), Some(&Action::Paint { after: 40, until: 50 }));
    }

    #[test]
    fn speed_stays_between_half_and_sixteen() {
        let mut labels = vec![Speed::ONE];
        for _ in 0..6 {
            labels.push(labels[labels.len() - 1].faster());
        }
        let labels: Vec<String> = labels.into_iter().map(Speed::label).collect();

        assert_eq!(labels, ["1×", "2×", "4×", "8×", "16×", "16×", "16×"]);
        assert_eq!(Speed::ONE.slower().slower().label(), "0.5×");
    }

    #[test]
    fn going_back_makes_the_screen_what_it_was() {
        let (_, actions) = run(&[(0, Event::Seek(80)), (0, Event::Seek(20)), (0, Event::Restart)]);

        assert_eq!(
            actions,
            [
                Action::Jump { until: 80 },
                Action::Jump { until: 20 },
                Action::Jump { until: 0 }
            ]
        );
    }

    #[test]
    fn a_link_to_a_moment_begins_there() {
        let playback = Playback::new(100, 70);

        assert!(playback.is_behind());
        assert_eq!(
            playback.transition(Event::Arrived, 0).1,
            Action::Jump { until: 70 }
        );
        assert_eq!(Playback::new(100, 700).position(0), 100);
    }
}
