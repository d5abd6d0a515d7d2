//! Which session a client of the listener belongs to: an open one, or one that is opened for it.

use app::ctx::Client;
use pg_proto::server::Refusal;
use protocol::sessions::SessionKind;
use proxy::{Upstream, Wishes};
use tracing::{Instrument, info_span};
use vault::authorize::{Authorized, Launch};

use crate::access_tokens::Holder;
use crate::clients::refusals::{Denial, denied};
use crate::clients::upstream::{self, Joined};
use crate::sessions::native::task::Kept;
use crate::sessions::native::{self, Found, Hall, Key};
use crate::sessions::open::{Opening, open, reach};
use crate::state::AppState;
use crate::{clock, launch, sessions, target};

/// Whose connection it is.
pub struct Asking<'a> {
    pub holder: &'a Holder,
    pub client: &'a Client,
    pub authorized: &'a Authorized<Launch>,
    pub key: Key,
    pub wishes: &'a Wishes,
}

/// Joins the open session of the same key, or opens one, and connects to the database.
pub async fn join(state: &AppState, asking: &Asking<'_>) -> Result<Joined, Refusal> {
    let found = state
        .halls
        .enter(&asking.key, Box::pin(open_hall(state, asking)))
        .await
        .map_err(|denial| denial.0)?;

    match found {
        Found::Opened(place, (upstream, database)) => Ok(Joined {
            place,
            upstream,
            database,
            settings: asking.wishes.settings().to_vec(),
        }),
        Found::Open(place) => {
            upstream::dial(
                state,
                asking.authorized,
                asking.wishes,
                None,
                asking.client,
                place,
            )
            .await
        }
    }
}

/// Opens a session with its first connection.
async fn open_hall(state: &AppState, asking: &Asking<'_>) -> Result<(Hall, (Upstream, String)), Denial> {
    let draft = launch::draft_of(asking.authorized);
    // Once more, with the number of sessions, and the token.
    let refused = |refusal| Denial(denied(&refusal));
    let launch = launch::authorize_holder(state, asking.holder, SessionKind::Listener, &draft, asking.client)
        .await
        .map_err(refused)?;
    let mut aim = target::aim_at(state, &launch).await.map_err(refused)?;
    asking.wishes.apply(&mut aim.target);
    let opening = Opening {
        person: &asking.holder.person,
        client: asking.client,
        launch: &launch,
        aim: &aim,
        screen: None,
    };
    let opened = open(state, opening, reach(&aim)).await?;
    let (id, upstream, tape) = (opened.id, opened.upstream, opened.tape);
    let database = aim.target.database.clone();
    let hall = Hall::new(
        opened.closing,
        tape.clone(),
        opened.effective,
        target::Aimed::of(&aim),
        database.clone(),
    );
    let owner = native::task::Owner {
        token: asking.key.token.clone(),
        launch: draft,
        kept: Kept::WhileUsed,
        lasts: None,
        place: sessions::Place {
            kind: SessionKind::Listener,
            person: asking.holder.person.id.clone(),
            record: asking.key.record.clone(),
            record_title: aim.record_title,
            account: aim.account,
            started_at: clock::now(),
        },
    };
    let tasks = state.tasks.clone();
    let (state, key, kept) = (state.clone(), asking.key.clone(), hall.clone());
    let task = async move {
        native::task::run(&state, kept.clone(), tape, owner).await;
        state.halls.forget(&key, kept.session());
    };
    tasks.spawn(task.instrument(info_span!("session", session.id = %id)));

    Ok((hall, (upstream, database)))
}
