//! The statements as a table: what screen readers read, and where each row leads to its details.

use leptos::html;
use leptos::prelude::*;
use recording::legible;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use super::desk::Desk;
use super::load::{turn_back, turn_on};
use super::log::{Entry, Log, Look, What};
use crate::sessions::outcome::Outcome;
use crate::sessions::player::words::{exact_clock, took};

/// Rows on the page at once.
const WINDOW: usize = 150;

/// Characters of a statement in its row; the details have all of it.
const MAX_SHOWN: usize = 300;

/// A row as it is on the page.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Row {
    seq: u64,
    at: String,
    lane: String,
    connection: String,
    text: String,
    is_said: bool,
    class: &'static str,
    outcome: String,
    error: Option<String>,
    took: String,
}

#[component]
pub(super) fn List(desk: Desk) -> impl IntoView {
    let table = NodeRef::<html::Section>::new();
    let found = Memo::new(move |_| {
        // Not with each piece that arrives.
        if !desk.is_listed.get() {
            return Vec::new();
        }

        desk.found()
    });
    let place = RwSignal::new(0_usize);
    Effect::new(move || follow(desk, found, place));
    Effect::new(move || {
        desk.selected.track();
        place.track();
        if let Some(table) = table.get() {
            request_animation_frame(move || keep_in_sight(&table));
        }
    });
    let rows = move || {
        let (start, end) = window(found.with(Vec::len), place.get());

        found.with(|found| {
            let places = found.get(start..end).unwrap_or_default();

            desk.log.with(|log| rows_of(log, places))
        })
    };

    view! {
        <section class="runs" aria-label="Statements" node_ref=table tabindex="-1">
            <Around found place is_before=true />
            <table>
                <caption class="unseen">"What was run, in order. A row's button shows its details."</caption>
                <thead>
                    <tr>
                        <th scope="col">"Time"</th>
                        <th scope="col" aria-label="Connection">
                            "Lane"
                        </th>
                        <th scope="col">"Statement"</th>
                        <th scope="col">"Result"</th>
                        <th scope="col" class="num hide">
                            "Took"
                        </th>
                    </tr>
                </thead>
                <tbody>
                    <For each=rows key=Row::clone children=move |row| view! { <RowView row desk /> } />
                </tbody>
            </table>
            <Nothing desk found />
            <Around found place is_before=false />
            <Stretches desk />
        </section>
    }
    .into_any()
}

#[component]
fn RowView(row: Row, desk: Desk) -> impl IntoView {
    let seq = row.seq;
    let current = move || (desk.selected.get() == Some(seq)).then_some("true");
    let text = match row.is_said {
        true => view! { <span class="muted">{row.text}</span> }.into_any(),
        false => view! { <code>{row.text}</code> }.into_any(),
    };

    view! {
        <tr aria-current=current>
            <td class="at">{row.at}</td>
            <td class="lane" title=row.connection.clone()>
                {row.lane}
            </td>
            <td>
                <button class="row-link" on:click=move |_| desk.select(seq)>
                    {text}
                </button>
                {row.error.map(|error| view! { <div class="danger">{error}</div> })}
            </td>
            <td>
                <span class=row.class>{row.outcome}</span>
            </td>
            <td class="num hide">{row.took}</td>
        </tr>
    }
    .into_any()
}

fn rows_of(log: &Log, places: &[usize]) -> Vec<Row> {
    let entries = places.iter().filter_map(|place| log.entries.get(*place));

    entries.map(|entry| row_of(log, entry)).collect()
}

fn row_of(log: &Log, entry: &Entry) -> Row {
    let outcome = entry.run().and_then(|run| run.outcome.as_ref());
    let connection = log.connection(entry);
    let text: String = entry.text.split_whitespace().collect::<Vec<&str>>().join(" ");
    let mut shown: String = text.chars().take(MAX_SHOWN).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }

    Row {
        seq: entry.seq,
        at: exact_clock(entry.at),
        lane: connection.map_or_else(String::new, |connection| connection.lane.to_string()),
        connection: connection.map_or_else(String::new, |connection| connection.name()),
        text: legible(&shown).into_owned(),
        is_said: !matches!(entry.what, What::Statement(_)),
        class: match (&entry.what, entry.look()) {
            (What::Note, _) => "faint",
            (What::Gap { .. }, _) | (What::Statement(_), Look::Failed) => "tag bad",
            (What::Statement(_), Look::Moved) => "tag warn",
            (What::Statement(_), Look::Fine) => "tag",
        },
        outcome: match &entry.what {
            What::Statement(_) => outcome.map_or_else(|| "no end".to_owned(), Outcome::words),
            What::Note => String::new(),
            What::Gap { .. } => "gap".to_owned(),
        },
        error: outcome
            .and_then(|outcome| outcome.error.as_deref())
            .map(|error| legible(error).into_owned()),
        took: outcome.map_or_else(String::new, |outcome| took(outcome.duration)),
    }
}

/// Why there is no row.
#[component]
fn Nothing(desk: Desk, found: Memo<Vec<usize>>) -> impl IntoView {
    let sentence = move || {
        let is_filtered = desk.only.get().is_some()
            || desk.only_errors.get()
            || desk.words.with(|words| !words.trim().is_empty());
        if !desk.is_listed.get() {
            return Some("Loading…");
        }
        if !found.with(Vec::is_empty) {
            return None;
        }

        Some(match is_filtered {
            true => "Nothing passes the filter.",
            false => "Nothing has been run in this session.",
        })
    };

    view! {
        <p class="muted" role="status">
            {sentence}
        </p>
    }
}

/// The rows that are not on the page.
#[component]
fn Around(found: Memo<Vec<usize>>, place: RwSignal<usize>, is_before: bool) -> impl IntoView {
    let hidden = Memo::new(move |_| {
        let n_found = found.with(Vec::len);
        let (start, end) = window(n_found, place.get());

        if is_before { start } else { n_found - end }
    });
    let go = move |_| {
        let n_found = found.with_untracked(Vec::len);
        let (start, end) = window(n_found, place.get_untracked());
        place.set(match is_before {
            true => start.saturating_sub(WINDOW / 3),
            false => end.saturating_add(WINDOW / 3).saturating_sub(1),
        });
    };
    let words = move || match is_before {
        true => format!("{} earlier", hidden.get()),
        false => format!("{} later", hidden.get()),
    };

    view! {
        <p class="around" hidden=move || hidden.get() == 0>
            <button class="small" on:click=go>
                {words}
            </button>
        </p>
    }
}

/// The stretches of a recording that is too long to be listed at once.
#[component]
fn Stretches(desk: Desk) -> impl IntoView {
    let has_before = Memo::new(move |_| desk.starts.with(|starts| starts.len() > 1));
    let has_after = Memo::new(move |_| desk.later.get().is_some());

    view! {
        <nav class="around" aria-label="Parts of the recording" hidden=move || !has_before.get() && !has_after.get()>
            <button hidden=move || !has_before.get() on:click=move |_| turn_back(desk)>
                "Part before"
            </button>
            <button hidden=move || !has_after.get() on:click=move |_| turn_on(desk)>
                "Next part"
            </button>
            <span class="muted">
                {move || desk.starts.with(|starts| format!("Part {} of a long recording; filters look through it.", starts.len()))}
            </span>
        </nav>
    }
}

/// The rows on the page go where what is selected is.
fn follow(desk: Desk, found: Memo<Vec<usize>>, place: RwSignal<usize>) {
    let selected = desk.selected.get();
    let to = found.with(|found| {
        desk.log.with_untracked(|log| {
            let is_before = |place: &usize| {
                log.entries
                    .get(*place)
                    .is_some_and(|entry| Some(entry.seq) < selected)
            };

            found.partition_point(is_before)
        })
    });
    let n_found = found.with(Vec::len);
    let (start, end) = window(n_found, place.get_untracked());
    if selected.is_some() && !(start..end).contains(&to) {
        place.set(to);
    }
    if place.get_untracked() > n_found {
        place.set(0);
    }
}

/// Which rows are on the page: all, or some around a place, in steps so that they do not move with each.
fn window(n_found: usize, place: usize) -> (usize, usize) {
    if n_found <= WINDOW {
        return (0, n_found);
    }
    let step = WINDOW / 3;
    let start = (place / step * step).saturating_sub(step);
    let end = (start + WINDOW).min(n_found);

    (end.saturating_sub(WINDOW), end)
}

/// Scrolls the list to the row that is selected, and nothing else.
fn keep_in_sight(list: &HtmlElement) {
    let Ok(Some(row)) = list.query_selector("tr[aria-current]") else {
        return;
    };
    let row: HtmlElement = row.unchecked_into();
    let (top, height) = (row.offset_top(), row.offset_height());
    let (seen, room) = (list.scroll_top(), list.client_height());
    if top - HEAD < seen || top + height > seen + room {
        list.set_scroll_top(top - room / 3);
    }
}

/// Height of what stays above the rows.
const HEAD: i32 = 40;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_rows_those_around_the_place_are_on_the_page() {
        for (n_found, place, expected) in [
            (10, 5, (0, 10)),
            (1_000, 0, (0, 150)),
            (1_000, 400, (350, 500)),
            (1_000, 999, (850, 1_000)),
        ] {
            assert_eq!(window(n_found, place), expected);
        }
    }
}
