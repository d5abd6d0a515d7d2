//! Lengths of time as people type them: `90`, `90 s`, `30 min`, `8 h`, `2h30m`, `2 d`, `none`.

/// Seconds a text says; a bare number is seconds, `none` and `0` are 0. `None` if it says no length of time.
pub fn parse(text: &str) -> Option<u32> {
    let text = text.trim().to_lowercase();
    if text == "none" {
        return Some(0);
    }

    let mut rest = text.as_str();
    let mut total = 0_u32;
    let mut is_first = true;
    while is_first || !rest.is_empty() {
        let after = rest.trim_start_matches(|letter: char| letter.is_ascii_digit());
        let number: u32 = rest.strip_suffix(after)?.parse().ok()?;
        let next = after.trim_start_matches(|letter: char| !letter.is_ascii_digit());
        let unit = after.strip_suffix(next)?.trim();
        // A bare number stands alone.
        if unit.is_empty() && !(is_first && next.is_empty()) {
            return None;
        }
        total = total.checked_add(number.checked_mul(factor(unit)?)?)?;
        rest = next;
        is_first = false;
    }

    Some(total)
}

/// Seconds of a unit.
fn factor(unit: &str) -> Option<u32> {
    let factor = match unit {
        "" | "s" | "sec" | "second" | "seconds" => 1,
        "min" | "m" | "minute" | "minutes" => 60,
        "h" | "hour" | "hours" => 3_600,
        "d" | "day" | "days" => 86_400,
        _ => return None,
    };

    Some(factor)
}

/// The shortest exact text of a length of time; 0 is `none`.
pub fn show(seconds: u32) -> String {
    match seconds {
        0 => "none".to_owned(),
        s if s % 86_400 == 0 => format!("{} d", s / 86_400),
        s if s % 3_600 == 0 => format!("{} h", s / 3_600),
        s if s % 60 == 0 => format!("{} min", s / 60),
        s => format!("{s} s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_of_time_survives_its_text() {
        for seconds in [
            0,
            1,
            59,
            60,
            90,
            1_800,
            3_600,
            5_400,
            28_800,
            86_400,
            604_800,
            u32::MAX,
        ] {
            assert_eq!(parse(&show(seconds)), Some(seconds));
        }
    }

    #[test]
    fn units_and_bare_seconds_are_understood() {
        for (text, seconds) in [
            ("30", 30),
            (" 30 min ", 1_800),
            ("8h", 28_800),
            ("None", 0),
            ("2 days", 172_800),
            ("2h30m", 9_000),
            ("1 h 30 min 5 s", 5_405),
        ] {
            assert_eq!(parse(text), Some(seconds), "{text:?}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            "soon",
            "-1",
            "2h30",
            "2 h m",
            "1.5h",
            "1.5 h",
            "10 fortnights",
            "99999999999",
            "99999999 d",
            "min",
        ] {
            assert_eq!(parse(text), None, "{text:?}");
        }
    }
}
