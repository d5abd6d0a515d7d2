//! Having an access token: for programs that launch in a person's name.

use protocol::errors::{Code, Refusal};
use protocol::ids::RecordId;
use protocol::people::Role;

use super::{Authorized, Password, signed_in, visible};
use crate::people::Person;
use crate::record::Location;
use crate::share::Share;

/// Have a token made for oneself: for all one may launch, or for one record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakeToken {
    record: Option<RecordId>,
}

impl Authorized<TakeToken> {
    /// The one record it opens; none means all that its person may launch.
    pub fn record(&self) -> Option<&RecordId> {
        self.action.record.as_ref()
    }
}

/// Weighs a token for everything, or for one record with the shares that reach it. What it opens is weighed again with
/// each connection: a token never gives a right its person has lost.
///
/// # Errors
/// `SignedOut`, `PamPolicyDenied` for the role, `PamNotFound`, `PamPolicyDenied` without a launch share, or at last
/// `PamPasswordRequired`.
pub fn take_token(
    person: &Person,
    only: Option<(&Location, &[Share])>,
    password: Password,
) -> Result<Authorized<TakeToken>, Refusal> {
    signed_in(person)?;
    if person.role == Role::Auditor {
        return Err(Refusal::new(
            Code::PamPolicyDenied,
            "Your role does not allow launching connections, so a token would open nothing.",
        ));
    }
    if let Some((location, shares)) = only
        && !visible(person, location, shares)?.launch
    {
        return Err(Refusal::new(
            Code::PamPolicyDenied,
            "Launching takes a share with launch on this record or its folder. An administrator can give you one.",
        ));
    }

    match password {
        Password::GivenAgain => Ok(Authorized::new(
            person,
            TakeToken {
                record: only.map(|(location, _)| location.record.clone()),
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

        let proof = take_token(&user, Some((&record, &launch)), Password::GivenAgain).unwrap();

        assert_eq!(proof.record(), Some(&record.record));
        for (shares, expected) in [(&edit[..], Code::PamPolicyDenied), (&[], Code::PamNotFound)] {
            let refused = take_token(&user, Some((&record, shares)), Password::GivenAgain);
            assert_eq!(code(refused), Some(expected));
        }
    }

    #[test]
    fn a_token_for_everything_takes_a_role_that_launches_and_the_password() {
        let off = Person {
            state: PersonState::Off,
            ..person(7, Role::User)
        };
        let take = |person: &Person, password| code(take_token(person, None, password));

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
}
