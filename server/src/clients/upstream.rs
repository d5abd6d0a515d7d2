//! The other half of a native client's connection: its place in a session and its connection to the database.

use app::ctx::Client;
use pg_proto::client::Method;
use pg_proto::server::Refusal;
use protocol::audit::{EventName, Outcome};
use proxy::{ConnectError, Credential, Upstream, Wishes, connect};
use vault::authorize::{Authorized, Launch};

use super::refusals::{Denial, denied, failed, said};
use crate::access_tokens::penance;
use crate::sessions::bound::CHANGED;
use crate::sessions::native::{Hall, Place};
use crate::sessions::open::NotOpened;
use crate::state::AppState;
use crate::{clock, target};

/// A client's place in a session and its connection to the database.
pub struct Joined {
    pub place: Place,
    pub upstream: Upstream,
    /// The database it works in.
    pub database: String,
    /// What of its startup message the server was told.
    pub settings: Vec<(String, String)>,
}

/// Connects to the database for a client with a place in an open session: as its account, or as the user a client has
/// brought.
pub async fn dial(
    state: &AppState,
    authorized: &Authorized<Launch>,
    wishes: &Wishes,
    own: Option<Credential>,
    client: &Client,
    place: Place,
) -> Result<Joined, Refusal> {
    let aim = target::aim_at(state, authorized).await;
    let mut aim = aim.map_err(|refusal| denied(&refusal))?;
    if target::Aimed::of(&aim) != *place.hall().aim() {
        return Err(Refusal::new("57P01", CHANGED));
    }
    wishes.apply(&mut aim.target);
    let mut settings = wishes.settings().to_vec();
    let own = own.map(|own| {
        let user = own.user.clone();
        settings.push(("user".to_owned(), user.clone()));
        aim.credential = own;

        user
    });
    let upstream = match connect(aim.dial, &aim.target, &aim.credential, &|_| ()).await {
        Ok(upstream) => upstream,
        Err(error) => {
            note_failure(state, client, place.hall(), &error, own.as_deref())
                .await
                .map_err(failed)?;

            return Err(not_connected(error, own.is_some()).await);
        }
    };
    if own.is_some() && upstream.method() == Method::None {
        upstream.close().await;

        return Err(unasked());
    }
    let database = aim.target.database;
    if let Some(databases) = place.hall().note_database(&database) {
        note_databases(state, place.hall(), &databases)
            .await
            .map_err(failed)?;
    }

    Ok(Joined {
        place,
        upstream,
        database,
        settings,
    })
}

async fn not_connected(error: ConnectError, is_own: bool) -> Refusal {
    match error.server() {
        // What the server says of the client's own password is for the client; guessing is not done at the speed of the
        // network.
        Some(fields) if is_own => {
            penance().await;

            said(fields)
        }
        Some(_) | None => Denial::from(NotOpened::from(error)).0,
    }
}

/// A server that trusts Postern's address would let in whoever says a name.
fn unasked() -> Refusal {
    Refusal::new(
        "28000",
        "the database asks for no password: without one nobody can sign in with a user of their own",
    )
}

async fn note_failure(
    state: &AppState,
    client: &Client,
    hall: &Hall,
    error: &ConnectError,
    own: Option<&str>,
) -> Result<(), store::Error> {
    let event = hall
        .closing()
        .event_from(client, EventName::ConnectionFailed, Outcome::Failed, clock::now());
    let event = match own {
        Some(user) => event.with("user", user).with(
            "reason",
            "The database did not take a user and password of the client's own.",
        ),
        None => event.with("reason", target::refusal(error).sentence),
    };
    let subject = format!("connection {} {}", hall.session(), own.unwrap_or_default());
    let mut tx = state.db.write().await?;
    store::audit::append_unless_repeated(&mut tx, &subject, event).await?;

    tx.commit().await
}

async fn note_databases(state: &AppState, hall: &Hall, databases: &str) -> Result<(), store::Error> {
    let mut tx = state.db.write().await?;
    store::sessions::change_database(&mut tx, hall.session(), databases).await?;

    tx.commit().await
}
