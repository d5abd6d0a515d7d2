//! What a screen has to do to show some frames: sizes, output, and of output that scrolls by only its end.

use recording::{Body, Frame};

use super::shelf::Scene;
use crate::terminal::xterm::Size;

/// Size of a screen of which none is known: the text of a session was recorded, not its screen.
const UNKNOWN: Size = Size { cols: 120, rows: 36 };

/// One thing a screen does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// Empties screen and history.
    Clear,
    Resize(Size),
    Print(Vec<u8>),
}

/// The steps that show a scene.
pub(super) fn steps_of(scene: &Scene<'_>) -> Vec<Step> {
    match scene {
        Scene::Next(frames) => steps(frames),
        Scene::Whole(frames) => whole(frames),
    }
}

/// On an empty screen, where only what stays on it has to be printed.
fn whole(frames: &[&Frame]) -> Vec<Step> {
    let mut all = vec![Step::Clear];
    match frames.first().map(|first| &first.body) {
        Some(Body::Keyframe(keyframe)) => all.extend([
            Step::Resize(Size {
                cols: keyframe.cols,
                rows: keyframe.rows,
            }),
            Step::Print(keyframe.screen.clone()),
        ]),
        Some(_) | None => all.push(Step::Resize(UNKNOWN)),
    }
    all.extend(steps(frames));
    let sets_margins = all
        .iter()
        .any(|step| matches!(step, Step::Print(bytes) if has_margins(bytes)));
    if sets_margins {
        return all;
    }
    let mut rows = usize::from(UNKNOWN.rows);
    for step in &mut all {
        match step {
            Step::Resize(size) => rows = usize::from(size.rows),
            Step::Print(bytes) => *bytes = shortened(bytes, 2 * rows),
            Step::Clear => {}
        }
    }

    all
}

/// Output and sizes in order, output that follows output as one piece. A keyframe repeats what was printed.
fn steps(frames: &[&Frame]) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for frame in frames {
        match &frame.body {
            // Without a screen there is no size.
            Body::Header(header) if header.cols > 0 => steps.push(Step::Resize(Size {
                cols: header.cols,
                rows: header.rows,
            })),
            Body::Resize { cols, rows } => steps.push(Step::Resize(Size {
                cols: *cols,
                rows: *rows,
            })),
            Body::Output(bytes) => match steps.last_mut() {
                Some(Step::Print(before)) => before.extend_from_slice(bytes),
                Some(Step::Clear | Step::Resize(_)) | None => steps.push(Step::Print(bytes.to_vec())),
            },
            Body::Header(_)
            | Body::Input(_)
            | Body::StatementStart(_)
            | Body::StatementEnd(_)
            | Body::Transfer(_)
            | Body::Marker(_)
            | Body::Gap(_)
            | Body::Keyframe(_)
            | Body::End { .. }
            | Body::Connected(_)
            | Body::Disconnected { .. }
            | Body::Unknown { .. } => {}
        }
    }

    steps
}

/// Whether scrolling margins are set: lines outside them do not scroll away. `ESC [ … r`.
fn has_margins(bytes: &[u8]) -> bool {
    bytes.windows(2).enumerate().any(|(at, pair)| {
        let rest = bytes.get(at + 2..).unwrap_or_default();
        let end = rest.iter().find(|byte| !byte.is_ascii_digit() && **byte != b';');

        pair == b"\x1b[" && end == Some(&b'r')
    })
}

/// Of each run of plain lines the last `n_lines`: what is before them has scrolled away when they are printed. The
/// line a control sequence stands in is kept: it may be part of it.
fn shortened(bytes: &[u8], n_lines: usize) -> Vec<u8> {
    let is_plain = |byte: u8| byte >= 0x20 && byte != 0x7f || matches!(byte, b'\n' | b'\r' | b'\t');
    let mut kept = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        let n_plain = rest
            .iter()
            .position(|byte| !is_plain(*byte))
            .unwrap_or(rest.len());
        let (run, after) = rest.split_at(n_plain);
        let n_first = run
            .iter()
            .position(|byte| *byte == b'\n')
            .map_or(run.len(), |at| at + 1);
        let (first, run) = run.split_at(n_first);
        kept.extend_from_slice(first);
        kept.extend_from_slice(last_lines(run, n_lines));
        let n_control = after
            .iter()
            .position(|byte| is_plain(*byte))
            .unwrap_or(after.len());
        let (control, after) = after.split_at(n_control);
        kept.extend_from_slice(control);
        rest = after;
    }

    kept
}

/// The last lines of a run, from the start of one that began at the left edge.
fn last_lines(run: &[u8], n_lines: usize) -> &[u8] {
    let mut newlines =
        run.iter().enumerate().rev().filter(|(at, byte)| {
            **byte == b'\n' && at.checked_sub(1).and_then(|at| run.get(at)) == Some(&b'\r')
        });
    let start = newlines.nth(n_lines).map_or(0, |(at, _)| at + 1);

    run.get(start..).unwrap_or(run)
}

#[cfg(test)]
mod tests {
    use recording::Keyframe;

    use super::*;

    const WIDE: Size = Size { cols: 120, rows: 40 };

    #[test]
    fn output_is_printed_in_one_piece_and_sizes_in_between() {
        let frames = [
            frame(Body::Output("a".into())),
            frame(Body::Output("b".into())),
            frame(Body::Resize { cols: 120, rows: 40 }),
            frame(keyframe("ab")),
            frame(Body::Output("c".into())),
        ];

        assert_eq!(
            steps_of(&Scene::Next(frames.iter().collect())),
            [print("ab"), Step::Resize(WIDE), print("c")]
        );
    }

    #[test]
    fn a_whole_screen_starts_with_its_keyframe() {
        let frames = [frame(keyframe("ab")), frame(Body::Output("c".into()))];

        assert_eq!(
            steps_of(&Scene::Whole(frames.iter().collect())),
            [Step::Clear, Step::Resize(WIDE), print("ab"), print("c")]
        );
    }

    #[test]
    fn text_without_a_screen_gets_one() {
        let frames = [frame(Body::Output("a".into()))];

        assert_eq!(
            steps_of(&Scene::Whole(frames.iter().collect())),
            [Step::Clear, Step::Resize(UNKNOWN), print("a")]
        );
    }

    #[test]
    fn lines_that_have_scrolled_away_are_not_printed() {
        let lines = |from: u32, to: u32| (from..to).map(|n| format!("{n}\r\n")).collect::<String>();
        let output = format!("\u{1b}[31mred{}\u{1b}[0mplain", lines(0, 100));
        let expected = format!("\u{1b}[31mred0\r\n{}\u{1b}[0mplain", lines(96, 100));

        let kept = shortened(output.as_bytes(), 4);

        assert_eq!(String::from_utf8(kept).unwrap(), expected);
        assert_eq!(shortened(b"a\r\nb\r\n", 4), b"a\r\nb\r\n");
        assert_eq!(
            shortened("ż\n".repeat(50).as_bytes(), 4),
            "ż\n".repeat(50).as_bytes()
        );
    }

    #[test]
    fn with_margins_every_line_is_printed() {
        let output = format!("\u{1b}[2;4r{}", "line\r\n".repeat(500));
        let frames = [frame(keyframe("")), frame(Body::Output(output.clone().into()))];

        assert_eq!(
            steps_of(&Scene::Whole(frames.iter().collect())).last(),
            Some(&print(&output))
        );
        assert!(!has_margins(b"\x1b[0m 12r"));
    }

    fn keyframe(screen: &str) -> Body {
        Body::Keyframe(Keyframe {
            cols: 120,
            rows: 40,
            screen: screen.as_bytes().to_vec(),
        })
    }

    fn frame(body: Body) -> Frame {
        Frame {
            lane: 0,
            seq: 0,
            at: 0,
            body,
        }
    }

    fn print(text: &str) -> Step {
        Step::Print(text.as_bytes().to_vec())
    }
}
