//! The key lane: what was typed in the last seconds before a moment, as words for keys.

use recording::{Body, Frame};

use super::playback::Micros;

/// Keys stay in the lane so long.
const LASTS: Micros = 10_000_000;
/// Characters of the lane; older ones go first.
const MAX_SHOWN: usize = 120;

/// The keys of some frames, each with its time.
pub(super) fn lane<'a>(frames: impl Iterator<Item = (Micros, &'a Frame)>, until: Micros) -> String {
    let mut typed = Vec::new();
    for (at, frame) in frames {
        if let Body::Input(bytes) = &frame.body
            && at > until - LASTS
        {
            typed.extend_from_slice(bytes);
        }
    }
    let shown = words(&String::from_utf8_lossy(&typed));
    let n_shown = shown.chars().count();

    shown.chars().skip(n_shown.saturating_sub(MAX_SHOWN)).collect()
}

/// What xterm.js sends for a key, as people call it.
fn words(typed: &str) -> String {
    let mut shown = String::new();
    let mut rest = typed;
    while let Some(first) = rest.chars().next() {
        let sequence = SEQUENCES.iter().find(|(bytes, _)| rest.starts_with(bytes));
        if let Some((bytes, name)) = sequence {
            shown.push_str(name);
            rest = rest.get(bytes.len()..).unwrap_or_default();
            continue;
        }
        rest = rest.get(first.len_utf8()..).unwrap_or_default();
        match first {
            ' ' => shown.push('␣'),
            control @ '\u{1}'..='\u{1a}' => {
                shown.push('^');
                shown.push(char::from(control as u8 + b'@'));
            }
            control if control.is_control() => shown.push('·'),
            plain => shown.push(plain),
        }
    }

    shown
}

const SEQUENCES: [(&str, &str); 15] = [
    ("\u{1b}[200~", "⟨paste⟩"),
    ("\u{1b}[201~", "⟨/paste⟩"),
    ("\u{1b}[A", "↑"),
    ("\u{1b}[B", "↓"),
    ("\u{1b}[C", "→"),
    ("\u{1b}[D", "←"),
    ("\u{1b}[H", "⇱"),
    ("\u{1b}[F", "⇲"),
    ("\u{1b}[3~", "⌦"),
    ("\u{1b}[5~", "⇞"),
    ("\u{1b}[6~", "⇟"),
    ("\u{1b}", "⎋"),
    ("\r", "⏎"),
    ("\t", "⇥"),
    ("\u{7f}", "⌫"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_have_the_names_on_them() {
        for (typed, expected) in [
            ("select 1;\r", "select␣1;⏎"),
            ("\u{1b}[A\u{3}\u{7f}\t", "↑^C⌫⇥"),
            ("\u{1b}x\u{0}", "⎋x·"),
        ] {
            assert_eq!(words(typed), expected);
        }
    }

    #[test]
    fn keys_leave_the_lane_after_a_while() {
        let frames: Vec<Frame> = ["a", "b"]
            .iter()
            .zip([0, 2_000_000])
            .map(|(key, at)| Frame {
                lane: 0,
                seq: 0,
                at,
                body: Body::Input((*key).into()),
            })
            .collect();
        let lane = |until| lane(frames.iter().map(|frame| (frame.at, frame)), until);

        assert_eq!(lane(2_000_000), "ab");
        assert_eq!(lane(LASTS), "b");
        assert_eq!(lane(LASTS + 2_000_000), "");
    }
}
