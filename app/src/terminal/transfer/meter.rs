//! How fast a file goes, told no more often than people read.

/// Milliseconds between two numbers on the page.
const REST: f64 = 200.0;

/// Counts since the first byte. Times are milliseconds of one clock.
#[derive(Debug, Clone, Copy)]
pub(super) struct Meter {
    started: f64,
    told: f64,
}

impl Meter {
    pub(super) fn start(now: f64) -> Self {
        Self {
            started: now,
            told: now,
        }
    }

    /// Bytes a second since the start, if it is time to tell.
    pub(super) fn tell(&mut self, moved: u64, now: f64) -> Option<u64> {
        if now - self.told < REST {
            return None;
        }
        self.told = now;

        Some((moved as f64 * 1000.0 / (now - self.started)) as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_that_of_the_whole_way_and_told_five_times_a_second() {
        let mut meter = Meter::start(1000.0);

        assert_eq!(meter.tell(10, 1100.0), None);
        assert_eq!(meter.tell(1_000_000, 1500.0), Some(2_000_000));
        assert_eq!(meter.tell(1_100_000, 1600.0), None);
        assert_eq!(meter.tell(1_200_000, 1700.0), Some(1_714_285));
    }
}
