//! The logins of command lines that wait for their person: ten minutes, each good for one token, bounded for all and for
//! each network. In memory, as tickets are: a restart of the server ends them.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use protocol::device::{INTERVAL, LoginView, PATIENCE, UserCode};
use protocol::ids::{PersonId, SignInId, TokenId};
use protocol::time::Timestamp;
use store::tokens::{Token, TokenHash};
use vault::throttle::{WINDOW, wait_for_code};

use crate::clock;
use crate::http::sign_in::new_token;

/// Logins kept at once, over all networks: some 2 MiB.
const MAX_LOGINS: usize = 4096;

/// Undecided or unfetched logins of one network: it leaves room for the others.
const MAX_EACH: usize = 64;

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asking {
    pub machine: String,
    pub user: String,
    pub address: String,
    /// What [`vault::throttle::network`] says of the address.
    pub network: String,
    pub begun_at: Timestamp,
}

/// What a person has said yes to, and through which sign-in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approval {
    pub person: PersonId,
    pub sign_in: SignInId,
    /// When the token will end.
    pub expires_at: Timestamp,
}

/// What becomes of a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Polled {
    /// There is no such login, or it is over.
    Expired,
    Pending,
    TooSoon,
    Denied,
    /// Its token is to be made at this moment, under the id that was passed in: nobody is told this again.
    Approved(Asking, Approval),
    /// Its token was given out before. Either the answer was lost or somebody else knows the device code: it has to go.
    Replayed(PersonId, TokenId),
}

/// Why a code leads to no login.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missed {
    Unknown,
    /// This was the wrong code after which the person has to wait.
    Last(Duration),
    /// The person has to wait; the code was not looked at.
    Locked(Duration),
}

#[derive(Debug)]
struct Login {
    code: UserCode,
    asking: Asking,
    begun: Instant,
    polled: Option<Instant>,
    standing: Standing,
}

#[derive(Debug)]
enum Standing {
    Waiting,
    Denied,
    Approved(Approval),
    Given {
        person: PersonId,
        token: TokenId,
        is_replayed: bool,
    },
}

impl Login {
    fn is_over(&self, now: Instant) -> bool {
        now.duration_since(self.begun) >= PATIENCE
    }

    /// Whether somebody has still to do something: what is settled a person has settled, who is known.
    fn is_open(&self) -> bool {
        match self.standing {
            Standing::Waiting | Standing::Approved(_) => true,
            Standing::Denied | Standing::Given { .. } => false,
        }
    }
}

/// The logins by the hash of their device code, which has 256 bits: how long a look-up takes tells nothing of it.
#[derive(Debug, Default)]
pub struct Logins(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    logins: HashMap<TokenHash, Login>,
    /// Wrong codes of each person, and when the last of them was.
    wrong: HashMap<PersonId, (u32, Instant)>,
}

impl Logins {
    /// A device code and the code for the person; `None` when too many wait, of this network or of all.
    pub fn begin(&self, asking: Asking, now: Instant) -> Option<(Token, UserCode)> {
        let mut kept = self.kept();
        kept.logins.retain(|_, login| !login.is_over(now));
        let n_theirs = kept
            .logins
            .values()
            .filter(|login| login.is_open() && login.asking.network == asking.network)
            .count();
        if n_theirs >= MAX_EACH || kept.logins.len() >= MAX_LOGINS {
            return None;
        }
        let code = loop {
            let drawn = UserCode::from_random(clock::draw());
            if kept.logins.values().all(|login| login.code != drawn) {
                break drawn;
            }
        };
        let device = new_token();
        let login = Login {
            code,
            asking,
            begun: now,
            polled: None,
            standing: Standing::Waiting,
        };
        kept.logins.insert(device.hash(), login);

        Some((device, code))
    }

    /// Who waits with a code.
    ///
    /// # Errors
    /// Nobody does, which counts against the person, or they have to wait.
    pub fn find(&self, person: &PersonId, code: UserCode, now: Instant) -> Result<LoginView, Missed> {
        let mut kept = self.kept();
        let login = kept.waiting(person, code, now)?;

        Ok(LoginView {
            code,
            machine: login.asking.machine.clone(),
            user: login.asking.user.clone(),
            address: login.asking.address.clone(),
            begun_at: login.asking.begun_at,
        })
    }

    /// Lets the next question of the login have a token.
    ///
    /// # Errors
    /// As [`Self::find`].
    pub fn approve(&self, code: UserCode, approval: Approval, now: Instant) -> Result<(), Missed> {
        let mut kept = self.kept();
        let person = approval.person.clone();
        kept.waiting(&person, code, now)?.standing = Standing::Approved(approval);

        Ok(())
    }

    /// Ends the login; says who asked.
    ///
    /// # Errors
    /// As [`Self::find`].
    pub fn deny(&self, person: &PersonId, code: UserCode, now: Instant) -> Result<Asking, Missed> {
        let mut kept = self.kept();
        let login = kept.waiting(person, code, now)?;
        login.standing = Standing::Denied;

        Ok(login.asking.clone())
    }

    /// How far the login of a device code is. Where it was approved, `token` is the id its token gets.
    pub fn poll(&self, device: &TokenHash, token: &TokenId, now: Instant) -> Polled {
        let mut kept = self.kept();
        let Some(login) = kept.logins.get_mut(device).filter(|login| !login.is_over(now)) else {
            return Polled::Expired;
        };
        if let Standing::Given {
            person,
            token,
            is_replayed,
        } = &mut login.standing
        {
            *is_replayed = true;

            return Polled::Replayed(person.clone(), token.clone());
        }
        let is_soon = login
            .polled
            .is_some_and(|polled| now.duration_since(polled) < INTERVAL);
        login.polled = Some(now);
        if is_soon {
            return Polled::TooSoon;
        }

        match &login.standing {
            Standing::Waiting => Polled::Pending,
            Standing::Denied => Polled::Denied,
            Standing::Approved(approval) => {
                let approval = approval.clone();
                login.standing = Standing::Given {
                    person: approval.person.clone(),
                    token: token.clone(),
                    is_replayed: false,
                };

                Polled::Approved(login.asking.clone(), approval)
            }
            Standing::Given { .. } => Polled::Expired,
        }
    }

    /// Whether the token may still be made that [`Self::poll`] said yes to: nobody has asked with its code again.
    pub fn may_give(&self, device: &TokenHash) -> bool {
        self.kept().logins.get(device).is_some_and(|login| {
            matches!(
                login.standing,
                Standing::Given {
                    is_replayed: false,
                    ..
                }
            )
        })
    }

    /// Takes an approval back that turned out to be worth nothing.
    pub fn refuse(&self, device: &TokenHash) {
        if let Some(login) = self.kept().logins.get_mut(device) {
            login.standing = Standing::Denied;
        }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    /// The login that waits with a code; a code of none counts against the person.
    fn waiting(&mut self, person: &PersonId, code: UserCode, now: Instant) -> Result<&mut Login, Missed> {
        self.wrong
            .retain(|_, (_, last)| now.duration_since(*last) < WINDOW);
        let (n_wrong, last) = self.wrong.get(person).copied().unwrap_or((0, now));
        if let Some(wait) = wait_for_code(n_wrong, now.duration_since(last)) {
            return Err(Missed::Locked(wait));
        }
        let found = self
            .logins
            .values_mut()
            .find(|login| login.code == code && !login.is_over(now))
            .filter(|login| matches!(login.standing, Standing::Waiting));
        if found.is_none() {
            self.wrong.insert(person.clone(), (n_wrong + 1, now));
        }

        found.ok_or_else(|| wait_for_code(n_wrong + 1, Duration::ZERO).map_or(Missed::Unknown, Missed::Last))
    }
}

#[cfg(test)]
mod tests;
