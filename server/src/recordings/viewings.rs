//! Who has opened which recording: frames are given only after the opening, which is what the audit log notes.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use protocol::ids::SessionId;

use crate::viewer::Means;

/// Openings remembered at once; beyond it all are forgotten, and a player opens its recording again.
const MAX: usize = 10_000;

/// Openings by what somebody came by and session, until the server stops.
#[derive(Debug, Default)]
pub struct Viewings(Mutex<HashSet<(Means, SessionId)>>);

impl Viewings {
    /// Somebody has opened a recording.
    pub fn note(&self, by: &Means, session: &SessionId) {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if open.len() >= MAX {
            open.clear();
        }
        open.insert((by.clone(), session.clone()));
    }

    /// Whether they have.
    pub fn contains(&self, by: &Means, session: &SessionId) -> bool {
        let open = self.0.lock().unwrap_or_else(PoisonError::into_inner);

        open.contains(&(by.clone(), session.clone()))
    }
}

#[cfg(test)]
mod tests {
    use protocol::ids::{SignInId, TokenId};

    use super::*;

    #[test]
    fn an_opening_counts_for_what_it_came_by_and_its_recording() {
        let viewings = Viewings::default();
        let session = SessionId::from_random([2; 16]);
        let sign_in = |seed| Means::SignIn(SignInId::from_random([seed; 16]));

        viewings.note(&sign_in(1), &session);

        assert!(viewings.contains(&sign_in(1), &session));
        assert!(!viewings.contains(&sign_in(9), &session));
        assert!(!viewings.contains(&Means::Token(TokenId::from_random([1; 16])), &session));
        assert!(!viewings.contains(&sign_in(1), &SessionId::from_random([9; 16])));
    }
}
