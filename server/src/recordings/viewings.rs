//! Who has opened which recording: frames are given only after the opening, which is what the audit log notes.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use protocol::ids::SessionId;
use protocol::time::Timestamp;

use crate::viewer::Means;

/// Openings remembered at once; beyond it all are forgotten, and a player opens its recording again.
const MAX: usize = 10_000;

/// How long an opening by a token counts: a token may last a year, and each look is to be noted.
const BY_TOKEN: Duration = Duration::from_secs(12 * 60 * 60);

/// Openings by what somebody came by and session, until the server stops.
#[derive(Debug, Default)]
pub struct Viewings(Mutex<HashMap<(Means, SessionId), Timestamp>>);

impl Viewings {
    /// Somebody has opened a recording.
    pub fn note(&self, by: &Means, session: &SessionId, now: Timestamp) {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if open.len() >= MAX {
            open.clear();
        }
        open.insert((by.clone(), session.clone()), now);
    }

    /// Whether they have.
    pub fn contains(&self, by: &Means, session: &SessionId, now: Timestamp) -> bool {
        let open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let opened_at = open.get(&(by.clone(), session.clone())).copied();

        opened_at.is_some_and(|opened_at| match by {
            Means::SignIn(_) => true,
            Means::Token(_) => now.since(opened_at) < BY_TOKEN,
        })
    }
}

#[cfg(test)]
mod tests {
    use protocol::ids::{SignInId, TokenId};

    use super::*;

    const NOW: Timestamp = Timestamp(1_795_348_800_000_000);

    #[test]
    fn an_opening_counts_for_what_it_came_by_and_its_recording() {
        let viewings = Viewings::default();
        let session = SessionId::from_random([2; 16]);
        let sign_in = |seed| Means::SignIn(SignInId::from_random([seed; 16]));
        let token = Means::Token(TokenId::from_random([1; 16]));

        viewings.note(&sign_in(1), &session, NOW);

        assert!(viewings.contains(&sign_in(1), &session, NOW + BY_TOKEN));
        assert!(!viewings.contains(&sign_in(9), &session, NOW));
        assert!(!viewings.contains(&token, &session, NOW));
        assert!(!viewings.contains(&sign_in(1), &SessionId::from_random([9; 16]), NOW));
    }

    #[test]
    fn an_opening_by_a_token_is_noted_again_after_a_while() {
        let (viewings, token) = (Viewings::default(), Means::Token(TokenId::from_random([1; 16])));
        let session = SessionId::from_random([2; 16]);

        viewings.note(&token, &session, NOW);

        assert!(viewings.contains(&token, &session, NOW + Duration::from_secs(3600)));
        assert!(!viewings.contains(&token, &session, NOW + BY_TOKEN));
    }
}
