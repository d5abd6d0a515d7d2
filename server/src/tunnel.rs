//! Tunnels: native clients through the command line. One WebSocket is one session; its first stream carries words about it,
//! each of the others one connection of a client.

mod connection;
mod session;

use std::io;
use std::time::Duration;

use app::ctx::Client;
use axum::extract::ws::{WebSocket, WebSocketUpgrade};
use axum::extract::{Request, State};
use axum::response::Response;
use axum::{RequestExt, extract};
use gateway::lines::Lines;
use gateway::streams::{Incoming, MAX_MESSAGE, READ_BUFFER, Stream, taking};
use protocol::errors::{Code, Refusal};
use protocol::terminal::{EndReason, Ended};
use protocol::tunnel::{
    ALIVE_EVERY, ClientLine, LOST_AFTER, MAX_LINE, MOST_STREAMS, SUBPROTOCOL, ServerLine, TunnelDraft,
};
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval, timeout};
use tracing::{Instrument, debug, info_span};

use crate::access_tokens::Holder;
use crate::clock;
use crate::crowd::Comer;
use crate::http::messages::halves;
use crate::http::pages;
use crate::routes::refuse;
use crate::sessions::ends::ended;
use crate::state::AppState;
use session::{Open, Standing, open};

/// Streams taken at one time: more than are opened, for those that are on their way out.
const MOST_TAKEN: usize = MOST_STREAMS + 64;

/// How long the command line may take to say what it wants.
const WAY_IN: Duration = Duration::from_secs(30);

/// How long the command line may take to read a line, or the last bytes of its streams.
const PATIENCE: Duration = Duration::from_secs(10);

/// Takes the socket.
pub async fn upgrade(
    State(state): State<AppState>,
    extract::Extension(holder): extract::Extension<Holder>,
    mut request: Request,
) -> Response {
    let client = pages::context(&state, &request).client;
    let Some(opening) = state.openings.join(holder.token.id.to_string()) else {
        return refuse(&Refusal::new(
            Code::TooMany,
            "Too many tunnels are being opened with this access token. Try again when they are open.",
        ));
    };
    let Ok(socket) = request.extract_parts::<WebSocketUpgrade>().await else {
        return refuse(&Refusal::new(Code::Validation, "A WebSocket was expected here."));
    };
    let tasks = state.tasks.clone();

    socket
        .protocols([SUBPROTOCOL])
        .read_buffer_size(READ_BUFFER)
        .max_message_size(MAX_MESSAGE)
        .max_frame_size(MAX_MESSAGE)
        .on_upgrade(move |socket| async move {
            // On the tracker, so that shutdown waits for what the session still has to write.
            tasks.spawn(serve(state, socket, holder, client, opening).in_current_span());
        })
}

async fn serve(state: AppState, socket: WebSocket, holder: Holder, client: Client, opening: Comer) {
    let (received, sent) = halves(socket);
    let (incoming, moving) = taking(received, sent, MOST_TAKEN);
    let moving = state.tasks.spawn(moving);
    let moved = moving.abort_handle();
    if let Err(error) = talk(&state, incoming, &holder, &client, opening).await {
        debug!(error = &error as &dyn std::error::Error, "tunnel lost");
    }
    // Nobody waits for a command line that does not read its last words.
    if timeout(PATIENCE, moving).await.is_err() {
        moved.abort();
    }
}

/// The tunnel, from what is wanted to its end.
async fn talk(
    state: &AppState,
    mut incoming: Incoming,
    holder: &Holder,
    client: &Client,
    opening: Comer,
) -> io::Result<()> {
    let asking = async {
        let stream = incoming.next().await.ok_or(io::ErrorKind::UnexpectedEof)?;
        let mut lines = Lines::new(stream, MAX_LINE);
        let draft = match lines.hear().await? {
            Some(ClientLine::Open(draft)) => draft,
            Some(ClientLine::Alive | ClientLine::Close) | None => {
                return Err(io::ErrorKind::InvalidData.into());
            }
        };

        io::Result::Ok((lines, draft))
    };
    let (mut lines, draft): (Lines<Stream>, TunnelDraft) = timeout(WAY_IN, asking)
        .await
        .map_err(|_| io::ErrorKind::TimedOut)??;
    let opened = open(state, holder, client, &draft).await;
    drop(opening);
    match opened {
        Ok(Open {
            standing,
            warnings,
            ready,
        }) => {
            let span = info_span!("tunnel", session.id = %ready.session);
            incoming.begin();
            lines.say(&ServerLine::Ready(ready)).await?;
            let held = Held {
                state: state.clone(),
                lines,
                incoming,
                standing,
                warnings,
            };

            held.hold().instrument(span).await
        }
        Err(refusal) => lines.say(&ServerLine::Refused(refusal)).await,
    }
}

/// A tunnel that stands.
struct Held {
    state: AppState,
    lines: Lines<Stream>,
    incoming: Incoming,
    standing: Standing,
    warnings: mpsc::Receiver<String>,
}

impl Held {
    /// Until its session is over. What is lost on this side ends the session; what ends the session is told here.
    async fn hold(mut self) -> io::Result<()> {
        let mut beat = interval(ALIVE_EVERY);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut heard = clock::instant();
        loop {
            let line = tokio::select! {
                biased;
                () = self.standing.over() => break,
                line = self.lines.hear() => match line {
                    Ok(Some(ClientLine::Alive)) => {
                        heard = clock::instant();
                        continue;
                    }
                    Ok(Some(ClientLine::Close)) => {
                        self.standing.cut(ended(EndReason::Goodbye, "The tunnel was closed."));
                        break;
                    }
                    Ok(Some(ClientLine::Open(_)) | None) | Err(_) => {
                        self.standing.cut(lost());
                        break;
                    }
                },
                stream = self.incoming.next() => match stream {
                    Some(stream) => {
                        self.state.tasks.spawn(
                            connection::serve(self.state.clone(), stream, self.standing.terms()).in_current_span(),
                        );
                        continue;
                    }
                    None => {
                        self.standing.cut(lost());
                        break;
                    }
                },
                Some(sentence) = self.warnings.recv() => ServerLine::Warning(sentence),
                _ = beat.tick() => {
                    if clock::instant().duration_since(heard) > LOST_AFTER {
                        self.standing.cut(lost());
                        break;
                    }

                    ServerLine::Alive
                }
            };
            if timeout(PATIENCE, self.lines.say(&line)).await.is_err() {
                self.standing.cut(lost());
                break;
            }
        }
        self.standing.over().await;
        let ended = self.standing.ended();

        timeout(PATIENCE, self.lines.say(&ServerLine::Ended(ended)))
            .await
            .map_err(|_| io::ErrorKind::TimedOut)?
    }
}

fn lost() -> Ended {
    ended(
        EndReason::ClientGone,
        "The tunnel was lost: the command line went away.",
    )
}
