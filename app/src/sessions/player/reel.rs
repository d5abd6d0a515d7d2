//! The frames of a recording in order of time, and what a screen has to do to show a stretch of them.

use recording::{Body, Frame};

use super::playback::Micros;
use crate::terminal::xterm::Size;

/// A longer stretch is shown from the last keyframe in it, if there is one. Bytes.
const LONG: usize = 1024 * 1024;

/// One thing a screen does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// Empties screen and history.
    Clear,
    Resize(Size),
    Print(Vec<u8>),
}

/// Frames as far as they are loaded.
#[derive(Debug, Default)]
pub(super) struct Reel {
    frames: Vec<Frame>,
}

impl Reel {
    /// Frames of the next segment.
    pub(super) fn append(&mut self, frames: impl IntoIterator<Item = Frame>) {
        self.frames.extend(frames);
    }

    pub(super) fn len(&self) -> usize {
        self.frames.len()
    }

    /// Frames from the `start`th on, each with its time since the first of all.
    pub(super) fn from(&self, start: usize) -> impl Iterator<Item = (Micros, &Frame)> {
        self.frames
            .iter()
            .skip(start)
            .map(|frame| (self.since_start(frame.at), frame))
    }

    /// Time of the last frame; `None` when nothing is loaded.
    pub(super) fn last(&self) -> Option<Micros> {
        self.frames.last().map(|last| self.since_start(last.at))
    }

    /// Why the session ended, if its end is loaded.
    pub(super) fn end_reason(&self) -> Option<&str> {
        self.frames.iter().rev().find_map(|frame| {
            let Body::End { reason } = &frame.body else {
                return None;
            };

            Some(reason.as_str())
        })
    }

    /// What came after `after` up to `until`, both on a screen that shows what came before.
    pub(super) fn stretch(&self, after: Option<Micros>, until: Micros) -> Vec<Step> {
        let start = after.map_or(0, |after| self.place_after(after));
        let frames = self
            .frames
            .get(start..self.place_after(until))
            .unwrap_or_default();
        let printed: usize = frames.iter().map(|frame| printed(&frame.body)).sum();
        let has_keyframe = frames.iter().any(|frame| keyframe(frame).is_some());
        if printed > LONG && has_keyframe {
            return self.scene(until);
        }

        steps(frames)
    }

    /// The screen as it was at `until`, whatever it shows before.
    pub(super) fn scene(&self, until: Micros) -> Vec<Step> {
        let frames = self.frames.get(..self.place_after(until)).unwrap_or_default();
        let keyframed = frames
            .iter()
            .enumerate()
            .rev()
            .find_map(|(idx, frame)| Some((idx, keyframe(frame)?)));
        let mut scene = vec![Step::Clear];
        let rest = match keyframed {
            Some((idx, (size, screen))) => {
                scene.extend([Step::Resize(size), Step::Print(screen.to_vec())]);

                frames.get(idx + 1..).unwrap_or_default()
            }
            None => frames,
        };
        scene.extend(steps(rest));

        scene
    }

    fn since_start(&self, at: i64) -> Micros {
        at - self.frames.first().map_or(at, |first| first.at)
    }

    fn place_after(&self, at: Micros) -> usize {
        self.frames
            .partition_point(|frame| self.since_start(frame.at) <= at)
    }
}

fn printed(body: &Body) -> usize {
    if let Body::Output(bytes) = body {
        bytes.len()
    } else {
        0
    }
}

fn keyframe(frame: &Frame) -> Option<(Size, &[u8])> {
    let Body::Keyframe(keyframe) = &frame.body else {
        return None;
    };

    Some((
        Size {
            cols: keyframe.cols,
            rows: keyframe.rows,
        },
        &keyframe.screen,
    ))
}

/// Output and sizes in order, output that follows output as one piece. A keyframe repeats what was printed.
fn steps(frames: &[Frame]) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for frame in frames {
        match &frame.body {
            Body::Header(header) => steps.push(Step::Resize(Size {
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
            Body::Input(_)
            | Body::StatementStart(_)
            | Body::StatementEnd(_)
            | Body::Transfer(_)
            | Body::Marker(_)
            | Body::Gap(_)
            | Body::Keyframe(_)
            | Body::End { .. }
            | Body::Unknown { .. } => {}
        }
    }

    steps
}

#[cfg(test)]
mod tests {
    use recording::Keyframe;

    use super::*;

    const NARROW: Size = Size { cols: 80, rows: 24 };
    const WIDE: Size = Size { cols: 120, rows: 40 };

    #[test]
    fn a_stretch_has_what_came_after_its_start_up_to_its_end() {
        let reel = reel();

        assert_eq!(reel.stretch(None, 10), [print("ab")]);
        assert_eq!(
            reel.stretch(Some(5), 20),
            [print("b"), Step::Resize(WIDE), print("c")]
        );
        assert_eq!(reel.stretch(Some(30), 90), []);
    }

    #[test]
    fn a_scene_starts_at_the_keyframe_before_it() {
        let reel = reel();

        assert_eq!(reel.scene(10), [Step::Clear, print("ab")]);
        assert_eq!(
            reel.scene(30),
            [Step::Clear, Step::Resize(WIDE), print("abc"), print("d")]
        );
    }

    #[test]
    fn a_long_stretch_is_shown_from_its_keyframe() {
        let mut reel = Reel::default();
        reel.append([
            frame(0, Body::Output(vec![b'x'; LONG + 1].into())),
            frame(
                1,
                Body::Keyframe(Keyframe {
                    cols: 80,
                    rows: 24,
                    screen: b"x".to_vec(),
                }),
            ),
        ]);

        assert_eq!(
            reel.stretch(None, 1),
            [Step::Clear, Step::Resize(NARROW), print("x")]
        );
    }

    #[test]
    fn the_end_says_why() {
        assert_eq!(reel().end_reason(), Some("goodbye"));
        assert_eq!(reel().last(), Some(36));
        assert_eq!(Reel::default().last(), None);
    }

    fn reel() -> Reel {
        let mut reel = Reel::default();
        reel.append([
            frame(0, Body::Output(b"a".as_slice().into())),
            frame(10, Body::Output(b"b".as_slice().into())),
            frame(20, Body::Resize { cols: 120, rows: 40 }),
            frame(20, Body::Output(b"c".as_slice().into())),
            frame(
                25,
                Body::Keyframe(Keyframe {
                    cols: 120,
                    rows: 40,
                    screen: b"abc".to_vec(),
                }),
            ),
            frame(30, Body::Output(b"d".as_slice().into())),
            frame(
                36,
                Body::End {
                    reason: "goodbye".to_owned(),
                },
            ),
        ]);

        reel
    }

    /// Times are counted from the first frame.
    fn frame(since_start: Micros, body: Body) -> Frame {
        Frame {
            lane: 0,
            seq: 0,
            at: 1_795_269_751_000_000 + since_start,
            body,
        }
    }

    fn print(text: &str) -> Step {
        Step::Print(text.as_bytes().to_vec())
    }
}
