//! `GET /sessions/{session}/chapters?from=n&count=m`: what happened in some segments, without what was shown.

use axum::extract::{Path, Query, Request, State};
use axum::response::Response;
use protocol::errors::Refusal;
use protocol::ids::SessionId;
use protocol::recordings::{Chapter, IDLE, MAX_CHAPTER_SQL, MAX_CHAPTERS};
use recording::{Body, Frame, SessionKey};
use serde::Deserialize;

use super::{answer, encoded, opened, read};
use crate::recorder::{StoredSegment, aside};
use crate::state::AppState;
use crate::viewer::{Viewer, viewer_of};

/// Which segments: `count` of them from number `from` on.
#[derive(Deserialize)]
pub struct Wanted {
    from: u32,
    #[serde(default = "one")]
    count: u32,
}

fn one() -> u32 {
    1
}

/// For the player's statements, marks and idle gaps. A segment that cannot be read is left out.
pub async fn chapters(
    State(state): State<AppState>,
    Path(session): Path<SessionId>,
    Query(wanted): Query<Wanted>,
    request: Request,
) -> Response {
    answer(write(&state, &session, &wanted, viewer_of(&request)).await)
}

async fn write(
    state: &AppState,
    session: &SessionId,
    wanted: &Wanted,
    viewer: Result<Viewer, Refusal>,
) -> Result<Vec<u8>, Refusal> {
    let (segments, key) = opened(state, viewer, session).await?;
    let until = wanted.from.saturating_add(wanted.count.min(MAX_CHAPTERS));
    let chapters: Vec<Chapter> = aside(|| {
        segments
            .iter()
            .filter(|segment| (wanted.from..until).contains(&segment.number))
            .filter_map(|segment| chapter(segment, &key))
            .collect()
    });

    encoded(&chapters)
}

fn chapter(stored: &StoredSegment, key: &SessionKey) -> Option<Chapter> {
    let segment = read(stored, key).ok()?;
    let mut events = Vec::new();
    let mut busy: Option<(i64, i64)> = None;
    let mut idle = Vec::new();
    for frame in segment.frames().map_while(Result::ok) {
        if is_busy(&frame.body) {
            let (first, last) = busy.unwrap_or((frame.at, frame.at));
            if frame.at - last >= IDLE {
                idle.push((last, frame.at));
            }
            busy = Some((first, frame.at));
        }
        if let Some(event) = event(frame) {
            events.push(event);
        }
    }

    Some(Chapter {
        segment: stored.number,
        events: recording::player::encode(&events).ok()?,
        busy,
        idle,
    })
}

/// Whether somebody who watches sees something move.
fn is_busy(body: &Body) -> bool {
    match body {
        Body::Header(_)
        | Body::Output(_)
        | Body::Input(_)
        | Body::Resize { .. }
        | Body::StatementStart(_)
        | Body::StatementEnd(_)
        | Body::Transfer(_)
        | Body::Marker(_)
        | Body::Gap(_)
        | Body::End { .. }
        | Body::Connected(_)
        | Body::Disconnected { .. } => true,
        Body::Keyframe(_) | Body::Unknown { .. } => false,
    }
}

/// The frame, if it is listed; without what makes it long.
fn event(mut frame: Frame) -> Option<Frame> {
    match &mut frame.body {
        Body::StatementStart(statement) => {
            if let Some((end, _)) = statement.sql.char_indices().nth(MAX_CHAPTER_SQL) {
                statement.sql.truncate(end);
                statement.sql.push('…');
            }
            statement.parameters = Vec::new();

            Some(frame)
        }
        Body::StatementEnd(_)
        | Body::Transfer(_)
        | Body::Marker(_)
        | Body::Gap(_)
        | Body::Resize { .. }
        | Body::End { .. }
        | Body::Connected(_)
        | Body::Disconnected { .. } => Some(frame),
        Body::Header(_) | Body::Output(_) | Body::Input(_) | Body::Keyframe(_) | Body::Unknown { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use recording::Statement;

    use super::*;

    fn frame(body: Body) -> Frame {
        Frame {
            lane: 0,
            seq: 0,
            at: 0,
            body,
        }
    }

    #[test]
    fn a_long_statement_is_cut_between_characters() {
        let sql = "ü".repeat(MAX_CHAPTER_SQL + 1);
        let event = event(frame(Body::StatementStart(Statement::simple(sql)))).unwrap();

        let Body::StatementStart(statement) = event.body else {
            panic!("a statement stays one");
        };
        assert_eq!(statement.sql.chars().count(), MAX_CHAPTER_SQL + 1);
        assert!(statement.sql.ends_with("ü…"));
    }

    #[test]
    fn what_was_shown_and_typed_is_no_event() {
        assert_eq!(event(frame(Body::Output("x".into()))), None);
        assert_eq!(event(frame(Body::Input("x".into()))), None);
        assert!(event(frame(Body::Marker("Here.".to_owned()))).is_some());
    }
}
