//! One session on the page: asks for a ticket, fetches xterm.js meanwhile, opens the line and shows what becomes of it.

use std::rc::Rc;
use std::time::Duration;

use leptos::ev;
use leptos::html;
use leptos::prelude::*;
use protocol::terminal::{EndReason, LaunchChoice, LaunchDraft, LaunchView, Look};
use send_wrapper::SendWrapper;

use super::api::Launch;
use super::bars::{Status, Top, toggle_full_screen};
use super::choice::NEEDS_JAVASCRIPT;
use super::line::Line;
use super::shown::{Phase, Shown};
use super::xterm;

/// How long a passing sentence stays.
const TOAST: Duration = Duration::from_secs(5);

/// The line of this page; only the browser has one.
type Held = StoredValue<Option<SendWrapper<Rc<Line>>>>;

/// A session with `choice`; *Start new session* counts `attempt` up.
#[component]
pub(super) fn Session(offer: LaunchView, choice: LaunchChoice, attempt: RwSignal<u32>) -> impl IntoView {
    let shown = Shown::new();
    let frame = NodeRef::<html::Div>::new();
    let first_action = NodeRef::<html::Button>::new();
    let host = NodeRef::<html::Div>::new();
    let line: Held = StoredValue::new(None);
    open_line(
        LaunchDraft {
            record: offer.record.clone(),
            account: Some(choice.account),
        },
        host,
        line,
        shown,
    );

    let warn_before_leaving = window_event_listener(ev::beforeunload, move |event| {
        if shown.phase.get_untracked() == Phase::Connected {
            event.prevent_default();
        }
    });
    on_cleanup(move || {
        warn_before_leaving.remove();
        drop(line.try_update_value(Option::take));
    });

    let on_end = move |_| line.with_value(|line| line.iter().for_each(|line| line.end()));
    let leave = move |event: ev::KeyboardEvent| {
        if event.key() == "F6" {
            event.prevent_default();
            event.stop_propagation();
            if let Some(button) = first_action.get_untracked() {
                // A button on the page takes the focus.
                let _focused = button.focus();
            }
        } else if event.ctrl_key() && event.shift_key() && event.code() == "KeyC" {
            event.prevent_default();
            event.stop_propagation();
            copy_selection(line, shown);
        }
    };
    let enter = move |event: ev::KeyboardEvent| {
        if event.key() == "F6" {
            event.prevent_default();
            line.with_value(|line| line.iter().for_each(|line| line.focus()));
        }
    };
    let copy = move |event: ev::ClipboardEvent| forbid(&event, shown, |look| look.can_copy, NO_COPY);
    let paste = move |event: ev::ClipboardEvent| forbid(&event, shown, |look| look.can_paste, NO_PASTE);
    let title = offer.record_title.clone();
    let login = choice.login;
    let warning = shown.warning;

    view! {
        <div class="terminal" node_ref=frame>
            <div on:keydown=enter>
                <Top
                    title
                    login
                    shown
                    first_action
                    on_full_screen=Callback::new(move |()| toggle_full_screen(frame))
                    on_end=Callback::new(on_end)
                />
            </div>
            <p class="terminal-warning" role="status" hidden=move || warning.get().is_none()>
                {move || warning.get()}
            </p>
            <section
                class="terminal-screen"
                aria-label="Terminal"
                aria-describedby="terminal-keys"
                on:keydown:capture=leave
                on:copy:capture=copy
                on:cut:capture=copy
                on:paste:capture=paste
            >
                <div class="terminal-host" node_ref=host></div>
                <Cover offer shown attempt />
                <p class="terminal-toast" role="status" hidden=move || shown.toast.get().is_none()>
                    {move || shown.toast.get()}
                </p>
            </section>
            <Status shown />
        </div>
    }
}

/// Asks for the ticket and for xterm.js at once, and opens the line when both are there.
fn open_line(draft: LaunchDraft, host: NodeRef<html::Div>, line: Held, shown: Shown) {
    let ticket = ServerAction::<Launch>::new();
    let widget = LocalResource::new(xterm::load);

    Effect::new(move || {
        shown.phase.set(Phase::Asking);
        ticket.dispatch(Launch { draft: draft.clone() });
    });
    Effect::new(move || {
        let answers = (widget.get(), ticket.value().get(), host.get());
        if line.with_value(Option::is_some) || shown.phase.with_untracked(Phase::has_ended) {
            return;
        }

        match answers {
            (Some(Err(sentence)), _, _) => shown.phase.set(Phase::lost(sentence)),
            (_, Some(Err(error)), _) => shown.phase.set(Phase::lost(error.0.sentence)),
            (Some(Ok(())), Some(Ok(ticket)), Some(host)) => {
                line.set_value(Some(SendWrapper::new(Line::open(
                    host.into(),
                    &ticket.token,
                    shown,
                ))));
            }
            (None | Some(Ok(())), None | Some(Ok(_)), _) => {}
        }
    });
}

/// Over the terminal: what is going on while it cannot be used, and why it ended.
#[component]
fn Cover(offer: LaunchView, shown: Shown, attempt: RwSignal<u32>) -> impl IntoView {
    let title = offer.record_title;
    let back = format!("/vault/{}", offer.record);
    let sentence = move || shown.phase.with(|phase| phase.sentence(&title));
    let ended = Memo::new(move |_| shown.phase.with(Phase::has_ended));
    // A goodbye is what the person wanted.
    let role = move || match shown.phase.get() {
        Phase::Ended(ended) if ended.reason != EndReason::Goodbye => "alert",
        Phase::Ended(_) | Phase::Asleep | Phase::Asking | Phase::Connecting | Phase::Connected => "status",
    };

    view! {
        <div
            class="terminal-cover"
            class:ended=move || ended.get() && shown.hello.with(Option::is_some)
            role=role
            hidden=move || shown.phase.with(|phase| *phase == Phase::Connected)
        >
            <noscript inner_html=NEEDS_JAVASCRIPT></noscript>
            <p>{sentence}</p>
            <div class="actions" hidden=move || !ended.get()>
                <button class="primary" on:click=move |_| attempt.update(|attempt| *attempt += 1)>
                    "Start new session"
                </button>
                <a class="btn" href=back>
                    "Back to the record"
                </a>
            </div>
        </div>
    }
}

const NO_COPY: &str = "Copying is disabled by your administrator.";
const NO_PASTE: &str = "Pasting is disabled by your administrator.";

/// Cancels what the record's settings do not allow; nothing is allowed before they are known.
fn forbid(event: &ev::ClipboardEvent, shown: Shown, allows: fn(&Look) -> bool, sentence: &'static str) {
    if is_allowed(shown, allows) {
        return;
    }
    event.prevent_default();
    event.stop_propagation();
    toast(shown, sentence);
}

fn is_allowed(shown: Shown, allows: fn(&Look) -> bool) -> bool {
    shown
        .hello
        .with_untracked(|hello| hello.as_ref().is_some_and(|hello| allows(&hello.look)))
}

/// Ctrl-Shift-C: Ctrl-C is the database's.
fn copy_selection(line: Held, shown: Shown) {
    if !is_allowed(shown, |look| look.can_copy) {
        toast(shown, NO_COPY);
        return;
    }
    let selection = line.with_value(|line| line.as_ref().map(|line| line.selection()).unwrap_or_default());
    if !selection.is_empty() {
        // A browser that refuses has told the person itself.
        let _copied = window().navigator().clipboard().write_text(&selection);
    }
}

fn toast(shown: Shown, sentence: &'static str) {
    shown.toast.set(Some(sentence));
    set_timeout(
        move || {
            // The page may have been left.
            let _left = shown.toast.try_set(None);
        },
        TOAST,
    );
}
