//! *Reveal*: the secrets of a PAM User, once, after the person gave their own password again.

use leptos::prelude::*;
use protocol::forms::FieldError;
use protocol::vault::RecordView;

use super::api::{Reveal, record};
use super::{Revealed, named, use_record_id};
use crate::ui::field::OwnPassword;
use crate::ui::form::{DraftForm, FormSentence, FormState, answer_of};
use crate::ui::layout::{Dialog, Leave, Page};
use crate::ui::notice::Refused;
use crate::ui::raw::raw_text;

#[component]
pub fn RevealPage() -> impl IntoView {
    let id = use_record_id();
    let detail = Resource::new_blocking(move || id.get(), |id| async move { record(named(id)?).await });

    view! {
        <Page title="Reveal">
            <Transition>
                {move || Suspend::new(async move {
                    match detail.await {
                        Ok(detail) => view! { <RevealDialog record=detail.record /> }.into_any(),
                        Err(error) => view! { <Refused error /> }.into_any(),
                    }
                })}
            </Transition>
        </Page>
    }
}

#[component]
fn RevealDialog(record: RecordView) -> impl IntoView {
    let action = ServerAction::<Reveal>::new();
    let answer = answer_of(action);
    let back = format!("/vault/{}", record.id);
    let done = back.clone();

    view! {
        <Dialog title="Reveal" about=record.title.clone() back>
            {move || match answer.get() {
                Some(revealed) => view! { <Shown revealed back=done.clone() /> }.into_any(),
                None => view! { <AskPassword action record=record.clone() /> }.into_any(),
            }}
        </Dialog>
    }
}

#[component]
fn AskPassword(action: ServerAction<Reveal>, record: RecordView) -> impl IntoView {
    let state = FormState::of(action);

    view! {
        <DraftForm action state check=check>
            <p>"The secret is shown once, on this page. That you saw it is written to the audit log."</p>
            <input type="hidden" name="id" value=record.id.to_string() />
            <OwnPassword state name="password" autofocus=true />
            <footer>
                <FormSentence state />
                <Leave href=format!("/vault/{}", record.id) word="Cancel" />
                <button class="primary">"Reveal"</button>
            </footer>
        </DraftForm>
    }
}

fn check(sent: &Reveal) -> Vec<FieldError> {
    if sent.password.is_empty() {
        return vec![FieldError::new(
            "password",
            "Enter the password you sign in with.",
        )];
    }

    Vec::new()
}

#[component]
fn Shown(revealed: Revealed, back: String) -> impl IntoView {
    let password = revealed.password.map(|password| {
        view! {
            <label for="revealed-password">"Password"</label>
            <input id="revealed-password" class="mono" readonly autocomplete="off" spellcheck="false" value=password />
        }
    });
    let private_key = revealed.private_key.map(|key| {
        view! {
            <label for="revealed-key">"Private PEM key"</label>
            <textarea id="revealed-key" rows="12" readonly autocomplete="off" spellcheck="false">
                {raw_text(&key)}
            </textarea>
        }
    });

    view! {
        <div class="dialog-body revealed" role="status">
            {password} {private_key}
            <p class="muted">"Leave this page when you have it: it is not shown again without your password."</p>
        </div>
        <footer>
            <Leave href=back word="Done" primary=true />
        </footer>
    }
}
