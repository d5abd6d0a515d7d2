//! What the player needs to know of a recording before it fetches frames, and the answers of its doors.

use serde::{Deserialize, Serialize};

use crate::sessions::{SessionKind, SessionView};

/// A stretch without anything on the screen is *idle* from so many microseconds on.
pub const IDLE: i64 = 2_000_000;

/// Segments one answer of the chapters' door covers at most.
pub const MAX_CHAPTERS: u32 = 16;

/// Longest text of a statement in a chapter, in characters; the export has all of it.
pub const MAX_CHAPTER_SQL: usize = 2_000;

/// A recording, as the player opens it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordingView {
    pub session: SessionView,
    /// Number of its first segment; `None` when nothing was written.
    pub first: Option<u32>,
    /// Whether the viewer may verify and export: administrators and auditors.
    pub is_evidence: bool,
}

/// What the hash chain says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VerdictView {
    Intact {
        segments: u32,
    },
    /// Cut short after this moment (microseconds since 1970), e.g. the server was killed.
    Incomplete {
        since: i64,
    },
    /// As it was recorded so far, and it goes on.
    Running,
    Altered {
        segment: u32,
        fault: Fault,
    },
}

/// What is wrong with an altered segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    Changed,
    Missing,
    Short,
    /// What was noted of the recording while it was written can be no note.
    Note,
}

impl Fault {
    /// What is wrong with this segment, as the page, the command and the audit log say it.
    pub fn told(self, segment: u32) -> String {
        match self {
            Self::Changed => format!("altered in segment {segment}"),
            Self::Missing => format!("altered: segment {segment} is missing"),
            Self::Short => format!("altered: the end of segment {segment} is missing"),
            Self::Note => "altered: what was noted of it while it was recorded".to_owned(),
        }
    }
}

/// Text of a recording beyond which a page of the transcript ends with its segment, in bytes.
pub const TRANSCRIPT_PAGE: usize = 64 * 1024;

/// One page of a recording's transcript.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TranscriptView {
    pub session: SessionView,
    /// What the screen said, line by line, or where there is none what was run; sentences of the recorder stand in
    /// brackets.
    pub text: String,
    /// Times of the first and the last frame of this page, microseconds since 1970.
    pub span: Option<(i64, i64)>,
    /// The segment the next page starts with.
    pub next: Option<u32>,
}

/// Where in a recording is what, without its frames. Answer of `/sessions/{session}/contents`, in postcard.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Contents {
    /// In order; together they are the whole recording.
    pub parts: Vec<Part>,
    /// Segments that cannot be read, with the reason as a sentence.
    pub missing: Vec<(u32, String)>,
}

/// Frames that are fetched together: a block of a closed segment, or an open segment whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    pub segment: u32,
    /// Number within the segment.
    pub block: u32,
    /// It is a segment that was open. To be asked for as a whole: it may have been closed, and cut otherwise, since.
    pub is_whole_segment: bool,
    /// Microseconds since 1970 of its first frame.
    pub first_at: i64,
    pub last_at: i64,
    pub n_frames: u32,
    /// Times of the keyframes in it, in order.
    pub keyframes: Vec<i64>,
}

/// What happened in one segment, without what was shown and typed. `/sessions/{session}/chapters` answers with a
/// postcard list of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chapter {
    pub segment: u32,
    /// Frames as the recording crate's `player::encode` writes them; statements cut after [`MAX_CHAPTER_SQL`]
    /// characters.
    pub events: Vec<u8>,
    /// Times of the first and last thing that was shown, typed or run in it.
    pub busy: Option<(i64, i64)>,
    /// Stretches of at least [`IDLE`] in it without any.
    pub idle: Vec<(i64, i64)>,
}

/// A form of a recording for other programs, named by the export's door.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportFormat {
    CastV2,
    CastV3,
    Typescript,
    Timing,
    Text,
    JsonLines,
}

impl ExportFormat {
    pub const ALL: [Self; 6] = [
        Self::CastV3,
        Self::CastV2,
        Self::Typescript,
        Self::Timing,
        Self::Text,
        Self::JsonLines,
    ];

    /// Whether a session of this kind can be had in it: some are of a screen.
    pub fn is_of(self, kind: SessionKind) -> bool {
        match self {
            Self::CastV2 | Self::CastV3 | Self::Typescript | Self::Timing => kind.has_screen(),
            Self::Text | Self::JsonLines => true,
        }
    }

    /// The word in addresses and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CastV2 => "asciicast-v2",
            Self::CastV3 => "asciicast-v3",
            Self::Typescript => "typescript",
            Self::Timing => "timing",
            Self::Text => "text",
            Self::JsonLines => "jsonl",
        }
    }

    /// What a menu says.
    pub fn label(self) -> &'static str {
        match self {
            Self::CastV2 => "asciicast v2",
            Self::CastV3 => "asciicast v3",
            Self::Typescript => "Typescript",
            Self::Timing => "Timing of the typescript",
            Self::Text => "Plain text",
            Self::JsonLines => "JSON Lines, every frame",
        }
    }
}

impl std::str::FromStr for ExportFormat {
    type Err = crate::people::UnknownWord;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|format| format.as_str() == text)
            .ok_or(crate::people::UnknownWord)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_of_a_screen_needs_one() {
        let of_listener: Vec<&str> = ExportFormat::ALL
            .into_iter()
            .filter(|format| format.is_of(SessionKind::Listener))
            .map(ExportFormat::as_str)
            .collect();

        assert_eq!(of_listener, ["text", "jsonl"]);
        assert!(
            ExportFormat::ALL
                .into_iter()
                .all(|format| format.is_of(SessionKind::Terminal))
        );
    }

    #[test]
    fn a_format_survives_its_word() {
        for format in ExportFormat::ALL {
            assert_eq!(format.as_str().parse(), Ok(format));
        }
        assert!("cast".parse::<ExportFormat>().is_err());
    }
}
