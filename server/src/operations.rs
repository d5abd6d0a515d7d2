//! [`Operations`]: what pages may do to the world, each handed to the module that does it.

use app::ctx::{Acting, Actor, Client, Operations};
use app::sign_in::LinkView;
use protocol::device::{ApprovalDraft, LoginView, UserCode};
use protocol::gateways::{LiveView, ReachDraft};
use protocol::ids::{GatewayId, InstanceId, PersonId, RecordId, SessionId};
use protocol::people::{InviteDraft, Password, PasswordDraft, SetPasswordDraft, SetUpDraft, SignInDraft};
use protocol::recordings::{RecordingView, TranscriptView, VerdictView};
use protocol::terminal::{LaunchDraft, LaunchTicket, LaunchView, TerminateDraft};
use protocol::vault::{StageReport, TestReport, TestedCredential};

use crate::people::{links, password, sign_in};
use crate::state::AppState;
use crate::{connection_test, device, gateways, jobs, launch, recordings, sessions};

/// The server's implementation.
pub struct ServerOperations {
    state: AppState,
}

impl ServerOperations {
    pub fn new(state: AppState) -> Self {
        Self { state }
    }
}

impl Operations for ServerOperations {
    fn sign_in(&self, draft: SignInDraft, client: Client) -> Acting<'_, String> {
        Box::pin(async move { sign_in::sign_in(&self.state, draft, &client).await })
    }

    fn sign_out(&self, actor: Actor, client: Client) -> Acting<'_, String> {
        Box::pin(async move { sign_in::sign_out(&self.state, &actor, &client).await })
    }

    fn sign_out_everywhere(&self, actor: Actor, client: Client) -> Acting<'_, String> {
        Box::pin(async move { sign_in::sign_out_everywhere(&self.state, &actor, &client).await })
    }

    fn look_at_link(&self, token: Password, _client: Client) -> Acting<'_, LinkView> {
        Box::pin(async move { links::look_at(&self.state, token).await })
    }

    fn set_up(&self, draft: SetUpDraft, client: Client) -> Acting<'_, String> {
        Box::pin(async move { links::set_up(&self.state, draft, &client).await })
    }

    fn use_link(&self, draft: SetPasswordDraft, client: Client) -> Acting<'_, String> {
        Box::pin(async move { links::use_up(&self.state, draft, &client).await })
    }

    fn invite(&self, actor: Actor, draft: InviteDraft, client: Client) -> Acting<'_, String> {
        Box::pin(async move { links::invite(&self.state, &actor, draft, &client).await })
    }

    fn reset(&self, actor: Actor, person: PersonId, client: Client) -> Acting<'_, String> {
        Box::pin(async move { links::reset(&self.state, &actor, &person, &client).await })
    }

    fn change_password(&self, actor: Actor, draft: PasswordDraft, client: Client) -> Acting<'_, ()> {
        Box::pin(async move { password::change(&self.state, &actor, draft, &client).await })
    }

    fn confirm_password(&self, actor: Actor, password: Password, client: Client) -> Acting<'_, ()> {
        Box::pin(async move { password::confirm(&self.state, &actor, password, &client).await })
    }

    fn look_at_login(&self, actor: Actor, code: UserCode, client: Client) -> Acting<'_, LoginView> {
        Box::pin(async move { device::look_at(&self.state, &actor, code, &client).await })
    }

    fn approve_login(&self, actor: Actor, draft: ApprovalDraft, client: Client) -> Acting<'_, LoginView> {
        Box::pin(async move { device::approve(&self.state, &actor, draft, &client).await })
    }

    fn deny_login(&self, actor: Actor, code: UserCode, client: Client) -> Acting<'_, ()> {
        Box::pin(async move { device::deny(&self.state, &actor, code, &client).await })
    }

    fn test_connection(
        &self,
        actor: Actor,
        record: RecordId,
        credential: TestedCredential,
        client: Client,
    ) -> Acting<'_, TestReport> {
        Box::pin(async move { connection_test::run(&self.state, &actor, &record, credential, &client).await })
    }

    fn look_at_launch(&self, actor: Actor, record: RecordId, _client: Client) -> Acting<'_, LaunchView> {
        Box::pin(async move { launch::look_at(&self.state, &actor, &record).await })
    }

    fn issue_ticket(&self, actor: Actor, draft: LaunchDraft, client: Client) -> Acting<'_, LaunchTicket> {
        Box::pin(async move { launch::issue(&self.state, &actor, &draft, &client).await })
    }

    fn issue_resume_ticket(
        &self,
        actor: Actor,
        session: SessionId,
        client: Client,
    ) -> Acting<'_, LaunchTicket> {
        Box::pin(async move { launch::issue_to_resume(&self.state, &actor, session, &client) })
    }

    fn look_at_recording(
        &self,
        actor: Actor,
        session: SessionId,
        client: Client,
    ) -> Acting<'_, RecordingView> {
        Box::pin(async move { recordings::look_at(&self.state, &actor.into(), &session, &client).await })
    }

    fn read_transcript(
        &self,
        actor: Actor,
        session: SessionId,
        from: u32,
        client: Client,
    ) -> Acting<'_, TranscriptView> {
        Box::pin(
            async move { recordings::transcript(&self.state, &actor.into(), &session, from, &client).await },
        )
    }

    fn verify_recording(&self, actor: Actor, session: SessionId, client: Client) -> Acting<'_, VerdictView> {
        Box::pin(
            async move { recordings::verify_for_page(&self.state, &actor.into(), &session, &client).await },
        )
    }

    fn terminate(&self, actor: Actor, draft: TerminateDraft, client: Client) -> Acting<'_, ()> {
        Box::pin(async move { sessions::terminate(&self.state, &actor.into(), &draft, &client).await })
    }

    fn live_instance(&self, id: &InstanceId) -> Option<LiveView> {
        self.state.gateways.view(id)
    }

    fn test_gateway(
        &self,
        actor: Actor,
        gateway: GatewayId,
        draft: ReachDraft,
        client: Client,
    ) -> Acting<'_, Vec<StageReport>> {
        Box::pin(async move { gateways::test(&self.state, &actor, &gateway, &draft, &client).await })
    }

    fn rights_changed(&self) {
        self.state.sessions.look_again();
        let state = self.state.clone();
        self.state
            .tasks
            .spawn(async move { jobs::gateways_again(&state).await });
    }
}
