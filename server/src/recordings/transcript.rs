//! The text of a recording, page by page: for screen readers, for who has no script, for sessions without a screen.

use app::ctx::Client;
use protocol::errors::Refusal;
use protocol::ids::SessionId;
use protocol::recordings::{TRANSCRIPT_PAGE, TranscriptView};
use protocol::sessions::SessionKind;
use recording::{Body, Frame, SessionKey};

use super::{key, lookup, may_replay, note, read, segments};
use crate::clock;
use crate::recorder::{StoredSegment, aside};
use crate::state::AppState;
use crate::viewer::Viewer;

/// The text of whole segments from number `from` on. Opening it is an opening like the player's: noted once.
pub async fn transcript(
    state: &AppState,
    viewer: &Viewer,
    session: &SessionId,
    from: u32,
    client: &Client,
) -> Result<TranscriptView, Refusal> {
    let found = lookup(state, session).await?;
    may_replay(state, viewer, &found.view).await?;
    let key = key(state, &found)?;
    let segments = segments(state, &found)?;
    if !state.viewings.contains(&viewer.by, session, clock::now()) {
        note(state, viewer, &found.view, client).await?;
    }
    let page = aside(|| page(&segments, from, &key, found.view.kind));

    Ok(TranscriptView {
        session: found.view,
        text: page.text,
        span: page.span,
        next: page.next,
    })
}

#[derive(Default)]
struct Page {
    text: String,
    span: Option<(i64, i64)>,
    next: Option<u32>,
}

fn page(segments: &[StoredSegment], from: u32, key: &SessionKey, kind: SessionKind) -> Page {
    let mut page = Page::default();
    for stored in segments.iter().filter(|segment| segment.number >= from) {
        if page.text.len() >= TRANSCRIPT_PAGE {
            page.next = Some(stored.number);
            return page;
        }
        let frames: Vec<Frame> = match read(stored, key) {
            Ok(segment) => segment.frames().map_while(Result::ok).collect(),
            Err(refusal) => {
                page.text.push_str(&format!("[{}]\n", refusal.sentence));
                continue;
            }
        };
        if let (Some(first), Some(last)) = (frames.first(), frames.last()) {
            page.span = Some((page.span.map_or(first.at, |(start, _)| start), last.at));
        }
        page.text.push_str(&match kind {
            SessionKind::Terminal => recording::transcript(sized(&frames).iter()),
            SessionKind::Listener | SessionKind::Tunnel => recording::listing(&frames),
        });
    }

    page
}

/// A segment but the first has no header: its first keyframe says how wide lines were.
fn sized(frames: &[Frame]) -> Vec<Frame> {
    let size = frames.iter().find_map(|frame| {
        let Body::Keyframe(keyframe) = &frame.body else {
            return None;
        };

        Some(Frame {
            lane: frame.lane,
            seq: frame.seq,
            at: frame.at,
            body: Body::Resize {
                cols: keyframe.cols,
                rows: keyframe.rows,
            },
        })
    });
    let has_header = matches!(frames.first().map(|frame| &frame.body), Some(Body::Header(_)));
    let size = size.filter(|_| !has_header);

    size.into_iter().chain(frames.iter().cloned()).collect()
}
