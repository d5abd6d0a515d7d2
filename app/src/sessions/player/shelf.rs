//! The parts of a recording that are fetched: which a moment needs, which are there, which go when it gets too much.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use protocol::recordings::{Contents, Part};
use recording::{Body, Frame};

use super::playback::{Action, Micros};

/// Bytes of frames that are kept; those that were not needed longest go first.
const MAX_KEPT: usize = 8 * 1024 * 1024;

/// Parts one fetch brings at most.
const MAX_FETCHED: usize = 8;

/// A stretch of more parts is shown from the last keyframe in it, if there is one.
const LONG: usize = 4;

/// Where there is no keyframe, a moment is shown with so many parts before it.
const BACK: usize = 4;

/// Parts to fetch: some of one segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Want {
    pub(super) segment: u32,
    pub(super) extent: Extent,
    parts: Range<usize>,
}

/// What of a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    /// From one block to another, both included.
    Blocks(u32, u32),
    /// All of it, however it is cut by now.
    Whole,
}

/// Frames for the screen, and how they are to be shown.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Scene<'a> {
    /// After what the screen shows.
    Next(Vec<&'a Frame>),
    /// On an empty screen.
    Whole(Vec<&'a Frame>),
}

#[derive(Debug, Clone)]
struct Loaded {
    frames: Vec<Frame>,
    n_bytes: usize,
    used: u64,
}

/// What is there of a recording. A clone shares the bytes.
#[derive(Debug, Clone)]
pub(super) struct Shelf {
    parts: Vec<Part>,
    start: i64,
    loaded: BTreeMap<usize, Loaded>,
    /// Parts that could not be had together with others.
    alone: BTreeSet<usize>,
    n_bytes: usize,
    clock: u64,
}

impl Shelf {
    /// Nothing is fetched of a recording with these parts.
    pub(super) fn new(contents: Contents) -> Self {
        Self {
            start: contents.parts.first().map_or(0, |part| part.first_at),
            parts: contents.parts,
            loaded: BTreeMap::new(),
            alone: BTreeSet::new(),
            n_bytes: 0,
            clock: 0,
        }
    }

    /// How long the recording is.
    pub(super) fn total(&self) -> Micros {
        self.parts.last().map_or(0, |part| self.since_start(part.last_at))
    }

    /// A moment of the recording from the server's clock.
    pub(super) fn since_start(&self, at: i64) -> Micros {
        at - self.start
    }

    /// When the recording starts, by the server's clock.
    pub(super) fn start(&self) -> i64 {
        self.start
    }

    /// Number of the last segment; `None` without parts.
    pub(super) fn last_segment(&self) -> Option<u32> {
        self.parts.last().map(|part| part.segment)
    }

    /// The parts of a segment in which something happened at a moment.
    pub(super) fn around(&self, segment: u32, at: Micros) -> Option<Want> {
        let is_there = |part: &Part| {
            let is_at = self.since_start(part.first_at) <= at && at <= self.since_start(part.last_at);

            part.segment == segment && (part.is_whole_segment || is_at)
        };
        let first = self.parts.iter().position(is_there)?;
        let found = self.parts.iter().skip(first).take(MAX_FETCHED);
        let last = first + found.take_while(|part| is_there(part)).count() - 1;
        let (from, to) = (self.parts.get(first)?, self.parts.get(last)?);
        let extent = match from.is_whole_segment {
            true => Extent::Whole,
            false => Extent::Blocks(from.block, to.block),
        };

        Some(Want {
            segment,
            extent,
            parts: first..last + 1,
        })
    }

    /// Frames for an action, or what is to be fetched for them first.
    pub(super) fn scene(&mut self, action: Action) -> Result<Scene<'_>, Want> {
        let (after, until) = match action {
            Action::Nothing => return Ok(Scene::Next(Vec::new())),
            Action::Paint { after, until } => (Some(after), until),
            Action::Jump { until } => (None, until),
        };
        let stretch = after.map(|after| self.between(after, until));
        let whole = self.whole(until);
        let is_next = stretch
            .as_ref()
            .is_some_and(|stretch| stretch.len() <= LONG || stretch.start >= whole.start);
        let wanted = match (stretch, is_next) {
            (Some(stretch), true) => stretch,
            (Some(_), false) | (None, _) => whole,
        };
        if let Some(want) = self.missing(&wanted) {
            return Err(want);
        }
        self.touch(&wanted);
        let (start, shelf) = (self.start, &*self);
        let up_to = |frame: &&Frame| frame.at - start <= until;
        if is_next {
            let after = after.unwrap_or(-1);
            let next = shelf.frames(wanted).filter(|frame| frame.at - start > after);

            return Ok(Scene::Next(next.filter(up_to).collect()));
        }
        let mut frames: Vec<&Frame> = shelf.frames(wanted).filter(up_to).collect();
        let keyframe = frames
            .iter()
            .rposition(|frame| matches!(frame.body, Body::Keyframe(_)));
        frames.drain(..keyframe.unwrap_or(0));

        Ok(Scene::Whole(frames))
    }

    /// The part after the one `at` is in, if it is to be fetched.
    pub(super) fn ahead(&self, at: Micros) -> Option<Want> {
        let next = self.place(at);

        self.missing(&(next..(next + 1).min(self.parts.len())))
    }

    /// Frames have come. They are divided as the parts say; false when they are fewer.
    #[must_use]
    pub(super) fn insert(&mut self, want: &Want, frames: Vec<Frame>) -> bool {
        let wanted = self.parts.get(want.parts.clone()).unwrap_or_default();
        let n_wanted: usize = wanted.iter().map(|part| part.n_frames as usize).sum();
        let is_whole = frames.len() >= n_wanted;
        let mut frames = frames.into_iter();
        for idx in want.parts.clone() {
            let Some(part) = self.parts.get(idx) else {
                return false;
            };
            let taken: Vec<Frame> = frames.by_ref().take(part.n_frames as usize).collect();
            let n_bytes = taken.iter().map(size).sum();
            let loaded = Loaded {
                frames: taken,
                n_bytes,
                used: self.clock,
            };
            self.n_bytes += n_bytes;
            if let Some(before) = self.loaded.insert(idx, loaded) {
                self.n_bytes = self.n_bytes.saturating_sub(before.n_bytes);
            }
        }
        self.shed(&want.parts);

        is_whole
    }

    /// What was inserted is as if it had not come.
    pub(super) fn forget(&mut self, want: &Want) {
        for gone in want.parts.clone().filter_map(|idx| self.loaded.remove(&idx)) {
            self.n_bytes = self.n_bytes.saturating_sub(gone.n_bytes);
        }
    }

    /// The server has these parts, but cannot read them all: each is asked for by itself. One that was is given up, and
    /// the replay goes on without it.
    pub(super) fn give_up(&mut self, want: &Want) {
        if want.parts.len() > 1 {
            self.alone.extend(want.parts.clone());
            return;
        }
        for idx in want.parts.clone() {
            let nothing = Loaded {
                frames: Vec::new(),
                n_bytes: 0,
                used: self.clock,
            };
            self.loaded.insert(idx, nothing);
        }
    }

    /// Loaded frames of the parts around a moment, up to it; for what lists them.
    pub(super) fn before(&self, at: Micros) -> impl Iterator<Item = (Micros, &Frame)> {
        let end = self.place(at);
        let start = self.start;

        self.frames(end.saturating_sub(2)..end)
            .map(move |frame| (frame.at - start, frame))
            .filter(move |(since, _)| *since <= at)
    }

    /// Number of parts that start at or before a moment.
    fn place(&self, at: Micros) -> usize {
        self.parts
            .partition_point(|part| self.since_start(part.first_at) <= at)
    }

    fn between(&self, after: Micros, until: Micros) -> Range<usize> {
        let start = self
            .parts
            .partition_point(|part| self.since_start(part.last_at) <= after);

        start..self.place(until).max(start)
    }

    /// From the last keyframe at or before a moment.
    fn whole(&self, until: Micros) -> Range<usize> {
        let end = self.place(until);
        let parts = self.parts.get(..end).unwrap_or_default();
        let has_keyframe = |part: &Part| {
            part.keyframes
                .iter()
                .any(|keyframe| self.since_start(*keyframe) <= until)
        };
        let has_screen = self.parts.iter().any(|part| !part.keyframes.is_empty());
        let keyframe = parts.iter().rposition(has_keyframe);
        let start = match (keyframe, has_screen) {
            (Some(keyframe), _) => keyframe,
            (None, true) => 0,
            (None, false) => end.saturating_sub(BACK),
        };

        start..end
    }

    /// The first parts of a range that are not there, of one segment.
    fn missing(&self, range: &Range<usize>) -> Option<Want> {
        let first = range.clone().find(|idx| !self.loaded.contains_key(idx))?;
        let part = self.parts.get(first)?;
        let segment = part.segment;
        if part.is_whole_segment {
            return Some(Want {
                segment,
                extent: Extent::Whole,
                parts: first..first + 1,
            });
        }
        let n_most = if self.alone.contains(&first) {
            1
        } else {
            MAX_FETCHED
        };
        let last = (first..range.end)
            .take(n_most)
            .take_while(|idx| {
                let same = self.parts.get(*idx).is_some_and(|part| part.segment == segment);

                same && !self.loaded.contains_key(idx)
            })
            .last()?;

        Some(Want {
            segment,
            extent: Extent::Blocks(part.block, self.parts.get(last)?.block),
            parts: first..last + 1,
        })
    }

    fn frames(&self, range: Range<usize>) -> impl Iterator<Item = &Frame> {
        self.loaded
            .range(range.start.min(range.end)..range.end)
            .flat_map(|(_, loaded)| &loaded.frames)
    }

    fn touch(&mut self, range: &Range<usize>) {
        self.clock += 1;
        for (_, loaded) in self.loaded.range_mut(range.start.min(range.end)..range.end) {
            loaded.used = self.clock;
        }
    }

    /// Makes room; what was just asked for stays.
    fn shed(&mut self, keep: &Range<usize>) {
        while self.n_bytes > MAX_KEPT {
            let oldest = self
                .loaded
                .iter()
                .filter(|(idx, _)| !keep.contains(idx))
                .min_by_key(|(_, loaded)| loaded.used)
                .map(|(idx, _)| *idx);
            let Some(gone) = oldest.and_then(|idx| self.loaded.remove(&idx)) else {
                return;
            };
            self.n_bytes = self.n_bytes.saturating_sub(gone.n_bytes);
        }
    }
}

fn size(frame: &Frame) -> usize {
    let body = match &frame.body {
        Body::Output(bytes) | Body::Input(bytes) => bytes.len(),
        Body::Keyframe(keyframe) => keyframe.screen.len(),
        Body::StatementStart(statement) => statement.sql.len(),
        Body::Unknown { body, .. } => body.len(),
        Body::Header(_)
        | Body::Resize { .. }
        | Body::StatementEnd(_)
        | Body::Transfer(_)
        | Body::Marker(_)
        | Body::Gap(_)
        | Body::End { .. }
        | Body::Connected(_)
        | Body::Disconnected { .. } => 64,
    };

    body + size_of::<Frame>()
}

#[cfg(test)]
mod tests {
    use recording::Keyframe;

    use super::*;

    const START: i64 = 1_795_269_751_000_000;

    #[test]
    fn a_jump_fetches_from_the_keyframe_before_it() {
        let mut shelf = shelf(6, &[0, 3]);

        let want = shelf.scene(Action::Jump { until: 55 }).unwrap_err();
        assert_eq!(want, wanted(1, (0, 2), 3..6));

        let want = shelf.scene(Action::Jump { until: 35 }).unwrap_err();
        assert_eq!(want, wanted(1, (0, 0), 3..4));
    }

    #[test]
    fn what_is_there_is_shown_from_its_keyframe() {
        let mut shelf = shelf(2, &[0, 1]);
        fetch(&mut shelf, Action::Jump { until: 15 });

        let scene = shelf.scene(Action::Jump { until: 14 }).unwrap();

        assert_eq!(times(&scene), (true, vec![12, 14]));
    }

    #[test]
    fn what_came_since_is_shown_after_what_is_there() {
        let mut shelf = shelf(2, &[0]);
        let action = Action::Paint { after: 4, until: 12 };
        fetch(&mut shelf, action);

        let scene = shelf.scene(action).unwrap();

        assert_eq!(times(&scene), (false, vec![6, 8, 10, 12]));
    }

    #[test]
    fn a_long_stretch_is_shown_from_its_keyframe() {
        let mut shelf = shelf(9, &[0, 8]);

        let want = shelf.scene(Action::Paint { after: 0, until: 88 }).unwrap_err();

        assert_eq!(want, wanted(2, (2, 2), 8..9));
    }

    #[test]
    fn a_recording_without_screen_is_shown_with_what_came_last() {
        let mut shelf = shelf(9, &[]);

        let want = shelf.scene(Action::Jump { until: 89 }).unwrap_err();

        assert_eq!(want, wanted(1, (2, 2), 5..6));
    }

    #[test]
    fn the_next_part_is_fetched_ahead_once() {
        let mut shelf = shelf(2, &[0]);
        fetch(&mut shelf, Action::Jump { until: 0 });

        assert_eq!(shelf.ahead(5), Some(wanted(0, (1, 1), 1..2)));
        fetch(&mut shelf, Action::Jump { until: 15 });
        assert_eq!(shelf.ahead(5), None);
        assert_eq!(shelf.ahead(15), None);
    }

    #[test]
    fn a_segment_that_was_open_is_asked_for_whole_and_what_came_later_is_left() {
        let mut shelf = shelf(4, &[0]);
        shelf.parts[3].is_whole_segment = true;

        let want = shelf.missing(&(0..4)).unwrap();
        assert_eq!(want, wanted(0, (0, 2), 0..3));
        assert!(shelf.insert(&want, vec![frame(START, Body::Output("x".into())); 15]));
        let want = shelf.missing(&(0..4)).unwrap();
        assert_eq!((want.segment, want.extent), (1, Extent::Whole));
        // It was closed since, and went on before that.
        assert!(shelf.insert(&want, vec![frame(START + 30, Body::Output("x".into())); 900]));

        assert_eq!(shelf.frames(3..4).count(), 5);
    }

    #[test]
    fn fewer_frames_than_there_were_are_noticed() {
        let mut shelf = shelf(3, &[0]);
        let want = shelf.missing(&(0..3)).unwrap();

        assert!(!shelf.insert(&want, vec![frame(START, Body::Output("x".into())); 14]));

        shelf.forget(&want);
        assert_eq!((shelf.missing(&(0..3)), shelf.n_bytes), (Some(want), 0));
    }

    #[test]
    fn of_parts_that_cannot_be_had_together_only_the_damaged_one_is_given_up() {
        let mut shelf = shelf(3, &[0]);
        let together = shelf.missing(&(0..3)).unwrap();

        shelf.give_up(&together);
        let mut asked = Vec::new();
        while let Some(want) = shelf.missing(&(0..3)) {
            asked.push(want.extent);
            match want.extent {
                Extent::Blocks(1, 1) => shelf.give_up(&want),
                Extent::Blocks(..) | Extent::Whole => {
                    assert!(shelf.insert(&want, vec![frame(START, Body::Output("x".into())); 5]));
                }
            }
        }

        assert_eq!(
            asked,
            [Extent::Blocks(0, 0), Extent::Blocks(1, 1), Extent::Blocks(2, 2)]
        );
        assert_eq!(shelf.frames(0..3).count(), 10);
    }

    #[test]
    fn memory_is_bounded_and_what_is_needed_stays() {
        let mut shelf = shelf(40, &(0..40).collect::<Vec<_>>());
        for part in 0..40 {
            let want = shelf.missing(&(part..part + 1)).unwrap();
            let at = START + 10 * part as i64;
            let body = Body::Output(vec![b'x'; 1024 * 1024].into());
            assert!(shelf.insert(&want, vec![frame(at, body); 5]));
            shelf.touch(&(0..1));

            assert!(shelf.loaded.contains_key(&part));
            assert!(shelf.n_bytes <= MAX_KEPT || shelf.loaded.len() <= 2);
        }
    }

    /// Parts of 10 µs, five frames each, three parts a segment; those named begin with a keyframe.
    fn shelf(n_parts: usize, keyframes: &[usize]) -> Shelf {
        let parts = (0..n_parts).map(|idx| {
            let first_at = START + 10 * idx as i64;

            Part {
                segment: (idx / 3) as u32,
                block: (idx % 3) as u32,
                is_whole_segment: false,
                first_at,
                last_at: first_at + 8,
                n_frames: 5,
                keyframes: keyframes
                    .contains(&idx)
                    .then_some(first_at + 2)
                    .into_iter()
                    .collect(),
            }
        });

        Shelf::new(Contents {
            parts: parts.collect(),
            missing: Vec::new(),
        })
    }

    fn wanted(segment: u32, blocks: (u32, u32), parts: Range<usize>) -> Want {
        Want {
            segment,
            extent: Extent::Blocks(blocks.0, blocks.1),
            parts,
        }
    }

    fn fetch(shelf: &mut Shelf, action: Action) {
        while let Err(want) = shelf.scene(action).map(|_| ()) {
            let frames = want.parts.clone().flat_map(|idx| {
                let first_at = START + 10 * idx as i64;

                (0..5).map(move |frame_idx| {
                    let body = match frame_idx {
                        1 => Body::Keyframe(Keyframe {
                            cols: 80,
                            rows: 24,
                            screen: Vec::new(),
                        }),
                        _ => Body::Output("x".into()),
                    };

                    frame(first_at + 2 * frame_idx, body)
                })
            });
            let frames = frames.collect();
            assert!(shelf.insert(&want, frames));
        }
    }

    fn times(scene: &Scene<'_>) -> (bool, Vec<i64>) {
        let (is_whole, frames) = match scene {
            Scene::Next(frames) => (false, frames),
            Scene::Whole(frames) => (true, frames),
        };

        (is_whole, frames.iter().map(|frame| frame.at - START).collect())
    }

    fn frame(at: i64, body: Body) -> Frame {
        Frame {
            lane: 0,
            seq: 0,
            at,
            body,
        }
    }
}
