//! `/sessions/{session}/terminate`: ends somebody's session, with a reason its owner reads in the terminal.

use leptos::prelude::*;
use protocol::forms::Draft;
use protocol::service_accounts::in_words;
use protocol::sessions::{SessionState, SessionView};

use super::address::{named, use_session_id};
use super::api::{TerminateSession, session};
use crate::ui::field::TextField;
use crate::ui::form::{DraftForm, FormSentence, FormState};
use crate::ui::layout::{Dialog, Page};
use crate::ui::notice::Refused;

#[component]
pub fn TerminatePage() -> impl IntoView {
    let id = use_session_id();
    let found = Resource::new_blocking(move || id.get(), |id| async move { session(named(id)?).await });

    view! {
        <Page title="Terminate session">
            <Transition>
                {move || Suspend::new(async move {
                    match found.await {
                        Ok(session) => view! { <TerminateDialog session /> }.into_any(),
                        Err(error) => view! { <Refused error /> }.into_any(),
                    }
                })}
            </Transition>
        </Page>
    }
}

#[component]
fn TerminateDialog(session: SessionView) -> impl IntoView {
    let about = format!("{} on {}", in_words(&session.person_email), session.record_title);
    let back = match session.state {
        SessionState::Starting | SessionState::Live if session.kind.has_screen() => {
            format!("/sessions/{}/live", session.id)
        }
        SessionState::Starting | SessionState::Live | SessionState::Ended | SessionState::Failed => {
            format!("/sessions/{}", session.id)
        }
    };

    view! {
        <Dialog title="Terminate session" about=about back=back.clone()>
            {match session.state {
                SessionState::Starting | SessionState::Live => view! { <Ask session back /> }.into_any(),
                SessionState::Ended | SessionState::Failed => {
                    view! {
                        <div class="dialog-body">
                            <p>"This session has ended."</p>
                        </div>
                        <footer>
                            <a class="btn primary" href=back>
                                "Replay"
                            </a>
                        </footer>
                    }
                        .into_any()
                }
            }}
        </Dialog>
    }
}

#[component]
fn Ask(session: SessionView, back: String) -> impl IntoView {
    let action = ServerAction::<TerminateSession>::new();
    let state = FormState::of(action);

    view! {
        <DraftForm action state check=|sent: &TerminateSession| sent.draft.check()>
            <p>
                "The running statement is cancelled and the connection is closed; an open transaction is rolled back. "
                {in_words(&session.person_email)} " reads who ended the session and why."
            </p>
            <input type="hidden" name="draft[session]" value=session.id.to_string() />
            <TextField
                state
                name="draft[reason]"
                label="Reason"
                hint="One line; it is kept in the audit log."
                autofocus=true
            />
            <footer>
                <FormSentence state />
                <a class="btn" href=back>
                    "Cancel"
                </a>
                <button class="danger">"Terminate"</button>
            </footer>
        </DraftForm>
    }
}
