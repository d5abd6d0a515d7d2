//! Having an access token: for programs that act in a person's name.

use protocol::errors::{Code, Refusal};
use protocol::ids::{PersonId, RecordId};
use protocol::people::Role;
use protocol::tokens::Scope;

use super::{Authorized, Password, administrators, permissions, signed_in, visible};
use crate::people::Person;
use crate::record::Location;
use crate::share::Share;

/// Have a token made, for oneself or for a service account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakeToken {
    whose: PersonId,
    scope: Scope,
    record: Option<RecordId>,
}

/// What a token is asked for.
#[derive(Debug, Clone, Copy)]
pub enum Wanted<'a> {
    /// Connecting to one record, with the shares that reach it.
    Record(&'a Location, &'a [Share]),
    /// Connecting to all one may launch.
    Everything,
    /// Whatever the command line does.
    CommandLine,
}

impl Wanted<'_> {
    fn scope(self) -> Scope {
        match self {
            Self::Record(..) | Self::Everything => Scope::Launch,
            Self::CommandLine => Scope::CommandLine,
        }
    }
}

impl Authorized<TakeToken> {
    /// In whose name it acts: the person who was authorized, or the service account it is for.
    pub fn whose(&self) -> &PersonId {
        &self.action.whose
    }

    pub fn scope(&self) -> Scope {
        self.action.scope
    }

    /// The one record it opens; none means all that it may launch in whose name it acts.
    pub fn record(&self) -> Option<&RecordId> {
        self.action.record.as_ref()
    }
}

/// Weighs a token. What is done with it is weighed again each time: a token never gives a right its person has lost. So
/// an auditor may have one for the command line, which lists and replays sessions, and launches nothing with it.
///
/// # Errors
/// `SignedOut`, `PamPolicyDenied` for a service account or for the role, `PamNotFound`, `PamPolicyDenied` without a launch
/// share, or at last `PamPasswordRequired`.
pub fn take_token(
    person: &Person,
    wanted: Wanted<'_>,
    password: Password,
) -> Result<Authorized<TakeToken>, Refusal> {
    signed_in(person)?;
    if person.is_service_account() {
        return Err(Refusal::new(
            Code::PamPolicyDenied,
            "A service account makes no tokens: an administrator makes them for it.",
        ));
    }
    if person.role == Role::Auditor && wanted.scope() == Scope::Launch {
        return Err(Refusal::new(
            Code::PamPolicyDenied,
            "Your role does not allow launching connections, so a token for clients would open nothing.",
        ));
    }
    if let Wanted::Record(location, shares) = wanted
        && !visible(person, location, shares)?.launch
    {
        return Err(Refusal::new(
            Code::PamPolicyDenied,
            "Launching takes a share with launch on this record or its folder. An administrator can give you one.",
        ));
    }

    taken(person, person, wanted, password)
}

/// Weighs a token that an administrator has made for a service account. What is done with it is weighed as what the account
/// may, not the administrator; the shares of [`Wanted::Record`] are the account's.
///
/// # Errors
/// `SignedOut`, `PamPolicyDenied` for everyone but administrators and for tokens of people, `PamConflict` for an account
/// that is switched off or may not launch the record, or at last `PamPasswordRequired`.
pub fn take_token_for(
    administrator: &Person,
    account: &Person,
    wanted: Wanted<'_>,
    password: Password,
) -> Result<Authorized<TakeToken>, Refusal> {
    administrators(
        administrator,
        "Your role does not allow making tokens of service accounts.",
    )?;
    if !account.is_service_account() {
        return Err(Refusal::new(
            Code::PamPolicyDenied,
            "People make their own access tokens, under Account.",
        ));
    }
    if !account.is_active() {
        return Err(Refusal::new(
            Code::PamConflict,
            "This service account is switched off. Switch it on first.",
        ));
    }
    if let Wanted::Record(location, shares) = wanted
        && !permissions(account, location, shares).launch
    {
        return Err(Refusal::new(
            Code::PamConflict,
            "This record is not shared with the service account, or without launch. Share it first.",
        ));
    }

    taken(administrator, account, wanted, password)
}

fn taken(
    person: &Person,
    whose: &Person,
    wanted: Wanted<'_>,
    password: Password,
) -> Result<Authorized<TakeToken>, Refusal> {
    let record = match wanted {
        Wanted::Record(location, _) => Some(location.record.clone()),
        Wanted::Everything | Wanted::CommandLine => None,
    };
    match password {
        Password::GivenAgain => Ok(Authorized::new(
            person,
            TakeToken {
                whose: whose.id.clone(),
                scope: wanted.scope(),
                record,
            },
        )),
        Password::NotGiven => Err(Refusal::new(
            Code::PamPasswordRequired,
            "Enter your own password to create a token.",
        )),
    }
}

#[cfg(test)]
mod tests {
    use protocol::people::PersonState;
    use protocol::vault::{Permissions, RecordKind};

    use super::*;
    use crate::authorize::tests::{location, person, service_account, share};

    fn code(result: Result<Authorized<TakeToken>, Refusal>) -> Option<Code> {
        result.err().map(|refusal| refusal.code)
    }

    #[test]
    fn who_may_launch_a_record_may_have_a_token_for_it() {
        let user = person(7, Role::User);
        let record = location(RecordKind::Database);
        let launch = [share(&user, Permissions::shared(false, true, false))];
        let edit = [share(&user, Permissions::shared(true, false, false))];

        let proof = take_token(&user, Wanted::Record(&record, &launch), Password::GivenAgain).unwrap();

        assert_eq!(proof.record(), Some(&record.record));
        assert_eq!(proof.scope(), Scope::Launch);
        assert_eq!((proof.person(), proof.whose()), (&user.id, &user.id));
        for (shares, expected) in [(&edit[..], Code::PamPolicyDenied), (&[], Code::PamNotFound)] {
            let refused = take_token(&user, Wanted::Record(&record, shares), Password::GivenAgain);
            assert_eq!(code(refused), Some(expected));
        }
    }

    #[test]
    fn a_token_for_everything_takes_a_role_that_launches_and_the_password() {
        let off = Person {
            state: PersonState::Off,
            ..person(7, Role::User)
        };
        let take = |person: &Person, password| code(take_token(person, Wanted::Everything, password));

        assert_eq!(take(&person(7, Role::User), Password::GivenAgain), None);
        assert_eq!(take(&person(7, Role::Administrator), Password::GivenAgain), None);
        assert_eq!(
            take(&person(7, Role::Auditor), Password::GivenAgain),
            Some(Code::PamPolicyDenied)
        );
        assert_eq!(take(&off, Password::GivenAgain), Some(Code::SignedOut));
        assert_eq!(
            take(&person(7, Role::User), Password::NotGiven),
            Some(Code::PamPasswordRequired)
        );
    }

    #[test]
    fn the_command_line_is_for_every_role_that_is_active() {
        let off = Person {
            state: PersonState::Off,
            ..person(7, Role::Auditor)
        };
        let take = |person: &Person, password| take_token(person, Wanted::CommandLine, password);

        for role in Role::ALL {
            let proof = take(&person(7, role), Password::GivenAgain).unwrap();
            assert_eq!((proof.scope(), proof.record()), (Scope::CommandLine, None));
        }
        assert_eq!(code(take(&off, Password::GivenAgain)), Some(Code::SignedOut));
        assert_eq!(
            code(take(&person(7, Role::User), Password::NotGiven)),
            Some(Code::PamPasswordRequired)
        );
    }

    #[test]
    fn a_service_account_has_its_tokens_from_an_administrator() {
        let (ada, account) = (person(7, Role::Administrator), service_account(9));
        let record = location(RecordKind::Database);
        let launch = [share(&account, Permissions::shared(false, true, false))];
        let view = [share(&account, Permissions::VIEW)];
        let everything = Wanted::Everything;

        let proof = take_token_for(
            &ada,
            &account,
            Wanted::Record(&record, &launch),
            Password::GivenAgain,
        )
        .unwrap();

        assert_eq!((proof.person(), proof.whose()), (&ada.id, &account.id));
        assert_eq!(proof.record(), Some(&record.record));
        let by_itself = take_token(&account, everything, Password::GivenAgain);
        assert_eq!(code(by_itself), Some(Code::PamPolicyDenied));
        let unshared = take_token_for(
            &ada,
            &account,
            Wanted::Record(&record, &view),
            Password::GivenAgain,
        );
        assert_eq!(code(unshared), Some(Code::PamConflict));
        let unconfirmed = take_token_for(&ada, &account, Wanted::CommandLine, Password::NotGiven);
        assert_eq!(code(unconfirmed), Some(Code::PamPasswordRequired));
        for role in [Role::User, Role::Auditor] {
            let by_others = take_token_for(&person(8, role), &account, everything, Password::GivenAgain);
            assert_eq!(code(by_others), Some(Code::PamPolicyDenied));
        }
    }

    #[test]
    fn no_administrator_makes_a_token_of_a_person_or_of_what_is_switched_off() {
        let ada = person(7, Role::Administrator);
        let off = Person {
            state: PersonState::Off,
            ..service_account(9)
        };
        let take = |whose: &Person| {
            code(take_token_for(
                &ada,
                whose,
                Wanted::Everything,
                Password::GivenAgain,
            ))
        };

        for role in Role::ALL {
            assert_eq!(take(&person(8, role)), Some(Code::PamPolicyDenied));
        }
        assert_eq!(take(&ada), Some(Code::PamPolicyDenied));
        assert_eq!(take(&off), Some(Code::PamConflict));
    }
}
