//! Over the terminal: what is going on while it cannot be used, why it ended, and what to do about it.

use leptos::prelude::*;
use protocol::terminal::{EndReason, LaunchView};

use crate::terminal::choice::NEEDS_JAVASCRIPT;
use crate::terminal::shown::{Phase, Shown};

#[component]
pub(super) fn Cover(
    offer: LaunchView,
    shown: Shown,
    /// Comes back to the session at once.
    try_now: Callback<()>,
    /// Opens another session.
    on_again: Callback<()>,
) -> impl IntoView {
    let title = offer.record_title;
    let back = format!("/vault/{}", offer.record);
    let sentence = move || shown.phase.with(|phase| phase.sentence(&title));
    let offers = Memo::new(move |_| shown.phase.with(Offers::of));
    // The screen as it was stays readable.
    let is_low = move || {
        shown.hello.with(Option::is_some) && shown.phase.with(|phase| !matches!(phase, Phase::Connecting))
    };
    let countdown = move || {
        shown
            .next_try
            .get()
            .map(|seconds| format!("Next attempt in {seconds} s."))
    };
    let take_back = move |_| {
        // Another window may have ended it meanwhile; then the server says so.
        shown.phase.set(Phase::Away { failed: 0 });
    };

    view! {
        <div
            class="terminal-cover"
            class:ended=is_low
            role=move || shown.phase.with(role)
            hidden=move || shown.phase.with(|phase| *phase == Phase::Connected)
        >
            <noscript inner_html=NEEDS_JAVASCRIPT></noscript>
            <p>{sentence}</p>
            <p class="muted" aria-hidden="true" hidden=move || shown.next_try.with(Option::is_none)>
                {countdown}
            </p>
            <div class="actions" hidden=move || offers.get() == Offers::Nothing>
                <button
                    class="primary"
                    hidden=move || offers.get() != Offers::Trying
                    disabled=move || shown.next_try.with(Option::is_none)
                    on:click=move |_| try_now.run(())
                >
                    "Try now"
                </button>
                <button class="primary" hidden=move || offers.get() != Offers::TakingBack on:click=take_back>
                    "Take it back"
                </button>
                <button
                    class:primary=move || offers.get() == Offers::Again
                    hidden=move || offers.get() == Offers::Trying
                    on:click=move |_| on_again.run(())
                >
                    "Start new session"
                </button>
                <a class="btn" href=back>
                    "Back to the record"
                </a>
            </div>
        </div>
    }
}

/// What a person can do in a phase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Offers {
    Nothing,
    Trying,
    TakingBack,
    Again,
}

impl Offers {
    fn of(phase: &Phase) -> Self {
        match phase {
            Phase::Asleep
            | Phase::Asking
            | Phase::Connecting
            | Phase::Connected
            | Phase::Away { failed: 0 } => Self::Nothing,
            Phase::Away { .. } => Self::Trying,
            Phase::TakenOver(_) => Self::TakingBack,
            Phase::Ended(_) => Self::Again,
        }
    }
}

/// A goodbye is what the person wanted.
fn role(phase: &Phase) -> &'static str {
    match phase {
        Phase::Ended(ended) if ended.reason != EndReason::Goodbye => "alert",
        Phase::TakenOver(_) => "alert",
        Phase::Ended(_)
        | Phase::Asleep
        | Phase::Asking
        | Phase::Connecting
        | Phase::Connected
        | Phase::Away { .. } => "status",
    }
}
