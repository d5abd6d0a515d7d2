//! asciicast, versions 2 and 3.

use serde_json::{Value, json};

use super::{Text, plain};
use crate::body::Header;
use crate::frame::{Body, Frame, TERMINAL};

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Version {
    Two,
    Three,
}

/// One cast in the making.
pub(super) struct Cast {
    version: Version,
    started: bool,
    /// Version 2: the start. Version 3: the event before. As written, so that rounding does not add up.
    since: i64,
    last_at: i64,
    output: Text,
    input: Text,
}

impl Cast {
    pub(super) fn new(version: Version) -> Self {
        Self {
            version,
            started: false,
            since: 0,
            last_at: 0,
            output: Text::default(),
            input: Text::default(),
        }
    }

    pub(super) fn push(&mut self, frame: &Frame) -> String {
        let mut out = String::new();
        if !self.started {
            self.start(frame, &mut out);
        }
        self.last_at = frame.at;
        match &frame.body {
            Body::Output(bytes) if frame.lane == TERMINAL => {
                let text = self.output.take(bytes);
                self.event("o", &text, &mut out);
            }
            Body::Input(bytes) => {
                let text = self.input.take(bytes);
                self.event("i", &text, &mut out);
            }
            Body::Resize { cols, rows } => self.event("r", &format!("{cols}x{rows}"), &mut out),
            Body::Marker(text) => self.event("m", &plain(text), &mut out),
            Body::Gap(gap) => self.event(
                "m",
                &format!("Nothing recorded: {}", plain(&gap.reason)),
                &mut out,
            ),
            Body::End { reason } => {
                self.flush(&mut out);
                self.event("m", &format!("End: {}", plain(reason)), &mut out);
            }
            Body::Output(_)
            | Body::Header(_)
            | Body::StatementStart(_)
            | Body::StatementEnd(_)
            | Body::Transfer(_)
            | Body::Keyframe(_)
            | Body::Connected(_)
            | Body::Disconnected { .. }
            | Body::Unknown { .. } => {}
        }
        out
    }

    pub(super) fn finish(mut self) -> String {
        let mut out = String::new();
        self.flush(&mut out);
        out
    }

    fn start(&mut self, frame: &Frame, out: &mut String) {
        self.started = true;
        self.since = frame.at;
        let (cols, rows, title) = match &frame.body {
            Body::Header(header) => (header.cols, header.rows, title(header)),
            Body::Keyframe(keyframe) => (keyframe.cols, keyframe.rows, String::new()),
            Body::Output(_)
            | Body::Input(_)
            | Body::Resize { .. }
            | Body::StatementStart(_)
            | Body::StatementEnd(_)
            | Body::Transfer(_)
            | Body::Marker(_)
            | Body::Gap(_)
            | Body::End { .. }
            | Body::Connected(_)
            | Body::Disconnected { .. }
            | Body::Unknown { .. } => (0, 0, String::new()),
        };
        // A recording without a screen still has to have a size.
        let (cols, rows) = match (cols, rows) {
            (0, _) | (_, 0) => (80, 24),
            size => size,
        };
        let timestamp = frame.at.div_euclid(1_000_000);
        let header = match self.version {
            Version::Two => json!({
                "version": 2, "width": cols, "height": rows, "timestamp": timestamp, "title": title,
                "env": { "TERM": "xterm-256color" },
            }),
            Version::Three => json!({
                "version": 3, "term": { "cols": cols, "rows": rows, "type": "xterm-256color" },
                "timestamp": timestamp, "title": title,
            }),
        };
        out.push_str(&header.to_string());
        out.push('\n');
    }

    fn event(&mut self, code: &str, data: &str, out: &mut String) {
        if data.is_empty() {
            return;
        }
        let micros = self.last_at.saturating_sub(self.since).max(0);
        if self.version == Version::Three {
            self.since = self.since.max(self.last_at);
        }
        let (seconds, rest) = (micros / 1_000_000, micros % 1_000_000);
        out.push_str(&format!(
            "[{seconds}.{rest:06}, \"{code}\", {}]\n",
            Value::from(data)
        ));
    }

    fn flush(&mut self, out: &mut String) {
        let text = self.output.rest();
        self.event("o", &text, out);
        let text = self.input.rest();
        self.event("i", &text, out);
    }
}

fn title(header: &Header) -> String {
    plain(&format!(
        "{} – {} on {}",
        header.record_title, header.account, header.database
    ))
}
