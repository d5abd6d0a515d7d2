//! Times and verdicts in words.

use protocol::recordings::VerdictView;
use protocol::sessions::SessionKind;
use protocol::terminal::EndReason;
use protocol::time::Timestamp;

use super::playback::Micros;
use crate::ui::when;

/// `1:02`, or `1:02:03` from an hour on.
pub(crate) fn clock(at: Micros) -> String {
    let seconds = at.max(0) / 1_000_000;

    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, m, s) => format!("{m}:{s:02}"),
        (h, m, s) => format!("{h}:{m:02}:{s:02}"),
    }
}

/// `1:02.345`: where many things happen in a second.
pub(super) fn exact_clock(at: Micros) -> String {
    format!("{}.{:03}", clock(at), at.max(0) / 1_000 % 1_000)
}

/// `1 row`, `188 rows`.
pub(super) fn rows(rows: u64) -> String {
    match rows {
        1 => "1 row".to_owned(),
        rows => format!("{rows} rows"),
    }
}

/// A moment as addresses say it: `#t=12.500`. Never earlier than it is, so that what begins there has begun.
pub(super) fn moment(at: Micros) -> String {
    let millis = at.max(0).saturating_add(999) / 1_000;

    format!("#t={}.{:03}", millis / 1_000, millis % 1_000)
}

/// The moment an address says; the start when it says none.
pub(super) fn moment_of(hash: &str) -> Micros {
    let seconds: Option<f64> = hash
        .strip_prefix("#t=")
        .and_then(|seconds| seconds.parse().ok())
        .filter(|seconds: &f64| seconds.is_finite() && *seconds > 0.0);

    seconds.map_or(0, |seconds| (seconds * 1_000_000.0) as Micros)
}

/// How long a statement took: `0.4 ms`, `41 ms`, `2.5 s`.
pub(crate) fn took(micros: u64) -> String {
    match micros {
        0..10_000 => format!("{}.{} ms", micros / 1_000, micros % 1_000 / 100),
        10_000..1_000_000 => format!("{} ms", micros / 1_000),
        _ => format!("{}.{} s", micros / 1_000_000, micros % 1_000_000 / 100_000),
    }
}

/// What the chain says of a session's recording: class and words of its tag.
pub(super) fn verdict(verdict: &VerdictView) -> (&'static str, String) {
    match verdict {
        VerdictView::Intact { segments: 1 } => ("tag ok", "intact · 1 segment verified".to_owned()),
        VerdictView::Intact { segments } => ("tag ok", format!("intact · {segments} segments verified")),
        VerdictView::Running => ("tag acc", "being recorded, unaltered so far".to_owned()),
        VerdictView::Incomplete { since } => (
            "tag warn",
            format!("incomplete since {}", when::text(Timestamp(*since))),
        ),
        VerdictView::Altered { segment, fault } => ("tag bad", fault.told(*segment)),
    }
}

/// Why the recording of a session with or without a screen ends, from the word in its last frame.
pub(super) fn end_sentence(kind: SessionKind, reason: &str) -> String {
    let sentence = match reason.parse() {
        Ok(EndReason::Goodbye) => "The person ended the session.",
        Ok(EndReason::Duration) => "The session had reached its longest duration.",
        Ok(EndReason::Idle) => "The session was closed due to inactivity.",
        Ok(EndReason::ConnectionLost) => "The connection to the database was lost.",
        Ok(EndReason::ClientGone) => match kind {
            SessionKind::Terminal => "The terminal went away and did not come back.",
            SessionKind::Listener | SessionKind::Tunnel => {
                "The command line was lost, and the tunnel with it."
            }
        },
        Ok(EndReason::Terminated) => "The session was terminated.",
        Ok(EndReason::PolicyChanged) => "The right to the session was taken away.",
        Ok(EndReason::RecordingFailed) => "The recording could not be written.",
        Ok(EndReason::Shutdown) => "The server was stopped.",
        Ok(EndReason::Crash) => "The server was killed.",
        Err(_) => "The session ended.",
    };

    sentence.to_owned()
}

#[cfg(test)]
mod tests {
    use protocol::recordings::Fault;

    use super::*;

    #[test]
    fn places_read_like_a_clock() {
        for (seconds, expected) in [(0, "0:00"), (62, "1:02"), (164, "2:44"), (3_723, "1:02:03")] {
            assert_eq!(clock(seconds * 1_000_000), expected);
        }
    }

    #[test]
    fn short_statements_are_told_apart() {
        for (micros, expected) in [(420, "0.4 ms"), (41_900, "41 ms"), (2_540_000, "2.5 s")] {
            assert_eq!(took(micros), expected);
        }
    }

    #[test]
    fn every_reason_of_the_server_has_its_sentence() {
        for (kind, reason, expected) in [
            (
                SessionKind::Terminal,
                "client_gone",
                "The terminal went away and did not come back.",
            ),
            (
                SessionKind::Tunnel,
                "client_gone",
                "The command line was lost, and the tunnel with it.",
            ),
            (SessionKind::Terminal, recording::CRASH, "The server was killed."),
            (SessionKind::Listener, "of a later version", "The session ended."),
        ] {
            assert_eq!(end_sentence(kind, reason), expected);
        }
    }

    #[test]
    fn an_address_says_a_moment() {
        assert_eq!(moment(12_560_000), "#t=12.560");
        assert_eq!(moment(12_560_001), "#t=12.561");
        for (hash, expected) in [("#t=12.5", 12_500_000), ("#t=-3", 0), ("#t=soon", 0), ("", 0)] {
            assert_eq!(moment_of(hash), expected, "{hash}");
        }
    }

    #[test]
    fn a_verdict_names_the_segment() {
        for (fault, expected) in [
            (Fault::Changed, "altered in segment 3"),
            (Fault::Missing, "altered: segment 3 is missing"),
            (Fault::Short, "altered: the end of segment 3 is missing"),
            (Fault::Note, "altered: what was noted of it while it was recorded"),
        ] {
            let altered = VerdictView::Altered { segment: 3, fault };

            assert_eq!(verdict(&altered), ("tag bad", expected.to_owned()));
        }
    }

    #[test]
    fn what_is_still_being_recorded_is_no_fault() {
        assert_eq!(verdict(&VerdictView::Running).0, "tag acc");
        assert_eq!(verdict(&VerdictView::Incomplete { since: 0 }).0, "tag warn");
    }
}
