//! The page behind a one-time link: first administrator, invitation, password reset.

use leptos::prelude::*;
use leptos_router::hooks::use_params_map;
use protocol::forms::Draft;
use protocol::people::{MIN_PASSWORD, Password, Role};

use super::LinkView;
use super::api::{SetUp, UseLink, link};
use crate::ui::field::TextField;
use crate::ui::form::{DraftForm, FormSentence, FormState};
use crate::ui::layout::Doorstep;
use crate::ui::notice::Refused;

/// Shows the form the link is for, or why it is no longer good.
#[component]
pub fn WelcomePage() -> impl IntoView {
    let token = use_params_map().with_untracked(|params| params.get("token").unwrap_or_default());
    let kept = token.clone();
    let view = Resource::new_blocking(move || kept.clone(), |token| link(Password::new(token)));

    view! {
        <Doorstep title="Welcome">
            <Suspense>
                {move || {
                    let token = token.clone();
                    Suspend::new(async move {
                        match view.await {
                            Ok(LinkView::SetUp) => view! { <SetUpForm token /> }.into_any(),
                            Ok(LinkView::Password { email, role }) => {
                                view! { <PasswordForm token email role /> }.into_any()
                            }
                            Err(error) => view! { <Refused error /> }.into_any(),
                        }
                    })
                }}
            </Suspense>
        </Doorstep>
    }
}

fn password_hint() -> &'static str {
    const { assert!(MIN_PASSWORD == 12) };

    "At least 12 characters; a sentence works well."
}

#[component]
fn SetUpForm(token: String) -> impl IntoView {
    let action = ServerAction::<SetUp>::new();
    let state = FormState::of(action);

    view! {
        <DraftForm action state check=|sent: &SetUp| sent.draft.check() class="card">
            <h1>"Set up Postern"</h1>
            <p class="muted">"You become the first administrator. This link works once."</p>
            <FormSentence state />
            <input type="hidden" name="draft[token]" value=token />
            <TextField state name="draft[email]" label="Email" kind="email" autocomplete="username" autofocus=true />
            <TextField state name="draft[name]" label="Name" autocomplete="name" />
            <NewPassword state />
            <button class="primary wide">"Create administrator"</button>
        </DraftForm>
    }
}

#[component]
fn PasswordForm(token: String, email: String, role: Role) -> impl IntoView {
    let action = ServerAction::<UseLink>::new();
    let state = FormState::of(action);

    view! {
        <DraftForm action state check=|sent: &UseLink| sent.draft.check() class="card">
            <h1>"Choose a password"</h1>
            <p class="muted">{email.clone()} " · " {role.label()}</p>
            <FormSentence state />
            <input type="hidden" name="draft[token]" value=token />
            <input type="hidden" autocomplete="username" value=email />
            <NewPassword state />
            <button class="primary wide">"Save and sign in"</button>
        </DraftForm>
    }
}

/// A new password, twice.
#[component]
pub fn NewPassword(state: FormState) -> impl IntoView {
    view! {
        <TextField
            state
            name="draft[new]"
            label="New password"
            hint=password_hint()
            kind="password"
            autocomplete="new-password"
        />
        <TextField
            state
            name="draft[repeat]"
            label="New password again"
            kind="password"
            autocomplete="new-password"
        />
    }
}
