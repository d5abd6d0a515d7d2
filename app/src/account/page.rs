//! Password, sign-ins, signing out.

use leptos::form::ActionForm;
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use protocol::forms::Draft;
use protocol::people::SignInView;

use super::api::{ChangePassword, SignOut, SignOutEverywhere, sign_ins};
use crate::sign_in::welcome::NewPassword;
use crate::tokens::OwnTokens;
use crate::ui::field::TextField;
use crate::ui::form::{DraftForm, FormSentence, FormState};
use crate::ui::layout::{Page, Top};
use crate::ui::notice::Refused;
use crate::ui::when::When;
use crate::viewer::use_viewer;

#[component]
pub fn AccountPage() -> impl IntoView {
    let viewer = use_viewer();
    let change = ServerAction::<ChangePassword>::new();
    let open = Resource::new_blocking(move || change.version().get(), |_| sign_ins());
    let query = use_query_map();
    let done = move || query.with(|query| done(query.get("changed").is_some(), query.get("saved")));

    view! {
        <Page title="Account">
            <Top heading="Account">
                <SignOutButton />
            </Top>
            <div class="column">
                <p class="muted">
                    <Suspense>
                        {move || Suspend::new(async move {
                            viewer
                                .await
                                .ok()
                                .flatten()
                                .map(|viewer| format!("{} · {}", viewer.email, viewer.role.label()))
                        })}
                    </Suspense>
                </p>
                {move || done().map(|sentence| view! { <p class="done" role="status">{sentence}</p> })}
                <PasswordForm action=change />
                <OwnTokens />
                <section class="card">
                    <h2>"Open sign-ins"</h2>
                    <Suspense>
                        {move || Suspend::new(async move {
                            match open.await {
                                Ok(list) => view! { <SignIns list /> }.into_any(),
                                Err(error) => view! { <Refused error /> }.into_any(),
                            }
                        })}
                    </Suspense>
                    <Everywhere />
                </section>
            </div>
        </Page>
    }
}

/// What a change is called above the page.
fn done(changed: bool, saved: Option<String>) -> Option<&'static str> {
    match (changed, saved.as_deref()) {
        (true, _) => Some("Your password was changed. Your other sign-ins have ended."),
        (false, Some("token")) => Some("The token was revoked: sessions opened with it have ended."),
        (false, _) => None,
    }
}

#[component]
fn SignOutButton() -> impl IntoView {
    let action = ServerAction::<SignOut>::new();

    view! {
        <ActionForm action>
            <button>"Sign out"</button>
        </ActionForm>
    }
}

#[component]
fn PasswordForm(action: ServerAction<ChangePassword>) -> impl IntoView {
    let state = FormState::of(action);

    view! {
        <DraftForm action state check=|sent: &ChangePassword| sent.draft.check() class="card">
            <h2>"Password"</h2>
            <FormSentence state />
            <TextField
                state
                name="draft[current]"
                label="Present password"
                kind="password"
                autocomplete="current-password"
            />
            <NewPassword state />
            <footer>
                <button class="primary">"Change password"</button>
            </footer>
        </DraftForm>
    }
}

#[component]
fn SignIns(list: Vec<SignInView>) -> impl IntoView {
    let rows = list
        .into_iter()
        .map(|open| {
            view! {
                <tr>
                    <td>
                        <b>{open.user_agent}</b>
                        <div class="faint mono">{open.remote_address}</div>
                    </td>
                    <td class="hide">
                        <When at=open.created_at />
                    </td>
                    <td>
                        <When at=open.last_seen />
                        {open.is_current.then(|| view! { <span class="tag ok">"this one"</span> })}
                    </td>
                </tr>
            }
        })
        .collect_view();

    view! {
        <table>
            <thead>
                <tr>
                    <th>"Browser"</th>
                    <th class="hide">"Since"</th>
                    <th>"Last seen"</th>
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </table>
    }
}

#[component]
fn Everywhere() -> impl IntoView {
    let action = ServerAction::<SignOutEverywhere>::new();

    view! {
        <ActionForm action>
            <footer>
                <p class="muted">"Ends every sign-in, this one too, and your open sessions, and revokes your access tokens."</p>
                <button class="danger">"Sign out everywhere"</button>
            </footer>
        </ActionForm>
    }
}
