//! Timeline and buttons of a replay.

use leptos::ev;
use leptos::prelude::*;

use super::deck::Shown;
use super::playback::{Event, Micros, Speed, State};
use super::words::clock;
use crate::ui::icon::{Icon, Shape};

/// How far an arrow key goes on the timeline.
const STEP: Micros = 5_000_000;

#[component]
pub(super) fn Controls(shown: Shown, tell: Callback<Event>) -> impl IntoView {
    let state = Memo::new(move |_| shown.playback.with(|playback| playback.state()));
    let speed = Memo::new(move |_| shown.playback.with(|playback| playback.speed()));
    let total = Memo::new(move |_| shown.playback.with(|playback| playback.total()));
    let seconds = Memo::new(move |_| clock(shown.position.get()));
    let runs = Memo::new(move |_| match state.get() {
        State::Playing { .. } | State::Waiting { .. } => true,
        State::Paused { .. } | State::Ended => false,
    });
    let said = move || match state.get() {
        State::Waiting { .. } => Some("Loading…".to_owned()),
        State::Ended => shown.end.get(),
        State::Paused { .. } | State::Playing { .. } => None,
    };

    view! {
        <footer class="player-controls">
            <Timeline shown total seconds tell />
            <div class="player-buttons">
                <button class="primary" on:click=move |_| tell.run(Event::Toggle)>
                    {move || match runs.get() {
                        true => view! { "Pause" }.into_any(),
                        false => view! { <Icon shape=Shape::Launch /> "Play" }.into_any(),
                    }}
                    <kbd class="hide">"space"</kbd>
                </button>
                <button on:click=move |_| tell.run(Event::Restart)>"Restart"</button>
                <span class="mono">{seconds} " / " {move || clock(total.get())}</span>
                <span class="muted" role="status">
                    {said}
                </span>
                <span class="spacer"></span>
                <Pace speed tell />
            </div>
        </footer>
    }
}

#[component]
fn Pace(speed: Memo<Speed>, tell: Callback<Event>) -> impl IntoView {
    view! {
        <button
            aria-label="Slower"
            disabled=move || speed.get().is_slowest()
            on:click=move |_| tell.run(Event::Slower)
        >
            "−"
        </button>
        <span class="mono" role="status" aria-label="Speed">
            {move || speed.get().label()}
        </span>
        <button
            aria-label="Faster"
            disabled=move || speed.get().is_fastest()
            on:click=move |_| tell.run(Event::Faster)
        >
            "+"
        </button>
    }
}

/// Where the replay is, with a mark for every statement.
#[component]
fn Timeline(
    shown: Shown,
    total: Memo<Micros>,
    seconds: Memo<String>,
    tell: Callback<Event>,
) -> impl IntoView {
    let marks = move || {
        let total = total.get();

        shown.lines.with(|lines| {
            lines
                .iter()
                .map(|line| {
                    let class = if line.has_failed() { "mark bad" } else { "mark" };

                    view! { <rect class=class x=percent(line.at, total)></rect> }
                })
                .collect_view()
        })
    };
    // The range's own step is a microsecond.
    let on_key = move |event: ev::KeyboardEvent| {
        let by = match event.key().as_str() {
            "ArrowLeft" | "ArrowDown" => -STEP,
            "ArrowRight" | "ArrowUp" => STEP,
            _ => return,
        };
        event.prevent_default();
        tell.run(Event::Seek(shown.position.get_untracked() + by));
    };
    let on_input = move |position: String| {
        if let Ok(position) = position.parse() {
            tell.run(Event::Seek(position));
        }
    };

    view! {
        <div class="timeline">
            <svg preserveAspectRatio="none" aria-hidden="true">
                <rect class="track" width="100%"></rect>
                <rect class="done" width=move || percent(shown.position.get(), total.get())></rect>
                {marks}
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
                on:keydown=on_key
                on:input:target=move |event| on_input(event.target().value())
            />
        </div>
    }
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

    #[test]
    fn marks_stand_where_they_happened() {
        for (at, total, expected) in [(0, 0, "0%"), (1, 3, "33.33%"), (3, 3, "100.00%")] {
            assert_eq!(percent(at, total), expected);
        }
    }
}
