//! `GET /terminal`: the WebSocket redeems its ticket, everything is authorized again, and the session opens.

use app::ctx::{Actor, Client};
use axum::RequestExt;
use axum::extract::rejection::QueryRejection;
use axum::extract::ws::{WebSocket, WebSocketUpgrade};
use axum::extract::{Query, Request, State};
use axum::response::Response;
use http::{HeaderMap, header};
use protocol::errors::{Code, Refusal};
use protocol::sessions::SessionKind;
use protocol::terminal::{
    EndReason, Ended, Hello, LaunchDraft, Look, MAX_CLIENT_FRAME, SUBPROTOCOL, ServerFrame, TICKET_PREFIX,
};
use proxy::Upstream;
use serde::Deserialize;
use terminal::{Engine, Files, Flag, Script, Settings, Size};
use tracing::{Instrument, info_span};
use vault::authorize::{Authorized, Launch};
use vault::people::Person;

use super::socket::{Ends, READ_BUFFER, split};
use super::tickets::{Bearer, Purpose};
use crate::clock;
use crate::http::pages;
use crate::http::sign_in::actor_of;
use crate::launch;
use crate::routes::refuse;
use crate::sessions::Place;
use crate::sessions::close::reason_of;
use crate::sessions::join::{Joined, join};
use crate::sessions::knocks::{Arrival, Knock};
use crate::sessions::limits::Limits;
use crate::sessions::open::{Opened, Opening, Screen, open, reach};
use crate::sessions::supervise;
use crate::sessions::task::{Keeper, MAX_SCREEN, Owner, Parts, Task};
use crate::state::AppState;
use crate::target::{self, Aim, Aimed};

/// The screen as the browser has measured it.
#[derive(Deserialize)]
pub struct Measured {
    cols: u16,
    rows: u16,
}

/// Redeems the ticket and takes the socket.
pub async fn upgrade(
    State(state): State<AppState>,
    measured: Result<Query<Measured>, QueryRejection>,
    mut request: Request,
) -> Response {
    let client = pages::context(&state, &request).client;
    let actor = match actor_of(&request) {
        Ok(actor) => actor,
        Err(refusal) => return refuse(&refusal),
    };
    let Ok(Query(measured)) = measured else {
        return refuse(&Refusal::new(
            Code::Validation,
            "The address of a terminal says how large it is: /terminal?cols=80&rows=24.",
        ));
    };
    let Some(good_for) = redeem(&state, &actor, &client, request.headers()) else {
        return refuse(&Refusal::new(
            Code::PamTicketInvalid,
            "This launch is no longer valid: a ticket is good once and for 30 s. Launch again.",
        ));
    };
    let Ok(socket) = request.extract_parts::<WebSocketUpgrade>().await else {
        return refuse(&Refusal::new(Code::Validation, "A WebSocket was expected here."));
    };
    let screen = Screen {
        cols: measured.cols.clamp(1, MAX_SCREEN),
        rows: measured.rows.clamp(1, MAX_SCREEN),
    };
    let tasks = state.tasks.clone();

    socket
        .protocols([SUBPROTOCOL])
        .read_buffer_size(READ_BUFFER)
        .max_message_size(MAX_CLIENT_FRAME)
        .max_frame_size(MAX_CLIENT_FRAME)
        .on_upgrade(move |socket| async move {
            // On the tracker, so that shutdown waits for what the session still has to write.
            tasks.spawn(serve(state, socket, actor, client, good_for, screen).in_current_span());
        })
}

fn redeem(state: &AppState, actor: &Actor, client: &Client, headers: &HeaderMap) -> Option<Purpose> {
    let token = headers
        .get_all(header::SEC_WEBSOCKET_PROTOCOL)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .find_map(|protocol| protocol.trim().strip_prefix(TICKET_PREFIX))?;
    let bearer = Bearer {
        person: &actor.person.id,
        sign_in: &actor.sign_in,
        address: client.address.as_str(),
    };

    let ticket = state.tickets.redeem(token, bearer, clock::instant())?;

    Some(ticket.good_for)
}

async fn serve(
    state: AppState,
    socket: WebSocket,
    actor: Actor,
    client: Client,
    good_for: Purpose,
    screen: Screen,
) {
    let ends = split(socket, &state.tasks);
    let draft = match good_for {
        Purpose::Launch(draft) => draft,
        Purpose::Resume(session) => {
            let arrival = Arrival {
                actor,
                client,
                ends,
                screen,
            };
            let knocked = state
                .sessions
                .knock(&session, Knock::Back(Box::new(arrival)))
                .await;
            if let Err(knock) = knocked {
                let sentence = launch::not_there().sentence;
                knock.refuse(Ended {
                    reason: EndReason::ConnectionLost,
                    sentence,
                });
            }
            return;
        }
    };
    match begin(&state, &actor, &client, &draft, screen).await {
        Ok((aim, opened)) => {
            let span = info_span!("session", session.id = %opened.id);
            let (closing, tape) = (opened.closing.clone(), opened.tape.clone());
            let owner = Owner {
                person: actor.person.clone(),
                keeper: Keeper::SignIn(Box::new(actor)),
                client,
                launch: draft,
            };
            let task = run(state.clone(), owner, aim, opened, ends, Display::Browser(screen));
            supervise::run(&state, &closing, &tape, task)
                .instrument(span)
                .await;
        }
        Err(refusal) => tell(&ends, refusal).await,
    }
}

/// Authorizes the launch again, and opens its session.
async fn begin(
    state: &AppState,
    actor: &Actor,
    client: &Client,
    draft: &LaunchDraft,
    screen: Screen,
) -> Result<(Aim, Opened<Upstream>), Refusal> {
    let launch = launch::authorize(state, &actor.person, SessionKind::Terminal, draft, client).await?;
    let aim = target::aim_at(state, &launch).await?;
    let opened = open_on(state, &actor.person, client, &launch, &aim, screen).await?;

    Ok((aim, opened))
}

/// Opens a session with a screen where the launch leads.
pub(super) async fn open_on(
    state: &AppState,
    person: &Person,
    client: &Client,
    launch: &Authorized<Launch>,
    aim: &Aim,
    screen: Screen,
) -> Result<Opened<Upstream>, Refusal> {
    let opening = Opening {
        person,
        client,
        launch,
        aim,
        screen: Some(screen),
    };

    open(state, opening, reach(aim))
        .await
        .map_err(|not_opened| not_opened.refusal)
}

/// What a session is shown on.
pub(super) enum Display {
    Browser(Screen),
    /// A terminal of the person's own, or the streams of a script.
    CommandLine {
        screen: Screen,
        /// As the command line says, where results are shown; nothing where that is no terminal.
        measured: Size,
        flags: Vec<Flag>,
        script: Option<Script>,
    },
}

/// Why the session did not open; the browser shows it.
pub(super) async fn tell(ends: &Ends, refusal: Refusal) {
    let ended = Ended {
        reason: reason_of(&refusal),
        sentence: refusal.sentence,
    };
    // The browser may be gone; then there is nobody to tell.
    let _ = ends.to_browser.send(ServerFrame::Ended(ended)).await;
}

/// Runs a session that has been opened.
pub(super) async fn run(
    state: AppState,
    owner: Owner,
    aim: Aim,
    opened: Opened<Upstream>,
    ends: Ends,
    display: Display,
) {
    let Opened {
        id,
        effective,
        upstream,
        tape,
        closing,
    } = opened;
    let now = clock::now();
    let settings = settings(&state, &aim, &upstream);
    let look = effective.look();
    let (screen, size, look, settings) = match display {
        Display::Browser(screen) => (screen, size_of(screen), look, settings),
        Display::CommandLine {
            screen,
            measured,
            flags,
            script,
        } => {
            let settings = Settings {
                files: Files::Named,
                flags,
                script,
                ..settings
            };
            // How much the person's own terminal keeps is theirs to say: nothing is left out.
            let scrollback = u32::MAX;

            let size = match settings.script {
                // What a script prints may have no width to keep to.
                Some(_) => measured,
                None => size_of(screen),
            };

            (screen, size, Look { scrollback, ..look }, settings)
        }
    };
    let is_script = settings.script.is_some();
    let engine = Engine::new(Settings { size, ..settings }, clock::instant());
    let limits = Limits::new(now, effective.idle_timeout(), effective.max_session_duration());
    let hello = Hello {
        session: id.clone(),
        resumed: false,
        record_title: aim.record_title.clone(),
        account: aim.account.clone(),
        recordings: effective.recordings(),
        reached: aim.reached.clone(),
        ends_at: limits.ends_at(),
        now,
        look,
    };
    let Joined {
        stream,
        control,
        backend_pid,
    } = join(&state, upstream, &tape, &effective);
    let seat = state.sessions.sit(
        &id,
        Place {
            kind: SessionKind::Terminal,
            person: owner.person.id.clone(),
            record: owner.launch.record.clone(),
            record_title: aim.record_title.clone(),
            account: aim.account.clone(),
            started_at: now,
        },
    );
    let parts = Parts {
        engine,
        wire: stream,
        control,
        tape,
        ends,
        hello,
        size: size_of(screen),
        seat,
        limits,
        effective,
        backend_pid,
        server: Aimed::of(&aim),
        database: aim.target.database.clone(),
        is_script,
    };

    Task::new(state, owner, closing, parts).run().await;
}

fn size_of(screen: Screen) -> Size {
    Size {
        cols: screen.cols,
        rows: screen.rows,
    }
}

fn settings(state: &AppState, aim: &Aim, upstream: &Upstream) -> Settings {
    let is_on = |name: &str| upstream.parameter(name).as_deref() == Some("on");

    Settings {
        database: aim.target.database.clone(),
        user: aim.credential.user.clone(),
        host: aim.target.host.clone(),
        port: aim.target.port,
        tls: upstream.tls().map(|tls| terminal::Tls {
            protocol: tls.protocol.to_owned(),
            cipher: tls.cipher.clone(),
        }),
        is_superuser: is_on("is_superuser"),
        standard_conforming_strings: is_on("standard_conforming_strings"),
        server_version: upstream.parameter("server_version").unwrap_or_default(),
        is_read_only: upstream.is_read_only(),
        result_memory: state.config.sessions.result_memory(),
        result_spool: state.config.sessions.result_spool(),
        ..Settings::default()
    }
}
