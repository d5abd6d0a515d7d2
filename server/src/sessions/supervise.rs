//! What holds when code of a session panics: the session is closed like any other, and nothing waits for what is gone.

use std::future::Future;
use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;
use protocol::errors::{Code, Refusal};
use protocol::ids::SessionId;
use protocol::terminal::{EndReason, Ended};
use proxy::pump::Control;
use recording::Tape;
use tracing::{Span, error};

use super::close::{Closing, Counted, close};
use crate::state::AppState;

/// Runs a session's task to its end. One that panics has closed nothing: that is done for it.
pub async fn run(state: &AppState, closing: &Closing, tape: &Tape, task: impl Future<Output = ()>) {
    if is_whole(task).await {
        return;
    }
    error!(session.id = %closing.session, "session task panicked");
    metrics::counter!("postern_sessions_panicked_total").increment(1);
    let end = Ended {
        reason: EndReason::Crash,
        sentence: String::new(),
    };

    close(state, closing, tape, &end, Counted::default()).await;
}

/// Acquires what a session needs. A panic is a refusal, after which the caller releases what there is.
pub async fn acquire<T, E: From<Refusal>>(
    session: &SessionId,
    acquiring: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    let panicked = || {
        error!(session.id = %session, "opening a session panicked");
        let refusal = Refusal::new(
            Code::Internal,
            "The session could not be opened: something went wrong on the server. Tell an administrator.",
        );

        refusal.into()
    };

    unless_panicked(acquiring, panicked).await
}

/// Lets somebody in. A panic is a refusal.
pub async fn unless_panicked<T, E>(
    act: impl Future<Output = Result<T, E>>,
    panicked: impl FnOnce() -> E,
) -> Result<T, E> {
    match AssertUnwindSafe(act).catch_unwind().await {
        Ok(done) => done,
        Err(_) => Err(panicked()),
    }
}

/// Runs one direction of a session's pump. Where one panics the session ends, which would wait for it for ever.
pub fn pump<T>(
    control: Control,
    direction: impl Future<Output = T> + Send,
) -> impl Future<Output = ()> + Send {
    // What is handed on has its room in each future it passes.
    let direction = Box::pin(direction);
    // Entered for its one log line, and not for each message.
    let span = Span::current();

    async move {
        if is_whole(direction).await {
            return;
        }
        span.in_scope(|| error!("pump panicked"));
        control.end("XX000", "something went wrong in Postern; the session was ended");
    }
}

/// Whether the future came to its end without a panic. What it held is dropped either way.
async fn is_whole<T>(act: impl Future<Output = T>) -> bool {
    AssertUnwindSafe(act).catch_unwind().await.is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_while_a_session_opens_is_a_refusal() {
        let id = SessionId::from_random([1; 16]);

        let refused = acquire::<(), Refusal>(&id, async { panic!("a mistake of ours") }).await;

        assert_eq!(refused.unwrap_err().code, Code::Internal);
        assert_eq!(acquire::<_, Refusal>(&id, async { Ok(7) }).await, Ok(7));
    }

    #[tokio::test]
    async fn what_a_panicking_task_held_is_given_up_before_it_is_closed() {
        let (seat, gone) = tokio::sync::oneshot::channel::<()>();
        let task = async move {
            let _seat = seat;
            panic!("a mistake of ours");
        };

        assert!(!is_whole(task).await);

        assert!(gone.await.is_err());
        assert!(is_whole(async {}).await);
    }
}
