//! Sizes for people.

/// `812 B`, `3.2 kB`, `1.4 GB`.
pub fn size(bytes: u64) -> String {
    let mut scaled = bytes as f64;
    for unit in ["B", "kB", "MB", "GB"] {
        if scaled < 999.5 || unit == "GB" {
            return match unit {
                "B" => format!("{bytes} B"),
                _ if scaled < 9.95 => format!("{scaled:.1} {unit}"),
                _ => format!("{scaled:.0} {unit}"),
            };
        }
        scaled /= 1000.0;
    }

    format!("{bytes} B")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_told_in_two_or_three_digits() {
        for (bytes, expected) in [
            (0, "0 B"),
            (999, "999 B"),
            (3_210, "3.2 kB"),
            (9_960, "10 kB"),
            (812_044, "812 kB"),
            (1_000_000, "1.0 MB"),
            (4_200_000_000, "4.2 GB"),
            (5_000_000_000_000, "5000 GB"),
        ] {
            assert_eq!(size(bytes), expected);
        }
    }
}
