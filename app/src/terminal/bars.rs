//! The bar above the terminal and the bar below it.

use std::time::Duration;

use leptos::html;
use leptos::prelude::*;
use protocol::terminal::{Hello, Recorded};

use super::shown::{Phase, Shown, left_words, transaction_words};

/// Record, account, what is recorded, how the target was reached, the time left, and the actions.
#[component]
pub(super) fn Top(
    title: String,
    login: String,
    shown: Shown,
    /// Where F6 leads from the terminal.
    first_action: NodeRef<html::Button>,
    on_full_screen: Callback<()>,
    on_end: Callback<()>,
) -> impl IntoView {
    let hello = shown.hello;
    let account = move || {
        hello
            .with(|hello| hello.as_ref().map(|hello| hello.account.clone()))
            .unwrap_or(login.clone())
    };
    let recordings = Memo::new(move |_| {
        hello
            .with(|hello| hello.as_ref().map(recording_words))
            .unwrap_or_default()
    });
    let reached = move || hello.with(|hello| hello.as_ref().map(|hello| hello.reached.clone()));
    let left = time_left(shown);
    let is_connected = move || shown.phase.with(|phase| *phase == Phase::Connected);

    view! {
        <header class="terminal-bar">
            <h1>{title}</h1>
            <span class="tag acc">{account}</span>
            {move || {
                recordings
                    .with(|words| {
                        (!words.is_empty())
                            .then(|| {
                                view! {
                                    <span class="rec" title=format!("This session is recorded: {words}.")>
                                        "REC"
                                        <span class="unseen">": this session is recorded"</span>
                                    </span>
                                    <span class="muted hide">{words.clone()}</span>
                                }
                            })
                    })
            }}
            <span class="muted hide">{reached}</span>
            <span class="spacer"></span>
            <span class="muted hide" role="timer">
                {move || left.get()}
            </span>
            <button class="ghost hide" node_ref=first_action on:click=move |_| on_full_screen.run(())>
                "Full screen"
            </button>
            <button class="danger" disabled=move || !is_connected() on:click=move |_| on_end.run(())>
                "End"
            </button>
        </header>
    }
}

/// Database, transaction, backend, the way out for the keyboard, and the size.
#[component]
pub(super) fn Status(shown: Shown) -> impl IntoView {
    let status = shown.status;
    let database = move || status.with(|status| status.as_ref().map(|status| status.database.clone()));
    let transaction = move || {
        status.with(|status| {
            status
                .as_ref()
                .map(|status| transaction_words(status.transaction))
        })
    };
    let backend =
        move || status.with(|status| status.as_ref()?.backend_pid.map(|pid| format!("backend {pid}")));
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

/// Makes `frame` fill the screen, or lets go of it.
pub(super) fn toggle_full_screen(frame: NodeRef<html::Div>) {
    let document = document();
    if document.fullscreen_element().is_some() {
        document.exit_fullscreen();
        return;
    }
    if let Some(frame) = frame.get_untracked() {
        // A browser that does not allow it leaves the page as it is.
        let _filled = frame.request_fullscreen();
    }
}

/// The time left by the server's clock: its word at the start, and the time that has passed here since.
fn time_left(shown: Shown) -> Memo<Option<String>> {
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
        if shown.phase.with(|phase| *phase != Phase::Connected) {
            return None;
        }

        shown.hello.with(|hello| {
            let hello = hello.as_ref()?;

            Some(left_words(
                hello.ends_at?.micros() - hello.now.micros() - passed.get(),
            ))
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
