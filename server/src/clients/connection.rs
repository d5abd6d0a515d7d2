//! One connection of a native client: heard, let in, pumped to its end.

use std::io;
use std::time::Duration;

use app::ctx::Client;
use bytes::BytesMut;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use pg_proto::client::Established;
use pg_proto::frontend::Password;
use pg_proto::server::{Reception, Refusal, Startup};
use protocol::ids::RequestId;
use proxy::pump::{Control, Downstream, Ending, pump};
use proxy::{BoxStream, Canceller, Stream, Upstream};
use recording::{Connection, Lane};
use tokio::io::{AsyncReadExt, AsyncWriteExt, split};
use tokio::time::timeout;
use tracing::{Instrument, debug, error, info_span};

use super::cancels::Issued;
use super::upstream::Joined;
use super::way_in::{Arrival, Arrived, Refused, Terms, receive};
use crate::clock;
use crate::sessions::join::time;
use crate::sessions::native::{Hall, Place};
use crate::sessions::supervise;
use crate::state::AppState;

/// How long a client may take until all that its way in asks for is there.
const WAY_IN: Duration = Duration::from_secs(60);

/// How long a client may wait for the database, and for others of its session who wait.
const LETTING_IN: Duration = Duration::from_secs(60);

/// How long a client may take to read that it is let in.
const GREETING: Duration = Duration::from_secs(10);

/// How long a client that is sent away may take to read why.
const FAREWELL: Duration = Duration::from_secs(2);

/// Bytes of a cancel key's secret, where the client's protocol has room for it.
const SECRET: usize = 32;

/// Longest name of a program in lists, in characters.
const MAX_PROGRAM: usize = 200;

/// A client that has said all that its way in asks for.
pub struct Newcomer {
    pub heard: Heard,
    pub startup: Startup,
    /// Empty where none was asked for.
    pub password: Password,
}

/// Hears a client out that comes from `address`; `None` where it wanted something else than in, or did not get there.
pub async fn hear<S: Stream + 'static>(
    state: &AppState,
    stream: S,
    terms: &Terms,
    address: String,
) -> Option<Newcomer> {
    let arrival = tokio::select! {
        arrival = timeout(WAY_IN, receive(stream, terms)) => arrival,
        () = state.stopping.cancelled() => return None,
    };
    match arrival {
        Ok(Ok(Arrival::Client(arrived))) => return Some(newcomer(*arrived, address)),
        Ok(Ok(Arrival::Refused(refused))) => send_away(refused).await,
        Ok(Ok(Arrival::Cancel(stream, key))) => {
            state.cancels.cancel(&key).await;
            drop(stream);
        }
        Ok(Err(error)) => debug!(
            error = &error as &dyn std::error::Error,
            "native client lost on its way in"
        ),
        Err(_) => debug!("native client took too long on its way in"),
    }

    None
}

fn newcomer(arrived: Arrived, address: String) -> Newcomer {
    let Arrived {
        stream,
        reception,
        startup,
        password,
    } = arrived;

    Newcomer {
        heard: Heard {
            stream,
            reception,
            client: client_of(&startup, address),
            minor: startup.minor,
        },
        startup,
        password,
    }
}

/// Who asks, as lists and the audit log name it.
fn client_of(startup: &Startup, address: String) -> Client {
    let program = startup.application_name.as_ref().map(|name| name.to_str());

    Client {
        address,
        user_agent: program.unwrap_or_default().chars().take(MAX_PROGRAM).collect(),
        request: RequestId::from_random(clock::draw()),
    }
}

/// A client that was heard, without its password.
pub struct Heard {
    pub stream: BoxStream,
    pub reception: Reception,
    pub client: Client,
    /// Minor version of the protocol it speaks.
    pub minor: u16,
}

/// What comes of a client's second half of the way in. On the heap: it remembers more than all that follows.
pub type LettingIn<'a> = BoxFuture<'a, Result<Joined, Refusal>>;

/// Serves the client once it is let in, to its last byte; one that is not let in is told why.
pub async fn serve(state: &AppState, heard: Heard, letting_in: LettingIn<'_>) {
    let letting_in = async {
        match timeout(LETTING_IN, letting_in).await {
            Ok(joined) => joined,
            Err(_) => Err(Refusal::new("08001", "the database was not reached in time")),
        }
    };
    let joined = match supervise::unless_panicked(letting_in, panicked).await {
        Ok(joined) => joined,
        Err(refusal) => {
            let stream = heard.stream;
            return send_away(Refused { stream, refusal }).await;
        }
    };
    let session = joined.place.hall().session().clone();
    let span = info_span!("connection", session.id = %session, lane = joined.place.lane().number());

    // On the heap, so that letting in and all before it leave no room behind that stays empty for hours.
    talk(state, heard, joined).boxed().instrument(span).await;
}

/// Greets the client and pumps until one side ends it; when the connection began and ended is on record.
async fn talk(state: &AppState, heard: Heard, joined: Joined) {
    let Heard {
        mut stream,
        reception,
        client,
        minor,
    } = heard;
    let Joined {
        place,
        upstream,
        database,
        settings,
    } = joined;
    let lane = place.lane();
    let connection = Connection {
        database,
        application_name: client.user_agent,
        remote_address: client.address,
        backend_pid: upstream.canceller().map(Canceller::process_id),
        tls: reception.is_secure(),
        settings,
    };
    if lane.connected(clock::now().micros(), connection).is_err() {
        let refusal = Refusal::new("58030", "the session's recording cannot be written");
        return send_away(Refused { stream, refusal }).await;
    }
    debug!(protocol = minor, "native client let in");
    let key = upstream.canceller().map(|upstream| {
        state
            .cancels
            .issue(upstream.process_id(), reception.secret_limit().min(SECRET))
    });
    let established = upstream.established().clone();
    let greeting = greet(&mut stream, reception, &established, key.as_ref());
    let ending = match timeout(GREETING, greeting).await {
        Ok(Ok(unread)) => run(stream, unread, upstream, &lane, &place, key.as_ref()).await,
        Ok(Err(error)) => Ending::ClientIo(error.kind()),
        Err(_) => Ending::ClientIo(io::ErrorKind::TimedOut),
    };
    debug!(?ending, "native client left");
    // A recording that failed has ended the session.
    let _ = lane.disconnected(clock::now().micros(), ending.reason());
}

/// Tells the client what the server has told us; gives what it has sent ahead.
async fn greet(
    stream: &mut BoxStream,
    mut reception: Reception,
    established: &Established,
    key: Option<&Issued>,
) -> io::Result<BytesMut> {
    let mut out = BytesMut::new();
    reception.welcome(
        &established.parameters,
        key.map(Issued::key),
        &established.notices,
        established.status,
        &mut out,
    );
    stream.write_all(&out).await?;
    stream.flush().await?;

    Ok(reception.into_rest())
}

async fn run(
    stream: BoxStream,
    unread: BytesMut,
    upstream: Upstream,
    lane: &Lane,
    place: &Place,
    key: Option<&Issued>,
) -> Ending {
    let (reader, writer) = split(stream);
    let client = Downstream {
        reader,
        writer,
        unread,
    };
    let (control, to_server, to_client) = pump(client, upstream, lane.clone(), place.policy(), time());
    place.begin(&control);
    if let Some(key) = key {
        key.begin(&control);
    }
    let hall = place.hall();
    let limited = async {
        if let Some(limit) = hall.effective().statement_timeout() {
            let limiting = proxy::limits::statement_timeout(control.clone(), limit);
            run_part(
                hall,
                &control,
                "statement_timeout",
                limiting.in_current_span().boxed(),
            )
            .await;
        }
    };
    // On the session's thread each is a task of its own: a message wakes one of them.
    tokio::join!(
        run_part(hall, &control, "to_server", to_server.boxed()),
        run_part(hall, &control, "to_client", to_client.boxed()),
        limited,
    );

    control.ended().await
}

/// Runs a part of a connection on its session's thread. The connection does not go on without it.
async fn run_part<T: Send + 'static>(
    hall: &Hall,
    control: &Control,
    name: &'static str,
    part: BoxFuture<'static, T>,
) {
    if hall.run(part).await.is_none() {
        error!(part = name, "a native client's connection panicked");
        control.end("XX000", "something went wrong in Postern; tell an administrator");
    }
}

/// Says why, then waits for the client to leave: who closes at once may take its own words back.
pub async fn send_away(refused: Refused) {
    let Refused { mut stream, refusal } = refused;
    debug!(%refusal, "native client sent away");
    let mut out = BytesMut::new();
    refusal.encode(&mut out);
    let farewell = async {
        stream.write_all(&out).await?;
        stream.shutdown().await?;
        let mut rest = [0; 1024];
        while stream.read(&mut rest).await? > 0 {}

        io::Result::Ok(())
    };
    // Who has gone is not told.
    let _ = timeout(FAREWELL, farewell).await;
}

fn panicked() -> Refusal {
    error!("letting a native client in panicked");

    Refusal::new("XX000", "something went wrong in Postern; tell an administrator")
}
