//! Whether the log is as it was written: the question, and the answer.

use leptos::prelude::*;
use protocol::audit::ChainView;

use super::api::VerifyAudit;
use crate::ui::form::{DraftForm, FormSentence, FormState, answer_of};

#[component]
pub(super) fn Chain() -> impl IntoView {
    let action = ServerAction::<VerifyAudit>::new();
    let state = FormState::of(action);
    let answer = answer_of(action);
    let pending = action.pending();

    view! {
        <DraftForm action state check=|_| Vec::new() class="chain">
            <button disabled=move || pending.get()>{move || if pending.get() { "Verifying" } else { "Verify chain" }}</button>
            <div role="status">
                {move || match answer.get() {
                    Some(chain) => view! { <Verdict chain /> }.into_any(),
                    None => {
                        view! {
                            <span class="muted">
                                "Each event holds the hash of the one before: a change, a gap or an insertion shows."
                            </span>
                        }
                            .into_any()
                    }
                }}
            </div>
            <FormSentence state />
        </DraftForm>
    }
}

#[component]
fn Verdict(chain: ChainView) -> impl IntoView {
    match chain {
        ChainView::Intact { events, head } => view! {
            <span class="tag ok">"intact"</span>
            " All " {events} " events are as they were written. Head " <code class="wrap">{head}</code>
        }
        .into_any(),
        ChainView::Broken { seq, why } => view! {
            <span class="tag bad">"not intact"</span>
            " Event " {seq} ": " {why}
        }
        .into_any(),
    }
}
