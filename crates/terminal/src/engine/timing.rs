//! `\timing`: how long a statement took, as psql words it.

use std::time::Duration;

/// The line below a statement's results.
pub(super) fn elapsed(time: Duration) -> String {
    let millis = time.as_secs_f64() * 1e3;
    let mut line = format!("Time: {millis:.3} ms");
    let seconds = time.as_secs_f64();
    if seconds < 1.0 {
        return line + "\r\n";
    }
    let minutes = (seconds / 60.0).floor();
    let rest = seconds - minutes * 60.0;
    if minutes < 60.0 {
        line.push_str(&format!(" ({minutes:02.0}:{rest:06.3})"));
        return line + "\r\n";
    }
    let hours = (minutes / 60.0).floor();
    let minutes = minutes - hours * 60.0;
    if hours < 24.0 {
        line.push_str(&format!(" ({hours:02.0}:{minutes:02.0}:{rest:06.3})"));
        return line + "\r\n";
    }
    let days = (hours / 24.0).floor();
    let hours = hours - days * 24.0;
    line.push_str(&format!(" ({days:.0} d {hours:02.0}:{minutes:02.0}:{rest:06.3})"));
    line + "\r\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_worded_as_psql_words_them() {
        let said = |micros| elapsed(Duration::from_micros(micros));
        assert_eq!(said(1_234), "Time: 1.234 ms\r\n");
        assert_eq!(said(999_999), "Time: 999.999 ms\r\n");
        assert_eq!(said(1_234_567), "Time: 1234.567 ms (00:01.235)\r\n");
        assert_eq!(said(65_004_000), "Time: 65004.000 ms (01:05.004)\r\n");
        assert_eq!(said(3_723_500_000), "Time: 3723500.000 ms (01:02:03.500)\r\n");
        assert_eq!(
            said(90_123_500_000),
            "Time: 90123500.000 ms (1 d 01:02:03.500)\r\n"
        );
    }
}
