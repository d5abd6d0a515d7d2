//! Playback as a pure machine: where the replay is, what the screen is to show next. Time comes in with each event.
//!
//! | event             | Paused       | Playing      | Waiting      | Ended        |
//! |-------------------|--------------|--------------|--------------|--------------|
//! | `Toggle`          | Playing      | Paused       | Paused       | Playing at 0 |
//! | `Restart`         | Playing at 0 | Playing at 0 | Playing at 0 | Playing at 0 |
//! | `Faster`/`Slower` | speed        | speed        | speed        | speed        |
//! | `Seek`            | Paused       | Playing      | Playing      | Paused       |
//! | `Tick`            | –            | Playing      | –            | –            |
//! | `Loaded`          | –            | Playing      | Playing      | –            |
//!
//! *Playing* that has come to the end of what is loaded is *Waiting*, and *Ended* when there is nothing more to load.

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

/// How much of the recording is there to be played.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Reach {
    /// Last moment of which everything is loaded; -1 when nothing is.
    pub(super) until: Micros,
    /// Length of the recording, as far as it is known.
    pub(super) total: Micros,
    /// Nothing comes after `until`.
    pub(super) is_complete: bool,
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
    /// To be played when what comes at `at` is loaded.
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
    Tick,
    Loaded(Reach),
}

/// What the screen does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    Nothing,
    /// What came after `after` (`None`: from the start) up to `until` is printed.
    Paint {
        after: Option<Micros>,
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
    reach: Reach,
    painted: Option<Micros>,
}

impl Playback {
    /// At the start of a recording of which nothing is loaded.
    pub(super) fn new(total: Micros) -> Self {
        Self {
            state: State::Paused { at: 0 },
            speed: Speed::ONE,
            reach: Reach {
                until: -1,
                total: total.max(0),
                is_complete: false,
            },
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
        self.reach.total
    }

    /// Whether nothing more comes.
    pub(super) fn is_loaded(&self) -> bool {
        self.reach.is_complete
    }

    /// Where the replay is at `now`.
    pub(super) fn position(&self, now: Micros) -> Micros {
        match self.state {
            State::Paused { at } | State::Waiting { at } => at,
            State::Playing { from, since } => {
                let passed = now.saturating_sub(since).max(0);

                from.saturating_add(passed.saturating_mul(self.speed.0) / 2)
                    .min(self.reach.total)
            }
            State::Ended => self.reach.total,
        }
    }

    /// The next state, and what the screen does; the table is at the head of this file.
    #[must_use]
    pub(super) fn transition(mut self, event: Event, now: Micros) -> (Self, Action) {
        let at = self.position(now);
        let mut jumps = false;
        match event {
            Event::Toggle => jumps = self.toggle(at, now),
            Event::Restart => {
                self.state = State::Playing { from: 0, since: now };
                jumps = true;
            }
            Event::Faster => self.set_speed(self.speed.faster(), at, now),
            Event::Slower => self.set_speed(self.speed.slower(), at, now),
            Event::Seek(to) => {
                self.seek(to.clamp(0, self.reach.total), now);
                jumps = true;
            }
            Event::Tick => {}
            Event::Loaded(reach) => self.load(reach, at, now),
        }
        self.settle(now);

        let action = self.paint(jumps, now);
        (self, action)
    }

    /// Whether the screen starts anew.
    fn toggle(&mut self, at: Micros, now: Micros) -> bool {
        let (state, starts_anew) = match self.state {
            State::Playing { .. } | State::Waiting { .. } => (State::Paused { at }, false),
            State::Paused { .. } | State::Ended if self.reach.is_complete && at >= self.reach.total => {
                (State::Playing { from: 0, since: now }, true)
            }
            State::Paused { .. } | State::Ended => (State::Playing { from: at, since: now }, false),
        };
        self.state = state;

        starts_anew
    }

    fn seek(&mut self, to: Micros, now: Micros) {
        self.state = match self.state {
            State::Paused { .. } | State::Ended => State::Paused { at: to },
            State::Playing { .. } | State::Waiting { .. } => State::Playing { from: to, since: now },
        };
    }

    fn set_speed(&mut self, speed: Speed, at: Micros, now: Micros) {
        if let State::Playing { .. } = self.state {
            self.state = State::Playing { from: at, since: now };
        }
        self.speed = speed;
    }

    fn load(&mut self, reach: Reach, at: Micros, now: Micros) {
        self.reach = reach;
        match self.state {
            State::Playing { .. } | State::Waiting { .. } => {
                self.state = State::Playing { from: at, since: now }
            }
            State::Paused { .. } => {
                self.state = State::Paused {
                    at: at.min(reach.total),
                }
            }
            State::Ended => {}
        }
    }

    /// The replay does not run ahead of what is loaded.
    fn settle(&mut self, now: Micros) {
        let State::Playing { from, .. } = self.state else {
            return;
        };
        let at = self.position(now);
        if self.reach.is_complete {
            if at >= self.reach.total {
                self.state = State::Ended;
            }
        } else if at > self.reach.until {
            self.state = State::Waiting {
                at: from.max(self.reach.until).max(0),
            };
        }
    }

    fn paint(&mut self, jumps: bool, now: Micros) -> Action {
        let until = self.position(now).min(self.reach.until);
        if until < 0 {
            return Action::Nothing;
        }
        let after = self.painted;
        if jumps {
            self.painted = Some(until);
            return Action::Jump { until };
        }
        if after.is_some_and(|after| after >= until) {
            return Action::Nothing;
        }
        self.painted = Some(until);

        Action::Paint { after, until }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: Event = Event::Loaded(Reach {
        until: 100,
        total: 100,
        is_complete: true,
    });
    const HALF: Event = Event::Loaded(Reach {
        until: 50,
        total: 100,
        is_complete: false,
    });

    /// Feeds the events at their times; the last state and all actions but `Nothing`.
    fn run(events: &[(Micros, Event)]) -> (State, Vec<Action>) {
        let mut playback = Playback::new(100);
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
            (0, WHOLE),
            (1_000, Event::Toggle),
            (1_040, Event::Tick),
            (1_100, Event::Tick),
            (1_200, Event::Tick),
        ]);

        assert_eq!(state, State::Ended);
        assert_eq!(
            actions,
            [
                Action::Paint {
                    after: None,
                    until: 0
                },
                Action::Paint {
                    after: Some(0),
                    until: 40
                },
                Action::Paint {
                    after: Some(40),
                    until: 100
                },
            ]
        );
    }

    #[test]
    fn every_event_leads_where_the_table_says() {
        let paused: &[(Micros, Event)] = &[(0, WHOLE), (0, Event::Seek(10))];
        let playing: &[(Micros, Event)] = &[(0, WHOLE), (0, Event::Seek(10)), (50, Event::Toggle)];
        let waiting: &[(Micros, Event)] = &[(0, HALF), (0, Event::Seek(60)), (0, Event::Toggle)];
        let ended: &[(Micros, Event)] = &[(0, WHOLE), (0, Event::Toggle), (100, Event::Tick)];
        let from = |from| State::Playing { from, since: 100 };

        for (before, event, expected) in [
            (paused, Event::Toggle, from(10)),
            (paused, Event::Restart, from(0)),
            (paused, Event::Faster, State::Paused { at: 10 }),
            (paused, Event::Seek(70), State::Paused { at: 70 }),
            (paused, Event::Tick, State::Paused { at: 10 }),
            (playing, Event::Toggle, State::Paused { at: 60 }),
            (playing, Event::Restart, from(0)),
            (playing, Event::Seek(70), from(70)),
            (waiting, Event::Toggle, State::Paused { at: 60 }),
            (waiting, Event::Seek(20), from(20)),
            (waiting, Event::Tick, State::Waiting { at: 60 }),
            (waiting, HALF, State::Waiting { at: 60 }),
            (waiting, WHOLE, from(60)),
            (ended, Event::Toggle, from(0)),
            (ended, Event::Restart, from(0)),
            (ended, Event::Seek(30), State::Paused { at: 30 }),
            (ended, Event::Slower, State::Ended),
        ] {
            let events: Vec<_> = before.iter().copied().chain([(100, event)]).collect();

            assert_eq!(run(&events).0, expected, "{event:?} after {before:?}");
        }
    }

    #[test]
    fn pausing_keeps_the_place() {
        let (state, _) = run(&[
            (0, WHOLE),
            (0, Event::Toggle),
            (30, Event::Toggle),
            (90, Event::Tick),
        ]);

        assert_eq!(state, State::Paused { at: 30 });
    }

    #[test]
    fn another_speed_counts_from_where_the_replay_is() {
        let (state, actions) = run(&[
            (0, WHOLE),
            (0, Event::Toggle),
            (10, Event::Faster),
            (20, Event::Slower),
            (30, Event::Slower),
            (50, Event::Tick),
        ]);

        assert_eq!(state, State::Playing { from: 40, since: 30 });
        assert_eq!(
            actions.last(),
            Some(&Action::Paint {
                after: Some(40),
                until: 50
            })
        );
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
    fn what_is_not_loaded_is_waited_for_at_its_place() {
        let (state, actions) = run(&[(0, HALF), (0, Event::Toggle), (70, Event::Tick)]);
        assert_eq!(state, State::Waiting { at: 50 });
        assert_eq!(
            actions.last(),
            Some(&Action::Paint {
                after: Some(0),
                until: 50
            })
        );

        let (state, actions) = run(&[(0, HALF), (0, Event::Seek(80)), (9, WHOLE)]);
        assert_eq!(state, State::Paused { at: 80 });
        assert_eq!(
            actions[1..],
            [
                Action::Jump { until: 50 },
                Action::Paint {
                    after: Some(50),
                    until: 80
                }
            ]
        );
    }

    #[test]
    fn going_back_makes_the_screen_what_it_was() {
        let (_, actions) = run(&[
            (0, WHOLE),
            (0, Event::Seek(80)),
            (0, Event::Seek(20)),
            (0, Event::Restart),
        ]);

        assert_eq!(
            actions[1..],
            [
                Action::Jump { until: 80 },
                Action::Jump { until: 20 },
                Action::Jump { until: 0 }
            ]
        );
    }
}
