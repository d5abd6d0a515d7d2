//! The chart: a row for each connection, its statements as bars on a common time axis. Who cannot see it has the table.

use leptos::ev;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::Element;

use super::axis::{Axis, Bars, WIDTH};
use super::desk::Desk;
use super::log::{Connection, Log, What};
use crate::sessions::player::playback::Micros;
use crate::sessions::player::words::clock;

/// Rows on the page at once: with more connections those around the selected statement's.
const MAX_ROWS: usize = 40;

/// What is drawn of a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Lane {
    idx: usize,
    connection: Connection,
    bars: Bars,
    n_statements: usize,
}

#[component]
pub(super) fn Chart(desk: Desk) -> impl IntoView {
    let axis = Memo::new(move |_| desk.axis());
    let at = Memo::new(move |_| {
        let selected = desk.selected.get()?;

        desk.log
            .with(|log| log.find(selected).map(|entry| (entry.at, entry.connection)))
    });
    let lanes = Memo::new(move |_| {
        if !desk.is_listed.get() {
            return Vec::new();
        }
        let around = at.get().and_then(|(_, connection)| connection).unwrap_or(0);

        desk.log.with(|log| lanes_of(log, axis.get(), around))
    });
    let gaps = Memo::new(move |_| desk.log.with(gaps_of));
    let hidden = move || {
        let (n_all, n_shown) = (desk.log.with(|log| log.connections.len()), lanes.with(Vec::len));

        (n_shown < n_all && n_shown > 0)
            .then(|| view! { <p class="muted">{format!("{n_shown} of {n_all} connections.")}</p> })
    };

    view! {
        <section class="lanes" aria-label="Connections">
            <Head desk axis />
            <div class="lane-rows" tabindex="0" role="group" aria-label="Connections on the time axis">
                <For
                    each=move || lanes.get()
                    key=|lane| (lane.idx, lane.connection.seq, lane.connection.until, lane.n_statements)
                    children=move |lane| view! { <Row lane desk axis lanes at gaps /> }
                />
            </div>
            {hidden}
        </section>
    }
    .into_any()
}

/// The axis, and how much of the time it shows.
#[component]
fn Head(desk: Desk, axis: Memo<Axis>) -> impl IntoView {
    let is_zoomed = Memo::new(move |_| desk.zoom.get().is_some());
    let ticks = move || {
        let ticks = axis.get().ticks().into_iter().map(|(x, words)| {
            view! {
                <text x=x y="14">
                    {words}
                </text>
            }
        });

        ticks.collect_view()
    };
    let counts = move || {
        let n_connections = desk.log.with(|log| log.connections.len());

        match n_connections {
            1 => "1 connection".to_owned(),
            n => format!("{n} connections"),
        }
    };

    view! {
        <div class="lane-axis">
            <div class="lane-tools">
                <h2>{counts}</h2>
                <button class="small" aria-label="Zoom out" disabled=move || !is_zoomed.get() on:click=move |_| desk.zoom_out()>
                    "−"
                </button>
                <button class="small" aria-label="Zoom in" on:click=move |_| desk.zoom_in()>
                    "+"
                </button>
                <button class="small" disabled=move || !is_zoomed.get() on:click=move |_| desk.zoom.set(None)>
                    "All"
                </button>
            </div>
            <svg aria-hidden="true">{ticks}</svg>
        </div>
    }
}

#[component]
fn Row(
    lane: Lane,
    desk: Desk,
    axis: Memo<Axis>,
    lanes: Memo<Vec<Lane>>,
    at: Memo<Option<(Micros, Option<usize>)>>,
    gaps: Memo<Vec<(Micros, Micros)>>,
) -> impl IntoView {
    let Lane { idx, connection, .. } = lane;
    let seq = connection.seq;
    let (from, until) = (connection.from, connection.until);
    let paths = Memo::new(move |_| {
        lanes.with(|lanes| {
            let lane = lanes.iter().find(|lane| lane.connection.seq == seq);

            lane.map(|lane| lane.bars.paths())
        })
    });
    let bars = move || {
        let paths = paths.get().into_iter().flatten();

        paths
            .filter(|(_, path)| !path.is_empty())
            .map(|(class, path)| view! { <path class=class d=path></path> })
            .collect_view()
    };
    let span = move || stretch(axis.get(), "span", from, until.unwrap_or(Micros::MAX));
    let missing = move || {
        let axis = axis.get();

        gaps.with(|gaps| {
            let views = gaps
                .iter()
                .map(|(from, until)| stretch(axis, "gap", *from, *until));

            views.collect_view()
        })
    };
    let here = move || {
        let (at, of) = at.get()?;
        let class = if of == Some(idx) { "here mine" } else { "here" };
        let place = axis.get().place(at);

        (0..=WIDTH)
            .contains(&place)
            .then(|| view! { <rect class=class x=place.to_string() width="2" height="20"></rect> })
    };
    let times = match until {
        Some(until) => format!("{} – {}", clock(from), clock(until)),
        None => format!("since {}", clock(from)),
    };
    let toggle = move |_| {
        desk.only
            .update(|only| *only = if *only == Some(seq) { None } else { Some(seq) });
    };
    let on_click = move |event: ev::MouseEvent| choose(&event, desk, idx, axis.get_untracked());
    let is_only = move || (desk.only.get() == Some(seq)).to_string();

    view! {
        <div class="lane-row">
            <button class="lane-name" aria-pressed=is_only title="Show only this connection" on:click=toggle>
                <b>{connection.name()}</b>
                <span class="times">{times}</span>
                <span class="faint mono">{connection.place()}</span>
            </button>
            <svg
                viewBox=format!("0 0 {WIDTH} 20")
                preserveAspectRatio="none"
                aria-hidden="true"
                on:click=on_click
            >
                {span}
                {here}
                {bars}
                {missing}
            </svg>
        </div>
    }
    .into_any()
}

/// A stretch of a row, as far as it is on the axis.
fn stretch(axis: Axis, class: &'static str, from: Micros, until: Micros) -> Option<impl IntoView> {
    let (from, until) = (from.max(axis.from), until.min(axis.until));
    if from > until {
        return None;
    }
    let (x, end) = (axis.place(from), axis.place(until));
    let width = (end - x).max(2);

    Some(view! { <rect class=class x=x.to_string() width=width.to_string() height="20"></rect> })
}

/// Selects what was run nearest to where the row was pressed.
fn choose(event: &ev::MouseEvent, desk: Desk, idx: usize, axis: Axis) {
    let target = event.current_target();
    let Some(row) = target.and_then(|target| target.dyn_into::<Element>().ok()) else {
        return;
    };
    let place = row.get_bounding_client_rect();
    let at = axis.moment(event.client_x() - place.left() as i32, place.width() as i32);
    let nearest = desk.log.with_untracked(|log| {
        let of = log.entries.iter().filter(|entry| entry.connection == Some(idx));
        let distance = |entry: &&super::log::Entry| match (entry.at > at, entry.until() < at) {
            (true, _) => entry.at - at,
            (false, true) => at - entry.until(),
            (false, false) => 0,
        };

        of.filter(|entry| entry.run().is_some())
            .min_by_key(distance)
            .map(|entry| entry.seq)
    });
    if let Some(seq) = nearest {
        desk.select(seq);
    }
}

fn lanes_of(log: &Log, axis: Axis, around: usize) -> Vec<Lane> {
    let n_all = log.connections.len();
    let start = around
        .saturating_sub(MAX_ROWS / 2)
        .min(n_all.saturating_sub(MAX_ROWS));
    let shown = log.connections.iter().enumerate().skip(start).take(MAX_ROWS);
    let mut lanes: Vec<Lane> = shown
        .map(|(idx, connection)| Lane {
            idx,
            connection: connection.clone(),
            bars: Bars::default(),
            n_statements: 0,
        })
        .collect();
    for entry in &log.entries {
        let of = entry.connection.and_then(|idx| idx.checked_sub(start));
        let Some(lane) = of.and_then(|row| lanes.get_mut(row)) else {
            continue;
        };
        match entry.what {
            What::Statement(_) => {
                lane.bars.add(axis, entry.look(), entry.at, entry.until());
                lane.n_statements += 1;
            }
            What::Note | What::Gap { .. } => {}
        }
    }

    lanes
}

fn gaps_of(log: &Log) -> Vec<(Micros, Micros)> {
    let gaps = log.entries.iter().filter_map(|entry| match entry.what {
        What::Gap { since } => Some((since, entry.at)),
        What::Statement(_) | What::Note => None,
    });

    gaps.collect()
}
