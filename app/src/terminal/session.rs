//! One session on the page: asks for a ticket, fetches xterm.js meanwhile, opens the line and shows what becomes of it.

mod cover;

use leptos::ev;
use leptos::html;
use leptos::prelude::*;
use protocol::ids::RecordId;
use protocol::terminal::{LaunchChoice, LaunchDraft, LaunchView, LiveSession, Look};
use send_wrapper::SendWrapper;

use super::bars::{Status, Top};
use super::clipboard::{copy_selection, forbid_copy, forbid_paste, forbid_selecting};
use super::editor::Editor;
use super::find::Find;
use super::held::Held;
use super::keep;
use super::keys::Command;
use super::line::Line;
use super::reconnect::come_back;
use super::shown::{Phase, Shown};
use super::socket::Socket;
use super::ticket::Ticket;
use super::touch::TouchKeys;
use super::transfer::bar::TransferBar;
use super::xterm::{self, Size};
use crate::ui::fetched::fetched;
use cover::Cover;

/// How a session comes onto the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Start {
    /// As a new one.
    Launch(LaunchChoice, LaunchDraft),
    /// It is running.
    Resume(LiveSession),
}

/// A session; `on_again` is asked for another.
#[component]
pub(super) fn Session(
    offer: LaunchView,
    start: Start,
    ticket: Ticket,
    on_again: Callback<()>,
) -> impl IntoView {
    let shown = Shown::new();
    let held = Held::new();
    let frame = NodeRef::<html::Div>::new();
    let first_action = NodeRef::<html::Button>::new();
    let host = NodeRef::<html::Div>::new();
    let title = offer.record_title.clone();
    let login = match &start {
        Start::Launch(choice, _) => choice.login.clone(),
        Start::Resume(live) => live.account.clone(),
    };
    let try_now = open_line(start, offer.look.clone(), ticket, host, held, shown);
    keep_while_away(offer.record.clone(), held, shown);
    on_cleanup(move || held.drop_line());

    let enter = move |event: ev::KeyboardEvent| {
        if event.key() == "F6" {
            event.prevent_default();
            held.with(|line| line.focus());
        }
    };
    let keys = move |event: ev::KeyboardEvent| handle_key(&event, held, shown, first_action);
    let warning = shown.warning;
    let moves = since(move || shown.transfer.with(Option::is_some));
    let finds = since(move || shown.finds.get());
    let edits = since(move || shown.edit.with(Option::is_some));

    view! {
        <div class="terminal" node_ref=frame>
            <div on:keydown=enter>
                <Top title login held shown first_action frame />
                <div class="terminal-line warn" hidden=move || warning.with(Option::is_none)>
                    <p role="status">{move || warning.get()}</p>
                    <span class="spacer"></span>
                    <button
                        class="ghost"
                        on:click=move |_| {
                            warning.set(None);
                            held.with(|line| line.focus());
                        }
                    >
                        "Dismiss"
                    </button>
                </div>
                {move || moves.get().then(|| view! { <TransferBar held shown /> })}
                {move || finds.get().then(|| view! { <Find held shown /> })}
            </div>
            <section
                class="terminal-screen"
                aria-label="Terminal"
                aria-describedby="terminal-keys"
                on:keydown:capture=keys
                on:copy:capture=move |event| forbid_copy(&event, shown)
                on:cut:capture=move |event| forbid_copy(&event, shown)
                on:paste:capture=move |event| forbid_paste(&event, shown)
                on:dragover=move |event: ev::DragEvent| event.prevent_default()
                on:drop:capture=move |event| take_dropped(&event, held)
            >
                <div
                    class="terminal-host"
                    node_ref=host
                    on:mousedown:capture=move |event| forbid_selecting(&event, held, shown)
                ></div>
                <Cover offer shown try_now on_again />
                <p class="terminal-toast" role="status" hidden=move || shown.toast.with(Option::is_none)>
                    {move || shown.toast.get()}
                </p>
            </section>
            <TouchKeys held />
            <Status shown />
            {move || edits.get().then(|| view! { <Editor held shown /> })}
        </div>
    }
}

/// Whether something was needed by now: the prompt does not wait for what is rarely seen to be made.
fn since(needed: impl Fn() -> bool + Send + Sync + 'static) -> Memo<bool> {
    Memo::new(move |before| before.is_some_and(|before| *before) || needed())
}

/// A socket that is open before there is a terminal, and the size the server was told for it. Only the browser has one.
#[derive(Clone, Copy, Default)]
struct Early(StoredValue<Option<SendWrapper<(Socket, Size)>>>);

impl Early {
    fn open(self, token: &str, shown: Shown) {
        let size = keep::size();
        match Socket::open(token, size) {
            Ok(socket) => {
                shown.phase.set(Phase::Connecting);
                self.0.set_value(Some(SendWrapper::new((socket, size))));
            }
            Err(_) => shown
                .phase
                .set(Phase::lost("The terminal could not be opened. Reload the page.")),
        }
    }

    fn take(self) -> Option<(Socket, Size)> {
        let early = self.0.try_update_value(Option::take).flatten();

        early.map(SendWrapper::take)
    }
}

/// Asks for the ticket and for xterm.js at once. The first ticket is redeemed as soon as it is there; the line takes the
/// socket over when its terminal is, and redeems the tickets of a line that was lost.
fn open_line(
    start: Start,
    look: Look,
    launch: Ticket,
    host: NodeRef<html::Div>,
    held: Held,
    shown: Shown,
) -> Callback<()> {
    let widget = fetched(|| Some(()), |()| xterm::load());
    let ticket = RwSignal::new(None::<String>);
    let (draft, resumed) = match start {
        Start::Launch(_, draft) => (Some(draft), None),
        Start::Resume(live) => (None, Some(live.id)),
    };
    let try_now = come_back(shown, resumed, ticket);

    Effect::new(move || {
        shown.reads_aloud.set(keep::reads_aloud());
        match draft.clone() {
            Some(draft) => {
                shown.phase.set(Phase::Asking);
                launch.ask(draft);
            }
            None => shown.phase.set(Phase::Away { failed: 0 }),
        }
    });
    Effect::new(move || match launch.take() {
        Some(Ok(launched)) => ticket.set(Some(launched.token)),
        Some(Err(error)) => shown.phase.set(Phase::lost(error.0.sentence)),
        None => {}
    });
    let is_open = RwSignal::new(false);
    let early = Early::default();
    Effect::new(move || {
        let Some(token) = ticket.get() else {
            return;
        };
        let launches = shown.phase.with_untracked(|phase| *phase == Phase::Asking);
        if launches && !is_open.get_untracked() {
            // The server reaches the target while the page makes its terminal, which takes as long.
            ticket.set(None);
            early.open(&token, shown);
        }
    });
    Effect::new(move || {
        let (Some(widget), Some(host)) = (widget.get(), host.get()) else {
            return;
        };
        if shown.phase.with_untracked(Phase::has_ended) || is_open.get_untracked() {
            return;
        }
        match widget {
            Ok(()) => {
                let line = Line::open(host.into(), &look, shown);
                if let Some((socket, told)) = early.take() {
                    line.take_socket(socket, told);
                }
                held.put(line);
                is_open.set(true);
            }
            Err(sentence) => {
                drop(early.take());
                shown.phase.set(Phase::lost(sentence));
            }
        }
    });
    Effect::new(move || {
        let (true, Some(token)) = (is_open.get(), ticket.get()) else {
            return;
        };
        if shown.phase.with_untracked(Phase::has_ended) {
            return;
        }
        // A ticket is good once.
        ticket.set(None);
        held.with(|line| line.connect(&token));
    });

    try_now
}

/// A page that is left notes its session, so that a reload comes back to it; it asks first where something would be
/// lost.
fn keep_while_away(record: RecordId, held: Held, shown: Shown) {
    let note = move || {
        let is_held = shown.phase.try_with_untracked(Phase::is_held).unwrap_or(false);
        let session = shown
            .hello
            .try_with_untracked(|hello| hello.as_ref().map(|hello| hello.session.clone()))
            .flatten();
        if let Some(session) = session.filter(|_| is_held) {
            keep::note_left(&record, &session);
        }
    };
    let leaving = window_event_listener(ev::pagehide, {
        let note = note.clone();

        move |_| note()
    });
    let warning = window_event_listener(ev::beforeunload, move |event| {
        if held.with(|line| line.is_busy()).unwrap_or(false) {
            event.prevent_default();
        }
    });

    on_cleanup(move || {
        leaving.remove();
        warning.remove();
        note();
    });
}

fn handle_key(event: &ev::KeyboardEvent, held: Held, shown: Shown, first_action: NodeRef<html::Button>) {
    let Some(command) = Command::of(event) else {
        return;
    };
    event.stop_propagation();
    if command != Command::Paste {
        event.prevent_default();
    }

    match command {
        Command::Leave => {
            if let Some(button) = first_action.get_untracked() {
                // A button on the page takes the focus.
                let _focused = button.focus();
            }
        }
        Command::Copy => copy_selection(held, shown),
        // The browser pastes, and says so by an event.
        Command::Paste => {}
        Command::Find => shown.finds.set(true),
        Command::Larger => resize_letters(held, Some(1)),
        Command::Smaller => resize_letters(held, Some(-1)),
        Command::Usual => resize_letters(held, None),
    }
}

fn resize_letters(held: Held, steps: Option<i8>) {
    held.with(|line| line.resize_letters(steps));
}

/// A file goes where one is asked for; dropped text is a paste around the gate, and goes nowhere.
fn take_dropped(event: &ev::DragEvent, held: Held) {
    event.prevent_default();
    event.stop_propagation();
    let file = event
        .data_transfer()
        .and_then(|dropped| dropped.files())
        .and_then(|files| files.get(0));
    if let Some(file) = file {
        held.with(|line| line.upload(file));
    }
}
