//! What the page shows of a recording without a screen, and what its person has chosen.

use leptos::prelude::*;

use super::axis::Axis;
use super::log::{Connection, Entry, Log, Look};
use crate::sessions::player::playback::Micros;
use crate::sessions::player::retry::Retry;
use crate::sessions::player::shelf::Shelf;

/// What an address leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Aim {
    /// A statement by its sequence number.
    Statement(u64),
    /// What began last before a moment.
    Moment(Micros),
}

/// Where a stretch begins: its first segment, and the connections that were open then.
#[derive(Debug, Clone, Default)]
pub(super) struct Start {
    pub(super) segment: u32,
    pub(super) open: Vec<Connection>,
}

#[derive(Clone, Copy)]
pub(super) struct Desk {
    /// The stretch that is shown.
    pub(super) log: RwSignal<Log>,
    /// Where in the recording is what; `None` before that is known.
    pub(super) shelf: RwSignal<Option<Shelf>>,
    /// The stretches up to the one that is shown.
    pub(super) starts: RwSignal<Vec<Start>>,
    /// Where the next stretch begins, if there is one.
    pub(super) later: RwSignal<Option<u32>>,
    /// Everything of the stretch is listed.
    pub(super) is_listed: RwSignal<bool>,
    /// How often it was asked for anew.
    pub(super) round: RwSignal<u32>,
    /// What is still to be led to.
    pub(super) aim: RwSignal<Option<Aim>>,
    /// Sequence number of the entry in the details.
    pub(super) selected: RwSignal<Option<u64>>,
    /// The part of the time that is shown; `None` for all of it.
    pub(super) zoom: RwSignal<Option<Axis>>,
    /// Only this connection, by the sequence number it begins with.
    pub(super) only: RwSignal<Option<u64>>,
    pub(super) only_errors: RwSignal<bool>,
    pub(super) words: RwSignal<String>,
    /// What cannot be loaded at all.
    pub(super) trouble: RwSignal<Option<String>>,
    pub(super) contents: Retry,
    pub(super) chapters: Retry,
    pub(super) frames: Retry,
    pub(super) has_begun: RwSignal<bool>,
}

impl Desk {
    pub(super) fn new(has_begun: RwSignal<bool>) -> Self {
        Self {
            log: RwSignal::new(Log::default()),
            shelf: RwSignal::new(None),
            starts: RwSignal::new(Vec::new()),
            later: RwSignal::new(None),
            is_listed: RwSignal::new(false),
            round: RwSignal::new(0),
            aim: RwSignal::new(None),
            selected: RwSignal::new(None),
            zoom: RwSignal::new(None),
            only: RwSignal::new(None),
            only_errors: RwSignal::new(false),
            words: RwSignal::new(String::new()),
            trouble: RwSignal::new(None),
            contents: Retry::new(),
            chapters: Retry::new(),
            frames: Retry::new(),
            has_begun,
        }
    }

    pub(super) fn fetched(self) -> [Retry; 3] {
        [self.contents, self.chapters, self.frames]
    }

    /// The time of the stretch. Tracked.
    pub(super) fn whole(self) -> Axis {
        let is_first = self.starts.with(|starts| starts.len() <= 1);
        let is_last = self.later.get().is_none();
        let total = self.shelf.with(|shelf| shelf.as_ref().map_or(0, Shelf::total));

        self.log.with(|log| {
            let first = log.entries.first().map_or(0, |entry| entry.at);
            let from = if is_first { 0 } else { first };

            Axis::new(from, if is_last { log.until.max(total) } else { log.until })
        })
    }

    /// What of the time is shown. Tracked.
    pub(super) fn axis(self) -> Axis {
        self.zoom.get().unwrap_or_else(|| self.whole())
    }

    /// Places of the entries that pass the filters. Tracked.
    pub(super) fn found(self) -> Vec<usize> {
        let (only, only_errors) = (self.only.get(), self.only_errors.get());
        let words = self.words.get().trim().to_lowercase();

        self.log.with(|log| {
            let of = only.map(|seq| {
                log.connections
                    .iter()
                    .position(|connection| connection.seq == seq)
            });
            let passes = |entry: &Entry| {
                of.is_none_or(|of| of.is_some() && entry.connection == of)
                    && (!only_errors || entry.look() == Look::Failed)
                    && (words.is_empty() || entry.has(&words))
            };
            let entries = (0..).zip(&log.entries);

            entries
                .filter(|(_, entry)| passes(entry))
                .map(|(place, _)| place)
                .collect()
        })
    }

    /// Shows an entry's details, and its time.
    pub(super) fn select(self, seq: u64) {
        self.selected.set(Some(seq));
        let Some(at) = self.log.with_untracked(|log| log.find(seq).map(|entry| entry.at)) else {
            return;
        };
        let whole = untrack(|| self.whole());
        if let Some(axis) = self.zoom.get_untracked() {
            self.zoom.set(Some(axis.showing(whole, at)));
        }
    }

    /// Steps through what passes the filters: `by` entries on, or back.
    pub(super) fn step(self, by: isize) {
        let found = untrack(|| self.found());
        let selected = self.selected.get_untracked();
        let to = self.log.with_untracked(|log| {
            let seq = |place: &usize| log.entries.get(*place).map(|entry| entry.seq);
            let Some(selected) = selected else {
                return found.first().and_then(seq);
            };
            let at = found.partition_point(|place| seq(place).is_some_and(|seq| seq < selected));
            let is_found = found.get(at).and_then(seq) == Some(selected);
            // What is selected may have been left out by the filters: the next is at its place.
            let to = match (is_found, by > 0) {
                (false, true) => at.checked_add_signed(by - 1),
                (true, _) | (false, false) => at.checked_add_signed(by),
            };

            found.get(to?).and_then(seq)
        });
        if let Some(to) = to {
            self.select(to);
        }
    }

    /// To the first or the last that passes the filters.
    pub(super) fn step_to_end(self, is_last: bool) {
        let found = untrack(|| self.found());
        let place = if is_last { found.last() } else { found.first() };
        let seq = self.log.with_untracked(|log| Some(log.entries.get(*place?)?.seq));
        if let Some(seq) = seq {
            self.select(seq);
        }
    }

    /// The next statement that failed after the selected one, or after all of them the first.
    pub(super) fn step_to_error(self) {
        let found = untrack(|| self.found());
        let selected = self.selected.get_untracked();
        let to = self.log.with_untracked(|log| {
            let failed = || {
                let entries = found.iter().filter_map(|place| log.entries.get(*place));

                entries
                    .filter(|entry| entry.look() == Look::Failed)
                    .map(|entry| entry.seq)
            };
            let next = failed().find(|seq| selected.is_none_or(|selected| *seq > selected));

            next.or_else(|| failed().next())
        });
        if let Some(to) = to {
            self.select(to);
        }
    }

    /// Closer to what is selected, or to the middle.
    pub(super) fn zoom_in(self) {
        let (axis, whole) = untrack(|| (self.axis(), self.whole()));
        let selected = self.selected.get_untracked();
        let at = selected.and_then(|seq| self.log.with_untracked(|log| Some(log.find(seq)?.at)));
        self.zoom
            .set(Some(axis.closer(whole, at.unwrap_or_else(|| axis.middle()))));
    }

    pub(super) fn zoom_out(self) {
        let (axis, whole) = untrack(|| (self.axis(), self.whole()));
        let farther = axis.farther(whole);
        self.zoom.set((farther != whole).then_some(farther));
    }

    /// Moves what is shown of the time by so many quarters of it.
    pub(super) fn pan(self, quarters: i64) {
        let whole = untrack(|| self.whole());
        if let Some(axis) = self.zoom.get_untracked() {
            self.zoom.set(Some(axis.moved(whole, quarters)));
        }
    }

    /// Reads the recording again, for what was added to it.
    pub(super) fn refresh(self) {
        self.round.update(|round| *round = round.wrapping_add(1));
    }
}
