//! The ticket of a launch: asked for once, also before there is a session on the page to redeem it.

use leptos::prelude::*;
use protocol::terminal::{LaunchDraft, LaunchTicket};

use super::api::Launch;
use crate::errors::AppError;

/// Asks for tickets of launches, one at a time.
#[derive(Clone, Copy)]
pub(super) struct Ticket {
    asking: ServerAction<Launch>,
    is_ahead: StoredValue<bool>,
}

impl Ticket {
    pub(super) fn new() -> Self {
        Self {
            asking: ServerAction::new(),
            is_ahead: StoredValue::new(false),
        }
    }

    /// Asks for what the next [`Self::ask`] will ask for.
    pub(super) fn ask_ahead(self, draft: LaunchDraft) {
        self.is_ahead.set_value(true);
        self.asking.dispatch(Launch { draft });
    }

    pub(super) fn ask(self, draft: LaunchDraft) {
        let was_ahead = self.is_ahead.try_update_value(std::mem::take);
        if was_ahead != Some(true) {
            self.asking.dispatch(Launch { draft });
        }
    }

    /// The answer, once; tracked.
    pub(super) fn take(self) -> Option<Result<LaunchTicket, AppError>> {
        let answer = self.asking.value().get()?;
        // A ticket is good once, and the next launch waits for another.
        self.asking.clear();

        Some(answer)
    }
}
