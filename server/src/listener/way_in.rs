//! The first half of a native client's connection: TLS, startup message, password, up to who it is.

use std::io;
use std::time::Duration;

use app::ctx::Client;
use bytes::BytesMut;
use pg_proto::backend::CancelKey;
use pg_proto::frontend::Password;
use pg_proto::server::{Event, Reception, Refusal, Startup, Tls};
use protocol::audit::{EventName, Outcome};
use protocol::time::Timestamp;
use proxy::{BoxStream, Stream};
use store::access_tokens::{self, AccessToken, Standing};
use store::audit;
use store::tokens::TokenHash;
use tokio::io::{AsyncReadExt, AsyncWriteExt, join};
use tokio::time::sleep;
use tokio_rustls::TlsAcceptor;
use vault::people::Person;

use super::Origin;
use super::session::failed;
use crate::clock;
use crate::people::network_of;
use crate::people::sign_in::event;
use crate::state::AppState;

/// How long who gives a wrong token waits for the answer.
const PENANCE: Duration = Duration::from_millis(500);

/// A client whose password is there.
pub struct Arrived {
    pub stream: BoxStream,
    pub reception: Reception,
    pub startup: Startup,
    pub password: Password,
}

/// A client that is answered and sent away.
pub struct Refused {
    pub stream: BoxStream,
    pub refusal: Refusal,
}

/// What came of a connection's first messages.
pub enum Arrival {
    Client(Box<Arrived>),
    Refused(Refused),
    /// It wants another connection's statement cancelled, and takes the end of the stream for done.
    Cancel(BoxStream, CancelKey),
}

/// Hears a client until its password is there.
///
/// # Errors
/// The connection was lost or closed before, or TLS failed: there is nobody to tell.
pub async fn receive<S: Stream + 'static>(
    stream: S,
    origin: &Origin,
    tls: Option<TlsAcceptor>,
) -> io::Result<Arrival> {
    let offered = if tls.is_some() {
        Tls::Offered
    } else {
        Tls::NotOffered
    };
    let mut reception = Reception::new(offered);
    let mut stream: BoxStream = Box::new(stream);
    let mut startup = None;
    let mut out = BytesMut::new();
    loop {
        let event = match reception.poll_event(&mut out) {
            Ok(event) => event,
            Err(refusal) => return Ok(refused(stream, &mut out, refusal).await),
        };
        stream.write_all(&out.split()).await?;
        stream.flush().await?;
        match event {
            None => {
                let n_bytes = stream.read(reception.space()).await?;
                if n_bytes == 0 {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                reception.filled(n_bytes);
            }
            Some(Event::StartTls { read }) => {
                let acceptor = tls.as_ref().ok_or(io::ErrorKind::Unsupported)?;
                let (reader, writer) = tokio::io::split(stream);
                let rejoined = join(io::Cursor::new(read).chain(reader), writer);
                let secure = acceptor.accept(rejoined).await?;
                let alpn = secure.get_ref().1.alpn_protocol().map(<[u8]>::to_vec);
                stream = Box::new(secure);
                if let Err(refusal) = reception.secured(alpn.as_deref()) {
                    return Ok(refused(stream, &mut out, refusal).await);
                }
            }
            Some(Event::Cancel(key)) => return Ok(Arrival::Cancel(stream, key)),
            Some(Event::Startup(asked)) => {
                if !reception.is_secure() && !origin.is_private() {
                    return Ok(refused(stream, &mut out, without_tls()).await);
                }
                reception.ask_password(&mut out);
                startup = Some(asked);
            }
            Some(Event::Password(password)) => {
                let startup = startup.take().ok_or(io::ErrorKind::InvalidData)?;

                return Ok(Arrival::Client(Box::new(Arrived {
                    stream,
                    reception,
                    startup,
                    password,
                })));
            }
        }
    }
}

/// What was to be said before goes before it.
async fn refused(mut stream: BoxStream, out: &mut BytesMut, refusal: Refusal) -> Arrival {
    // Who has gone is not told.
    let _ = stream.write_all(&out.split()).await;

    Arrival::Refused(Refused { stream, refusal })
}

fn without_tls() -> Refusal {
    Refusal::new(
        "28000",
        "the access token would be sent where others can read it: connect with sslmode=require or stronger",
    )
}

/// Who holds the token, and what is known of it.
///
/// # Errors
/// For the caller one refusal, whatever is wrong with the token; the audit log tells them apart.
pub async fn identify(
    state: &AppState,
    password: &Password,
    client: &Client,
) -> Result<(AccessToken, Person), Refusal> {
    let now = clock::now();
    let text = std::str::from_utf8(password.expose()).unwrap_or_default();
    let mut snapshot = state.db.read().await.map_err(failed)?;
    let found = access_tokens::find(&mut snapshot, &TokenHash::of(text))
        .await
        .map_err(failed)?;
    drop(snapshot);
    let problem = match &found {
        Some((token, _)) => match token.standing(now) {
            Standing::Good => None,
            Standing::Expired => Some("expired"),
            Standing::Revoked => Some("revoked"),
        },
        None => Some("unknown"),
    };
    match (found, problem) {
        (Some((token, person)), None) => {
            touch(state, &token, client, now).await.map_err(failed)?;

            Ok((token, person))
        }
        (found, problem) => {
            note(state, found, problem.unwrap_or_default(), client, now)
                .await
                .map_err(failed)?;
            // Who tries again and again does not do so at the speed of the disk.
            sleep(PENANCE).await;

            Err(Refusal::new(
                "28P01",
                "password authentication failed: the password has to be a valid access token; make one under Account in \
                 Postern",
            ))
        }
    }
}

async fn touch(
    state: &AppState,
    token: &AccessToken,
    client: &Client,
    now: Timestamp,
) -> Result<(), store::Error> {
    if !token.wants_touch(now) {
        return Ok(());
    }
    let mut tx = state.db.write().await?;
    access_tokens::touch(&mut tx, &token.id, &client.address, now).await?;

    tx.commit().await
}

/// Puts a token that opened nothing on the trail; the same from one address again and again is counted.
async fn note(
    state: &AppState,
    found: Option<(AccessToken, Person)>,
    problem: &str,
    client: &Client,
    now: Timestamp,
) -> Result<(), store::Error> {
    let subject = match &found {
        Some((token, _)) => format!("token {} {problem}", token.id),
        None => format!("token {} {problem}", network_of(client)),
    };
    let mut refused =
        event(EventName::AccessTokenRefused, Outcome::Denied, client, now).with("reason", problem);
    if let Some((token, person)) = found {
        refused = refused.by(&person).with("token", token.name);
    }
    let mut tx = state.db.write().await?;
    audit::append_unless_repeated(&mut tx, &subject, refused).await?;

    tx.commit().await
}
