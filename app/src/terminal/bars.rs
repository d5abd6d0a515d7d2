//! The bar above the terminal and the bar below it.

use std::time::Duration;

use leptos::html;
use leptos::prelude::*;
use protocol::terminal::{Hello, Recorded};

use super::held::Held;
use super::more::More;
use super::shown::{Phase, Shown, left_words, transaction_words};
use crate::ui::full_screen::{is_full_screen, toggle_full_screen};

/// The end is near, in microseconds: ten minutes.
const SOON: i64 = 600 * 1_000_000;

/// What is left of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Left {
    words: String,
    is_soon: bool,
}

/// Record, account, what is recorded, how the target was reached, the time left, and the actions.
#[component]
pub(super) fn Top(
    title: String,
    login: String,
    held: Held,
    shown: Shown,
    first_action: NodeRef<html::Button>,
    /// What is to fill the screen.
    frame: NodeRef<html::Div>,
) -> impl IntoView {
    let hello = shown.hello;
    let account = move || {
        hello
            .with(|hello| hello.as_ref().map(|hello| hello.account.clone()))
            .unwrap_or(login.clone())
    };
    let reached = move || hello.with(|hello| hello.as_ref().map(|hello| hello.reached.clone()));
    let left = time_left(shown);
    let is_soon = move || left.with(|left| left.as_ref().is_some_and(|left| left.is_soon));
    let left_words = move || left.with(|left| left.as_ref().map(|left| left.words.clone()));
    let is_connected = move || shown.phase.with(|phase| *phase == Phase::Connected);
    let is_full = is_full_screen();
    let full_screen = Callback::new(move |()| toggle_full_screen(frame));
    let end = move |_| {
        held.with(|line| line.end());
    };

    view! {
        <header class="terminal-bar">
            <h1>{title}</h1>
            <span class="tag acc">{account}</span>
            <RecordingBadge shown />
            <span class="muted hide">{reached}</span>
            <span class="spacer"></span>
            <span class="muted left" class:soon=is_soon role="timer">
                {left_words}
            </span>
            <button class="ghost hide" on:click=move |_| shown.finds.set(true)>
                "Find"
            </button>
            <button class="ghost hide" on:click=move |_| full_screen.run(())>
                {move || if is_full.get() { "Leave full screen" } else { "Full screen" }}
            </button>
            <More held shown first_action on_full_screen=full_screen />
            <button class="danger" disabled=move || !is_connected() on:click=end>
                "End"
            </button>
        </header>
    }
}

/// *REC* and which recordings are on; nothing where none is.
#[component]
fn RecordingBadge(shown: Shown) -> impl IntoView {
    let recordings = Memo::new(move |_| {
        shown
            .hello
            .with(|hello| hello.as_ref().map(recording_words))
            .unwrap_or_default()
    });

    move || {
        recordings.with(|words| {
            (!words.is_empty()).then(|| {
                let sentence = format!("This session is recorded: {words}.");

                view! {
                    <span class="rec" title=sentence.clone()>
                        "REC"
                        <span class="unseen">{format!(". {sentence}")}</span>
                    </span>
                    <span class="muted hide" aria-hidden="true">
                        {words.clone()}
                    </span>
                }
            })
        })
    }
}

/// Database, transaction, backend, the way out for the keyboard, and the size.
#[component]
pub(super) fn Status(shown: Shown) -> impl IntoView {
    let status = shown.status;
    let database = move || status.with(|status| status.as_ref().map(|status| status.database.clone()));
    // Of a session that has ended nothing runs any more.
    let is_over = Memo::new(move |_| shown.phase.with(Phase::has_ended));
    let transaction = move || {
        if is_over.get() {
            return None;
        }

        status.with(|status| {
            status
                .as_ref()
                .map(|status| transaction_words(status.transaction))
        })
    };
    let backend = move || {
        if is_over.get() {
            return None;
        }

        status.with(|status| status.as_ref()?.backend_pid.map(|pid| format!("backend {pid}")))
    };
    let size = move || {
        shown
            .size
            .get()
            .map(|size| format!("{} × {}", size.cols, size.rows))
    };

    view! {
        <footer class="terminal-status">
            <span>{database}</span>
            <span>{transaction}</span>
            <span class="hide">{backend}</span>
            <span class="end faint hide" id="terminal-keys">
                <kbd>"F6"</kbd>
                " leaves the terminal"
            </span>
            <span class="hide">{size}</span>
        </footer>
    }
}

/// The time left by the server's clock: its word at the start, and the time that has passed here since.
fn time_left(shown: Shown) -> Memo<Option<Left>> {
    let passed = RwSignal::new(0_i64);

    Effect::new(move || {
        if !shown
            .hello
            .with(|hello| hello.as_ref().is_some_and(|hello| hello.ends_at.is_some()))
        {
            return;
        }
        let Some(clock) = window().performance() else {
            return;
        };
        let start = clock.now();
        let tick = move || passed.set(((clock.now() - start) * 1000.0) as i64);
        if let Ok(interval) = set_interval_with_handle(tick, Duration::from_secs(1)) {
            on_cleanup(move || interval.clear());
        }
    });

    Memo::new(move |_| {
        if shown.phase.with(|phase| !phase.is_held()) {
            return None;
        }

        shown.hello.with(|hello| {
            let hello = hello.as_ref()?;
            let micros = hello.ends_at?.micros() - hello.now.micros() - passed.get();

            Some(Left {
                words: left_words(micros),
                is_soon: micros < SOON,
            })
        })
    })
}

fn recording_words(hello: &Hello) -> String {
    let words: Vec<&str> = hello
        .recordings
        .iter()
        .map(|recorded| match recorded {
            Recorded::Graphical => "graphical",
            Recorded::Text => "text",
            Recorded::Keys => "keys",
        })
        .collect();

    words.join(", ")
}
