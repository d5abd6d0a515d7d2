//! Device login: a command line asks to act as somebody, and a person approves it in their browser. The words are those
//! of RFC 8628, the OAuth 2.0 Device Authorization Grant, as JSON.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::entered::Entered;
use crate::forms::{Draft, FieldError};
use crate::people::{Password, UnknownWord};
use crate::time::Timestamp;
use crate::tokens::Lifetime;

/// How long a login waits for its person.
pub const PATIENCE: Duration = Duration::from_secs(600);

/// The least time between two questions whether it was approved.
pub const INTERVAL: Duration = Duration::from_secs(5);

/// The page where a person enters the code.
pub const PAGE: &str = "/device";

/// Most characters of what a command line says of its place.
const MAX_WORD: usize = 64;

/// How long the token of a login may last, as the page offers it.
pub const LIFETIMES: [Lifetime; 3] = [Lifetime::Month, Lifetime::Quarter, Lifetime::Year];

/// What a command line begins with: its place in words its person knows it by. Nobody has checked them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LoginDraft {
    /// The name of the machine.
    pub machine: String,
    /// The name of the operating system's user.
    pub user: String,
}

impl LoginDraft {
    /// The words as they are, but for what may not be in them.
    pub fn of(machine: &str, user: &str) -> Self {
        Self {
            machine: cleaned(machine),
            user: cleaned(user),
        }
    }
}

impl Draft for LoginDraft {
    fn check(&self) -> Vec<FieldError> {
        [("machine", &self.machine), ("user", &self.user)]
            .into_iter()
            .filter_map(|(field, word)| check_word(field, word))
            .collect()
    }
}

fn check_word(field: &str, word: &str) -> Option<FieldError> {
    let message = if word.trim().is_empty() {
        "Say what it is called."
    } else if word.chars().count() > MAX_WORD {
        "It has at most 64 characters."
    } else if !word.chars().all(may_stand) {
        "It has letters, digits, punctuation of ASCII and spaces only."
    } else {
        return None;
    };

    Some(FieldError::new(field, message))
}

/// Neither control characters nor those that show a text as another than it is: who is asked to approve reads it.
fn may_stand(c: char) -> bool {
    c.is_alphanumeric() || c.is_ascii_graphic() || c == ' '
}

fn cleaned(word: &str) -> String {
    let word: String = word
        .trim()
        .chars()
        .take(MAX_WORD)
        .map(|c| if may_stand(c) { c } else { '?' })
        .collect();

    if word.is_empty() {
        "unknown".to_owned()
    } else {
        word
    }
}

/// The code a person reads in the terminal and enters in the browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct UserCode([u8; UserCode::LEN]);

impl UserCode {
    /// Letters without vowels, so that no words arise, and without those that look alike (RFC 8628 §6.1).
    const LETTERS: [u8; 20] = *b"BCDFGHJKLMNPQRSTVWXZ";

    const LEN: usize = 8;

    /// The code of 64 random bits: one of 25,600 million, each as likely as any other to nine digits.
    pub fn from_random(random: [u8; 8]) -> Self {
        let mut rest = u64::from_be_bytes(random);
        let n_letters = 20;

        Self([(); Self::LEN].map(|()| {
            let letter = usize::try_from(rest % n_letters).unwrap_or_default();
            rest /= n_letters;

            Self::LETTERS.get(letter).copied().unwrap_or_default()
        }))
    }
}

impl fmt::Display for UserCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (first, second) = self.0.split_at(Self::LEN / 2);
        let text = |half: &[u8]| half.iter().copied().map(char::from).collect::<String>();

        write!(f, "{}-{}", text(first), text(second))
    }
}

impl FromStr for UserCode {
    type Err = UnknownWord;

    /// As people type it: in either case, with or without the hyphen, with spaces.
    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        let mut letters = text
            .chars()
            .filter(|c| !c.is_whitespace() && *c != '-')
            .map(|c| u8::try_from(c.to_ascii_uppercase()));
        let mut code = [0; Self::LEN];
        for place in &mut code {
            *place = match letters.next() {
                Some(Ok(letter)) if Self::LETTERS.contains(&letter) => letter,
                Some(_) | None => return Err(UnknownWord),
            };
        }

        match letters.next() {
            None => Ok(Self(code)),
            Some(_) => Err(UnknownWord),
        }
    }
}

impl From<UserCode> for String {
    fn from(code: UserCode) -> Self {
        code.to_string()
    }
}

impl TryFrom<String> for UserCode {
    type Error = UnknownWord;

    fn try_from(text: String) -> Result<Self, UnknownWord> {
        text.parse()
    }
}

/// The code a person entered.
///
/// # Errors
/// The sentence beside the field.
pub fn entered_code(text: &str) -> Result<UserCode, FieldError> {
    text.parse().map_err(|_| {
        FieldError::new(
            "code",
            "Enter the code the terminal shows: eight letters, such as BCDF-GHJK.",
        )
    })
}

/// The answer to a beginning. Fields a later server adds are none of the command line's business.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Begun {
    /// What the command line asks with. A secret between it and the server.
    pub device_code: Entered,
    pub user_code: UserCode,
    /// The page where the code is entered.
    pub verification_uri: String,
    /// The same with the code filled in.
    pub verification_uri_complete: String,
    /// Seconds until it is too late.
    pub expires_in: u64,
    /// Seconds between two questions.
    pub interval: u64,
}

/// The question whether it was approved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Poll {
    pub device_code: Entered,
}

/// How far a login is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Progress {
    /// Its person has not decided.
    AuthorizationPending,
    /// The same, and it was asked too soon: leave 5 s more between two questions.
    SlowDown,
    /// Its person denied it, or may not approve it any more.
    AccessDenied,
    /// It is older than [`PATIENCE`], was answered before, or never was.
    ExpiredToken,
    /// Approved. This is the one answer that has the token.
    Approved(Approved),
}

/// What an approved login gives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approved {
    pub access_token: Entered,
    /// Whose it is.
    pub email: String,
    pub expires_at: Timestamp,
}

/// *Approve*: the person says yes, with their password.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ApprovalDraft {
    pub code: String,
    pub lifetime: Lifetime,
    /// The person's own, once more.
    pub password: Password,
}

impl Default for ApprovalDraft {
    fn default() -> Self {
        Self {
            code: String::new(),
            lifetime: Lifetime::Month,
            password: Password::default(),
        }
    }
}

impl ApprovalDraft {
    /// When the token of a login ends that is approved at `now`.
    ///
    /// # Errors
    /// The sentence beside *Expires*: the page does not ask for a day.
    pub fn expires_at(&self, now: Timestamp) -> Result<Timestamp, FieldError> {
        match self.lifetime.duration() {
            Some(lifetime) => Ok(now + lifetime),
            None => Err(FieldError::new("lifetime", "Choose how long it lasts.")),
        }
    }
}

impl Draft for ApprovalDraft {
    fn check(&self) -> Vec<FieldError> {
        let mut errors = Vec::new();

        errors.extend(entered_code(&self.code).err());
        if self.lifetime.duration().is_none() {
            errors.push(FieldError::new("lifetime", "Choose how long it lasts."));
        }
        if self.password.is_empty() {
            errors.push(FieldError::new("password", "Enter your present password."));
        }

        errors
    }
}

/// Who asks to act as the person who looks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoginView {
    pub code: UserCode,
    /// What the command line says its machine is called.
    pub machine: String,
    /// What it says its user is called.
    pub user: String,
    /// Where it connected from.
    pub address: String,
    pub begun_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> Option<String> {
        text.parse::<UserCode>().ok().map(|code| code.to_string())
    }

    #[test]
    fn a_code_is_read_as_people_type_it() {
        for text in ["BCDF-GHJK", "bcdfghjk", " bcdf ghjk ", "B-C-D-F-G-H-J-K"] {
            assert_eq!(code(text).as_deref(), Some("BCDF-GHJK"), "{text}");
        }
        for text in [
            "",
            "BCDF-GHJ",
            "BCDF-GHJKL",
            "BCDF-GHJA",
            "BCDF-GHJ1",
            "BCDF_GHJK",
            "ＢCDF-GHJK",
        ] {
            assert_eq!(code(text), None, "{text}");
        }
    }

    #[test]
    fn every_draw_is_a_code_of_all_its_letters() {
        let mut letters = std::collections::BTreeSet::new();
        for number in 0..2_000_u64 {
            let drawn = UserCode::from_random(number.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
            let text = drawn.to_string();

            assert_eq!(text.parse(), Ok(drawn), "{text}");
            letters.extend(text.chars());
        }

        assert_eq!(letters.len(), 21);
        assert_eq!(UserCode::from_random([0; 8]).to_string(), "BBBB-BBBB");
        assert_ne!(UserCode::from_random([0xff; 8]), UserCode::from_random([0xfe; 8]));
    }

    #[test]
    fn what_a_machine_is_called_shows_no_other_text_than_it_is() {
        let fields = |draft: LoginDraft| -> Vec<String> {
            draft.check().into_iter().map(|error| error.field).collect()
        };
        let draft = |machine: &str, user: &str| LoginDraft {
            machine: machine.to_owned(),
            user: user.to_owned(),
        };

        assert_eq!(fields(draft("büro-7.example.org", "Ada Lovelace")), [""; 0]);
        assert_eq!(fields(draft(" ", "")), ["machine", "user"]);
        for word in [
            "a\nb",
            "a\u{1b}[2J",
            "exe\u{202e}gnp",
            "a\u{200b}b",
            &"x".repeat(65),
        ] {
            assert_eq!(fields(draft(word, "ada")), ["machine"], "{word:?}");
            assert_eq!(fields(LoginDraft::of(word, word)), [""; 0], "{word:?}");
        }
        assert_eq!(LoginDraft::of(" pc\u{7}1 ", "\t"), draft("pc?1", "unknown"));
    }

    #[test]
    fn the_words_are_those_of_the_rfc() {
        let json = |progress: &Progress| serde_json::to_string(progress).unwrap();
        let approved = Progress::Approved(Approved {
            access_token: Entered::new("ptn_x"),
            email: "ada@example.org".to_owned(),
            expires_at: Timestamp(7),
        });

        for (progress, expected) in [
            (
                Progress::AuthorizationPending,
                r#"{"state":"authorization_pending"}"#,
            ),
            (Progress::SlowDown, r#"{"state":"slow_down"}"#),
            (Progress::AccessDenied, r#"{"state":"access_denied"}"#),
            (Progress::ExpiredToken, r#"{"state":"expired_token"}"#),
            (
                approved,
                r#"{"state":"approved","access_token":"ptn_x","email":"ada@example.org","expires_at":7}"#,
            ),
        ] {
            assert_eq!(json(&progress), expected);
            assert_eq!(serde_json::from_str::<Progress>(expected).unwrap(), progress);
            assert!(!format!("{progress:?}").contains("ptn_x"));
        }
    }

    #[test]
    fn what_is_sent_has_no_other_fields() {
        assert!(serde_json::from_str::<LoginDraft>(r#"{"machine":"a","user":"b"}"#).is_ok());
        assert!(serde_json::from_str::<LoginDraft>(r#"{"machine":"a","user":"b","scope":"all"}"#).is_err());
        assert!(serde_json::from_str::<LoginDraft>(r#"{"machine":"a"}"#).is_err());
        assert!(serde_json::from_str::<Poll>(r#"{"device_code":"a","x":1}"#).is_err());
        let begun: Begun = serde_json::from_str(
            r#"{"device_code":"d","user_code":"BCDF-GHJK","verification_uri":"u","verification_uri_complete":"c",
                "expires_in":600,"interval":5,"more":1}"#,
        )
        .unwrap();
        assert_eq!(begun.user_code.to_string(), "BCDF-GHJK");
    }

    #[test]
    fn an_approval_takes_code_password_and_a_lifetime_of_the_list() {
        let fields = |draft: ApprovalDraft| -> Vec<String> {
            draft.check().into_iter().map(|error| error.field).collect()
        };
        let right = ApprovalDraft {
            code: "bcdf ghjk".to_owned(),
            password: Password::new("a password of some length"),
            ..ApprovalDraft::default()
        };

        assert_eq!(fields(right.clone()), [""; 0]);
        let month = Duration::from_secs(30 * 24 * 3600);
        assert_eq!(right.expires_at(Timestamp(0)), Ok(Timestamp(0) + month));
        assert_eq!(fields(ApprovalDraft::default()), ["code", "password"]);
        let to_a_day = ApprovalDraft {
            lifetime: Lifetime::UntilDay,
            ..right
        };
        assert!(to_a_day.expires_at(Timestamp(0)).is_err());
        assert_eq!(fields(to_a_day), ["lifetime"]);
    }
}
