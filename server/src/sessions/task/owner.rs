//! Whose session it is, and what keeps it open.

use app::ctx::{Actor, Client};
use protocol::errors::Refusal;
use protocol::ids::TokenId;
use protocol::sessions::SessionKind;
use protocol::terminal::LaunchDraft;
use protocol::time::Timestamp;
use vault::authorize::{Authorized, Launch};
use vault::people::Person;

use crate::launch;
use crate::state::AppState;

/// Who runs the session and with what right; checked again while it lives.
pub struct Owner {
    pub person: Person,
    pub keeper: Keeper,
    pub client: Client,
    pub launch: LaunchDraft,
}

/// What a session is kept open by: it ends with it.
#[derive(Clone)]
pub enum Keeper {
    /// A browser's sign-in.
    SignIn(Box<Actor>),
    /// The access token of a command line.
    Token(TokenId),
}

impl Keeper {
    /// Whether the session may go on.
    pub async fn lets_stay(
        &self,
        state: &AppState,
        launch: &LaunchDraft,
    ) -> Result<Authorized<Launch>, Refusal> {
        match self {
            Self::SignIn(actor) => launch::may_stay(state, actor, launch).await,
            Self::Token(token) => {
                launch::may_stay_with_token(state, token, SessionKind::Terminal, launch).await
            }
        }
    }

    /// A session that is open keeps a sign-in from going idle; a token ends on its day.
    pub async fn touch(&self, state: &AppState, now: Timestamp) {
        match self {
            Self::SignIn(actor) => launch::keep_signed_in(state, actor, now).await,
            Self::Token(_) => {}
        }
    }
}
