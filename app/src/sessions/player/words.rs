//! Times and verdicts in words.

use protocol::recordings::VerdictView;
use protocol::terminal::EndReason;

use super::playback::Micros;

/// `1:02`, or `1:02:03` from an hour on.
pub(super) fn clock(at: Micros) -> String {
    let seconds = at.max(0) / 1_000_000;

    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, m, s) => format!("{m}:{s:02}"),
        (h, m, s) => format!("{h}:{m:02}:{s:02}"),
    }
}

/// How long a statement took: `0.4 ms`, `41 ms`, `2.5 s`.
pub(super) fn took(micros: u64) -> String {
    match micros {
        0..10_000 => format!("{}.{} ms", micros / 1_000, micros % 1_000 / 100),
        10_000..1_000_000 => format!("{} ms", micros / 1_000),
        _ => format!("{}.{} s", micros / 1_000_000, micros % 1_000_000 / 100_000),
    }
}

/// What the chain says: class and words of its tag.
pub(super) fn verdict(verdict: &VerdictView) -> (&'static str, String) {
    match verdict {
        VerdictView::Intact { segments: 1 } => ("tag ok", "intact · 1 segment verified".to_owned()),
        VerdictView::Intact { segments } => ("tag ok", format!("intact · {segments} segments verified")),
        VerdictView::Incomplete => ("tag warn", "incomplete".to_owned()),
        VerdictView::Altered { segment } => ("tag bad", format!("altered in segment {segment}")),
    }
}

/// Why the recording ends, from the word in its last frame.
pub(super) fn end_sentence(reason: &str) -> String {
    let reason = serde_json::from_value::<EndReason>(reason.into());
    let sentence = match reason {
        Ok(EndReason::Goodbye) => "The person ended the session.",
        Ok(EndReason::Duration) => "The session had reached its longest duration.",
        Ok(EndReason::Idle) => "The session was closed due to inactivity.",
        Ok(EndReason::ConnectionLost) => "The connection to the database was lost.",
        Ok(EndReason::ClientGone) => "The browser went away and did not come back.",
        Ok(EndReason::Terminated) => "An administrator ended the session.",
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
        assert_eq!(
            end_sentence("client_gone"),
            "The browser went away and did not come back."
        );
        assert_eq!(end_sentence(recording::CRASH), "The server was killed.");
        assert_eq!(end_sentence("of a later version"), "The session ended.");
    }

    #[test]
    fn a_verdict_names_the_segment() {
        assert_eq!(
            verdict(&VerdictView::Altered { segment: 3 }),
            ("tag bad", "altered in segment 3".to_owned())
        );
    }
}
