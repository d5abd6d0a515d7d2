//! Gateways: instances connect here from other networks, and connections to their targets go out through them.

mod greeting;
pub mod pool;
mod reach;
pub mod way;

use std::io;
use std::time::Duration;

use axum::RequestExt as _;
use axum::extract::ws::{WebSocket, WebSocketUpgrade};
use axum::extract::{Request, State};
use axum::response::Response;
use gateway::lines::Lines;
use gateway::streams::{MAX_MESSAGE, READ_BUFFER, Stream, opening};
use protocol::audit::{EventName, Outcome};
use protocol::errors::{Code, Refusal};
use protocol::gateways::words::{
    ALIVE_EVERY, InstanceLine, LOST_AFTER, MAX_WORD, MOST_STREAMS, Reply, SUBPROTOCOL, ServerLine, Welcome,
};
use store::{audit, gateways};
use tokio::time::{MissedTickBehavior, interval, timeout};
use tracing::{Instrument, debug, info_span};
use vault::audit::Event;

use crate::clock;
use crate::http::messages::halves;
use crate::http::pages;
use crate::people::{network_of, store_failed};
use crate::routes::refuse;
use crate::state::AppState;
use greeting::Greeted;
use pool::Place;

pub use pool::Pool;
pub use reach::test;

/// How long an instance may take for a word of the greeting, or to read a line.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long the store is waited for while an instance says that it is there.
const STORE: Duration = Duration::from_secs(2);

/// How long it may take to read its last words. What is open through it ends then.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Takes the socket. Who comes shows by their first word who they are.
pub async fn upgrade(State(state): State<AppState>, mut request: Request) -> Response {
    let client = pages::client(&request);
    let Some(comer) = state.newcomers.join(network_of(&client)) else {
        return refuse(&Refusal::new(
            Code::TooMany,
            "Too many instances from this network are connecting. Try again in a moment.",
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
        .on_upgrade(move |mut socket| async move {
            tasks.spawn(
                async move {
                    let greeted = timeout(3 * PATIENCE, greeting::greet(&state, &mut socket, &client)).await;
                    drop(comer);
                    if let Ok(Ok(greeted)) = greeted {
                        serve(state, socket, greeted).await;
                    }
                }
                .in_current_span(),
            );
        })
}

/// An instance, from its welcome to its end.
async fn serve(state: AppState, mut socket: WebSocket, greeted: Greeted) {
    let span = info_span!("gateway", gateway.id = %greeted.gateway.id, instance.id = %greeted.instance);
    let welcome = Reply::Welcome(Welcome {
        instance: greeted.instance.clone(),
        gateway: greeted.gateway.name.clone(),
        targets: greeted.gateway.targets.texts(),
    });
    if greeting::say(&mut socket, &welcome).await.is_err() {
        return;
    }
    let (received, sent) = halves(socket);
    let (opener, moving) = opening(received, sent, MOST_STREAMS);
    let moving = state.tasks.spawn(moving);
    let moved = moving.abort_handle();
    let standing = async {
        let mut lines = Lines::new(opener.open().await?, MAX_WORD);
        // The instance takes the first stream it sees for this one, and streams are not in the order they were opened in:
        // there is no other before it has answered here.
        lines.say(&ServerLine::Alive).await?;
        let first = timeout(PATIENCE, lines.hear::<InstanceLine>())
            .await
            .map_err(|_| io::ErrorKind::TimedOut)??;
        match first.ok_or(io::ErrorKind::UnexpectedEof)? {
            InstanceLine::Alive => {}
            InstanceLine::Leaving => return Ok(()),
        }
        let place = state.gateways.join(&greeted, opener);
        note(&state, EventName::GatewayInstanceOnline, &greeted).await;
        // It may have lost its place since it was greeted.
        if let Ok(Err(error)) = timeout(STORE, look_again(&state)).await {
            debug!(error = &error as &dyn std::error::Error, "gateways not looked at");
        }
        let stood = stand(&state, place, lines).await;
        note(&state, EventName::GatewayInstanceOffline, &greeted).await;

        stood
    };
    if let Err(error) = standing.instrument(span).await {
        debug!(error = &error as &dyn std::error::Error, "instance lost");
    }
    if timeout(LAST_WORDS, moving).await.is_err() {
        moved.abort();
    }
}

/// Puts a coming or going on the trail; of one that comes and goes again and again the times are counted.
async fn note(state: &AppState, name: EventName, greeted: &Greeted) {
    let happened = Event::new(name, Outcome::Ok, clock::now())
        .from_address(greeted.address.clone())
        .with("gateway", greeted.gateway.name.clone())
        .with("instance", greeted.instance.to_string())
        .with("machine", greeted.machine.clone());
    let subject = format!("{} {}", name.as_str(), greeted.instance);
    let noted = async {
        let mut tx = state.db.write().await?;
        audit::append_unless_repeated(&mut tx, &subject, happened).await?;

        tx.commit().await
    };
    // It serves all the same; the failure is in the server's log.
    if let Ok(noted) = timeout(STORE, noted).await {
        let _ = noted.map_err(store_failed);
    }
}

/// Until the instance is gone, loses its place, or the server stops.
async fn stand(state: &AppState, place: Place, mut lines: Lines<Stream>) -> io::Result<()> {
    let mut beat = interval(ALIVE_EVERY);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut heard = clock::instant();
    let mut rules = None;
    seen(state, &place).await;
    loop {
        let line = tokio::select! {
            biased;
            sentence = place.sent_away() => {
                let last = ServerLine::Revoked(sentence);

                return timeout(LAST_WORDS, lines.say(&last)).await.map_err(|_| io::ErrorKind::TimedOut)?;
            }
            () = state.stopping.cancelled() => return Ok(()),
            line = lines.hear() => {
                match line?.ok_or(io::ErrorKind::UnexpectedEof)? {
                    InstanceLine::Alive => {}
                    InstanceLine::Leaving => place.leave(),
                }
                heard = clock::instant();
                continue;
            }
            () = place.changed() => ServerLine::Targets(place.targets()),
            _ = beat.tick() => {
                if clock::instant().duration_since(heard) > LOST_AFTER {
                    return Err(io::ErrorKind::TimedOut.into());
                }
                seen(state, &place).await;

                ServerLine::Alive
            }
        };
        // The same rules are not said twice.
        if let ServerLine::Targets(new) = &line {
            if rules.as_ref() == Some(new) {
                continue;
            }
            rules = Some(new.clone());
        }
        timeout(PATIENCE, lines.say(&line))
            .await
            .map_err(|_| io::ErrorKind::TimedOut)??;
    }
}

/// Notes that the instance is there, every minute or so. A store that does not answer is not waited for.
async fn seen(state: &AppState, place: &Place) {
    let now = clock::now();
    if !place.wants_touch(now) {
        return;
    }
    let touched = async {
        let mut tx = state.db.write().await?;
        gateways::touch(&mut tx, place.instance(), place.machine(), place.version(), now).await?;

        tx.commit().await
    };
    if let Ok(Err(error)) = timeout(STORE, touched).await {
        debug!(
            error = &error as &dyn std::error::Error,
            "an instance was not noted as seen"
        );
    }
}

/// Looks at every instance that is connected again: its place may have been taken away, or its gateway changed.
pub async fn look_again(state: &AppState) -> Result<(), store::Error> {
    let live = state.gateways.live();
    if live.is_empty() {
        return Ok(());
    }
    let mut snapshot = state.db.read().await?;
    for (instance, gateway) in live {
        let known = gateways::instance(&mut snapshot, &instance).await?;
        let gateway = gateways::lookup(&mut snapshot, &gateway).await?;
        match (known, gateway) {
            (Some(known), Some(gateway)) if !known.is_revoked => {
                state.gateways.refresh(&instance, &gateway);
            }
            (Some(_) | None, Some(_) | None) => state.gateways.revoke(&instance),
        }
    }

    Ok(())
}
