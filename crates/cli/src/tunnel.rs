//! `postern tunnel`: a local port whose connections come out of the server, in its session, with its credential.

mod door;
mod ports;
mod words;

use std::io;
use std::process::{ExitCode, Stdio};
use std::time::Duration;

use gateway::lines::Lines;
use gateway::messages::halves;
use gateway::streams::{self, MAX_MESSAGE, Opener, Stream, opening};
use protocol::terminal::{EndReason, Ended};
use protocol::tunnel::{
    ALIVE_EVERY, ClientLine, LOST_AFTER, MAX_LINE, MOST_STREAMS, PATH, Ready, SUBPROTOCOL, ServerLine,
    TunnelDraft,
};
use tokio::process::{Child, Command};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, timeout};

use self::door::Door;
use self::words::Address;
use crate::args::{AccessArgs, TunnelArgs};
use crate::exit::{Exit, Failure};
use crate::server::{Server, Socket};
use crate::{account, clock, print};

/// Connections at one time; more wait to be accepted. Fewer than the streams there may be: one that ends takes a moment to
/// be gone.
const CONNECTIONS: usize = MOST_STREAMS - 44;

/// How long the server may take to open the session: its database may be slow to reach.
const OPENING: Duration = Duration::from_secs(90);

/// How long the server may take to end it.
const CLOSING: Duration = Duration::from_secs(15);

/// Opens the tunnel and keeps it until somebody or something ends it.
pub async fn run(access: &AccessArgs, wanted: &TunnelArgs, wants_json: bool) -> Result<ExitCode, Failure> {
    let server = account::open(access)?;
    // An address that is asked for is taken before anything is opened.
    let door = match wanted {
        TunnelArgs {
            socket: Some(folder), ..
        } => Some(Door::socket(folder)?),
        TunnelArgs { port: Some(port), .. } => Some(Door::tcp(wanted.host, *port).await?),
        TunnelArgs { .. } => None,
    };
    let (tunnel, opener, ready) = Tunnel::open(&server, wanted).await?;
    let door = match door {
        Some(door) => Ok(door),
        None if ready.reuses_port => ports::open(wanted.host, &ready.record).await,
        None => Door::tcp(wanted.host, 0).await,
    };
    let door = match door {
        Ok(door) => door,
        Err(failure) => {
            tunnel.close().await?;

            return Err(failure);
        }
    };
    let address = Address::of(&ready, &door);
    match (&wanted.run, wants_json) {
        (Some(_), false) => {}
        // Standard output is the client's, which has the password in its environment.
        (Some(_), true) => print::facts(&words::for_programs(&ready, &address).without_password()),
        (None, true) => print::json(&words::for_programs(&ready, &address))?,
        (None, false) => print::line(&words::for_people(&ready, &address))?,
    }
    if let Some(shortened) = &ready.shortened {
        print::remark(shortened);
    }
    let client = wanted
        .run
        .as_deref()
        .map(|command| start(command, &ready, &address))
        .transpose()?;

    tunnel.keep(door, opener, client).await
}

/// A tunnel that stands.
struct Tunnel {
    lines: Lines<Stream>,
    /// What moves bytes: all of them, and each client's.
    moving: JoinSet<()>,
}

/// What ends a tunnel from this side.
struct Ends {
    interrupt: Signal,
    terminate: Signal,
    client: Option<Child>,
}

impl Tunnel {
    async fn open(server: &Server, wanted: &TunnelArgs) -> Result<(Self, Opener, Ready), Failure> {
        let socket = server.open(PATH, SUBPROTOCOL, MAX_MESSAGE).await?;
        let mut moving = JoinSet::new();
        let opener = multiplex(socket, &mut moving);
        let draft = TunnelDraft {
            record: wanted.record.clone(),
            account: wanted.account.clone(),
            folder: wanted.folder.clone(),
            to: wanted.to.clone().into(),
            duration: wanted.duration,
            goes_without_token: wanted.no_token,
            is_open_to_others: wanted.socket.is_none() && !wanted.host.is_loopback(),
        };
        let asking = async {
            let mut lines = Lines::new(opener.open().await?, MAX_LINE);
            lines.say(&ClientLine::Open(draft)).await?;
            let answer = lines.hear().await?;

            io::Result::Ok((lines, answer))
        };
        let (lines, answer) = timeout(OPENING, asking)
            .await
            .map_err(|_| gone(server))?
            .map_err(|_| gone(server))?;
        match answer {
            Some(ServerLine::Ready(ready)) => Ok((Self { lines, moving }, opener, ready)),
            Some(ServerLine::Refused(refusal)) => Err(refusal.into()),
            Some(ServerLine::Ended(ended)) => Err(failure(ended)),
            Some(ServerLine::Alive | ServerLine::Warning(_)) | None => Err(gone(server)),
        }
    }

    /// Takes clients until the tunnel ends; how is the exit code.
    async fn keep(mut self, door: Door, opener: Opener, client: Option<Child>) -> Result<ExitCode, Failure> {
        let mut ends = Ends::new(client)?;
        let mut beat = interval(ALIVE_EVERY);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut heard = clock::instant();
        loop {
            tokio::select! {
                line = self.lines.hear() => match line {
                    Ok(Some(ServerLine::Alive)) => heard = clock::instant(),
                    Ok(Some(ServerLine::Warning(sentence))) => print::remark(&sentence),
                    Ok(Some(ServerLine::Ended(ended))) => return Err(failure(ended)),
                    Ok(Some(ServerLine::Refused(_) | ServerLine::Ready(_)) | None) | Err(_) => return Err(cut_off()),
                },
                accepted = door.accept(), if self.moving.len() < CONNECTIONS => {
                    let stream = accepted.map_err(|error| {
                        Failure::new(Exit::Failed, format!("No more clients can be taken: {error}."))
                    })?;
                    let opener = opener.clone();
                    self.moving.spawn(async move {
                        // A client that is gone, or a server: each sees it by the end of its connection.
                        if let Ok(inner) = opener.open().await {
                            let _ = streams::join(stream, inner).await;
                        }
                    });
                }
                Some(_) = self.moving.join_next() => {}
                code = ends.come() => {
                    let was_started_alone = ends.client.is_none();
                    self.close().await?;
                    if was_started_alone {
                        print::remark("The tunnel is closed, and its session has ended.");
                    }

                    return Ok(code);
                }
                _ = beat.tick() => {
                    if clock::instant().duration_since(heard) > LOST_AFTER || self.lines.say(&ClientLine::Alive).await.is_err() {
                        return Err(cut_off());
                    }
                }
            }
        }
    }

    /// Ends the session, and waits until it has ended.
    async fn close(mut self) -> Result<(), Failure> {
        let closing = async {
            self.lines.say(&ClientLine::Close).await?;
            loop {
                match self.lines.hear().await? {
                    Some(ServerLine::Ended(_)) | None => return io::Result::Ok(()),
                    Some(
                        ServerLine::Alive
                        | ServerLine::Warning(_)
                        | ServerLine::Refused(_)
                        | ServerLine::Ready(_),
                    ) => {}
                }
            }
        };
        match timeout(CLOSING, closing).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(Failure::new(
                Exit::Failed,
                "The server did not confirm that the session has ended; it ends when the server notices that the tunnel is \
                 gone.",
            )),
        }
    }
}

impl Ends {
    fn new(client: Option<Child>) -> Result<Self, Failure> {
        let on = |kind| {
            signal(kind)
                .map_err(|error| Failure::new(Exit::Failed, format!("Signals cannot be heard: {error}.")))
        };

        Ok(Self {
            interrupt: on(SignalKind::interrupt())?,
            terminate: on(SignalKind::terminate())?,
            client,
        })
    }

    /// Waits for somebody to end it, or for the client that was started; gives the exit code.
    async fn come(&mut self) -> ExitCode {
        let Some(client) = &mut self.client else {
            tokio::select! {
                _ = self.interrupt.recv() => {}
                _ = self.terminate.recv() => {}
            }
            return ExitCode::SUCCESS;
        };
        loop {
            tokio::select! {
                status = client.wait() => {
                    let code = status.ok().and_then(|status| status.code());

                    return code.and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::FAILURE, ExitCode::from);
                }
                // Ctrl-C is the client's: it cancels a query.
                _ = self.interrupt.recv() => {}
                _ = self.terminate.recv() => {
                    // It may have ended already.
                    let _ = client.start_kill();
                }
            }
        }
    }
}

/// Many streams over the socket. What moves their bytes runs beside everything else, until the socket is lost.
fn multiplex(socket: Socket, moving: &mut JoinSet<()>) -> Opener {
    let (received, sent) = halves(socket);
    let (opener, work) = opening(received, sent, MOST_STREAMS);
    moving.spawn(async move {
        // That it is lost shows at every stream.
        let _ = work.await;
    });

    opener
}

/// Starts the client that was asked for.
fn start(command: &str, ready: &Ready, address: &Address) -> Result<Child, Failure> {
    let mut client = Command::new("sh");
    client
        .args(["-c", command])
        .env_remove("PGSERVICE")
        .env_remove("PGHOSTADDR")
        .env_remove("PGPASSFILE")
        // It needs the tunnel's token only.
        .env_remove("POSTERN_TOKEN")
        .env("PGHOST", &address.host)
        .env("PGPORT", address.port.to_string())
        .env("PGDATABASE", &ready.database)
        .env("PGSSLMODE", "disable")
        .stdin(Stdio::inherit())
        .kill_on_drop(true);
    match &address.user {
        Some(user) => client.env("PGUSER", user),
        None => client.env_remove("PGUSER"),
    };
    match &ready.token {
        Some(token) => client.env("PGPASSWORD", token),
        None => client.env_remove("PGPASSWORD"),
    };

    client
        .spawn()
        .map_err(|error| Failure::new(Exit::Failed, format!("\"{command}\" cannot be started: {error}.")))
}

fn gone(server: &Server) -> Failure {
    Failure::new(
        Exit::Failed,
        format!(
            "{} closed the connection before the tunnel was open.",
            server.url()
        ),
    )
}

fn cut_off() -> Failure {
    Failure::new(
        Exit::Failed,
        "The connection to Postern was lost, and the tunnel with it. Open it again.",
    )
}

/// The end of a session nobody here has ended.
fn failure(ended: Ended) -> Failure {
    let exit = match ended.reason {
        EndReason::Duration | EndReason::Idle => Exit::Expired,
        EndReason::Terminated | EndReason::PolicyChanged => Exit::Denied,
        EndReason::Goodbye
        | EndReason::ConnectionLost
        | EndReason::ClientGone
        | EndReason::RecordingFailed
        | EndReason::Shutdown
        | EndReason::Crash => Exit::Failed,
    };

    Failure::new(exit, ended.sentence)
}
