//! *Add person*: address, name, role; then the link to pass on.

use leptos::prelude::*;
use protocol::forms::Draft;
use protocol::people::Role;

use super::NewLink;
use super::api::Invite;
use super::once::OneTimeLink;
use crate::ui::field::{ChoiceField, TextField};
use crate::ui::form::{DraftForm, FormSentence, FormState, answer_of};
use crate::ui::layout::{Dialog, Leave, Page};

#[component]
pub fn InvitePage() -> impl IntoView {
    let action = ServerAction::<Invite>::new();
    let answer = answer_of(action);

    view! {
        <Page title="Add person">
            <Dialog title="Add person" back="/people">
                {move || match answer.get() {
                    Some(new) => view! { <Invited new /> }.into_any(),
                    None => view! { <InviteForm action /> }.into_any(),
                }}
            </Dialog>
        </Page>
    }
}

#[component]
fn InviteForm(action: ServerAction<Invite>) -> impl IntoView {
    let state = FormState::of(action);

    view! {
        <DraftForm action state check=|sent: &Invite| sent.draft.check()>
            <FormSentence state />
            <TextField state name="draft[email]" label="Email" kind="email" autofocus=true />
            <TextField state name="draft[name]" label="Name" />
            <ChoiceField
                state
                name="draft[role]"
                label="Role"
                hint="Users launch what is shared with them. Auditors replay sessions and read the audit log. Administrators manage people and records."
                value=Role::User.as_str()
                options=role_options()
            />
            <footer>
                <p class="muted">"They choose their own password behind a one-time link."</p>
                <Leave href="/people" word="Cancel" />
                <button class="primary">"Create link"</button>
            </footer>
        </DraftForm>
    }
}

/// Roles as a choice offers them, the weakest first.
pub(super) fn role_options() -> Vec<(&'static str, &'static str)> {
    Role::ALL
        .iter()
        .rev()
        .map(|role| (role.as_str(), role.label()))
        .collect()
}

#[component]
fn Invited(new: NewLink) -> impl IntoView {
    view! {
        <div class="dialog-body">
            <OneTimeLink new />
        </div>
        <footer>
            <a class="btn" href="/people/invite" rel="external">"Add another"</a>
            <Leave href="/people" word="Done" primary=true />
        </footer>
    }
}
