//! Access tokens: what programs give for a password when they act in a person's name.

use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::dates;
use crate::forms::{Draft, FieldError};
use crate::ids::{RecordId, TokenId};
use crate::people::{Password, Role, UnknownWord, check_name};
use crate::time::Timestamp;

/// What every token begins with, so that scanners for leaked secrets find it.
pub const PREFIX: &str = "ptn_";

/// The longest a token lasts: a year.
pub const LONGEST: Duration = days(365);

/// Tokens a person has at most that neither expired nor were revoked.
pub const MAX_TOKENS: usize = 50;

const fn days(n: u64) -> Duration {
    Duration::from_secs(n * 24 * 60 * 60)
}

/// What a token is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Connecting to databases with clients.
    #[default]
    Launch,
    /// Whatever the command line does in its person's name, connecting too.
    CommandLine,
}

impl Scope {
    pub const ALL: [Self; 2] = [Self::Launch, Self::CommandLine];

    /// The stable text.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Launch => "launch",
            Self::CommandLine => "command_line",
        }
    }

    /// What a form offers.
    pub fn label(self) -> &'static str {
        match self {
            Self::Launch => "Database clients and jobs",
            Self::CommandLine => "The command line",
        }
    }
}

impl FromStr for Scope {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        Self::ALL
            .into_iter()
            .find(|scope| scope.as_str() == text)
            .ok_or(UnknownWord)
    }
}

/// How long a new token is to last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub enum Lifetime {
    #[serde(rename = "30")]
    Month,
    #[default]
    #[serde(rename = "90")]
    Quarter,
    #[serde(rename = "365")]
    Year,
    /// To the end of a day that is named beside it.
    #[serde(rename = "day")]
    UntilDay,
}

impl Lifetime {
    pub const ALL: [Self; 4] = [Self::Month, Self::Quarter, Self::Year, Self::UntilDay];

    /// The text a form sends.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Month => "30",
            Self::Quarter => "90",
            Self::Year => "365",
            Self::UntilDay => "day",
        }
    }

    /// How long that is; a day is named beside it.
    pub fn duration(self) -> Option<Duration> {
        match self {
            Self::Month => Some(days(30)),
            Self::Quarter => Some(days(90)),
            Self::Year => Some(LONGEST),
            Self::UntilDay => None,
        }
    }

    /// What a screen shows.
    pub fn label(self) -> &'static str {
        match self {
            Self::Month => "After 30 days",
            Self::Quarter => "After 90 days",
            Self::Year => "After 365 days",
            Self::UntilDay => "At the end of a day",
        }
    }
}

/// *New access token*.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TokenDraft {
    /// What its person calls it.
    pub name: String,
    pub scope: Scope,
    pub lifetime: Lifetime,
    /// With [`Lifetime::UntilDay`]: a day such as `2026-12-31`, UTC, of which the token lasts to the end.
    pub day: String,
    /// The one record it opens; none means all that its person may launch.
    pub record: Option<RecordId>,
    /// The person's own, once more.
    pub password: Password,
}

impl TokenDraft {
    /// When a token made at `now` ends.
    ///
    /// # Errors
    /// The sentence beside *Day*: there is no such day, it is over, or it is too far away.
    pub fn expires_at(&self, now: Timestamp) -> Result<Timestamp, FieldError> {
        let wrong = |message| Err(FieldError::new("day", message));
        if let Some(lifetime) = self.lifetime.duration() {
            return Ok(now + lifetime);
        }

        match end_of_day(&self.day) {
            None => wrong("Enter a day such as 2026-12-31."),
            Some(at) if at <= now => wrong("This day is over. Choose a later one."),
            Some(at) if at > now + LONGEST => wrong("A token lasts at most a year. Choose an earlier day."),
            Some(at) => Ok(at),
        }
    }
}

impl Draft for TokenDraft {
    fn check(&self) -> Vec<FieldError> {
        let mut errors = Vec::new();

        errors.extend(check_name(&self.name));
        if self.scope == Scope::CommandLine && self.record.is_some() {
            errors.push(FieldError::new(
                "record",
                "A token for the command line is not for one record. Choose all records, or another kind of token.",
            ));
        }
        if self.lifetime == Lifetime::UntilDay && end_of_day(&self.day).is_none() {
            errors.push(FieldError::new("day", "Enter a day such as 2026-12-31."));
        }
        if self.password.is_empty() {
            errors.push(FieldError::new("password", "Enter your present password."));
        }

        errors
    }
}

/// The end of a day; minutes, which filters take too, are none.
fn end_of_day(text: &str) -> Option<Timestamp> {
    if text.contains('T') {
        return None;
    }

    dates::end_of(text)
}

/// What a token opens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// Every record its person may launch.
    Everything,
    /// One record.
    Record { id: RecordId, title: String },
    /// One record, which who looks may not see.
    Hidden,
}

/// When and from where a token was used last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastUse {
    pub at: Timestamp,
    pub address: String,
}

/// An access token, as a list shows it: never its text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenView {
    pub id: TokenId,
    pub name: String,
    pub scope: Scope,
    pub reach: Reach,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    pub is_expired: bool,
    pub last_use: Option<LastUse>,
}

/// Whose token it is, as the command line asks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HolderView {
    /// A person's email address, or the name of a service account.
    pub email: String,
    pub role: Role,
    /// The token's name.
    pub token: String,
    pub scope: Scope,
    pub expires_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: Timestamp = Timestamp(1_795_348_800_000_000); // 2026-11-22T12:00

    fn draft(lifetime: Lifetime, day: &str) -> TokenDraft {
        TokenDraft {
            name: "nightly export".to_owned(),
            scope: Scope::Launch,
            lifetime,
            day: day.to_owned(),
            record: None,
            password: Password::new("a password of some length"),
        }
    }

    #[test]
    fn a_token_lasts_as_long_as_was_chosen() {
        for (lifetime, n_days) in [
            (Lifetime::Month, 30),
            (Lifetime::Quarter, 90),
            (Lifetime::Year, 365),
        ] {
            assert_eq!(draft(lifetime, "").expires_at(NOON), Ok(NOON + days(n_days)));
        }
    }

    #[test]
    fn a_day_is_taken_to_its_end_and_within_a_year() {
        let until = |day: &str| draft(Lifetime::UntilDay, day).expires_at(NOON);

        assert_eq!(until("2026-11-22"), Ok(NOON + Duration::from_secs(12 * 60 * 60)));
        assert!(until("2027-11-21").is_ok());
        for day in [
            "2026-11-21",
            "2027-11-22",
            "9999-12-31",
            "2026-11-31",
            "",
            "2026-12-01T10:00",
        ] {
            assert!(until(day).is_err(), "{day}");
        }
    }

    #[test]
    fn every_wrong_field_is_named_in_the_order_of_the_form() {
        let wrong = TokenDraft {
            name: " ".to_owned(),
            password: Password::default(),
            ..draft(Lifetime::UntilDay, "soon")
        };
        let fields: Vec<String> = wrong.check().into_iter().map(|error| error.field).collect();

        assert_eq!(fields, ["name", "day", "password"]);
        assert_eq!(draft(Lifetime::Month, "left over").check(), []);
    }

    #[test]
    fn a_token_for_the_command_line_is_not_for_one_record() {
        let both = |scope| TokenDraft {
            scope,
            record: Some(RecordId::from_random([1; 16])),
            ..draft(Lifetime::Month, "")
        };

        assert_eq!(both(Scope::Launch).check(), []);
        assert_eq!(both(Scope::CommandLine).check().len(), 1);
        for scope in Scope::ALL {
            assert_eq!(scope.as_str().parse(), Ok(scope));
        }
    }

    #[test]
    fn a_form_without_a_record_asks_for_all_of_them() {
        let sent: TokenDraft =
            serde_qs::from_str("name=x&lifetime=day&day=2026-12-31&record=&password=y").unwrap();

        assert_eq!(sent.record, None);
        assert_eq!(sent.lifetime, Lifetime::UntilDay);
        assert_eq!(sent.scope, Scope::Launch);
        for lifetime in Lifetime::ALL {
            assert_eq!(
                serde_json::to_string(&lifetime).unwrap(),
                format!("\"{}\"", lifetime.as_str())
            );
        }
    }
}
