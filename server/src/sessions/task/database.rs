//! Another database for a session that runs: the same server, the same account, a connection of its own.

use protocol::audit::{EventName, Outcome};
use protocol::errors::Refusal;
use protocol::terminal::LaunchDraft;
use proxy::{Upstream, connect};
use std::sync::Arc;
use store::{audit, sessions};
use terminal::Connected;
use tokio::sync::oneshot;
use tracing::Instrument;

use super::cancels::Cancels;
use super::wire::Wire;
use super::{Keeper, Step, Task, unrecorded};
use crate::clock;
use crate::people::store_failed;
use crate::sessions::bound::CHANGED;
use crate::sessions::join::{Joined, join};
use crate::state::AppState;
use crate::target::{self, Aimed};

/// Databases the list of sessions names for one session; the audit trail names all.
const MAX_DATABASES: usize = 20;

const ELSEWHERE: &str =
    "The record leads to another server or account by now. Start a new session to work there.";

/// What became of an attempt to connect; the sentence says why it failed.
pub type Reached = Result<(String, Upstream), String>;

impl Task {
    /// Connects beside the session, which goes on meanwhile.
    pub(super) fn begin_connecting(&mut self, database: String) {
        let (told, reached) = oneshot::channel();
        self.connecting = Some(reached);
        let reaching = reach(
            self.state.clone(),
            self.owner.keeper.clone(),
            self.owner.launch.clone(),
            self.server.clone(),
            database,
        );
        let reaching = async move {
            tokio::pin!(reaching);
            let mut told = told;
            tokio::select! {
                // The session is over; nobody needs the connection.
                () = told.closed() => {}
                reached = &mut reaching => {
                    // A session that is over drops it, which closes it.
                    let _told = told.send(reached);
                }
            }
        };
        self.state.tasks.spawn(reaching.in_current_span());
    }

    /// Goes over to the new connection, or keeps the old.
    pub(super) async fn connected(&mut self, reached: Reached) -> Step {
        self.connecting = None;
        let noted = match reached {
            Ok((database, upstream)) => match self.note_database(&database).await {
                Ok(()) => Ok((database, upstream)),
                Err(refusal) => Err(refusal.sentence),
            },
            Err(sentence) => Err(sentence),
        };
        let (database, upstream) = match noted {
            Ok(noted) => noted,
            Err(sentence) => {
                self.engine.handle_connected(Err(sentence));

                return Ok(());
            }
        };
        self.tape
            .marker(clock::now().micros(), format!("Connected to database {database}"))
            .map_err(|_| unrecorded())?;
        let is_on = |name: &str| upstream.parameter(name).as_deref() == Some("on");
        let connected = Connected {
            database,
            tls: upstream.tls().map(|tls| terminal::Tls {
                protocol: tls.protocol.to_owned(),
                cipher: tls.cipher.clone(),
            }),
            is_superuser: is_on("is_superuser"),
            standard_conforming_strings: is_on("standard_conforming_strings"),
            server_version: upstream.parameter("server_version").unwrap_or_default(),
        };
        let Joined {
            stream,
            control,
            backend_pid,
        } = join(&self.state, upstream, &self.tape, &self.effective);
        self.statements_before += self.activity.borrow().statements;
        self.activity = control.activity();
        if self.statements.is_some() {
            self.statements = Some(control.statements());
        }
        self.cancels = Cancels::of(&self.state, control.clone());
        self.control = control;
        self.backend_pid = backend_pid;
        // The end of its stream has the old pump say goodbye to the server.
        self.wire = Wire::new(stream);
        self.engine.handle_connected(Ok(connected));

        Ok(())
    }

    /// Notes another database on the trail and in the session's row, before anything is done there.
    async fn note_database(&mut self, database: &str) -> Result<(), Refusal> {
        if self.databases.len() < MAX_DATABASES && !self.databases.iter().any(|used| used == database) {
            self.databases.push(database.to_owned());
        }
        let event = self
            .closing
            .event(EventName::DatabaseChanged, Outcome::Ok, clock::now())
            .with("database", database);
        let mut tx = self.state.db.write().await.map_err(store_failed)?;
        sessions::change_database(&mut tx, &self.closing.session, &self.databases.join(", "))
            .await
            .map_err(store_failed)?;
        audit::append(&mut tx, event).await.map_err(store_failed)?;

        tx.commit().await.map_err(store_failed)
    }
}

/// Weighs the launch again and opens the credential again: what was taken back or changed since counts.
async fn reach(
    state: AppState,
    keeper: Keeper,
    draft: LaunchDraft,
    server: Aimed,
    database: String,
) -> Reached {
    let authorized = keeper
        .lets_stay(&state, &draft)
        .await
        .map_err(|refusal| refusal.sentence)?;
    let mut aim = target::aim_at(&state, &authorized)
        .await
        .map_err(|refusal| refusal.sentence)?;
    if aim.target.read_only != server.read_only {
        return Err(CHANGED.to_owned());
    }
    if Aimed::of(&aim) != server {
        return Err(ELSEWHERE.to_owned());
    }
    aim.target.database.clone_from(&database);
    let upstream = connect(Arc::clone(&aim.dial), &aim.target, &aim.credential, &|_| ())
        .await
        .map_err(|error| target::refusal(&error).sentence)?;

    Ok((database, upstream))
}
