//! The timeline of a replay: what happened when, as marks, and the slider over it.

use leptos::ev;
use leptos::html;
use leptos::prelude::*;

use super::deck::Shown;
use super::playback::{Event, Micros};
use super::statements::{Kind, Line};
use super::words::clock;

/// Places for marks on the line; what falls into one place is one mark.
const PLACES: i64 = 400;

/// Where the replay is, with marks for statements, errors, transfers, and stretches that are idle or missing.
#[component]
pub(super) fn Timeline(shown: Shown, total: Memo<Micros>, tell: Callback<Event>) -> impl IntoView {
    let seconds = Memo::new(move |_| clock(shown.position.get()));
    let slider = NodeRef::<html::Input>::new();
    let hover = RwSignal::new(None::<Micros>);
    let on_input = move |position: String| {
        if let Ok(position) = position.parse() {
            tell.run(Event::Seek(position));
        }
    };
    let on_move = move |event: ev::MouseEvent| {
        let width = slider.get_untracked().map_or(0, |slider| slider.client_width());
        hover.set(hovered(event.offset_x(), width, total.get_untracked()));
    };

    view! {
        <div class="timeline">
            <svg preserveAspectRatio="none" aria-hidden="true">
                <rect class="track" width="100%"></rect>
                <rect class="done" width=move || percent(shown.position.get(), total.get())></rect>
                <Stretches shown total />
                {move || mark_views(shown.lines.with(|lines| marks(lines, total.get())))}
                {move || {
                    hover
                        .get()
                        .map(|at| {
                            view! {
                                <rect class="hover" x=percent(at, total.get())></rect>
                                <text class="hover" x=percent(at, total.get()) y="-2">
                                    {clock(at)}
                                </text>
                            }
                        })
                }}
            </svg>
            <input
                type="range"
                min="0"
                max=move || total.get().to_string()
                step="1"
                value="0"
                aria-label="Position"
                aria-valuetext=move || format!("{} of {}", seconds.get(), clock(total.get()))
                prop:value=move || shown.position.get().to_string()
                on:input:target=move |event| on_input(event.target().value())
                on:mousemove=on_move
                on:mouseleave=move |_| hover.set(None)
                node_ref=slider
            />
        </div>
    }
}

/// Idle and missing stretches.
#[component]
fn Stretches(shown: Shown, total: Memo<Micros>) -> impl IntoView {
    let stretch = |class: &'static str, (from, to): (Micros, Micros), total: Micros| {
        view! { <rect class=class x=percent(from, total) width=percent(to - from, total)></rect> }
    };
    let idle = move || {
        shown.idle.with(|idle| {
            let total = total.get();

            visible(idle.stretches(), total)
                .map(|of| stretch("idle", of, total))
                .collect_view()
        })
    };
    let gaps = move || {
        shown.lines.with(|lines| {
            let total = total.get();

            gaps(lines).map(|of| stretch("gap", of, total)).collect_view()
        })
    };

    view! {
        {idle}
        {gaps}
    }
}

fn mark_views(marks: Vec<(i64, &'static str)>) -> impl IntoView {
    marks
        .into_iter()
        .map(|(place, class)| {
            view! { <rect class=class x=percent(place, PLACES)></rect> }
        })
        .collect_view()
}

/// Idle stretches wide enough to be seen.
fn visible(stretches: &[(Micros, Micros)], total: Micros) -> impl Iterator<Item = (Micros, Micros)> {
    stretches
        .iter()
        .copied()
        .filter(move |(from, to)| (to - from).saturating_mul(PLACES) >= total)
}

fn gaps(lines: &[Line]) -> impl Iterator<Item = (Micros, Micros)> {
    lines.iter().filter_map(|line| match line.kind {
        Kind::Gap { since } => Some((since, line.at)),
        Kind::Statement(_) | Kind::Note => None,
    })
}

/// One mark for each place in which something was run: what failed shows before what moved data, and that before
/// everything else.
fn marks(lines: &[Line], total: Micros) -> Vec<(i64, &'static str)> {
    let mut marks: Vec<(i64, u8)> = Vec::new();
    for line in lines {
        let weight = match (&line.kind, line.has_failed(), line.is_transfer()) {
            (Kind::Note | Kind::Gap { .. }, _, _) => continue,
            (Kind::Statement(_), true, _) => 2,
            (Kind::Statement(_), false, true) => 1,
            (Kind::Statement(_), false, false) => 0,
        };
        let place = line.at.saturating_mul(PLACES) / total.max(1);
        match marks.last_mut() {
            Some((last, heaviest)) if *last == place => *heaviest = weight.max(*heaviest),
            Some(_) | None => marks.push((place, weight)),
        }
    }

    marks
        .into_iter()
        .map(|(place, weight)| {
            let class = match weight {
                2 => "mark bad",
                1 => "mark moved",
                _ => "mark",
            };

            (place, class)
        })
        .collect()
}

/// The moment below the pointer; the thumb's middle is the position, so the ends are half a thumb inside.
fn hovered(x: i32, width: i32, total: Micros) -> Option<Micros> {
    const HALF_THUMB: i64 = 7;
    let width = i64::from(width) - 2 * HALF_THUMB;
    if width <= 0 {
        return None;
    }
    let x = (i64::from(x) - HALF_THUMB).clamp(0, width);

    Some(total.saturating_mul(x) / width)
}

fn percent(at: Micros, total: Micros) -> String {
    if total <= 0 {
        return "0%".to_owned();
    }

    format!("{:.2}%", at as f64 / total as f64 * 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sessions::outcome::Outcome;

    #[test]
    fn marks_stand_where_they_happened() {
        for (at, total, expected) in [(0, 0, "0%"), (1, 3, "33.33%"), (3, 3, "100.00%")] {
            assert_eq!(percent(at, total), expected);
        }
    }

    #[test]
    fn what_falls_together_is_one_mark_of_the_worst() {
        let line = |at, sqlstate: Option<&str>, has_moved| Line {
            seq: 0,
            at,
            text: String::new(),
            kind: Kind::Statement(Some(Outcome {
                sqlstate: sqlstate.map(str::to_owned),
                has_moved,
                ..Outcome::default()
            })),
            is_interfaces: false,
        };
        let lines = [
            line(0, None, false),
            line(5_000, None, true),
            line(5_001, Some("42P01"), false),
            line(10_000, None, true),
        ];

        assert_eq!(
            marks(&lines, 10_000),
            [(0, "mark"), (200, "mark bad"), (400, "mark moved")]
        );
    }

    #[test]
    fn the_pointer_says_a_moment() {
        for (x, expected) in [(0, 0), (7, 0), (57, 50), (107, 100), (114, 100)] {
            assert_eq!(hovered(x, 114, 100), Some(expected));
        }
        assert_eq!(hovered(5, 0, 100), None);
    }
}
