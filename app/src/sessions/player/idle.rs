//! Stretches of a recording in which nothing moves, and where a replay goes on that skips them.

use protocol::recordings::{Chapter, IDLE};

use super::playback::Micros;

/// How long the screen stands still before the rest is skipped.
const LEAD: Micros = 700_000;
/// How long before the next thing happens a replay goes on.
const TAIL: Micros = 300_000;

/// Idle stretches, in order, as far as chapters have come.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Idle {
    stretches: Vec<(Micros, Micros)>,
    busy_until: Option<Micros>,
}

impl Idle {
    /// Takes the next chapter; `start` is the time the recording starts at.
    pub(super) fn append(&mut self, chapter: &Chapter, start: i64) {
        let Some((first, last)) = chapter.busy else {
            return;
        };
        let (first, last) = (first - start, last - start);
        if let Some(before) = self.busy_until
            && first - before >= IDLE
        {
            self.stretches.push((before, first));
        }
        self.stretches
            .extend(chapter.idle.iter().map(|(from, to)| (from - start, to - start)));
        self.busy_until = Some(last);
    }

    pub(super) fn stretches(&self) -> &[(Micros, Micros)] {
        &self.stretches
    }

    /// Where to go on from a moment; `None` when something is about to happen.
    pub(super) fn skip(&self, at: Micros) -> Option<Micros> {
        let place = self.stretches.partition_point(|(from, _)| from + LEAD <= at);
        let (_, to) = self.stretches.get(place.checked_sub(1)?)?;

        (at < to - TAIL).then_some(to - TAIL)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000;

    #[test]
    fn gaps_within_and_between_segments_are_found_and_skipped() {
        let mut idle = Idle::default();
        for (busy, gaps) in [
            ((100, 130), vec![(105, 110)]),
            ((131, 140), vec![]),
            ((160, 161), vec![]),
        ] {
            idle.append(&chapter(busy, gaps), 100 * SECOND);
        }

        assert_eq!(
            idle.stretches(),
            [(5 * SECOND, 10 * SECOND), (40 * SECOND, 60 * SECOND)]
        );
        for (at, expected) in [
            (5 * SECOND, None),
            (5 * SECOND + LEAD, Some(10 * SECOND - TAIL)),
            (10 * SECOND - TAIL, None),
            (50 * SECOND, Some(60 * SECOND - TAIL)),
            (61 * SECOND, None),
        ] {
            assert_eq!(idle.skip(at), expected, "{at}");
        }
    }

    fn chapter(busy: (i64, i64), idle: Vec<(i64, i64)>) -> Chapter {
        let seconds = |(from, to): (i64, i64)| (from * SECOND, to * SECOND);

        Chapter {
            segment: 0,
            events: Vec::new(),
            busy: Some(seconds(busy)),
            idle: idle.into_iter().map(seconds).collect(),
        }
    }
}
