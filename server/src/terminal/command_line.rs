//! `GET /cli/terminal`: a command line comes with its access token, says what it wants, and the session opens. A
//! terminal of the person's own, or a script of theirs, goes the same way as a browser.

use std::time::Duration;

use app::ctx::Client;
use axum::extract::ws::{WebSocket, WebSocketUpgrade};
use axum::extract::{Request, State};
use axum::response::Response;
use axum::{Extension, RequestExt};
use protocol::errors::{Code, Refusal};
use protocol::sessions::SessionKind;
use protocol::terminal::script::{self, Begin};
use protocol::terminal::{ClientFrame, LaunchDraft, MAX_CLIENT_FRAME, SUBPROTOCOL};
use proxy::Upstream;
use terminal::{Flag, Script, Size, Source};
use tokio::time::timeout;
use tracing::{Instrument, info_span};

use super::socket::{READ_BUFFER, split};
use super::upgrade::{Display, open_on, run, tell};
use crate::http::pages;
use crate::launch::names::{self, Named};
use crate::routes::refuse;
use crate::sessions::open::{Opened, Screen};
use crate::sessions::supervise;
use crate::sessions::task::{Keeper, MAX_SCREEN, Owner};
use crate::state::AppState;
use crate::target::{self, Aim};
use crate::{access_tokens::Holder, launch};

/// How long a command line may take to say what it wants.
const PATIENCE: Duration = Duration::from_secs(10);

/// The screen of who has none: what a script prints is recorded as if on this.
const NO_SCREEN: Screen = Screen { cols: 80, rows: 24 };

/// Takes the socket.
pub async fn upgrade(
    State(state): State<AppState>,
    Extension(holder): Extension<Holder>,
    mut request: Request,
) -> Response {
    let client = pages::context(&state, &request).client;
    let Ok(socket) = request.extract_parts::<WebSocketUpgrade>().await else {
        return refuse(&Refusal::new(Code::Validation, "A WebSocket was expected here."));
    };
    let tasks = state.tasks.clone();

    socket
        .protocols([SUBPROTOCOL])
        .read_buffer_size(READ_BUFFER)
        .max_message_size(MAX_CLIENT_FRAME)
        .max_frame_size(MAX_CLIENT_FRAME)
        .on_upgrade(move |socket| async move {
            // On the tracker, so that shutdown waits for what the session still has to write.
            tasks.spawn(serve(state, socket, holder, client).in_current_span());
        })
}

async fn serve(state: AppState, socket: WebSocket, holder: Holder, client: Client) {
    let mut ends = split(socket, &state.tasks);
    let Ok(Some(ClientFrame::Begin(begin))) = timeout(PATIENCE, ends.from_browser.recv()).await else {
        let sentence =
            "The command line did not say what it wants. Is it of another version than the server?";
        return tell(&ends, Refusal::new(Code::Validation, sentence)).await;
    };
    let screen = screen_of(&begin);
    let (draft, aim, opened) = match open_meant(&state, &holder, &client, &begin, screen).await {
        Ok(opened) => opened,
        Err(refusal) => return tell(&ends, refusal).await,
    };
    let span = info_span!("session", session.id = %opened.id);
    let (closing, tape) = (opened.closing.clone(), opened.tape.clone());
    let owner = Owner {
        person: holder.person,
        keeper: Keeper::Token(holder.token.id),
        client,
        launch: draft,
    };
    let display = Display::CommandLine {
        screen,
        measured: Size {
            cols: begin.cols,
            rows: begin.rows,
        },
        flags: begin.flags.into_iter().map(flag).collect(),
        script: begin.script.map(script),
    };
    let task = run(state.clone(), owner, aim, opened, ends, display);
    supervise::run(&state, &closing, &tape, task)
        .instrument(span)
        .await;
}

/// Opens a session of the record and account that are meant.
async fn open_meant(
    state: &AppState,
    holder: &Holder,
    client: &Client,
    begin: &Begin,
    screen: Screen,
) -> Result<(LaunchDraft, Aim, Opened<Upstream>), Refusal> {
    let named = Named {
        name: &begin.name,
        folder: begin.folder.as_deref(),
        to: &begin.to,
    };
    let launch = names::launch(state, holder, SessionKind::Terminal, named, client).await?;
    let mut aim = target::aim_at(state, &launch).await?;
    if let Some(database) = &begin.database {
        database.clone_into(&mut aim.target.database);
    }
    let opened = open_on(state, &holder.person, client, &launch, &aim, screen).await?;

    Ok((launch::draft_of(&launch), aim, opened))
}

fn screen_of(begin: &Begin) -> Screen {
    match (begin.cols, begin.rows) {
        (0, _) | (_, 0) => NO_SCREEN,
        (cols, rows) => Screen {
            cols: cols.min(MAX_SCREEN),
            rows: rows.min(MAX_SCREEN),
        },
    }
}

fn flag(flag: script::Flag) -> Flag {
    match flag {
        script::Flag::Set { name, value } => Flag::Set { name, value },
        script::Flag::Pset { name, value } => Flag::Pset { name, value },
    }
}

fn script(script: script::Script) -> Script {
    let source = |source| match source {
        script::Source::Command => Source::Command,
        script::Source::File(name) => Source::File(name),
        script::Source::Input => Source::Input,
        script::Source::Dash => Source::Dash,
    };

    Script {
        sources: script.sources.into_iter().map(source).collect(),
        is_one_transaction: script.is_one_transaction,
    }
}
