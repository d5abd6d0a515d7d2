//! Times for people: UTC, exact in the attribute, short on the screen, so that server and browser render the same.

use leptos::prelude::*;
use protocol::time::Timestamp;
use time::OffsetDateTime;
use time::macros::format_description;

/// The instant as a calendar date, if it is in the calendar.
fn date(at: Timestamp) -> Option<OffsetDateTime> {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(at.micros()) * 1000).ok()
}

/// `21 Nov 2026, 14:02:31` in UTC.
pub fn text(at: Timestamp) -> String {
    date(at)
        .and_then(|date| {
            date.format(format_description!(
                "[day padding:none] [month repr:short] [year], [hour]:[minute]:[second]"
            ))
            .ok()
        })
        .unwrap_or_default()
}

/// `2 min 44 s`, `1 h 5 min`, `3 s`.
pub fn duration(micros: i64) -> String {
    let seconds = micros.max(0) / 1_000_000;

    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, s) => format!("{s} s"),
        (0, m, s) => format!("{m} min {s} s"),
        (h, m, _) => format!("{h} h {m} min"),
    }
}

/// `21 Nov 2026` in UTC.
pub fn day(at: Timestamp) -> String {
    date(at)
        .and_then(|date| {
            date.format(format_description!(
                "[day padding:none] [month repr:short] [year]"
            ))
            .ok()
        })
        .unwrap_or_default()
}

/// `2026-11-21T14:02:31Z`.
fn exact(at: Timestamp) -> String {
    date(at)
        .and_then(|date| {
            date.format(format_description!(
                "[year]-[month]-[day]T[hour]:[minute]:[second]Z"
            ))
            .ok()
        })
        .unwrap_or_default()
}

/// A point in time.
#[component]
pub fn When(at: Timestamp) -> impl IntoView {
    view! { <time datetime=exact(at) title="UTC">{text(at)}</time> }
}

/// A point in time where the day says enough; the rest comes up under the pointer.
#[component]
pub fn Day(at: Timestamp) -> impl IntoView {
    view! { <time datetime=exact(at) title=format!("{} UTC", text(at))>{day(at)}</time> }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_as_people_say_them() {
        for (micros, expected) in [
            (0, "0 s"),
            (-5, "0 s"),
            (61_000_000, "1 min 1 s"),
            (3_900_000_000, "1 h 5 min"),
        ] {
            assert_eq!(duration(micros), expected);
        }
    }

    #[test]
    fn a_time_is_shown_in_utc() {
        assert_eq!(
            text(Timestamp::from_micros(1_795_269_751_000_000)),
            "21 Nov 2026, 14:02:31"
        );
        assert_eq!(day(Timestamp::from_micros(1_795_269_751_000_000)), "21 Nov 2026");
    }
}
