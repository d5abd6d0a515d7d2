//! Who has opened which recording: frames are given only after the opening, which is what the audit log notes.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use protocol::ids::{SessionId, SignInId};

/// Openings remembered at once; beyond it all are forgotten, and a player opens its recording again.
const MAX: usize = 10_000;

/// Openings by sign-in and session, until the server stops.
#[derive(Debug, Default)]
pub struct Viewings(Mutex<HashSet<(SignInId, SessionId)>>);

impl Viewings {
    /// Somebody has opened a recording.
    pub fn note(&self, sign_in: &SignInId, session: &SessionId) {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if open.len() >= MAX {
            open.clear();
        }
        open.insert((sign_in.clone(), session.clone()));
    }

    /// Whether they have.
    pub fn contains(&self, sign_in: &SignInId, session: &SessionId) -> bool {
        let open = self.0.lock().unwrap_or_else(PoisonError::into_inner);

        open.contains(&(sign_in.clone(), session.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_opening_counts_for_its_sign_in_and_its_recording() {
        let viewings = Viewings::default();
        let (sign_in, session) = (SignInId::from_random([1; 16]), SessionId::from_random([2; 16]));

        viewings.note(&sign_in, &session);

        assert!(viewings.contains(&sign_in, &session));
        assert!(!viewings.contains(&SignInId::from_random([9; 16]), &session));
        assert!(!viewings.contains(&sign_in, &SessionId::from_random([9; 16])));
    }
}
