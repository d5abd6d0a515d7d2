//! Who looks at sessions and recordings, or ends them: a person, with what they came by. A browser comes with a sign-in,
//! a command line with its access token.

use app::ctx::Actor;
use axum::extract::Request;
use protocol::errors::{Code, Refusal};
use protocol::ids::{SignInId, TokenId};
use protocol::people::Role;
use protocol::tokens::Scope;
use vault::people::Person;

use crate::access_tokens::Holder;

/// A person who looks.
#[derive(Debug, Clone)]
pub struct Viewer {
    pub person: Person,
    pub by: Means,
}

/// What somebody came by: what they see ends with it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Means {
    /// A browser's sign-in.
    SignIn(SignInId),
    /// An access token for the command line.
    Token(TokenId),
}

impl Viewer {
    pub fn role(&self) -> Role {
        self.person.role
    }
}

impl From<Actor> for Viewer {
    fn from(actor: Actor) -> Self {
        let Actor { person, sign_in } = actor;

        Self {
            person,
            by: Means::SignIn(sign_in),
        }
    }
}

/// Only who has a token for the command line: one for database clients shows nothing.
impl TryFrom<Holder> for Viewer {
    type Error = Refusal;

    fn try_from(holder: Holder) -> Result<Self, Refusal> {
        let Holder { token, person } = holder;
        match token.scope {
            Scope::CommandLine => Ok(Self {
                person,
                by: Means::Token(token.id),
            }),
            Scope::Launch => Err(not_for_this()),
        }
    }
}

/// Who a request is from, at a door that takes sign-ins and tokens.
pub fn viewer_of(request: &Request) -> Result<Viewer, Refusal> {
    let extensions = request.extensions();
    if let Some(viewer) = extensions.get::<Viewer>() {
        return Ok(viewer.clone());
    }

    extensions
        .get::<Actor>()
        .cloned()
        .map(Viewer::from)
        .ok_or_else(Refusal::signed_out)
}

/// What a token for database clients is told where it opens nothing.
pub fn not_for_this() -> Refusal {
    Refusal::new(
        Code::PamPolicyDenied,
        "This access token only connects to databases. Sign in with postern login, or make a token for the command line \
         under Account in Postern.",
    )
}
