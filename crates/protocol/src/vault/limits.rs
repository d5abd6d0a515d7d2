//! Limits of sessions: eight fields that a PAM Configuration and a record's connection settings share.

use serde::{Deserialize, Serialize};

use super::checks::{Checks, within};
use super::length_of_time;

/// Most sessions a limit can say; 0 is unlimited.
const MAX_SESSIONS: u32 = 10_000;

/// Most connections a native client may have open in one session: there is no session without any, and none
/// without a bound.
const MAX_CONNECTIONS: u32 = 250;

/// Most statements a limit can say; 0 is unlimited.
const MAX_STATEMENTS: u32 = 1_000_000_000;

/// One length of time: its field, its label, whether it may be `none`, and its bounds in seconds.
struct LengthOfTime {
    field: &'static str,
    label: &'static str,
    may_be_none: bool,
    least: u32,
    most: u32,
}

const STATEMENT: LengthOfTime = LengthOfTime {
    field: "statement_timeout",
    label: "Statement timeout",
    may_be_none: true,
    least: 1,
    most: 86_400,
};
const CONNECT: LengthOfTime = LengthOfTime {
    field: "connect_timeout",
    label: "Connect timeout",
    may_be_none: false,
    least: 1,
    most: 60,
};
const IDLE: LengthOfTime = LengthOfTime {
    field: "idle_timeout",
    label: "Idle timeout",
    may_be_none: true,
    least: 30,
    most: 86_400,
};
const DURATION: LengthOfTime = LengthOfTime {
    field: "max_session_duration",
    label: "Maximum session duration",
    may_be_none: true,
    least: 60,
    most: 7 * 86_400,
};

impl LengthOfTime {
    fn seconds(&self, text: &str) -> Option<u32> {
        let seconds = length_of_time::parse(text)?;
        let none = seconds == 0 && self.may_be_none;

        (none || (self.least..=self.most).contains(&seconds)).then_some(seconds)
    }

    fn check(&self, checks: &mut Checks, text: &str) {
        if text.trim().is_empty() || self.seconds(text).is_some() {
            return;
        }

        let Self {
            field,
            label,
            least,
            most,
            ..
        } = *self;
        let (least, most) = (length_of_time::show(least), length_of_time::show(most));
        let or_none = if self.may_be_none { ", or none" } else { "" };
        checks.fail(
            field,
            format!("{label} must be from {least} to {most}, for example 30 s, 10 min or 8 h{or_none}."),
        );
    }
}

/// The eight fields as typed. An empty one inherits.
#[derive(Debug, Clone, Copy)]
pub struct LimitTexts<'a> {
    pub statement_timeout: &'a str,
    pub connect_timeout: &'a str,
    pub idle_timeout: &'a str,
    pub max_session_duration: &'a str,
    pub max_sessions_per_user: &'a str,
    pub max_sessions_per_resource: &'a str,
    pub max_connections_per_session: &'a str,
    pub max_statements_per_session: &'a str,
}

/// What the eight fields say. `None` inherits; 0 is none (times) or unlimited (sessions, statements). Times are seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Limits {
    pub statement_timeout: Option<u32>,
    pub connect_timeout: Option<u32>,
    pub idle_timeout: Option<u32>,
    pub max_session_duration: Option<u32>,
    pub max_sessions_per_user: Option<u32>,
    pub max_sessions_per_resource: Option<u32>,
    pub max_connections_per_session: Option<u32>,
    pub max_statements_per_session: Option<u32>,
}

impl LimitTexts<'_> {
    pub(super) fn check(&self, checks: &mut Checks) {
        STATEMENT.check(checks, self.statement_timeout);
        CONNECT.check(checks, self.connect_timeout);
        IDLE.check(checks, self.idle_timeout);
        DURATION.check(checks, self.max_session_duration);
        let sessions = [
            (
                "max_sessions_per_user",
                "Maximum sessions per user",
                self.max_sessions_per_user,
            ),
            (
                "max_sessions_per_resource",
                "Maximum sessions per resource",
                self.max_sessions_per_resource,
            ),
        ];
        for (field, label, text) in sessions {
            checks.number(field, label, text, 0, MAX_SESSIONS);
        }
        checks.number(
            "max_connections_per_session",
            "Maximum connections per session",
            self.max_connections_per_session,
            1,
            MAX_CONNECTIONS,
        );
        checks.number(
            "max_statements_per_session",
            "Maximum statements per session",
            self.max_statements_per_session,
            0,
            MAX_STATEMENTS,
        );
    }

    /// What the fields say; a wrong field says nothing.
    pub fn limits(&self) -> Limits {
        Limits {
            statement_timeout: STATEMENT.seconds(self.statement_timeout),
            connect_timeout: CONNECT.seconds(self.connect_timeout),
            idle_timeout: IDLE.seconds(self.idle_timeout),
            max_session_duration: DURATION.seconds(self.max_session_duration),
            max_sessions_per_user: within(self.max_sessions_per_user, 0, MAX_SESSIONS),
            max_sessions_per_resource: within(self.max_sessions_per_resource, 0, MAX_SESSIONS),
            max_connections_per_session: within(self.max_connections_per_session, 1, MAX_CONNECTIONS),
            max_statements_per_session: within(self.max_statements_per_session, 0, MAX_STATEMENTS),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EMPTY: LimitTexts<'_> = LimitTexts {
        statement_timeout: "",
        connect_timeout: "",
        idle_timeout: "",
        max_session_duration: "",
        max_sessions_per_user: "",
        max_sessions_per_resource: "",
        max_connections_per_session: "",
        max_statements_per_session: "",
    };

    fn errors(texts: LimitTexts<'_>) -> Vec<String> {
        let mut checks = Checks::default();
        texts.check(&mut checks);

        checks
            .into_errors()
            .into_iter()
            .map(|error| error.message)
            .collect()
    }

    #[test]
    fn empty_fields_inherit() {
        assert_eq!(errors(EMPTY), Vec::<String>::new());
        assert_eq!(EMPTY.limits(), Limits::default());
    }

    #[test]
    fn a_timeout_out_of_bounds_gets_the_bounds() {
        let texts = LimitTexts {
            connect_timeout: "2 min",
            idle_timeout: "1 s",
            max_sessions_per_user: "many",
            ..EMPTY
        };

        assert_eq!(
            errors(texts),
            [
                "Connect timeout must be from 1 s to 1 min, for example 30 s, 10 min or 8 h.",
                "Idle timeout must be from 30 s to 1 d, for example 30 s, 10 min or 8 h, or none.",
                "Maximum sessions per user must be a whole number from 0 to 10000.",
            ]
        );
    }

    #[test]
    fn a_session_has_a_bound_of_connections_and_may_have_none_of_statements() {
        let texts = |connections, statements| LimitTexts {
            max_connections_per_session: connections,
            max_statements_per_session: statements,
            ..EMPTY
        };

        assert_eq!(errors(texts("250", "0")), Vec::<String>::new());
        assert_eq!(
            errors(texts("0", "-1")),
            [
                "Maximum connections per session must be a whole number from 1 to 250.",
                "Maximum statements per session must be a whole number from 0 to 1000000000.",
            ]
        );
    }

    #[test]
    fn no_connect_timeout_is_no_choice_but_no_statement_timeout_is() {
        assert_eq!(
            errors(LimitTexts {
                statement_timeout: "none",
                ..EMPTY
            }),
            Vec::<String>::new()
        );
        assert_eq!(
            errors(LimitTexts {
                connect_timeout: "none",
                ..EMPTY
            })
            .len(),
            1
        );
    }
}
