//! `/device`: enter the code, see who asks, approve with one's password or deny. Nothing is decided by following a link.

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use protocol::device::{LIFETIMES, LoginView, entered_code};
use protocol::forms::Draft;
use protocol::tokens::Lifetime;

use super::Decided;
use super::api::{ApproveLogin, DenyLogin, LookAtLogin, look_at_login};
use crate::ui::field::{OwnPassword, SelectField, TextField};
use crate::ui::form::{DraftForm, FormSentence, FormState, answer_of};
use crate::ui::layout::{Dialog, Leave, Page};
use crate::ui::when::When;

#[component]
pub fn DevicePage() -> impl IntoView {
    let approve = ServerAction::<ApproveLogin>::new();
    // Without JavaScript the page comes again with what was wrong: the code is all that is left of who asks.
    let kept = FormState::of(approve).kept_or("draft[code]", String::new());
    let asked = Resource::new_blocking(
        move || kept.clone(),
        |code| async move {
            match code.is_empty() {
                true => None,
                false => look_at_login(code).await.ok(),
            }
        },
    );

    view! {
        <Page title="Sign in a command line">
            <Dialog title="Sign in a command line" back="/vault">
                <Suspense>
                    {move || Suspend::new(async move {
                        let asked = asked.await;

                        view! { <Steps approve asked /> }
                    })}
                </Suspense>
            </Dialog>
        </Page>
    }
}

/// The code, then who asks, then what was decided.
#[component]
fn Steps(approve: ServerAction<ApproveLogin>, asked: Option<LoginView>) -> impl IntoView {
    let look = ServerAction::<LookAtLogin>::new();
    let deny = ServerAction::<DenyLogin>::new();
    let seen = answer_of(look);
    let (approved, denied) = (answer_of(approve), answer_of(deny));

    move || match (
        approved.get().or_else(|| denied.get()),
        seen.get().or_else(|| asked.clone()),
    ) {
        (Some(decided), _) => view! { <Done decided /> }.into_any(),
        (None, Some(login)) => view! { <Ask login approve deny /> }.into_any(),
        (None, None) => view! { <EnterCode look approve deny /> }.into_any(),
    }
}

#[component]
fn EnterCode(
    look: ServerAction<LookAtLogin>,
    approve: ServerAction<ApproveLogin>,
    deny: ServerAction<DenyLogin>,
) -> impl IntoView {
    let state = FormState::of(look);
    // Without JavaScript a decision that came too late leads back here.
    let too_late =
        [FormState::of(approve), FormState::of(deny)].map(|state| view! { <FormSentence state /> });
    let code = use_query_map().with_untracked(|query| query.get("code").unwrap_or_default());

    view! {
        <DraftForm action=look state check=|sent: &LookAtLogin| entered_code(&sent.code).err().into_iter().collect()>
            <FormSentence state />
            {too_late}
            <TextField
                state
                name="code"
                label="Code"
                hint="As the terminal shows it, after postern login."
                value=code
                placeholder="BCDF-GHJK"
                autofocus=true
                mono=true
            />
            <footer>
                <Leave href="/vault" word="Cancel" />
                <button class="primary">"Continue"</button>
            </footer>
        </DraftForm>
    }
}

#[component]
fn Ask(
    login: LoginView,
    approve: ServerAction<ApproveLogin>,
    deny: ServerAction<DenyLogin>,
) -> impl IntoView {
    let code = login.code.to_string();

    view! {
        <div class="dialog-body">
            <p class="warning">
                <b>"Approve only what you have started yourself a moment ago."</b>
                " Somebody may have sent you here, or given you a code, to act as you from their own machine. The terminal "
                "in front of you shows the code " <b class="mono">{code.clone()}</b> "."
            </p>
            <Asking login />
        </div>
        <Approve code=code.clone() action=approve />
        <Deny code action=deny />
    }
}

/// Who asks, in their own words, and what is known of them.
#[component]
fn Asking(login: LoginView) -> impl IntoView {
    view! {
        <dl class="facts">
            <dt>"Machine"</dt>
            <dd>{login.machine}</dd>
            <dt>"User there"</dt>
            <dd>{login.user}</dd>
            <dt>"Address"</dt>
            <dd class="mono">{login.address}</dd>
            <dt>"Asked"</dt>
            <dd>
                <When at=login.begun_at />
            </dd>
        </dl>
        <p class="muted">"Machine and user are what the command line says of itself; nobody has checked them."</p>
    }
}

#[component]
fn Approve(code: String, action: ServerAction<ApproveLogin>) -> impl IntoView {
    let state = FormState::of(action);
    let lifetimes = LIFETIMES
        .map(|lifetime| (lifetime.as_str().to_owned(), lifetime.label().to_owned()))
        .to_vec();

    view! {
        <DraftForm action state check=|sent: &ApproveLogin| sent.draft.check()>
            <FormSentence state />
            <input type="hidden" name="draft[code]" value=code />
            <SelectField
                state
                name="draft[lifetime]"
                label="Expires"
                hint="Until then it does whatever you may do with the command line. You revoke it under Account."
                value=Lifetime::Month.as_str()
                options=lifetimes
            />
            <OwnPassword state name="draft[password]" />
            <footer>
                <button class="primary">"Approve"</button>
            </footer>
        </DraftForm>
    }
}

/// A form of its own: Enter in the field of the password approves.
#[component]
fn Deny(code: String, action: ServerAction<DenyLogin>) -> impl IntoView {
    let state = FormState::of(action);

    view! {
        <DraftForm action state check=|_| Vec::new() class="login-denied">
            <FormSentence state />
            <input type="hidden" name="code" value=code />
            <footer>
                <p class="muted">"You did not start this, or are not sure?"</p>
                <button class="danger">"Deny"</button>
            </footer>
        </DraftForm>
    }
}

#[component]
fn Done(decided: Decided) -> impl IntoView {
    let sentence = match decided {
        Decided::Approved(login) => view! {
            "Approved. Go back to the terminal on "
            <b>{login.machine}</b>
            ": it is signed in as you within seconds. You find it among your access tokens, and revoke it there."
        }
        .into_any(),
        Decided::Denied => "Denied. The command line was told no, and this code is good for nothing more.".into_any(),
    };

    view! {
        <div class="dialog-body">
            <p role="status">{sentence}</p>
        </div>
        <footer>
            <Leave href="/account" word="Access tokens" />
            <Leave href="/vault" word="Done" primary=true />
        </footer>
    }
}
