//! Timeline and buttons of a replay.

use leptos::prelude::*;

use super::deck::Shown;
use super::playback::{Event, Micros, Speed, State};
use super::timeline::Timeline;
use super::words::clock;
use crate::ui::icon::{Icon, Shape};

/// What the buttons of a page ask for beyond the replay itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ask {
    NextStatement,
    CopyLink,
    FullScreen,
    Help,
}

#[component]
pub(super) fn Controls(shown: Shown, tell: Callback<Event>, ask: Callback<Ask>) -> impl IntoView {
    let state = Memo::new(move |_| shown.playback.with(|playback| playback.state()));
    let speed = Memo::new(move |_| shown.playback.with(|playback| playback.speed()));
    let total: Memo<Micros> = Memo::new(move |_| shown.playback.with(|playback| playback.total()));
    let is_behind = Memo::new(move |_| shown.playback.with(|playback| playback.is_behind()));
    let seconds = Memo::new(move |_| clock(shown.position.get()));
    let runs = Memo::new(move |_| match state.get() {
        State::Playing { .. } | State::Waiting { .. } => true,
        State::Paused { .. } | State::Ended => false,
    });
    let said = move || match (is_behind.get(), state.get()) {
        (true, _) | (_, State::Waiting { .. }) => Some("Loading…".to_owned()),
        (false, State::Ended) => shown.end.get(),
        (false, State::Paused { .. } | State::Playing { .. }) => None,
    };

    view! {
        <footer class="player-controls">
            <Timeline shown total tell />
            <div class="player-buttons">
                <button class="primary" on:click=move |_| tell.run(Event::Toggle)>
                    {move || match runs.get() {
                        true => view! { "Pause" }.into_any(),
                        false => view! { <Icon shape=Shape::Launch /> "Play" }.into_any(),
                    }}
                </button>
                <button on:click=move |_| tell.run(Event::Restart)>"Restart"</button>
                <span class="mono">{seconds} " / " {move || clock(total.get())}</span>
                <span class="said muted" role="status">
                    {said}
                </span>
                <span class="spacer"></span>
                <button class="hide" on:click=move |_| ask.run(Ask::NextStatement)>
                    "Next statement"
                </button>
                <Pace speed tell />
                <Skipping shown />
                <button on:click=move |_| ask.run(Ask::CopyLink)>"Copy link"</button>
                <button class="hide" on:click=move |_| ask.run(Ask::FullScreen)>
                    "Full screen"
                </button>
                <button class="hide" aria-label="Keys" on:click=move |_| ask.run(Ask::Help)>
                    "?"
                </button>
            </div>
        </footer>
    }
    .into_any()
}

#[component]
fn Pace(speed: Memo<Speed>, tell: Callback<Event>) -> impl IntoView {
    view! {
        <span class="pace">
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
        </span>
    }
}

#[component]
fn Skipping(shown: Shown) -> impl IntoView {
    let skips = shown.skips;

    view! {
        <button role="switch" aria-checked=move || skips.get().to_string() on:click=move |_| skips.update(|on| *on = !*on)>
            "Skip idle: "
            {move || if skips.get() { "on" } else { "off" }}
        </button>
    }
}
