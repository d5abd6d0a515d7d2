//! What the server functions of sessions share: the list, and which of it the viewer may replay.
#![cfg(feature = "ssr")]

use std::collections::BTreeMap;

use protocol::ids::RecordId;
use protocol::sessions::{Cursor, SessionFilter, SessionList, SessionRow, SessionState, SessionView};
use protocol::time::Timestamp;
use store::Snapshot;
use store::sessions::Scope;
use vault::people::Person;

use crate::errors::AppError;

/// One page; on the first the sessions that run come before all others, unless a state is chosen.
pub async fn list(
    snapshot: &mut Snapshot,
    person: &Person,
    filter: &SessionFilter,
    now: Timestamp,
) -> Result<SessionList, AppError> {
    let scope = match person.role.sees_evidence() {
        true => Scope::Everybody,
        false => Scope::Own(&person.id),
    };
    let page = store::sessions::list(snapshot, scope, filter).await?;
    let shows_live_apart = filter.state.is_empty() && filter.before.parse::<Cursor>().is_err();
    let mut live = Vec::new();
    if shows_live_apart {
        for state in [SessionState::Starting, SessionState::Live] {
            let filter = SessionFilter {
                state: state.as_str().to_owned(),
                ..filter.clone()
            };
            live.extend(store::sessions::list(snapshot, scope, &filter).await?.sessions);
        }
    }
    let mut others = page.sessions;
    others.retain(|session| !(shows_live_apart && session.state.runs()));
    let mut replays = Replays::of(person);

    Ok(SessionList {
        live: replays.rows(snapshot, live).await?,
        sessions: replays.rows(snapshot, others).await?,
        next: page.next,
        now,
    })
}

/// Which sessions a viewer may replay; a record is weighed once.
struct Replays<'a> {
    person: &'a Person,
    records: BTreeMap<RecordId, bool>,
}

impl<'a> Replays<'a> {
    fn of(person: &'a Person) -> Self {
        Self {
            person,
            records: BTreeMap::new(),
        }
    }

    async fn rows(
        &mut self,
        snapshot: &mut Snapshot,
        sessions: Vec<SessionView>,
    ) -> Result<Vec<SessionRow>, AppError> {
        let mut rows = Vec::with_capacity(sessions.len());
        for session in sessions {
            let may_replay = self.person.role.sees_evidence() || self.own(snapshot, &session.record).await?;
            rows.push(SessionRow { session, may_replay });
        }

        Ok(rows)
    }

    async fn own(&mut self, snapshot: &mut Snapshot, record: &RecordId) -> Result<bool, AppError> {
        if let Some(known) = self.records.get(record) {
            return Ok(*known);
        }
        let person = self.person;
        let own = store::launching::lookup(snapshot, record, &person.id).await?;
        let may_replay = own.is_some_and(|own| {
            let connection = &own.settings.connection;

            vault::authorize::replay_own(person, &own.record.location(), &own.shares, connection).is_ok()
        });
        self.records.insert(record.clone(), may_replay);

        Ok(may_replay)
    }
}
