//! What was run, beside the screen: in step with the replay, each line leads to its moment.

use std::time::Duration;

use leptos::ev;
use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use super::deck::Shown;
use super::playback::{Event, Micros};
use super::statements::{Kind, Line, current};
use super::words::{clock, took};
use crate::sessions::outcome::Outcome;

/// Lines on the page at once; with more of them those around the replay's place are there.
const WINDOW: usize = 120;

#[component]
pub(super) fn Statements(shown: Shown, tell: Callback<Event>) -> impl IntoView {
    let lines = shown.lines;
    let filter = RwSignal::new(String::new());
    let list = NodeRef::<html::Ol>::new();
    let place = after_the_screen(shown);
    let at = Memo::new(move |_| lines.with(|lines| current(lines, place.get())));
    let found = Memo::new(move |_| {
        let words = filter.get();

        lines.with(|lines| {
            let found = lines.iter().filter(|line| words.is_empty() || line.has(&words));

            found.cloned().collect::<Vec<Line>>()
        })
    });
    let window = Memo::new(move |_| {
        let at = at.get();

        found.with(|found| window(found, at))
    });
    let visible = move || {
        let (start, end) = window.get();

        found.with(|found| found.get(start..end).unwrap_or_default().to_vec())
    };
    let counts = move || lines.with(|lines| count_words(lines));
    let nothing = move || {
        let sentence = match (shown.is_listed.get(), filter.with(String::is_empty)) {
            (false, _) => "Loading…",
            (true, true) => "Nothing was run in this session.",
            (true, false) => "No statement has these words.",
        };

        found
            .with(Vec::is_empty)
            .then(|| view! { <p class="muted">{sentence}</p> })
    };
    let around = move || {
        let (start, end) = window.get();
        let n_found = found.with(Vec::len);

        (end - start < n_found)
            .then(|| view! { <p class="muted">{format!("Lines {} to {end} of {n_found}.", start + 1)}</p> })
    };
    Effect::new(move |_| {
        at.track();
        if let Some(list) = list.get() {
            keep_in_sight(&list);
        }
    });

    view! {
        <aside class="statements" aria-label="Statements">
            <header>
                <h2>"Statements" <span>{counts}</span></h2>
                <input
                    type="search"
                    aria-label="Filter statements"
                    placeholder="Filter"
                    prop:value=move || filter.get()
                    on:input:target=move |event| filter.set(event.target().value())
                />
            </header>
            {nothing}
            {around}
            <ol node_ref=list>
                <For
                    each=visible
                    key=|line| (line.seq, line.kind.clone())
                    children=move |line| {
                        let seq = line.seq;

                        view! {
                            <li aria-current=move || (at.get() == Some(seq)).then_some("true")>
                                <StatementButton line tell />
                            </li>
                        }
                    }
                />
            </ol>
        </aside>
    }
    .into_any()
}

#[component]
fn StatementButton(line: Line, tell: Callback<Event>) -> impl IntoView {
    let at = line.at;
    let class = if line.has_failed() { "tag bad" } else { "tag" };
    let (duration, outcome, error) = match &line.kind {
        Kind::Statement(Some(outcome)) => (
            Some(took(outcome.duration)),
            Some(Outcome::words(outcome)),
            outcome.error.clone(),
        ),
        Kind::Statement(None) => (None, None, None),
        Kind::Note => (None, Some("note".to_owned()), None),
        Kind::Gap { .. } => (None, Some("gap".to_owned()), None),
    };
    let by = line
        .is_interfaces
        .then(|| view! { <span class="tag">"asked by a command"</span> });
    let on_click = move |_: ev::MouseEvent| tell.run(Event::Seek(at));

    view! {
        <button on:click=on_click>
            <span class="at">{clock(at)}</span>
            <span class="took">{duration}</span>
            {outcome.map(|words| view! { <span class=class>{words}</span> })}
            {by}
            <code>{line.text}</code>
            {error.map(|error| view! { <span class="error">{error}</span> })}
        </button>
    }
    .into_any()
}

/// Where the replay is, once its screen is there and has been painted: a list of a hundred lines is not what a seek
/// waits for.
fn after_the_screen(shown: Shown) -> RwSignal<Micros> {
    let place = RwSignal::new(0);
    let is_coming = StoredValue::new(false);
    Effect::new(move || {
        let is_there = !shown.playback.get().is_behind();
        shown.position.track();
        if !is_there || is_coming.get_value() {
            return;
        }
        is_coming.set_value(true);
        let follow = move || {
            // The page may have gone meanwhile.
            let _gone = is_coming.try_set_value(false);
            if let Some(at) = shown.position.try_get_untracked() {
                let _gone = place.try_set(at);
            }
        };

        // Paint comes between a frame's callbacks and the next timer.
        request_animation_frame(move || set_timeout(follow, Duration::ZERO));
    });

    place
}

/// Scrolls the list, and nothing else, to the line the replay is at. Who looks for something keeps the place.
fn keep_in_sight(list: &HtmlElement) {
    let Some(aside) = list.parent_element() else {
        return;
    };
    if aside.matches(":hover, :focus-within").unwrap_or_default() {
        return;
    }
    let Ok(Some(line)) = list.query_selector("[aria-current]") else {
        return;
    };
    let line: HtmlElement = line.unchecked_into();
    let (top, height) = (line.offset_top(), line.offset_height());
    let (seen, room) = (aside.scroll_top(), aside.client_height());
    if top - HEAD < seen || top + height > seen + room {
        aside.set_scroll_top(top - room / 3);
    }
}

/// Height of what stays above the list.
const HEAD: i32 = 80;

/// Which lines are on the page: all, or some around the replay's place, in steps so that it does not move with each.
fn window(lines: &[Line], at: Option<u64>) -> (usize, usize) {
    if lines.len() <= WINDOW {
        return (0, lines.len());
    }
    let place = at.map_or(0, |seq| lines.partition_point(|line| line.seq < seq));
    let step = WINDOW / 3;
    let start = (place / step * step).saturating_sub(step);
    let end = (start + WINDOW).min(lines.len());

    (end.saturating_sub(WINDOW), end)
}

/// `6 · 2 errors`.
fn count_words(lines: &[Line]) -> String {
    let is_statement = |line: &&Line| matches!(line.kind, Kind::Statement(_));
    let n_statements = lines.iter().filter(is_statement).count();
    let n_errors = lines
        .iter()
        .filter(is_statement)
        .filter(|line| line.has_failed())
        .count();

    match n_errors {
        0 => n_statements.to_string(),
        1 => format!("{n_statements} · 1 error"),
        _ => format!("{n_statements} · {n_errors} errors"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_lines_those_around_the_place_are_on_the_page() {
        let lines: Vec<Line> = (0..1_000)
            .map(|seq| Line {
                seq,
                at: 0,
                text: String::new(),
                kind: Kind::Note,
                is_interfaces: false,
            })
            .collect();

        for (at, expected) in [
            (None, (0, 120)),
            (Some(70), (0, 120)),
            (Some(350), (280, 400)),
            (Some(999), (880, 1_000)),
        ] {
            assert_eq!(window(&lines, at), expected, "{at:?}");
        }
        assert_eq!(window(&lines[..10], Some(5)), (0, 10));
    }
}
