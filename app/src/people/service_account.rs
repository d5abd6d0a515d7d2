//! *Add service account*: its name. What it may launch, and its tokens, come on its own page.

use leptos::prelude::*;
use protocol::forms::Draft;

use super::api::AddServiceAccount;
use crate::ui::field::TextField;
use crate::ui::form::{DraftForm, FormSentence, FormState};
use crate::ui::layout::{Dialog, Leave, Page};

#[component]
pub fn NewServiceAccountPage() -> impl IntoView {
    let action = ServerAction::<AddServiceAccount>::new();
    let state = FormState::of(action);

    view! {
        <Page title="Add service account">
            <Dialog title="Add service account" back="/people">
                <DraftForm action state check=|sent: &AddServiceAccount| sent.draft.check()>
                    <FormSentence state />
                    <TextField
                        state
                        name="draft[name]"
                        label="Name"
                        hint="What sessions, recordings and the audit log call it, e.g. nightly-export."
                        autofocus=true
                    />
                    <footer>
                        <p class="muted">
                            "A program that launches what is shared with it, by access tokens. It has no password."
                        </p>
                        <Leave href="/people" word="Cancel" />
                        <button class="primary">"Add"</button>
                    </footer>
                </DraftForm>
            </Dialog>
        </Page>
    }
}
