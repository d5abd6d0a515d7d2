//! One connection of the listener: whose token it brings, what its user name means, which session it belongs to.

use app::ctx::Client;
use pg_proto::frontend::Password;
use pg_proto::server::{Refusal, Startup};
use protocol::sessions::SessionKind;
use protocol::terminal::To;
use proxy::{Stream, Wishes};

use super::Origin;
use super::session::{Asking, join};
use crate::access_tokens::holder_of;
use crate::clients::connection::{Newcomer, hear, send_away, serve};
use crate::clients::refusals::{denied, failed};
use crate::clients::upstream::Joined;
use crate::clients::way_in::{Refused, Terms};
use crate::crowd::Comer;
use crate::launch::names::{self, Named};
use crate::sessions::native::Key;
use crate::state::AppState;

/// Receives a connection, from its first byte to its last.
pub async fn receive<S: Stream + 'static>(
    state: AppState,
    stream: S,
    origin: Origin,
    terms: Terms,
    comer: Comer,
) {
    // On the heap, and gone when it is done: what follows lasts.
    let newcomer = Box::pin(hear(&state, stream, &terms, origin.address())).await;
    let Some(Newcomer {
        heard,
        startup,
        password,
    }) = newcomer
    else {
        return;
    };
    let client = heard.client.clone();

    serve(
        &state,
        heard,
        Box::pin(let_in(&state, startup, password, &client, comer)),
    )
    .await;
}

async fn let_in(
    state: &AppState,
    startup: Startup,
    password: Password,
    client: &Client,
    comer: Comer,
) -> Result<Joined, Refusal> {
    let text = std::str::from_utf8(password.expose()).unwrap_or_default();
    let holder = holder_of(state, text, client)
        .await
        .map_err(failed)?
        .ok_or_else(unknown)?;
    drop((password, comer));
    let named = Named {
        name: &startup.user.to_str(),
        folder: None,
        // A user name has no place for one.
        to: &To::default(),
    };
    let authorized = names::authorize(state, &holder, SessionKind::Listener, named, client)
        .await
        .map_err(|refusal| denied(&refusal))?;
    let asking = Asking {
        key: Key {
            token: holder.token.id.clone(),
            record: authorized.record().clone(),
            account: authorized.account().clone(),
            address: client.address.clone(),
        },
        holder: &holder,
        client,
        authorized: &authorized,
        wishes: &Wishes::of(&startup)?,
    };

    join(state, &asking).await
}

/// One refusal, whatever is wrong with the token.
fn unknown() -> Refusal {
    Refusal::new(
        "28P01",
        "password authentication failed: the password has to be a valid access token; make one under Account in Postern",
    )
}

/// Sends a connection away unheard: too many others of its network are on their way in.
pub async fn turn_away<S: Stream + 'static>(stream: S) {
    let refusal = Refusal::new(
        "53300",
        "too many connections from this address have not shown a token yet",
    );
    send_away(Refused {
        stream: Box::new(stream),
        refusal,
    })
    .await;
}
