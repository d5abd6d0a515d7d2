//! What a server function may reach: the store, the clock, the person who asks, and [`Operations`] on the world.
#![cfg(feature = "ssr")]

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use leptos::prelude::use_context;
use protocol::audit::{EventName, Outcome};
use protocol::device::{ApprovalDraft, LoginView, UserCode};
use protocol::errors::{Code, Refusal};
use protocol::forms::Draft;
use protocol::gateways::{LiveView, ReachDraft};
use protocol::ids::{GatewayId, InstanceId, PersonId, RecordId, RequestId, SessionId, SignInId};
use protocol::people::{
    InviteDraft, Password, PasswordDraft, Role, SetPasswordDraft, SetUpDraft, SignInDraft,
};
use protocol::recordings::{RecordingView, TranscriptView, VerdictView};
use protocol::terminal::{LaunchDraft, LaunchTicket, LaunchView, TerminateDraft};
use protocol::time::Timestamp;
use protocol::vault::{StageReport, TestReport, TestedCredential};
use store::{Db, Tx};
use vault::audit::Event;
use vault::people::Person;

use crate::errors::AppError;
use crate::sign_in::LinkView;

/// A boxed future: [`Operations`] is object-safe.
pub type Acting<'a, T> = Pin<Box<dyn Future<Output = Result<T, Refusal>> + Send + 'a>>;

/// What acts on the world, in words of `protocol`. Implemented by the server, replaced by nobody:
/// it is the only thing `app` knows of what stands above it.
pub trait Operations: Send + Sync {
    /// Checks the password under throttling and starts a sign-in; the answer is the value of `Set-Cookie`.
    fn sign_in(&self, draft: SignInDraft, client: Client) -> Acting<'_, String>;
    /// Ends one sign-in; the answer is the value of `Set-Cookie`.
    fn sign_out(&self, actor: Actor, client: Client) -> Acting<'_, String>;
    /// Ends every sign-in of the person and their sessions, and revokes their access tokens.
    fn sign_out_everywhere(&self, actor: Actor, client: Client) -> Acting<'_, String>;
    /// What a one-time link is for, if it is still good.
    fn look_at_link(&self, token: Password, client: Client) -> Acting<'_, LinkView>;
    /// Uses up the set-up link: makes the first administrator and signs in; the answer is the value of `Set-Cookie`.
    fn set_up(&self, draft: SetUpDraft, client: Client) -> Acting<'_, String>;
    /// Uses up an invitation or a reset by setting a password, and signs in; the answer is the value of `Set-Cookie`.
    fn use_link(&self, draft: SetPasswordDraft, client: Client) -> Acting<'_, String>;
    /// Adds a person; the answer is the one-time link to pass on.
    fn invite(&self, actor: Actor, draft: InviteDraft, client: Client) -> Acting<'_, String>;
    /// Takes a person's password, sign-ins and access tokens away; the answer is the one-time link to choose another.
    fn reset(&self, actor: Actor, person: PersonId, client: Client) -> Acting<'_, String>;
    fn change_password(&self, actor: Actor, draft: PasswordDraft, client: Client) -> Acting<'_, ()>;
    /// Asks for the password again before something sensitive; throttled like a sign-in.
    fn confirm_password(&self, actor: Actor, password: Password, client: Client) -> Acting<'_, ()>;
    /// Who waits with the code a person entered; codes of nobody are throttled.
    fn look_at_login(&self, actor: Actor, code: UserCode, client: Client) -> Acting<'_, LoginView>;
    /// Lets a command line have a token of the person, who gives their password again.
    fn approve_login(&self, actor: Actor, draft: ApprovalDraft, client: Client) -> Acting<'_, LoginView>;
    /// Tells a command line no.
    fn deny_login(&self, actor: Actor, code: UserCode, client: Client) -> Acting<'_, ()>;
    /// Connects with the administrative or the launch credential and reports stage by stage.
    fn test_connection(
        &self,
        actor: Actor,
        record: RecordId,
        credential: TestedCredential,
        client: Client,
    ) -> Acting<'_, TestReport>;
    /// The accounts the person may launch the record with.
    fn look_at_launch(&self, actor: Actor, record: RecordId, client: Client) -> Acting<'_, LaunchView>;
    /// A ticket for one session: 30 s, single use, bound to person, sign-in and address.
    fn issue_ticket(&self, actor: Actor, draft: LaunchDraft, client: Client) -> Acting<'_, LaunchTicket>;
    /// A ticket to come back to one's own live session, with the same bounds.
    fn issue_resume_ticket(
        &self,
        actor: Actor,
        session: SessionId,
        client: Client,
    ) -> Acting<'_, LaunchTicket>;
    /// A recording, for the player; each look is audited.
    fn look_at_recording(
        &self,
        actor: Actor,
        session: SessionId,
        client: Client,
    ) -> Acting<'_, RecordingView>;
    /// The text of a recording from a segment on; opening it is audited as playing it.
    fn read_transcript(
        &self,
        actor: Actor,
        session: SessionId,
        from: u32,
        client: Client,
    ) -> Acting<'_, TranscriptView>;
    /// Whether a recording is all there and as it was recorded; reads every byte of it.
    fn verify_recording(&self, actor: Actor, session: SessionId, client: Client) -> Acting<'_, VerdictView>;
    /// Ends a live session; its owner reads who did it and why.
    fn terminate(&self, actor: Actor, draft: TerminateDraft, client: Client) -> Acting<'_, ()>;
    /// What an instance of a gateway does, if it is connected to this server.
    fn live_instance(&self, id: &InstanceId) -> Option<LiveView>;
    /// Connects to a target through a gateway and hangs up; each test is audited.
    fn test_gateway(
        &self,
        actor: Actor,
        gateway: GatewayId,
        draft: ReachDraft,
        client: Client,
    ) -> Acting<'_, Vec<StageReport>>;
    /// Something was saved that may take a right away: live sessions are looked at again at once.
    fn rights_changed(&self);
}

/// A person with the sign-in they act through.
#[derive(Debug, Clone)]
pub struct Actor {
    pub person: Person,
    pub sign_in: SignInId,
}

impl Actor {
    pub fn role(&self) -> Role {
        self.person.role
    }
}

/// Where a request came from.
#[derive(Debug, Clone)]
pub struct Client {
    pub address: String,
    pub user_agent: String,
    pub request: RequestId,
}

/// The parts of the server every function shares.
#[derive(Clone)]
pub struct Shared {
    pub db: Db,
    pub master: Arc<vault::envelope::MasterKey>,
    pub operations: Arc<dyn Operations>,
    /// The server's clock.
    pub now: fn() -> Timestamp,
    /// The server's randomness.
    pub random: fn(&mut [u8]),
    /// Time without a request after which a sign-in ends.
    pub sign_in_idle: Duration,
    /// Where people reach the server, for links that are shown to be passed on.
    pub public_url: Arc<str>,
}

impl Shared {
    /// Random bytes for an id or a token.
    pub fn draw<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        (self.random)(&mut bytes);

        bytes
    }
}

/// One request: what it may reach and who sent it.
#[derive(Clone)]
pub struct RequestCtx {
    pub shared: Shared,
    pub client: Client,
    actor: Option<Actor>,
}

impl RequestCtx {
    pub fn new(shared: Shared, client: Client, actor: Option<Actor>) -> Self {
        Self {
            shared,
            client,
            actor,
        }
    }

    /// The context of the server function that is running.
    pub fn current() -> Result<Self, AppError> {
        use_context().ok_or_else(|| AppError(Refusal::new(Code::Internal, "The request has no context.")))
    }

    /// The person who asks, if signed in.
    pub fn actor(&self) -> Option<&Actor> {
        self.actor.as_ref()
    }

    pub fn signed_in(&self) -> Result<&Actor, AppError> {
        self.actor.as_ref().ok_or_else(signed_out)
    }

    /// Who may manage people. What changes something weighs it once more; see [`Self::held`].
    pub fn administrator(&self) -> Result<&Actor, AppError> {
        let actor = self.signed_in()?;
        vault::authorize::administer(&actor.person)?;

        Ok(actor)
    }

    /// Administrators and auditors.
    pub fn evidence(&self) -> Result<&Actor, AppError> {
        let actor = self.signed_in()?;
        vault::authorize::audit(&actor.person)?;

        Ok(actor)
    }

    /// The person who asks as they are in this transaction, role and all, and as they stay until it ends: since the
    /// request came their role may have been taken away. Call it first in a transaction.
    pub async fn held(&self, tx: &mut Tx) -> Result<Person, AppError> {
        let actor = self.signed_in()?;
        let person = store::people::hold(tx, &actor.person.id).await?;

        person.filter(Person::is_active).ok_or_else(signed_out)
    }

    pub fn now(&self) -> Timestamp {
        (self.shared.now)()
    }

    /// Something that went well in this request: when, who and from where are filled in.
    pub fn event(&self, name: EventName) -> Event {
        let event = Event::new(name, Outcome::Ok, self.now())
            .from_address(self.client.address.clone())
            .in_request(&self.client.request);

        match &self.actor {
            Some(actor) => event.by(&actor.person),
            None => event,
        }
    }
}

fn signed_out() -> AppError {
    AppError(Refusal::signed_out())
}

/// A failure of the store: logged here, once; the person gets a sentence without internals.
impl From<store::Error> for AppError {
    fn from(error: store::Error) -> Self {
        tracing::error!(error = &error as &dyn std::error::Error, "store");

        Self(Refusal::new(
            Code::Internal,
            "The store could not do this. Try again; if it stays, tell an administrator.",
        ))
    }
}

/// The draft's own rules, once more on the server.
pub fn check(draft: &impl Draft) -> Result<(), AppError> {
    let errors = draft.check();
    if errors.is_empty() {
        return Ok(());
    }

    Err(AppError(Refusal::invalid(errors)))
}

/// Adds `Set-Cookie` to the answer.
pub fn set_cookie(cookie: &str) -> Result<(), AppError> {
    let response = use_context::<leptos_axum::ResponseOptions>();
    let value = http::HeaderValue::from_str(cookie);
    let (Some(response), Ok(value)) = (response, value) else {
        return Err(AppError(Refusal::new(
            Code::Internal,
            "The sign-in could not be handed to the browser.",
        )));
    };
    response.append_header(http::header::SET_COOKIE, value);

    Ok(())
}

/// `path` if it stays on this server: no other host can be smuggled into a redirect.
pub fn own_path(path: &str) -> Option<&str> {
    let plain = path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');

    (path.starts_with('/') && !path.starts_with("//") && plain).then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirect_stays_on_this_server() {
        for (path, expected) in [
            ("/vault?q=a", Some("/vault?q=a")),
            ("//evil.example", None),
            ("/\\evil.example", None),
            ("https://evil.example", None),
            ("/a\nb", None),
            ("", None),
        ] {
            assert_eq!(own_path(path), expected, "{path:?}");
        }
    }
}
