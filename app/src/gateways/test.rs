//! *Test*: whether a gateway reaches a target, stage by stage.

use leptos::prelude::*;
use protocol::forms::Draft;
use protocol::ids::GatewayId;

use super::api::TestGateway as Test;
use crate::ui::field::TextField;
use crate::ui::form::{DraftForm, FormSentence, FormState, answer_of};
use crate::vault::test::Stages;

#[component]
pub fn TestGateway(id: GatewayId) -> impl IntoView {
    let action = ServerAction::<Test>::new();
    let state = FormState::of(action);
    let report = answer_of(action);
    let pending = action.pending();

    view! {
        <section class="card" id="test">
            <header>
                <h2>"Test"</h2>
            </header>
            <div aria-live="polite">
                <FormSentence state />
                {move || match report.get() {
                    Some(stages) => view! { <Stages stages /> }.into_any(),
                    None => {
                        view! {
                            <p class="muted">
                                "Whether an instance reaches a host: it connects and hangs up, and says nothing."
                            </p>
                        }
                            .into_any()
                    }
                }}
            </div>
            <DraftForm action state check=|sent: &Test| sent.draft.check()>
                <input type="hidden" name="id" value=id.to_string() />
                <TextField state name="draft[host]" label="Host" mono=true />
                <TextField state name="draft[port]" label="Port" value="5432" mono=true />
                <footer>
                    <p class="muted">{move || pending.get().then_some("Connecting…")}</p>
                    <button disabled=pending>"Test"</button>
                </footer>
            </DraftForm>
        </section>
    }
}
