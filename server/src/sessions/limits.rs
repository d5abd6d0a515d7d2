//! A session's own time: idle and maximum duration, with warnings before the cut. Pure: time is an argument.

use std::time::Duration;

use protocol::terminal::EndReason;
use protocol::time::Timestamp;

/// Before the maximum duration, and what is said then.
const WARNINGS: [(Duration, &str); 2] = [
    (
        Duration::from_secs(600),
        "This session ends in 10 minutes: its maximum duration is reached then.",
    ),
    (
        Duration::from_secs(60),
        "This session ends in 1 minute: its maximum duration is reached then.",
    ),
];

/// Before an idle session is ended.
const IDLE_WARNING: Duration = Duration::from_secs(60);

/// What a session may take, and what has been said of it.
#[derive(Debug, Clone)]
pub struct Limits {
    idle: Option<Duration>,
    started: Timestamp,
    duration: Option<Duration>,
    n_warned: usize,
    idle_warned: bool,
}

/// What is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Due {
    Nothing,
    Warning(&'static str),
    End(EndReason, &'static str),
}

impl Limits {
    pub fn new(started: Timestamp, idle: Option<Duration>, duration: Option<Duration>) -> Self {
        // Warnings that would come before the session has begun are not given.
        let n_warned = WARNINGS
            .iter()
            .filter(|(before, _)| duration.is_some_and(|total| total <= *before))
            .count();

        Self {
            idle,
            started,
            duration,
            n_warned,
            idle_warned: false,
        }
    }

    /// Takes other limits; the session began when it began.
    pub fn change(&mut self, idle: Option<Duration>, duration: Option<Duration>) {
        if (self.idle, self.duration) != (idle, duration) {
            *self = Self::new(self.started, idle, duration);
        }
    }

    /// When the maximum duration is reached.
    pub fn ends_at(&self) -> Option<Timestamp> {
        self.duration.map(|duration| self.started + duration)
    }

    /// What is due at `now`. `rests_since` is the last moment something was typed or ran; `None` while a
    /// statement runs: a running query is not idle.
    pub fn check(&mut self, rests_since: Option<Timestamp>, now: Timestamp) -> Due {
        if let Some(ends_at) = self.ends_at() {
            if now >= ends_at {
                return Due::End(EndReason::Duration, "Session duration complete.");
            }
            if let Some((before, sentence)) = WARNINGS.get(self.n_warned)
                && now + *before >= ends_at
            {
                self.n_warned += 1;

                return Due::Warning(sentence);
            }
        }
        match (self.idle, rests_since) {
            (Some(idle), Some(since)) => self.check_idle(idle, now.since(since)),
            (None, _) | (_, None) => Due::Nothing,
        }
    }

    fn check_idle(&mut self, idle: Duration, rested: Duration) -> Due {
        if rested >= idle {
            return Due::End(EndReason::Idle, "Session closed due to inactivity.");
        }
        let is_near = rested + IDLE_WARNING >= idle && idle > IDLE_WARNING;
        let warn = is_near && !self.idle_warned;
        self.idle_warned = is_near;
        if warn {
            Due::Warning("This session is closed in 1 minute if nothing is typed or run.")
        } else {
            Due::Nothing
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: u64 = 3600;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_micros(0) + Duration::from_secs(seconds)
    }

    fn limits(idle: u64, duration: u64) -> Limits {
        let some = |seconds| (seconds > 0).then(|| Duration::from_secs(seconds));

        Limits::new(at(0), some(idle), some(duration))
    }

    #[test]
    fn the_maximum_duration_is_announced_twice_and_then_ends_the_session() {
        let mut limits = limits(0, 8 * HOUR);
        let end = 8 * HOUR;

        assert_eq!(limits.check(None, at(end - 601)), Due::Nothing);
        assert!(
            matches!(limits.check(None, at(end - 600)), Due::Warning(text) if text.contains("10 minutes"))
        );
        assert_eq!(limits.check(None, at(end - 599)), Due::Nothing);
        assert!(matches!(limits.check(None, at(end - 60)), Due::Warning(text) if text.contains("1 minute")));
        assert!(matches!(
            limits.check(None, at(end)),
            Due::End(EndReason::Duration, _)
        ));
    }

    #[test]
    fn a_short_session_is_not_warned_of_what_was_never_far() {
        let mut limits = limits(0, 120);

        assert_eq!(limits.check(None, at(1)), Due::Nothing);
        assert!(matches!(limits.check(None, at(60)), Due::Warning(text) if text.contains("1 minute")));
    }

    #[test]
    fn a_running_statement_is_not_idle() {
        let mut limits = limits(1800, 0);

        assert_eq!(limits.check(None, at(7200)), Due::Nothing);
        assert!(matches!(
            limits.check(Some(at(0)), at(1800)),
            Due::End(EndReason::Idle, _)
        ));
    }

    #[test]
    fn typing_takes_the_idle_warning_back() {
        let mut limits = limits(1800, 0);

        assert!(matches!(limits.check(Some(at(0)), at(1740)), Due::Warning(_)));
        assert_eq!(limits.check(Some(at(0)), at(1741)), Due::Nothing);
        assert_eq!(limits.check(Some(at(1750)), at(1751)), Due::Nothing);
        assert!(matches!(
            limits.check(Some(at(1750)), at(1750 + 1740)),
            Due::Warning(_)
        ));
    }

    #[test]
    fn a_shorter_maximum_counts_from_the_start() {
        let mut limits = limits(0, 8 * HOUR);

        limits.change(None, Some(Duration::from_secs(HOUR)));

        assert!(matches!(
            limits.check(None, at(HOUR)),
            Due::End(EndReason::Duration, _)
        ));
    }

    #[test]
    fn a_clock_set_back_ends_nothing() {
        let mut limits = limits(1800, 8 * HOUR);

        assert_eq!(limits.check(Some(at(5000)), at(10)), Due::Nothing);
    }
}
