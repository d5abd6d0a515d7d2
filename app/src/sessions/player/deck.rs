//! The player's moving parts in the browser: machine, shelf and screen, moved by events and by the clock.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use leptos::prelude::*;
use protocol::recordings::{Chapter, MAX_CHAPTERS};
use protocol::sessions::SessionKind;
use recording::Frame;
use web_sys::HtmlElement;

use super::idle::Idle;
use super::keys;
use super::painter::Painter;
use super::playback::{Action, Event, Micros, Playback, State};
use super::reel::steps_of;
use super::retry::Retry;
use super::shelf::{Scene, Shelf, Want};
use super::statements::{self, Line};
use super::words::end_sentence;

/// What the page shows of a replay.
#[derive(Clone, Copy)]
pub(super) struct Shown {
    pub(super) playback: RwSignal<Playback>,
    /// Where the replay is. Signals never compute time: this is set with each event.
    pub(super) position: RwSignal<Micros>,
    pub(super) lines: RwSignal<Vec<Line>>,
    pub(super) idle: RwSignal<Idle>,
    /// Whether idle stretches are skipped.
    pub(super) skips: RwSignal<bool>,
    /// What was typed lately, where it was recorded.
    pub(super) keys: RwSignal<String>,
    /// Why the recording ends; shown when the replay is there.
    pub(super) end: RwSignal<Option<String>>,
    /// What cannot be loaded at all.
    pub(super) trouble: RwSignal<Option<String>>,
    /// What is fetched: where in the recording is what, what is shown, and what is listed.
    pub(super) contents: Retry,
    pub(super) frames: Retry,
    pub(super) chapters: Retry,
    /// Something is on the screen.
    pub(super) has_begun: RwSignal<bool>,
    /// All statements are listed.
    pub(super) is_listed: RwSignal<bool>,
    /// Frames to fetch.
    pub(super) want: RwSignal<Option<Want>>,
}

impl Shown {
    /// Nothing is loaded of a recording that is about `total` long.
    pub(super) fn new(total: Micros) -> Self {
        Self {
            playback: RwSignal::new(Playback::new(total, 0)),
            position: RwSignal::new(0),
            lines: RwSignal::new(Vec::new()),
            idle: RwSignal::new(Idle::default()),
            skips: RwSignal::new(true),
            keys: RwSignal::new(String::new()),
            end: RwSignal::new(None),
            trouble: RwSignal::new(None),
            contents: Retry::new(),
            frames: Retry::new(),
            chapters: Retry::new(),
            has_begun: RwSignal::new(false),
            is_listed: RwSignal::new(false),
            want: RwSignal::new(None),
        }
    }

    /// The attempts at what is fetched.
    pub(super) fn fetched(self) -> [Retry; 3] {
        [self.contents, self.frames, self.chapters]
    }

    /// The person wants what did not come.
    pub(super) fn ask_again(self) {
        self.fetched().iter().for_each(Retry::ask_again);
    }
}

/// A player on the page.
pub(super) struct Deck {
    playback: Cell<Playback>,
    shelf: RefCell<Shelf>,
    start: i64,
    painter: Rc<Painter>,
    is_ticking: Cell<bool>,
    has_keys: bool,
    shown: Shown,
}

impl Deck {
    /// Opens a recording at a moment.
    pub(super) fn open(
        host: HtmlElement,
        shelf: Shelf,
        at: Micros,
        has_keys: bool,
        shown: Shown,
    ) -> Rc<Self> {
        let start = shelf.start();
        let playback = Playback::new(shelf.total(), at);
        let stamp = host.clone();
        let painter = Painter::open(host, move |_, is_done| {
            if is_done {
                // Where the screen is, for who measures or tests it.
                let at = shown.position.get_untracked().to_string();
                let _set = stamp.set_attribute("data-at", &at);
            }
        });
        shown.playback.set(playback);

        Rc::new(Self {
            playback: Cell::new(playback),
            shelf: RefCell::new(shelf),
            start,
            painter,
            is_ticking: Cell::new(false),
            has_keys,
            shown,
        })
    }

    /// Moves the machine, and the screen after it.
    pub(super) fn handle(self: &Rc<Self>, event: Event) {
        let Some(now) = clock() else {
            return;
        };
        let (mut playback, action) = self.playback.get().transition(event, now);
        let outcome = self.show(action);
        if let Err(want) = outcome {
            (playback, _) = playback.transition(Event::Stall(action), now);
            if self.shown.want.get_untracked().as_ref() != Some(&want) {
                self.shown.want.set(Some(want));
            }
        }
        self.playback.set(playback);
        let at = playback.position(now);
        if self.shown.position.get_untracked() != at {
            self.shown.position.set(at);
        }
        if self.shown.playback.get_untracked() != playback {
            self.shown.playback.set(playback);
        }
        if let State::Playing { .. } = playback.state() {
            self.tick_soon();
        }
    }

    /// Frames that were wanted; `None` where the server has them but cannot read them.
    pub(super) fn load(self: &Rc<Self>, want: &Want, frames: Option<Vec<Frame>>) {
        match frames {
            Some(frames) => {
                if !self.shelf.borrow_mut().insert(want, frames) {
                    let sentence = format!(
                        "The end of segment {} of this recording is missing.",
                        want.segment
                    );
                    self.shown.trouble.set(Some(sentence));
                }
            }
            None => self.shelf.borrow_mut().give_up(want),
        }
        self.shown.want.set(None);
        self.handle(Event::Arrived);
        self.fetch_ahead();
    }

    /// What happened in the segments from number `from` on; the number of the next to ask for, if there are more.
    pub(super) fn list(&self, from: u32, chapters: &[Chapter]) -> Option<u32> {
        let start = self.start;
        self.shown.lines.update(|lines| {
            for chapter in chapters {
                for frame in events(chapter) {
                    statements::add(lines, &frame, frame.at - start);
                    if let recording::Body::End { reason } = &frame.body {
                        self.shown
                            .end
                            .set(Some(end_sentence(SessionKind::Terminal, reason)));
                    }
                }
            }
        });
        self.shown.idle.update(|idle| {
            for chapter in chapters {
                idle.append(chapter, start);
            }
        });
        let next = from.saturating_add(MAX_CHAPTERS);
        let is_last = self.shelf.borrow().last_segment().is_none_or(|last| last < next);
        self.shown.is_listed.set(is_last);

        (!is_last).then_some(next)
    }

    /// The window has another size.
    pub(super) fn handle_resize(&self) {
        self.painter.fill();
    }

    /// Does what the machine says, if the frames for it are there.
    fn show(&self, action: Action) -> Result<(), Want> {
        let (Action::Paint { until, .. } | Action::Jump { until }) = action else {
            return Ok(());
        };
        let mut shelf = self.shelf.borrow_mut();
        let scene = shelf.scene(action)?;
        let steps = steps_of(&scene);
        match scene {
            Scene::Next(_) => self.painter.paint(steps),
            Scene::Whole(_) => self.painter.jump(steps),
        }
        // A recording may begin with an empty screen: nothing is printed then.
        if !self.shown.has_begun.get_untracked() {
            self.shown.has_begun.set(true);
        }
        if self.has_keys {
            self.shown.keys.set(keys::lane(shelf.before(until), until));
        }

        Ok(())
    }

    fn fetch_ahead(&self) {
        if self.shown.want.get_untracked().is_some() {
            return;
        }
        let at = self.shown.position.get_untracked();
        if let Some(want) = self.shelf.borrow().ahead(at) {
            self.shown.want.set(Some(want));
        }
    }

    fn tick_soon(self: &Rc<Self>) {
        if self.is_ticking.replace(true) {
            return;
        }
        let deck = Rc::downgrade(self);
        let tick = move || {
            let Some(deck) = deck.upgrade() else {
                return;
            };
            deck.is_ticking.set(false);
            deck.handle(Event::Tick);
            deck.skip_idle();
            deck.fetch_ahead();
        };

        request_animation_frame(tick);
    }

    fn skip_idle(self: &Rc<Self>) {
        if !self.shown.skips.get_untracked() {
            return;
        }
        let at = self.shown.position.get_untracked();
        if let Some(to) = self.shown.idle.with_untracked(|idle| idle.skip(at)) {
            self.handle(Event::Skip(to));
        }
    }
}

/// The frames of a chapter; what cannot be read is as good as not there.
fn events(chapter: &Chapter) -> Vec<Frame> {
    recording::player::decode(chapter.events.clone().into()).unwrap_or_default()
}

/// The browser's clock, which is never set back.
fn clock() -> Option<Micros> {
    Some((window().performance()?.now() * 1000.0) as Micros)
}
