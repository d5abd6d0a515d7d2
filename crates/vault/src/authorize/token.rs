//! Having an access token: for programs that act in a person's name.

use protocol::errors::{Code, Refusal};
use protocol::ids::RecordId;
use protocol::people::Role;
use protocol::tokens::Scope;

use super::{Authorized, Password, signed_in, visible};
use crate::people::Person;
use crate::record::Location;
use crate::share::Share;

/// Have a token made for oneself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakeToken {
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
    pub fn scope(&self) -> Scope {
        self.action.scope
    }

    /// The one record it opens; none means all that its person may launch.
    pub fn record(&self) -> Option<&RecordId> {
        self.action.record.as_ref()
    }
}

/// Weighs a token. What is done with it is weighed again each time: a token never gives a right its person has lost. So
/// an auditor may have one for the command line, which lists and replays sessions, and launches nothing with it.
///
/// # Errors
/// `SignedOut`, `PamPolicyDenied` for the role, `PamNotFound`, `PamPolicyDenied` without a launch share, or at last
/// `PamPasswordRequired`.
pub fn take_token(
    person: &Person,
    wanted: Wanted<'_>,
    password: Password,
) -> Result<Authorized<TakeToken>, Refusal> {
    signed_in(person)?;
    let scope = wanted.scope();
    if person.role == Role::Auditor && scope == Scope::Launch {
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

    let record = match wanted {
        Wanted::Record(location, _) => Some(location.record.clone()),
        Wanted::Everything | Wanted::CommandLine => None,
    };
    match password {
        Password::GivenAgain => Ok(Authorized::new(person, TakeToken { scope, record })),
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
    use crate::authorize::tests::{location, person, share};

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
}
