//! Days and minutes people type into filters, as `<input type="date">` and `datetime-local` send them; UTC.
//! And the way back: a moment as RFC 3339 text, for exports.

use crate::forms::FieldError;
use crate::time::Timestamp;

const SECOND: i64 = 1_000_000;
const MINUTE: i64 = 60 * SECOND;
const DAY: i64 = 24 * 60 * MINUTE;

/// How long what was typed lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Span {
    start: Timestamp,
    length: i64,
}

/// First moment of a day or minute; `None` for anything else.
pub fn start_of(text: &str) -> Option<Timestamp> {
    parse(text.trim()).map(|span| span.start)
}

/// First moment after a day or minute; `None` for anything else.
pub fn end_of(text: &str) -> Option<Timestamp> {
    parse(text.trim()).map(|span| Timestamp(span.start.micros().saturating_add(span.length)))
}

/// What is wrong with the fields `from` and `to` of a filter; both may be empty.
pub fn check_range(from: &str, to: &str) -> Vec<FieldError> {
    let mut errors = Vec::new();

    for (field, text) in [("from", from), ("to", to)] {
        if !text.trim().is_empty() && parse(text.trim()).is_none() {
            errors.push(FieldError::new(
                field,
                "Enter a day such as 2026-11-21, or 2026-11-21T14:30.",
            ));
        }
    }
    if let (Some(start), Some(end)) = (start_of(from), end_of(to))
        && end <= start
    {
        errors.push(FieldError::new("to", "The end is before the beginning."));
    }

    errors
}

/// A moment as RFC 3339 text in UTC with microseconds, e.g. `2026-11-21T14:30:05.000123Z`.
pub fn rfc3339(at: Timestamp) -> String {
    let days = at.micros().div_euclid(DAY);
    let rest = at.micros().rem_euclid(DAY);
    let (year, month, day) = date_of(days);
    let (hour, minute) = (rest / (60 * MINUTE), rest / MINUTE % 60);
    let (second, micros) = (rest / SECOND % 60, rest % SECOND);

    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{micros:06}Z")
}

fn parse(text: &str) -> Option<Span> {
    let (date, minute) = match text.split_once('T') {
        Some((date, clock)) => (date, Some(minute_of_day(clock)?)),
        None => (text, None),
    };
    let midnight = day_number(date)? * DAY;

    Some(match minute {
        Some(minute) => Span {
            start: Timestamp(midnight + minute * MINUTE),
            length: MINUTE,
        },
        None => Span {
            start: Timestamp(midnight),
            length: DAY,
        },
    })
}

/// Digits only: `str::parse` would take a sign.
fn number(text: &str, digits: usize) -> Option<i64> {
    if text.len() != digits || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }

    text.parse().ok()
}

fn minute_of_day(clock: &str) -> Option<i64> {
    let (hour, minute) = clock.split_once(':')?;
    let (hour, minute) = (number(hour, 2)?, number(minute, 2)?);
    if hour > 23 || minute > 59 {
        return None;
    }

    Some(hour * 60 + minute)
}

/// Days since 1970-01-01 of a date in the Gregorian calendar.
fn day_number(date: &str) -> Option<i64> {
    let mut parts = date.splitn(3, '-');
    let (year, month, day) = (
        number(parts.next()?, 4)?,
        number(parts.next()?, 2)?,
        number(parts.next()?, 2)?,
    );
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if is_leap => 29,
        2 => 28,
        _ => return None,
    };
    if year < 1970 || day < 1 || day > length {
        return None;
    }

    // Years begin in March here, so that the leap day is the last: then every month starts at 153/5 of a day.
    let (year, month) = if month <= 2 {
        (year - 1, month + 9)
    } else {
        (year, month - 3)
    };
    let leap_days = year / 4 - year / 100 + year / 400;
    let since_march_0 = year * 365 + leap_days + (153 * month + 2) / 5 + day - 1;

    Some(since_march_0 - 719_468)
}

/// The inverse of [`day_number`]: year, month, day.
fn date_of(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let (year, month) = if month < 10 {
        (year_of_era, month + 3)
    } else {
        (year_of_era + 1, month - 9)
    };

    (era * 400 + year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_minutes_are_found_on_the_time_line() {
        for (text, seconds) in [
            ("1970-01-01", 0),
            ("1970-01-01T00:01", 60),
            ("2000-02-29", 951_782_400),
            ("2000-03-01", 951_868_800),
            ("2026-11-21", 1_795_219_200),
            ("2026-11-21T14:30", 1_795_271_400),
            ("2100-03-01", 4_107_542_400),
        ] {
            assert_eq!(start_of(text), Some(Timestamp(seconds * SECOND)), "{text}");
        }
    }

    #[test]
    fn a_day_lasts_a_day_and_a_minute_a_minute() {
        assert_eq!(end_of("2026-12-31"), start_of("2027-01-01"));
        assert_eq!(end_of("2026-12-31T23:59"), start_of("2027-01-01"));
    }

    #[test]
    fn what_is_not_a_day_is_refused() {
        for text in [
            "",
            "today",
            "2026-13-01",
            "2026-02-29",
            "2026-00-10",
            "2026-1-1",
            "+026-01-01",
            "1969-12-31",
            "2026-11-21T24:00",
            "2026-11-21T1:00",
            "2026-11-21 14:30",
            "2026-11-21T14:30:00",
        ] {
            assert_eq!(start_of(text), None, "{text}");
        }
    }

    #[test]
    fn a_moment_is_written_as_it_is_read() {
        assert_eq!(
            rfc3339(Timestamp(1_795_271_405_000_123)),
            "2026-11-21T14:30:05.000123Z"
        );
        assert_eq!(rfc3339(Timestamp(-1)), "1969-12-31T23:59:59.999999Z");
        for day in 0..60_000 {
            let at = Timestamp(day * DAY);

            assert_eq!(rfc3339(at).get(..10).and_then(start_of), Some(at));
        }
    }

    #[test]
    fn a_range_that_ends_before_it_begins_is_refused() {
        assert!(check_range("2026-11-21", "2026-11-21").is_empty());
        assert!(check_range("", "").is_empty());
        assert_eq!(check_range("2026-11-22", "2026-11-21").len(), 1);
        assert_eq!(check_range("x", "y").len(), 2);
    }
}
