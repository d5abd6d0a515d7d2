//! The time axis of the chart: which stretch it shows, its ticks, and where bars are drawn.

use super::log::Look;
use crate::sessions::player::playback::Micros;
use crate::sessions::player::words::{clock, exact_clock};

/// Width of a row in its own units; what falls into one of them is one bar.
pub(super) const WIDTH: i64 = 1_000;

/// Bars are at least so wide, so that they can be seen and met.
const THINNEST: i64 = 3;

/// The shortest stretch that is shown.
const SHORTEST: Micros = 1_000;

const STEPS: [Micros; 24] = [
    100,
    1_000,
    5_000,
    10_000,
    50_000,
    100_000,
    200_000,
    500_000,
    1_000_000,
    2_000_000,
    5_000_000,
    10_000_000,
    20_000_000,
    30_000_000,
    60_000_000,
    120_000_000,
    300_000_000,
    600_000_000,
    1_800_000_000,
    3_600_000_000,
    7_200_000_000,
    21_600_000_000,
    43_200_000_000,
    86_400_000_000,
];

/// A stretch of time, never empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Axis {
    pub(super) from: Micros,
    pub(super) until: Micros,
}

impl Axis {
    pub(super) fn new(from: Micros, until: Micros) -> Self {
        Self {
            from,
            until: until.max(from.saturating_add(SHORTEST)),
        }
    }

    fn length(self) -> Micros {
        self.until - self.from
    }

    /// A quarter of it around a moment, within `whole`.
    pub(super) fn closer(self, whole: Self, around: Micros) -> Self {
        whole.part((self.length() / 4).max(SHORTEST), around)
    }

    /// Four times as much around its middle, within `whole`.
    pub(super) fn farther(self, whole: Self) -> Self {
        whole.part(self.length().saturating_mul(4), self.middle())
    }

    /// As much of `whole`, with a moment in it: the same where it is in it already.
    pub(super) fn showing(self, whole: Self, at: Micros) -> Self {
        if (self.from..=self.until).contains(&at) {
            return self;
        }

        whole.part(self.length(), at)
    }

    /// As much, a part of itself (in quarters) later.
    pub(super) fn moved(self, whole: Self, quarters: i64) -> Self {
        whole.part(self.length(), self.middle() + self.length() / 4 * quarters)
    }

    pub(super) fn middle(self) -> Micros {
        self.from + self.length() / 2
    }

    fn part(self, length: Micros, around: Micros) -> Self {
        let length = length.min(self.length());
        let from = (around - length / 2).clamp(self.from, self.until - length);

        Self::new(from, from + length)
    }

    /// Where a moment is, in units of the row; outside of it where it is not shown.
    pub(super) fn place(self, at: Micros) -> i64 {
        let place = i128::from(at - self.from) * i128::from(WIDTH) / i128::from(self.length());

        i64::try_from(place).unwrap_or(i64::MAX)
    }

    /// The moment at a part of the row.
    pub(super) fn moment(self, x: i32, width: i32) -> Micros {
        let share = f64::from(x) / f64::from(width.max(1));

        self.from + (self.length() as f64 * share.clamp(0.0, 1.0)) as Micros
    }

    /// Ticks with their place in percent and their words: so many as fit.
    pub(super) fn ticks(self) -> Vec<(String, String)> {
        let fits = |step: &&Micros| self.length() / **step <= 6;
        let step = STEPS.iter().find(fits).copied().unwrap_or(86_400_000_000);
        let first = (self.from + step - 1).div_euclid(step) * step;
        let words = if step < 1_000_000 { exact_clock } else { clock };
        let ticks = (0..8)
            .map(|number| first + number * step)
            .take_while(|at| *at <= self.until);

        ticks.map(|at| (percent(self.place(at)), words(at))).collect()
    }
}

/// A place of the row as an attribute.
fn percent(place: i64) -> String {
    format!("{:.1}%", place as f64 / WIDTH as f64 * 100.0)
}

/// Bars of one look, those that touch joined; what is drawn stays as small as the row.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Bars([Vec<(i64, i64)>; 3]);

impl Bars {
    /// Adds what began and was over at these moments; later ones later.
    pub(super) fn add(&mut self, axis: Axis, look: Look, from: Micros, until: Micros) {
        if until < axis.from || from > axis.until {
            return;
        }
        let from = axis.place(from).clamp(0, WIDTH - THINNEST);
        let until = axis.place(until).clamp(from + THINNEST, WIDTH);
        let bars = match (look, &mut self.0) {
            (Look::Fine, [fine, _, _]) => fine,
            (Look::Moved, [_, moved, _]) => moved,
            (Look::Failed, [_, _, failed]) => failed,
        };
        match bars.last_mut() {
            Some((_, last)) if from <= *last => *last = until.max(*last),
            Some(_) | None => bars.push((from, until)),
        }
    }

    /// The bars of each look as a path, those that matter most last, so that they are on top.
    pub(super) fn paths(&self) -> [(&'static str, String); 3] {
        let [fine, moved, failed] = &self.0;

        [
            ("bar", path(fine)),
            ("bar moved", path(moved)),
            ("bar bad", path(failed)),
        ]
    }
}

/// In a row of a height of 20.
fn path(bars: &[(i64, i64)]) -> String {
    let bars = bars.iter().map(|(from, until)| {
        let width = until - from;

        format!("M{from} 4h{width}v12h-{width}z")
    });

    bars.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closer_and_farther_stay_within_the_whole() {
        let whole = Axis::new(0, 1_000_000);
        let closer = whole.closer(whole, 990_000);

        assert_eq!(closer, Axis::new(750_000, 1_000_000));
        assert_eq!(closer.farther(whole), whole);
        assert_eq!(closer.moved(whole, -2), Axis::new(625_000, 875_000));
        assert_eq!(closer.showing(whole, 800_000), closer);
        assert_eq!(closer.showing(whole, 0), Axis::new(0, 250_000));
    }

    #[test]
    fn ticks_are_round_and_few() {
        for (from, until, expected) in [
            (
                0,
                164_000_000,
                &["0:00", "0:30", "1:00", "1:30", "2:00", "2:30"][..],
            ),
            (
                62_000_000,
                62_400_000,
                &["1:02.000", "1:02.100", "1:02.200", "1:02.300", "1:02.400"],
            ),
        ] {
            let words: Vec<String> = Axis::new(from, until)
                .ticks()
                .into_iter()
                .map(|(_, words)| words)
                .collect();

            assert_eq!(words, expected);
        }
    }

    #[test]
    fn bars_that_touch_are_one() {
        let axis = Axis::new(0, 1_000_000);
        let mut bars = Bars::default();
        for (from, until) in [
            (0, 10),
            (1_000, 100_000),
            (500_000, 500_000),
            (2_000_000, 2_000_001),
        ] {
            bars.add(axis, Look::Fine, from, until);
        }
        bars.add(axis, Look::Failed, 999_999, 999_999);

        let [(_, fine), (_, moved), (_, failed)] = bars.paths();
        assert_eq!(fine, "M0 4h100v12h-100zM500 4h3v12h-3z");
        assert_eq!(moved, "");
        assert_eq!(failed, "M997 4h3v12h-3z");
    }
}
