//! Fetches what is listed: where in the recording is what, then what happened, until a stretch is full.

use leptos::prelude::*;
use protocol::ids::SessionId;
use protocol::recordings::{Chapter, Contents};

use super::desk::{Aim, Desk, Start};
use super::log::Log;
use crate::sessions::player::fetch;
use crate::sessions::player::shelf::Shelf;
use crate::sessions::player::stage::lack;
use crate::sessions::player::words::moment_of;
use crate::ui::fetched::fetched;

/// Segments that are asked for together: of a busy session one is thousands of statements.
const AT_ONCE: u32 = 4;

/// What is asked for: the round it belongs to, the first segment, the attempt.
type Asked = (u32, u32, u32);

pub(super) fn load(session: SessionId, desk: Desk) {
    let from = RwSignal::new(None::<(u32, u32)>);
    let of = session.clone();
    let wanted = move || Some((desk.round.get(), desk.contents.attempt()));
    let contents = fetched(wanted, move |(round, attempt)| {
        let session = of.clone();

        async move { (round, attempt, fetch::contents(&session).await) }
    });
    Effect::new(move || {
        let Some((round, attempt, contents)) = contents.get() else {
            return;
        };
        if desk.round.get_untracked() != round || !desk.contents.is_current(attempt) {
            return;
        }
        match contents {
            Ok(contents) => begin(desk, from, contents),
            Err(missing) => lack(missing, desk.contents, desk.trouble),
        }
    });
    fetch_chapters(session, desk, from);
}

/// A recording that was read again goes on where it was.
fn begin(desk: Desk, from: RwSignal<Option<(u32, u32)>>, contents: Contents) {
    desk.contents.succeed();
    let trouble = contents.missing.first().map(|(_, sentence)| sentence.clone());
    desk.trouble.set(trouble);
    let is_first = desk.shelf.with_untracked(Option::is_none);
    desk.shelf.set(Some(Shelf::new(contents)));
    if is_first {
        desk.starts.set(vec![Start::default()]);
        desk.aim
            .set(aim_of(&window().location().hash().unwrap_or_default()));
    }
    read_stretch(desk, from);
}

/// What an address leads to: `#s=12` a statement, `#t=12.500` a moment.
fn aim_of(hash: &str) -> Option<Aim> {
    if let Some(seq) = hash.strip_prefix("#s=").and_then(|seq| seq.parse().ok()) {
        return Some(Aim::Statement(seq));
    }

    hash.starts_with("#t=").then(|| Aim::Moment(moment_of(hash)))
}

/// Reads the last of the desk's stretches from its start.
fn read_stretch(desk: Desk, from: RwSignal<Option<(u32, u32)>>) {
    let Some(start) = desk.starts.with_untracked(|starts| starts.last().cloned()) else {
        return;
    };
    desk.log.set(Log::after(start.open));
    desk.is_listed.set(false);
    desk.later.set(None);
    let number = from
        .get_untracked()
        .map_or(0, |(number, _)| number)
        .wrapping_add(1);
    from.set(Some((number, start.segment)));
}

fn fetch_chapters(session: SessionId, desk: Desk, from: RwSignal<Option<(u32, u32)>>) {
    let retry = desk.chapters;
    let wanted = move || {
        let attempt = retry.attempt();

        from.get().map(|(number, segment)| (number, segment, attempt))
    };
    let arrived = fetched(wanted, move |asked: Asked| {
        let session = session.clone();

        async move { (asked, fetch::chapters(&session, asked.1, AT_ONCE).await) }
    });
    Effect::new(move || {
        let Some(((number, segment, attempt), chapters)) = arrived.get() else {
            return;
        };
        if from.get_untracked() != Some((number, segment)) || !retry.is_current(attempt) {
            return;
        }
        match chapters {
            Ok(chapters) => {
                retry.succeed();
                take(desk, from, segment, &chapters);
            }
            Err(missing) => lack(missing, retry, desk.trouble),
        }
    });
    // A stretch before or after was chosen.
    Effect::new(move |before: Option<usize>| {
        let n_starts = desk.starts.with(Vec::len);
        if before.is_some_and(|before| before > 0 && before != n_starts) {
            read_stretch(desk, from);
        }

        n_starts
    });
}

fn take(desk: Desk, from: RwSignal<Option<(u32, u32)>>, segment: u32, chapters: &[Chapter]) {
    let (start, last) = desk
        .shelf
        .with_untracked(|shelf| shelf.as_ref().map(|shelf| (shelf.start(), shelf.last_segment())))
        .unwrap_or_default();
    let mut next = segment.saturating_add(AT_ONCE);
    let is_full = desk
        .log
        .try_update(|log| {
            for chapter in chapters {
                if log.is_full() {
                    next = chapter.segment;
                    return true;
                }
                // What cannot be read is as good as not there.
                let frames = recording::player::decode(chapter.events.clone().into()).unwrap_or_default();
                for frame in &frames {
                    log.add(frame, chapter.segment, frame.at - start);
                }
            }

            log.is_full()
        })
        .unwrap_or_default();
    let has_more = last.is_some_and(|last| next <= last);
    if has_more && !is_full {
        from.update(|from| {
            if let Some((_, segment)) = from {
                *segment = next;
            }
        });
        return;
    }
    desk.later.set(has_more.then_some(next));
    desk.is_listed.set(true);
    desk.has_begun.set(true);
    lead(desk);
}

/// Goes where the address leads, in a later stretch if need be.
fn lead(desk: Desk) {
    let Some(aim) = desk.aim.get_untracked() else {
        return;
    };
    let found = desk.log.with_untracked(|log| {
        let (is_later, at) = match aim {
            Aim::Statement(seq) => {
                let at = log.entries.partition_point(|entry| entry.seq <= seq);
                (log.entries.last().is_none_or(|last| last.seq < seq), at)
            }
            Aim::Moment(moment) => {
                let at = log.entries.partition_point(|entry| entry.at <= moment);
                (log.entries.last().is_none_or(|last| last.at < moment), at)
            }
        };
        let entry = log.entries.get(at.saturating_sub(1)).map(|entry| entry.seq);

        (is_later, entry)
    });
    match found {
        (true, _) if desk.later.get_untracked().is_some() => turn_on(desk),
        (_, Some(seq)) => {
            desk.aim.set(None);
            desk.select(seq);
        }
        (_, None) => desk.aim.set(None),
    }
}

/// To the next stretch.
pub(super) fn turn_on(desk: Desk) {
    let Some(segment) = desk.later.get_untracked() else {
        return;
    };
    let open = desk.log.with_untracked(Log::still_open);
    leave(desk);
    desk.starts.update(|starts| starts.push(Start { segment, open }));
}

/// To the stretch before.
pub(super) fn turn_back(desk: Desk) {
    leave(desk);
    desk.starts.update(|starts| {
        if starts.len() > 1 {
            starts.pop();
        }
    });
}

/// What was chosen of a stretch is not of another.
fn leave(desk: Desk) {
    desk.selected.set(None);
    desk.zoom.set(None);
    desk.only.set(None);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_leads_to_a_statement_or_a_moment() {
        for (hash, expected) in [
            ("#s=12", Some(Aim::Statement(12))),
            ("#t=1.5", Some(Aim::Moment(1_500_000))),
            ("#s=soon", None),
            ("", None),
        ] {
            assert_eq!(aim_of(hash), expected, "{hash}");
        }
    }
}
