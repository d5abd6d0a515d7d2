//! Coming back to a session by itself: at once, then later and later, until the server says that it is gone.

use std::time::Duration;

use leptos::ev;
use leptos::prelude::*;
use protocol::errors::Code;
use protocol::ids::SessionId;
use protocol::terminal::LaunchTicket;

use super::api::Resume;
use super::shown::{Phase, Shown};
use crate::errors::AppError;

/// Longest time between two attempts, in seconds.
const PATIENCE: u32 = 8;

/// Asks for a ticket whenever the page is away from its session, and puts it into `ticket`. Calling it tries at once.
pub(super) fn come_back(
    shown: Shown,
    first: Option<SessionId>,
    ticket: RwSignal<Option<String>>,
) -> Callback<()> {
    let asking = ServerAction::<Resume>::new();
    let session = move || {
        shown
            .hello
            .with_untracked(|hello| hello.as_ref().map(|hello| hello.session.clone()))
            .or_else(|| first.clone())
    };
    let ask = Callback::new(move |()| {
        shown.next_try.set(None);
        match session() {
            Some(session) => {
                asking.dispatch(Resume { session });
            }
            None => shown.phase.set(Phase::lost("Connection lost.")),
        }
    });

    Effect::new(move || match shown.phase.get() {
        Phase::Away { failed } => count_down(wait(failed), shown, ask),
        Phase::Asleep
        | Phase::Asking
        | Phase::Connecting
        | Phase::Connected
        | Phase::TakenOver(_)
        | Phase::Ended(_) => shown.next_try.set(None),
    });
    Effect::new(move || {
        let Some(answer) = asking.value().get() else {
            return;
        };
        if let Phase::Away { failed } = shown.phase.get_untracked() {
            match after(answer, failed) {
                Ok(token) => ticket.set(Some(token)),
                Err(phase) => shown.phase.set(phase),
            }
        }
    });
    // The browser knows when there is a network again.
    let online = window_event_listener(ev::online, move |_| {
        if shown.next_try.get_untracked().is_some() {
            ask.run(());
        }
    });
    on_cleanup(move || online.remove());

    ask
}

/// Seconds before the attempt that follows so many failed ones.
fn wait(failed: u32) -> u32 {
    match failed {
        0 => 0,
        n => 1_u32
            .checked_shl(n - 1)
            .filter(|seconds| *seconds != 0)
            .unwrap_or(PATIENCE)
            .min(PATIENCE),
    }
}

/// A ticket's token, or what the page is in when there is none: away for as long as nobody has said that the session
/// is gone.
fn after(answer: Result<LaunchTicket, AppError>, failed: u32) -> Result<String, Phase> {
    match answer {
        Ok(ticket) => Ok(ticket.token),
        Err(error) if matches!(error.0.code, Code::Unavailable | Code::Internal) => {
            Err(Phase::Away { failed: failed + 1 })
        }
        Err(error) => Err(Phase::lost(error.0.sentence)),
    }
}

/// Tells the seconds that are left, and calls `then`; whoever clears [`Shown::next_try`] stops it.
fn count_down(seconds: u32, shown: Shown, then: Callback<()>) {
    if seconds == 0 {
        then.run(());
        return;
    }
    shown.next_try.set(Some(seconds));
    let tick = move || {
        if shown.next_try.try_get_untracked().flatten() == Some(seconds) {
            count_down(seconds - 1, shown, then);
        }
    };

    set_timeout(tick, Duration::from_secs(1));
}

#[cfg(test)]
mod tests {
    use protocol::errors::Refusal;

    use super::*;

    #[test]
    fn the_first_attempt_is_made_at_once_and_none_later_than_8_s_after_the_last() {
        let waits: Vec<u32> = [0, 1, 2, 3, 4, 5, 33, 1000].into_iter().map(wait).collect();

        assert_eq!(waits, [0, 1, 2, 4, 8, 8, 8, 8]);
    }

    #[test]
    fn a_server_that_is_not_there_is_asked_again_and_one_that_refuses_is_not() {
        let refused = |code| Err(AppError(Refusal::new(code, "This session has ended.")));

        assert_eq!(
            after(refused(Code::Unavailable), 2),
            Err(Phase::Away { failed: 3 })
        );
        assert_eq!(
            after(refused(Code::PamNotFound), 2),
            Err(Phase::lost("This session has ended."))
        );
        let token = "t".to_owned();
        assert_eq!(after(Ok(LaunchTicket { token: token.clone() }), 2), Ok(token));
    }
}
