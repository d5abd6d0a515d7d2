//! Screen, statements and controls of a replay, and what it shows arriving piece by piece.

use std::rc::Rc;

use leptos::ev;
use leptos::html;
use leptos::prelude::*;
use protocol::ids::SessionId;
use protocol::recordings::{Chapter, MAX_CHAPTERS, RecordingView};
use send_wrapper::SendWrapper;
use wasm_bindgen::JsCast;
use web_sys::Element;

use super::controls::{Ask, Controls};
use super::deck::{Deck, Shown};
use super::fetch::{self, Missing};
use super::help::{self, Help};
use super::list::Statements;
use super::opening::{Asked, Opening};
use super::playback::{Event, Micros, Playback};
use super::retry::Retry;
use super::shelf::Want;
use super::statements::{next, previous};
use super::words::moment;
use crate::terminal::xterm;
use crate::ui::clipboard::copy;
use crate::ui::fetched::fetched;
use crate::ui::full_screen::toggle_full_screen;
use crate::ui::toast::say_for_a_while;

/// The deck of this page; only the browser has one.
type Held = StoredValue<Option<SendWrapper<Rc<Deck>>>>;

/// How far an arrow key goes.
const STEP: Micros = 5_000_000;

#[component]
pub(super) fn Stage(recording: RecordingView, opening: Asked, shown: Shown) -> impl IntoView {
    let session = recording.session;
    let has_screen = session.recordings.graphical || session.recordings.text;
    let has_keys = session.recordings.keys;
    let deck: Held = StoredValue::new(None);
    let host = NodeRef::<html::Div>::new();
    let stage = NodeRef::<html::Div>::new();
    let copied = RwSignal::new(None::<String>);
    let helps = RwSignal::new(false);
    load(session.id, opening, host, deck, shown, has_keys);

    let tell = Callback::new(move |event: Event| {
        copied.set(None);
        deck.with_value(|deck| deck.iter().for_each(|deck| deck.handle(event)));
        if shown.playback.with_untracked(Playback::is_behind) {
            shown.ask_again();
        }
    });
    let ask = Callback::new(move |ask: Ask| match ask {
        Ask::NextStatement => step_to(shown, tell, next),
        Ask::CopyLink => copy_link(shown.position.get_untracked(), copied),
        Ask::FullScreen => toggle_full_screen(stage),
        Ask::Help => helps.update(|helps| *helps = !*helps),
    });
    let keys = window_event_listener(ev::keydown, move |event| {
        handle_key(&event, shown, tell, ask, helps);
    });
    let sizes = window_event_listener(ev::resize, move |_| {
        deck.with_value(|deck| deck.iter().for_each(|deck| deck.handle_resize()));
    });
    on_cleanup(move || {
        keys.remove();
        sizes.remove();
        drop(deck.try_update_value(Option::take));
    });

    view! {
        <div class="player-stage" node_ref=stage>
            <div class="player-body">
                <section class="player-screen" aria-label="Recorded screen" tabindex="0">
                    <noscript inner_html=NEEDS_JAVASCRIPT></noscript>
                    <p role="alert" hidden=move || shown.trouble.with(Option::is_none)>
                        {move || shown.trouble.get()}
                    </p>
                    <Outage of=shown.fetched() />
                    <p hidden=has_screen>
                        "The screen of this session was not recorded. What was run on it is listed."
                    </p>
                    <div class="player-host" role="img" aria-label="Screen" hidden=!has_screen node_ref=host></div>
                    {has_keys
                        .then(|| {
                            view! {
                                <p class="key-lane mono" aria-label="Keys typed">
                                    {move || shown.keys.get()}
                                </p>
                            }
                        })}
                </section>
                <Statements shown tell />
            </div>
            <Controls shown tell ask />
            <p class="toast" role="status" hidden=move || copied.with(Option::is_none)>
                {move || copied.get()}
            </p>
            <Help helps keys=&help::PLAYER />
        </div>
    }
    .into_any()
}

/// What does not come at the moment, and the way to ask for it at once.
#[component]
pub(super) fn Outage(of: [Retry; 3]) -> impl IntoView {
    let outage = Memo::new(move |_| of.iter().find_map(Retry::outage));

    view! {
        <div class="outage" hidden=move || outage.with(Option::is_none)>
            <p role="status">{move || outage.get()}</p>
            <button on:click=move |_| of.iter().for_each(Retry::ask_again)>"Try again"</button>
        </div>
    }
}

/// What stands where the replay would be.
pub(super) const NEEDS_JAVASCRIPT: &str = "<p>Playing a recording needs JavaScript. Switch it on for this site and reload the \
                                page, or read the transcript.</p>";

/// Fetches xterm.js, opens the deck, then fetches what the deck wants and what is listed.
fn load(
    session: SessionId,
    opening: Asked,
    host: NodeRef<html::Div>,
    deck: Held,
    shown: Shown,
    has_keys: bool,
) {
    let widget = fetched(|| Some(()), |()| xterm::load());
    let of = session.clone();
    Effect::new(move || opening.ask(&of, shown.contents.attempt()));
    Effect::new(move || {
        let (Some(loaded), Some(opening), Some(host)) = (widget.get(), opening.came(), host.get()) else {
            return;
        };
        if deck.with_value(Option::is_some) {
            return;
        }
        match (loaded, opening) {
            (Err(sentence), _) => shown.trouble.set(Some(sentence.to_owned())),
            (Ok(()), Ok(opening)) => {
                shown.contents.succeed();
                open(host, deck, opening, shown, has_keys);
            }
            (Ok(()), Err(missing)) => lack(missing, shown.contents, shown.trouble),
        }
    });
    fetch_frames(session.clone(), deck, shown);
    fetch_chapters(session, deck, shown);
}

/// Says what did not come; what may come is asked for again.
pub(super) fn lack(missing: Missing, retry: Retry, trouble: RwSignal<Option<String>>) {
    match missing {
        Missing::Unreachable(sentence) => retry.fail(&sentence),
        Missing::Refused(sentence) => retry.stop(sentence),
        Missing::Damaged(sentence) => {
            retry.succeed();
            trouble.set(Some(sentence));
        }
        Missing::Unknown(sentence) => {
            retry.succeed();
            trouble.set(Some(sentence.to_owned()));
        }
    }
}

fn open(host: web_sys::HtmlDivElement, deck: Held, opening: Opening, shown: Shown, has_keys: bool) {
    if let Some(sentence) = opening.trouble {
        shown.trouble.set(Some(sentence));
    }
    let opened = Deck::open(host.into(), opening.shelf, opening.at, has_keys, shown);
    deck.set_value(Some(SendWrapper::new(opened.clone())));
    opened.handle(Event::Arrived);
}

/// What the deck wants, one thing at a time: a newer wish takes the place of one that has not come.
fn fetch_frames(session: SessionId, deck: Held, shown: Shown) {
    let wanted = move || {
        let attempt = shown.frames.attempt();

        shown.want.get().map(|want| (want, attempt))
    };
    let arrived = fetched(wanted, move |(want, attempt)| {
        let session = session.clone();

        async move {
            let frames = fetch::frames(&session, &want).await;

            (want, attempt, frames)
        }
    });
    Effect::new(move || {
        let Some((want, attempt, frames)) = arrived.get() else {
            return;
        };
        if shown.want.get_untracked().as_ref() != Some(&want) || !shown.frames.is_current(attempt) {
            return;
        }
        take_frames(deck, shown, &want, frames);
    });
}

/// What the server has but cannot read is left out, and said; what did not come is waited for.
fn take_frames(deck: Held, shown: Shown, want: &Want, frames: Result<Vec<recording::Frame>, Missing>) {
    let frames = match frames {
        Ok(frames) => Some(frames),
        Err(Missing::Damaged(sentence)) => {
            shown.trouble.set(Some(sentence));

            None
        }
        Err(missing @ (Missing::Unreachable(_) | Missing::Refused(_) | Missing::Unknown(_))) => {
            lack(missing, shown.frames, shown.trouble);
            return;
        }
    };
    shown.frames.succeed();
    deck.with_value(|deck| deck.iter().for_each(|deck| deck.load(want, frames.clone())));
}

/// Statements and idle stretches, after the first frame has been shown.
fn fetch_chapters(session: SessionId, deck: Held, shown: Shown) {
    let from = RwSignal::new(None::<u32>);
    Effect::new(move || {
        if shown.has_begun.get() && from.get_untracked().is_none() {
            from.set(Some(0));
        }
    });
    let retry = shown.chapters;
    let wanted = move || {
        let attempt = retry.attempt();

        from.get().map(|from| (from, attempt))
    };
    let arrived = fetched(wanted, move |(from, attempt)| {
        let session = session.clone();

        async move {
            let chapters = fetch::chapters(&session, from, MAX_CHAPTERS).await;

            (from, attempt, chapters)
        }
    });
    Effect::new(move || {
        let Some((started, attempt, chapters)) = arrived.get() else {
            return;
        };
        if from.get_untracked() != Some(started) || !retry.is_current(attempt) {
            return;
        }
        let chapters: Vec<Chapter> = match chapters {
            Ok(chapters) => chapters,
            Err(missing) => {
                lack(missing, retry, shown.trouble);
                return;
            }
        };
        retry.succeed();
        let next = deck.with_value(|deck| deck.as_ref().and_then(|deck| deck.list(started, &chapters)));
        if next.is_some() {
            from.set(next);
        }
    });
}

/// Keys work wherever the focus is but on what takes these keys itself.
fn handle_key(
    event: &ev::KeyboardEvent,
    shown: Shown,
    tell: Callback<Event>,
    ask: Callback<Ask>,
    helps: RwSignal<bool>,
) {
    if event.ctrl_key() || event.alt_key() || event.meta_key() || event.default_prevented() {
        return;
    }
    let key = event.key();
    let target = event
        .target()
        .and_then(|target| target.dyn_into::<Element>().ok());
    let is_in = |what: &str| {
        target
            .as_ref()
            .is_some_and(|target| matches!(target.closest(what), Ok(Some(_))))
    };
    // The timeline's own steps are microseconds.
    if is_in("input:not([type=range]), select, textarea, dialog") || key == " " && is_in("a, button, summary")
    {
        return;
    }
    let at = shown.position.get_untracked();
    match (key.as_str(), event.shift_key()) {
        (" ", _) => tell.run(Event::Toggle),
        ("ArrowLeft", false) => tell.run(Event::Seek(at - STEP)),
        ("ArrowRight", false) => tell.run(Event::Seek(at + STEP)),
        ("ArrowLeft", true) => step_to(shown, tell, previous),
        ("ArrowRight", true) => step_to(shown, tell, next),
        ("ArrowDown" | "ArrowUp", _) if is_in("input[type=range]") => {}
        ("<" | "-", _) => tell.run(Event::Slower),
        (">" | "+", _) => tell.run(Event::Faster),
        ("Home", _) => tell.run(Event::Seek(0)),
        ("End", _) => tell.run(Event::Seek(Micros::MAX)),
        ("f", false) => ask.run(Ask::FullScreen),
        ("?", _) => helps.set(true),
        _ => return,
    }
    event.prevent_default();
}

/// Seeks to another line of the list, if there is one.
fn step_to(
    shown: Shown,
    tell: Callback<Event>,
    find: fn(&[super::statements::Line], Micros) -> Option<Micros>,
) {
    let at = shown.position.get_untracked();
    if let Some(to) = shown.lines.with_untracked(|lines| find(lines, at)) {
        tell.run(Event::Seek(to));
    }
}

/// Puts a link to this moment into the clipboard; where there is none, on the page.
fn copy_link(at: Micros, copied: RwSignal<Option<String>>) {
    let location = window().location();
    let (Ok(origin), Ok(path)) = (location.origin(), location.pathname()) else {
        return;
    };
    let link = format!("{origin}{path}{}", moment(at));

    match copy(&link) {
        true => say_for_a_while(copied, "Link to this moment copied."),
        // It stays until it has been copied by hand.
        false => copied.set(Some(link)),
    }
}
