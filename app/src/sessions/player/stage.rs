//! Screen, statements and controls of a replay, and the segments arriving one by one.

use std::rc::Rc;

use leptos::ev;
use leptos::html;
use leptos::prelude::*;
use protocol::ids::SessionId;
use protocol::recordings::RecordingView;
use send_wrapper::SendWrapper;
use wasm_bindgen::JsCast;
use web_sys::Element;

use super::controls::Controls;
use super::deck::{Deck, Shown};
use super::fetch::{self, Missing};
use super::playback::Event;
use super::statements::{Kind, Line, Outcome, current};
use super::words::{clock, took};
use crate::terminal::xterm;

/// The deck of this page; only the browser has one.
type Held = StoredValue<Option<SendWrapper<Rc<Deck>>>>;

#[component]
pub(super) fn Stage(recording: RecordingView) -> impl IntoView {
    let session = recording.session;
    let length = session
        .ended_at
        .map_or(0, |ended_at| ended_at.micros() - session.started_at.micros());
    let has_screen = session.recordings.graphical || session.recordings.text;
    let shown = Shown::new(length);
    let deck: Held = StoredValue::new(None);
    let host = NodeRef::<html::Div>::new();
    load_segments(session.id, recording.segments, host, deck, shown);

    let tell = Callback::new(move |event: Event| {
        deck.with_value(|deck| deck.iter().for_each(|deck| deck.handle(event)))
    });
    let keys = window_event_listener(ev::keydown, move |event| handle_key(&event, tell));
    let sizes = window_event_listener(ev::resize, move |_| {
        deck.with_value(|deck| deck.iter().for_each(|deck| deck.handle_resize()));
    });
    on_cleanup(move || {
        keys.remove();
        sizes.remove();
        drop(deck.try_update_value(Option::take));
    });

    view! {
        <div class="player-body">
            <section class="player-screen" aria-label="Recorded screen" tabindex="0">
                <noscript inner_html=NEEDS_JAVASCRIPT></noscript>
                <p role="alert" hidden=move || shown.trouble.with(Option::is_none)>
                    {move || shown.trouble.get()}
                </p>
                <p hidden=has_screen>"The screen of this session was not recorded. What was run on it is listed."</p>
                <div class="player-host" role="img" aria-label="Screen" hidden=!has_screen node_ref=host></div>
            </section>
            <Statements shown tell />
        </div>
        <Controls shown tell />
    }
}

/// What stands where the replay would be.
const NEEDS_JAVASCRIPT: &str =
    "<p>Playing a recording needs JavaScript. Switch it on for this site and reload the page.</p>";

/// Fetches xterm.js, then hands segment after segment to the deck. A segment the server refuses is left out.
fn load_segments(session: SessionId, segments: Vec<u32>, host: NodeRef<html::Div>, deck: Held, shown: Shown) {
    let n_segments = segments.len();
    let wanted = RwSignal::new(0_usize);
    let widget = LocalResource::new(xterm::load);
    let arrived = LocalResource::new(move || {
        let idx = wanted.get();
        let number = segments.get(idx).copied();
        let session = session.clone();

        async move {
            match number {
                Some(number) => Some((idx, fetch::segment(&session, number).await)),
                None => None,
            }
        }
    });

    Effect::new(move || {
        let (Some(loaded), Some(host)) = (widget.get(), host.get()) else {
            return;
        };
        if let Err(sentence) = loaded {
            shown.trouble.set(Some(sentence.to_owned()));
            return;
        }
        if deck.with_value(Option::is_none) {
            deck.set_value(Some(SendWrapper::new(Deck::open(host.into(), shown))));
        }
        let Some((idx, segment)) = arrived.get().flatten() else {
            return;
        };
        if idx != wanted.get_untracked() {
            return;
        }
        let frames = match segment {
            Ok(frames) => frames,
            Err(Missing::Refused(sentence)) => {
                shown.trouble.set(Some(sentence));
                Vec::new()
            }
            Err(Missing::Unreachable) => {
                let sentence =
                    "The rest of the recording could not be loaded. Check the network and reload the page.";
                shown.trouble.set(Some(sentence.to_owned()));
                return;
            }
        };
        deck.with_value(|deck| {
            deck.iter()
                .for_each(|deck| deck.load(frames.clone(), idx + 1 == n_segments))
        });
        wanted.set(idx + 1);
    });
}

/// Space plays and pauses, `+` and `−` change the speed, wherever the focus is but on what takes these keys itself.
fn handle_key(event: &ev::KeyboardEvent, tell: Callback<Event>) {
    if event.ctrl_key() || event.alt_key() || event.meta_key() {
        return;
    }
    let event_of_key = match event.key().as_str() {
        " " => Event::Toggle,
        "+" => Event::Faster,
        "-" => Event::Slower,
        _ => return,
    };
    let target = event
        .target()
        .and_then(|target| target.dyn_into::<Element>().ok());
    if target.is_some_and(|target| matches!(target.closest("a, button, select, textarea"), Ok(Some(_)))) {
        return;
    }
    event.prevent_default();
    tell.run(event_of_key);
}

/// What was run; the line the replay is at is marked, each leads to its moment.
#[component]
fn Statements(shown: Shown, tell: Callback<Event>) -> impl IntoView {
    let lines = shown.lines;
    let at = Memo::new(move |_| lines.with(|lines| current(lines, shown.position.get())));
    let counts = move || lines.with(|lines| count_words(lines));
    let is_loaded = Memo::new(move |_| shown.playback.with(|playback| playback.is_loaded()));
    let nothing = move || {
        let sentence = if is_loaded.get() {
            "Nothing was run in this session."
        } else {
            "Loading…"
        };

        lines
            .with(Vec::is_empty)
            .then(|| view! { <p class="muted">{sentence}</p> })
    };

    view! {
        <aside class="statements" aria-label="Statements">
            <h2>"Statements" <span>{counts}</span></h2>
            {nothing}
            <ol>
                <For
                    each=move || lines.get()
                    key=|line| (line.seq, line.kind.clone())
                    children=move |line| {
                        let seq = line.seq;

                        view! {
                            <li aria-current=move || (at.get() == Some(seq)).then_some("true")>
                                <StatementButton line tell />
                            </li>
                        }
                    }
                />
            </ol>
        </aside>
    }
}

#[component]
fn StatementButton(line: Line, tell: Callback<Event>) -> impl IntoView {
    let at = line.at;
    let class = if line.has_failed() { "tag bad" } else { "tag" };
    let (duration, outcome) = match &line.kind {
        Kind::Statement(outcome) => (
            outcome.as_ref().map(|outcome| took(outcome.duration)),
            outcome.as_ref().map(Outcome::words),
        ),
        Kind::Note => (None, Some("note".to_owned())),
    };

    view! {
        <button on:click=move |_| tell.run(Event::Seek(at))>
            <span class="at">{clock(at)}</span>
            <span class="took">{duration}</span>
            {outcome.map(|words| view! { <span class=class>{words}</span> })}
            <code>{line.text}</code>
        </button>
    }
}

/// `6 · 2 errors`.
fn count_words(lines: &[Line]) -> String {
    let n_statements = lines.iter().filter(|line| line.kind != Kind::Note).count();
    let n_errors = lines.iter().filter(|line| line.has_failed()).count();

    match n_errors {
        0 => n_statements.to_string(),
        1 => format!("{n_statements} · 1 error"),
        _ => format!("{n_statements} · {n_errors} errors"),
    }
}
