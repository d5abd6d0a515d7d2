//! The sign-in page.

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use protocol::forms::Draft;

use super::api::SignIn;
use crate::ui::field::TextField;
use crate::ui::form::{DraftForm, FormSentence, FormState};
use crate::ui::layout::Doorstep;

/// E-mail, password, and back to the page that was wanted.
#[component]
pub fn SignInPage() -> impl IntoView {
    let action = ServerAction::<SignIn>::new();
    let state = FormState::of(action);
    let next = use_query_map().with_untracked(|query| query.get("next").unwrap_or_default());

    view! {
        <Doorstep title="Sign in">
            <DraftForm action state check=|sent: &SignIn| sent.draft.check() class="card">
                <h1>"Sign in"</h1>
                <FormSentence state />
                <input type="hidden" name="next" value=next />
                <TextField state name="draft[email]" label="Email" kind="email" autocomplete="username" autofocus=true />
                <TextField
                    state
                    name="draft[password]"
                    label="Password"
                    kind="password"
                    autocomplete="current-password"
                />
                <button class="primary wide">"Sign in"</button>
            </DraftForm>
        </Doorstep>
    }
}
