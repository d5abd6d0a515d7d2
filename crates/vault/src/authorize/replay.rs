//! Replaying one's own sessions.

use protocol::errors::{Code, Refusal};
use protocol::ids::RecordId;

use super::{Authorized, permissions, signed_in};
use crate::people::Person;
use crate::record::Location;
use crate::settings::Connection;
use crate::share::Share;

/// Replay one's own sessions on a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplayOwn {
    record: RecordId,
}

impl Authorized<ReplayOwn> {
    pub fn record(&self) -> &RecordId {
        &self.action.record
    }
}

/// Weighs a record there is; for one that was deleted see [`not_shared`].
///
/// # Errors
/// `SignedOut` or `PamPolicyDenied`.
pub fn replay_own(
    person: &Person,
    location: &Location,
    shares: &[Share],
    connection: &Connection,
) -> Result<Authorized<ReplayOwn>, Refusal> {
    signed_in(person)?;
    // What was on the screen is the record's, not only the session's: who lost the one has lost the other.
    if !permissions(person, location, shares).view {
        return Err(not_shared());
    }
    if !connection.may_replay_own_sessions() {
        return Err(Refusal::new(
            Code::PamPolicyDenied,
            "This record's settings do not let people replay their own sessions.",
        ));
    }

    Ok(Authorized::new(
        person,
        ReplayOwn {
            record: location.record.clone(),
        },
    ))
}

/// The session was theirs, so that there was a record is no secret to them.
pub fn not_shared() -> Refusal {
    Refusal::new(
        Code::PamPolicyDenied,
        "The record of this session is not shared with you any more. Ask an administrator to share it again.",
    )
}

#[cfg(test)]
mod tests {
    use protocol::people::Role;
    use protocol::vault::{Permissions, RecordKind, Tri};

    use super::*;
    use crate::authorize::tests::{location, person, share};

    fn connection(replay_own_sessions: Tri) -> Connection {
        Connection {
            replay_own_sessions,
            ..Connection::default()
        }
    }

    #[test]
    fn people_replay_their_own_while_the_record_is_shared_and_its_settings_say_so() {
        let user = person(7, Role::User);
        let record = location(RecordKind::Database);
        let shared = [share(&user, Permissions::shared(false, true, false))];
        let withdrawn = [share(
            &person(8, Role::User),
            Permissions::shared(false, true, false),
        )];
        let on = connection(Tri::On);

        assert!(replay_own(&user, &record, &shared, &on).is_ok());
        assert_eq!(replay_own(&user, &record, &withdrawn, &on), Err(not_shared()));
        for setting in [Tri::Off, Tri::Inherit] {
            let refused = replay_own(&user, &record, &shared, &connection(setting)).unwrap_err();
            assert_eq!(refused.code, Code::PamPolicyDenied);
        }
    }
}
