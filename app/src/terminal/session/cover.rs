//! Over the terminal: what is going on while it cannot be used, why it ended, and what to do about it.

use leptos::prelude::*;
use protocol::errors::Code;
use protocol::ids::RecordId;
use protocol::terminal::{EndReason, LaunchChoice, LaunchView};

use crate::errors::AppError;
use crate::terminal::api::look_at_launch;
use crate::terminal::choice::NEEDS_JAVASCRIPT;
use crate::terminal::shown::{Phase, Shown};
use crate::ui::fetched::{Fetched, fetched};

#[component]
pub(super) fn Cover(
    offer: LaunchView,
    shown: Shown,
    /// Comes back to the session at once.
    try_now: Callback<()>,
    /// Opens another session.
    on_again: Callback<()>,
) -> impl IntoView {
    let rest = what_is_left(offer.record.clone(), offer.choices, shown);
    let title = offer.record_title;
    let back = format!("/vault/{}", offer.record);
    let sentence = move || shown.phase.with(|phase| phase.sentence(&title));
    let offers = Memo::new(move |_| shown.phase.with(|phase| Offers::of(phase, rest.get())));
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
                    hidden=move || !matches!(offers.get(), Offers::TakingBack | Offers::Again)
                    on:click=move |_| on_again.run(())
                >
                    "Start new session"
                </button>
                <a class="btn" href=back hidden=move || offers.get() == Offers::Vault>
                    "Back to the record"
                </a>
                <a class="btn primary" href="/vault" hidden=move || offers.get() != Offers::Vault>
                    "Back to the vault"
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
    /// The record is still theirs to look at; a session like this one is not.
    Record,
    /// The record is not theirs any more.
    Vault,
}

impl Offers {
    /// `rest` is what is left to somebody whose right was taken away, once it is known.
    fn of(phase: &Phase, rest: Option<Self>) -> Self {
        match phase {
            Phase::Asleep
            | Phase::Asking
            | Phase::Connecting
            | Phase::Connected
            | Phase::Away { failed: 0 } => Self::Nothing,
            Phase::Away { .. } => Self::Trying,
            Phase::TakenOver(_) => Self::TakingBack,
            Phase::Ended(_) if has_lost_right(phase) => rest.unwrap_or(Self::Nothing),
            Phase::Ended(_) => Self::Again,
        }
    }

    /// By what the server says now of a launch like the one with `choices`.
    fn left_by(answer: Result<LaunchView, AppError>, choices: &[LaunchChoice]) -> Self {
        match answer {
            Ok(offer) if offer.choices == choices => Self::Again,
            Err(error) if error.0.code == Code::PamNotFound => Self::Vault,
            Ok(_) | Err(_) => Self::Record,
        }
    }
}

fn has_lost_right(phase: &Phase) -> bool {
    matches!(phase, Phase::Ended(ended) if ended.reason == EndReason::PolicyChanged)
}

/// What is left to somebody whose right was taken away: it may have been that to this session only.
fn what_is_left(record: RecordId, choices: Vec<LaunchChoice>, shown: Shown) -> Fetched<Offers> {
    fetched(
        move || shown.phase.with(has_lost_right).then(|| record.clone()),
        move |record| {
            let choices = choices.clone();

            async move { Offers::left_by(look_at_launch(record).await, &choices) }
        },
    )
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

#[cfg(test)]
mod tests {
    use protocol::errors::Refusal;
    use protocol::terminal::Ended;

    use super::*;
    use crate::terminal::offered::{choice, offer};

    #[test]
    fn what_cannot_work_is_not_offered() {
        let choice = choice(1);
        let before = [choice.clone()];
        let refused = |code| Err(AppError(Refusal::new(code, "No.")));

        for (answer, expected) in [
            (Ok(offer(vec![choice])), Offers::Again),
            (Ok(offer(Vec::new())), Offers::Record),
            (refused(Code::PamPolicyDenied), Offers::Record),
            (refused(Code::PamNotFound), Offers::Vault),
        ] {
            assert_eq!(Offers::left_by(answer, &before), expected);
        }
    }

    #[test]
    fn only_who_lost_a_right_waits_for_what_is_left() {
        let ended = |reason| {
            Phase::Ended(Ended {
                reason,
                sentence: String::new(),
            })
        };

        for (reason, rest, expected) in [
            (EndReason::Goodbye, None, Offers::Again),
            (EndReason::PolicyChanged, None, Offers::Nothing),
            (EndReason::PolicyChanged, Some(Offers::Vault), Offers::Vault),
        ] {
            assert_eq!(Offers::of(&ended(reason), rest), expected);
        }
    }
}
