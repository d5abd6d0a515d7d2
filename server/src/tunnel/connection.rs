//! One connection of a tunnel: let in by the tunnel's token, connected in its session's name.

use std::sync::Arc;

use app::ctx::Client;
use gateway::streams::Stream;
use pg_proto::frontend::Password;
use pg_proto::server::{Refusal, Startup};
use protocol::sessions::SessionKind;
use proxy::{Credential, Wishes};
use subtle::ConstantTimeEq;
use vault::Secret;

use super::session::{Entry, Terms};
use crate::clients::connection::{Newcomer, hear, serve as serve_client};
use crate::clients::refusals::{Denial, denied};
use crate::clients::upstream::{Joined, dial};
use crate::clients::way_in;
use crate::launch;
use crate::state::AppState;

/// Serves a connection from its first byte to its last.
pub async fn serve(state: AppState, stream: Stream, terms: Arc<Terms>) {
    let way_in = way_in::Terms {
        tls: None,
        // The stream is inside the command line's TLS; before that it is a loopback connection or a socket of theirs.
        is_private: true,
        asks_password: !matches!(terms.entry, Entry::Open),
    };
    // On the heap, and gone when it is done: what follows lasts.
    let newcomer = Box::pin(hear(&state, stream, &way_in, terms.address.clone())).await;
    let Some(Newcomer {
        heard,
        startup,
        password,
    }) = newcomer
    else {
        return;
    };
    let client = heard.client.clone();

    serve_client(
        &state,
        heard,
        Box::pin(let_in(&state, &terms, startup, password, &client)),
    )
    .await;
}

async fn let_in(
    state: &AppState,
    terms: &Terms,
    startup: Startup,
    password: Password,
    client: &Client,
) -> Result<Joined, Refusal> {
    let own = match &terms.entry {
        Entry::Token(token) if bool::from(token.expose().as_bytes().ct_eq(password.expose())) => None,
        Entry::Token(_) => return Err(wrong_token()),
        Entry::Open => None,
        Entry::Own => Some(credential(&startup, &password)?),
    };
    drop(password);
    let wishes = Wishes::of(&startup)?;
    let authorized = launch::may_stay_with_token(state, &terms.holder, SessionKind::Tunnel, &terms.launch)
        .await
        .map_err(|refusal| denied(&refusal))?;
    let place = terms.hall.admit().map_err(|shut| Denial::from(shut).0)?;

    dial(state, &authorized, &wishes, own, client, place).await
}

/// As whom a client signs in that brings a user and a password.
fn credential(startup: &Startup, password: &Password) -> Result<Credential, Refusal> {
    let password = std::str::from_utf8(password.expose())
        .map_err(|_| Refusal::new("28P01", "the password is not UTF-8, which Postern passes on only"))?;

    Ok(Credential {
        user: startup.user.to_str().into_owned(),
        password: Some(Secret::new(password.to_owned())),
        certificate: None,
    })
}

fn wrong_token() -> Refusal {
    Refusal::new(
        "28P01",
        "password authentication failed: use the connection URL that postern tunnel has printed",
    )
}
