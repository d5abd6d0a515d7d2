//! Tickets to launch and to resume: 30 s, single use, bound to person, sign-in and address.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use protocol::ids::{PersonId, SessionId, SignInId};
use protocol::terminal::LaunchDraft;
use store::tokens::{Token, TokenHash};

use crate::http::sign_in::new_token;

/// How long a ticket is good.
pub const LIFETIME: Duration = Duration::from_secs(30);

/// Tickets waiting at once, over all people: some 2 MiB.
const MAX_WAITING: usize = 10_000;

/// Tickets of one person waiting at once: nobody keeps the others from theirs.
const MAX_WAITING_EACH: usize = 20;

/// What a ticket is good for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    pub person: PersonId,
    pub sign_in: SignInId,
    pub address: String,
    pub good_for: Purpose,
}

/// What its bearer may do, if everything still allows it when the ticket is redeemed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Purpose {
    /// Open a session.
    Launch(LaunchDraft),
    /// Come back to one.
    Resume(SessionId),
}

/// Who redeems.
#[derive(Debug, Clone, Copy)]
pub struct Bearer<'a> {
    pub person: &'a PersonId,
    pub sign_in: &'a SignInId,
    pub address: &'a str,
}

/// The tickets that wait, by the hash of their token.
#[derive(Debug, Default)]
pub struct Tickets(Mutex<HashMap<TokenHash, (Instant, Ticket)>>);

impl Tickets {
    /// A token for `ticket`; `None` when too many wait, of this person or of all.
    pub fn issue(&self, ticket: Ticket, now: Instant) -> Option<Token> {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.retain(|_, (issued, _)| now.duration_since(*issued) < LIFETIME);
        let of_theirs = waiting
            .values()
            .filter(|(_, other)| other.person == ticket.person);
        if of_theirs.count() >= MAX_WAITING_EACH || waiting.len() >= MAX_WAITING {
            return None;
        }
        let token = new_token();
        waiting.insert(token.hash(), (now, ticket));

        Some(token)
    }

    /// Takes the ticket out, whether or not `bearer` is who it was made for: a ticket that was shown is spent.
    pub fn redeem(&self, token: &str, bearer: Bearer<'_>, now: Instant) -> Option<Ticket> {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (issued, ticket) = waiting.remove(&TokenHash::of(token))?;
        let is_fresh = now.duration_since(issued) < LIFETIME;
        let is_theirs = ticket.person == *bearer.person
            && ticket.sign_in == *bearer.sign_in
            && ticket.address == bearer.address;

        (is_fresh && is_theirs).then_some(ticket)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;

    fn ticket() -> Ticket {
        ticket_of([1; 16])
    }

    fn ticket_of(person: [u8; 16]) -> Ticket {
        Ticket {
            person: PersonId::from_random(person),
            sign_in: SignInId::from_random([2; 16]),
            address: "192.0.2.1".to_owned(),
            good_for: Purpose::Resume(SessionId::from_random([3; 16])),
        }
    }

    fn redeem(
        tickets: &Tickets,
        token: &str,
        address: &str,
        sign_in: [u8; 16],
        now: Instant,
    ) -> Option<Ticket> {
        let (person, sign_in) = (PersonId::from_random([1; 16]), SignInId::from_random(sign_in));

        tickets.redeem(
            token,
            Bearer {
                person: &person,
                sign_in: &sign_in,
                address,
            },
            now,
        )
    }

    #[test]
    fn a_ticket_is_good_once() {
        let (tickets, now) = (Tickets::default(), clock::instant());
        let token = tickets.issue(ticket(), now).unwrap();

        assert_eq!(
            redeem(&tickets, token.expose(), "192.0.2.1", [2; 16], now),
            Some(ticket())
        );
        assert_eq!(redeem(&tickets, token.expose(), "192.0.2.1", [2; 16], now), None);
    }

    #[test]
    fn a_ticket_is_good_for_30_seconds() {
        let (tickets, now) = (Tickets::default(), clock::instant());
        let token = tickets.issue(ticket(), now).unwrap();

        assert_eq!(
            redeem(&tickets, token.expose(), "192.0.2.1", [2; 16], now + LIFETIME),
            None
        );
    }

    #[test]
    fn a_ticket_shown_by_somebody_else_is_spent() {
        for (address, sign_in) in [("192.0.2.9", [2; 16]), ("192.0.2.1", [9; 16])] {
            let (tickets, now) = (Tickets::default(), clock::instant());
            let token = tickets.issue(ticket(), now).unwrap();

            assert_eq!(redeem(&tickets, token.expose(), address, sign_in, now), None);
            assert_eq!(redeem(&tickets, token.expose(), "192.0.2.1", [2; 16], now), None);
        }
    }

    #[test]
    fn tickets_that_wait_are_bounded() {
        let (tickets, now) = (Tickets::default(), clock::instant());
        for n in 0..MAX_WAITING {
            tickets.issue(ticket_of((n as u128).to_be_bytes()), now).unwrap();
        }

        assert_eq!(tickets.issue(ticket(), now), None);
        assert!(tickets.issue(ticket(), now + LIFETIME).is_some());
    }

    #[test]
    fn who_has_too_many_tickets_waiting_keeps_nobody_else_from_theirs() {
        let (tickets, now) = (Tickets::default(), clock::instant());
        for _ in 0..MAX_WAITING_EACH {
            tickets.issue(ticket(), now).unwrap();
        }

        assert_eq!(tickets.issue(ticket(), now), None);
        assert!(tickets.issue(ticket_of([2; 16]), now).is_some());
        assert!(tickets.issue(ticket(), now + LIFETIME).is_some());
    }
}
