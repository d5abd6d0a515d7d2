//! A recording, fetched piece by piece as it is played.

use std::collections::VecDeque;

use bytes::Bytes;
use http::Method;
use protocol::errors::Code;
use protocol::ids::SessionId;
use protocol::recordings::{Contents, Part, RecordingView};
use recording::{Frame, player};

use crate::exit::{Exit, Failure};
use crate::server::Server;

/// Blocks fetched at once, of 64 KiB each.
const BLOCKS: u32 = 8;

/// The longest answer that is read: a segment that was open has no blocks, and may hold a large statement.
const MAX_PIECE: usize = 64 * 1024 * 1024;

/// Where it is.
pub struct Reel<'a> {
    server: &'a Server,
    session: SessionId,
    wants: VecDeque<Want>,
}

/// Frames that are asked for together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Want {
    Blocks { segment: u32, first: u32, last: u32 },
    Segment(u32),
}

/// What came.
pub enum Piece {
    Frames(Vec<Frame>),
    /// Why there are none.
    Damaged(String),
}

impl<'a> Reel<'a> {
    /// Opens a recording, which the audit log notes; and what of it cannot be read.
    ///
    /// # Errors
    /// It may not be played, or there is none.
    pub async fn open(
        server: &'a Server,
        session: &SessionId,
    ) -> Result<(RecordingView, Self, Vec<String>), Failure> {
        let path = format!("/cli/sessions/{session}/replay");
        let view: RecordingView = server.ask(Method::POST, &path, None).await?;
        if view.first.is_none() {
            return Err(Failure::new(
                Exit::Failed,
                "Nothing was recorded of this session.",
            ));
        }
        let contents = server
            .fetch(&format!("/sessions/{session}/contents"), MAX_PIECE)
            .await?;
        let contents: Contents = postcard::from_bytes(&contents).map_err(|_| not_understood())?;
        let missing = contents
            .missing
            .into_iter()
            .map(|(_, sentence)| sentence)
            .collect();
        let reel = Self {
            server,
            session: session.clone(),
            wants: wants_of(&contents.parts),
        };

        Ok((view, reel, missing))
    }

    /// The next frames; `None` behind the last.
    ///
    /// # Errors
    /// The server is not reached, or the right to see it is gone.
    pub async fn next(&mut self) -> Result<Option<Piece>, Failure> {
        let Some(want) = self.wants.pop_front() else {
            return Ok(None);
        };
        let query = match want {
            Want::Blocks { segment, first, last } => format!("segment={segment}&first={first}&last={last}"),
            Want::Segment(segment) => format!("segment={segment}&whole=true"),
        };
        let path = format!("/sessions/{}/frames?{query}", self.session);
        match self.server.fetch(&path, MAX_PIECE).await {
            Ok(bytes) => Ok(Some(Piece::Frames(decode(bytes)?))),
            Err(failure) if failure.code == Some(Code::RecordingDamaged) => {
                Ok(Some(Piece::Damaged(failure.sentence)))
            }
            Err(failure) => Err(failure),
        }
    }
}

fn decode(bytes: Bytes) -> Result<Vec<Frame>, Failure> {
    player::decode(bytes).map_err(|_| not_understood())
}

/// Blocks that follow each other are asked for together.
fn wants_of(parts: &[Part]) -> VecDeque<Want> {
    let mut wants: VecDeque<Want> = VecDeque::new();
    for part in parts {
        if part.is_whole_segment {
            wants.push_back(Want::Segment(part.segment));
            continue;
        }
        if let Some(Want::Blocks { segment, first, last }) = wants.back_mut()
            && *segment == part.segment
            && last.checked_add(1) == Some(part.block)
            && part.block - *first < BLOCKS
        {
            *last = part.block;
            continue;
        }
        wants.push_back(Want::Blocks {
            segment: part.segment,
            first: part.block,
            last: part.block,
        });
    }

    wants
}

fn not_understood() -> Failure {
    Failure::new(
        Exit::Failed,
        "The recording is of another version than this program, which cannot play it.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(segment: u32, block: u32, is_whole_segment: bool) -> Part {
        Part {
            segment,
            block,
            is_whole_segment,
            first_at: 0,
            last_at: 0,
            n_frames: 1,
            keyframes: Vec::new(),
        }
    }

    #[test]
    fn blocks_side_by_side_are_fetched_together_and_not_too_many() {
        let mut parts: Vec<Part> = (0..10).map(|block| part(0, block, false)).collect();
        parts.push(part(1, 0, false));
        parts.push(part(2, 0, true));
        let blocks = |segment, first, last| Want::Blocks { segment, first, last };

        assert_eq!(
            wants_of(&parts),
            [
                blocks(0, 0, 7),
                blocks(0, 8, 9),
                blocks(1, 0, 0),
                Want::Segment(2)
            ]
        );
    }
}
