//! The player's moving parts in the browser: machine, frames and screen, moved by events and by the clock.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use leptos::prelude::*;
use recording::Frame;
use web_sys::HtmlElement;

use super::painter::Painter;
use super::playback::{Action, Event, Micros, Playback, Reach, State};
use super::reel::Reel;
use super::statements::{self, Line};
use super::words::end_sentence;

/// What the page shows of a replay.
#[derive(Clone, Copy)]
pub(super) struct Shown {
    pub(super) playback: RwSignal<Playback>,
    /// Where the replay is. Signals never compute time: this is set with each event.
    pub(super) position: RwSignal<Micros>,
    pub(super) lines: RwSignal<Vec<Line>>,
    /// Why the recording ends; shown when the replay is there.
    pub(super) end: RwSignal<Option<String>>,
    /// What could not be loaded.
    pub(super) trouble: RwSignal<Option<String>>,
}

impl Shown {
    /// Nothing is loaded of a recording that is `total` long.
    pub(super) fn new(total: Micros) -> Self {
        Self {
            playback: RwSignal::new(Playback::new(total)),
            position: RwSignal::new(0),
            lines: RwSignal::new(Vec::new()),
            end: RwSignal::new(None),
            trouble: RwSignal::new(None),
        }
    }
}

/// A player on the page.
pub(super) struct Deck {
    playback: Cell<Playback>,
    reel: RefCell<Reel>,
    painter: Rc<Painter>,
    is_ticking: Cell<bool>,
    shown: Shown,
}

impl Deck {
    pub(super) fn open(host: HtmlElement, shown: Shown) -> Rc<Self> {
        Rc::new(Self {
            playback: Cell::new(shown.playback.get_untracked()),
            reel: RefCell::default(),
            painter: Painter::open(host),
            is_ticking: Cell::new(false),
            shown,
        })
    }

    /// Frames of the next segment; `is_last` when none comes after it.
    pub(super) fn load(self: &Rc<Self>, frames: Vec<Frame>, is_last: bool) {
        let mut reel = self.reel.borrow_mut();
        let known = reel.len();
        reel.append(frames);
        self.shown.lines.update(|lines| {
            for (at, frame) in reel.from(known) {
                statements::add(lines, frame, at);
            }
        });
        self.shown.end.set(reel.end_reason().map(end_sentence));
        // Frames of the next segment may have the time of the last of this one.
        let last = reel.last().unwrap_or(-1);
        let total = self.playback.get().total();
        let reach = match is_last {
            true => Reach {
                until: last.max(0),
                total: last.max(0),
                is_complete: true,
            },
            false => Reach {
                until: last - 1,
                total: total.max(last),
                is_complete: false,
            },
        };
        drop(reel);

        self.handle(Event::Loaded(reach));
    }

    /// Moves the machine, and the screen after it.
    pub(super) fn handle(self: &Rc<Self>, event: Event) {
        let Some(now) = clock() else {
            return;
        };
        let (playback, action) = self.playback.get().transition(event, now);
        self.playback.set(playback);
        match action {
            Action::Nothing => {}
            Action::Paint { after, until } => self.painter.paint(self.reel.borrow().stretch(after, until)),
            Action::Jump { until } => self.painter.jump(self.reel.borrow().scene(until)),
        }
        self.shown.position.set(playback.position(now));
        if self.shown.playback.get_untracked() != playback {
            self.shown.playback.set(playback);
        }
        if let State::Playing { .. } = playback.state() {
            self.tick_soon();
        }
    }

    /// The window has another size.
    pub(super) fn handle_resize(&self) {
        self.painter.shrink();
    }

    fn tick_soon(self: &Rc<Self>) {
        if self.is_ticking.replace(true) {
            return;
        }
        let deck = Rc::downgrade(self);
        let tick = move || {
            if let Some(deck) = deck.upgrade() {
                deck.is_ticking.set(false);
                deck.handle(Event::Tick);
            }
        };

        request_animation_frame(tick);
    }
}

/// The browser's clock, which is never set back.
fn clock() -> Option<Micros> {
    Some((window().performance()?.now() * 1000.0) as Micros)
}
