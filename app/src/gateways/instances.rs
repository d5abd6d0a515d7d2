//! The instances of a gateway, and one more.

use leptos::prelude::*;
use protocol::forms::Draft;
use protocol::gateways::{EnrolDraft, GatewayView, InstanceView};
use protocol::ids::GatewayId;

use super::api::{EnrolInstance, RemoveInstance, gateway};
use super::{Started, named, use_gateway_id};
use crate::ui::field::TextField;
use crate::ui::form::{DraftForm, FormSentence, FormState, answer_of};
use crate::ui::layout::{Dialog, Leave, Page};
use crate::ui::notice::Refused;
use crate::ui::when::When;

/// The instances, each with a button that takes its place away.
#[component]
pub fn Instances(gateway: GatewayView) -> impl IntoView {
    let GatewayView {
        id,
        instances,
        max_instances,
        ..
    } = gateway;
    let path = format!("/gateways/{id}/instances/new");
    let is_full = instances.len() >= usize::try_from(max_instances).unwrap_or(usize::MAX);
    let is_empty = instances.is_empty();
    let rows = instances
        .into_iter()
        .map(|instance| view! { <Row gateway=id.clone() instance /> })
        .collect_view();

    view! {
        <section class="card">
            <header>
                <h2>"Instances"</h2>
                {(!is_full).then(|| view! { <a class="btn" href=path>"Add an instance"</a> })}
            </header>
            {is_empty
                .then(|| {
                    view! {
                        <p class="muted">
                            "None. Add one, and run the command it shows in the network of the databases."
                        </p>
                    }
                })}
            <ul class="plain">{rows}</ul>
            {is_full
                .then(|| {
                    view! { <p class="muted">{format!("As many as it may have: {max_instances}.")}</p> }
                })}
        </section>
    }
}

#[component]
fn Row(gateway: GatewayId, instance: InstanceView) -> impl IntoView {
    let action = ServerAction::<RemoveInstance>::new();
    let state = FormState::of(action);
    let InstanceView {
        id,
        machine,
        version,
        address,
        enrolled_at,
        last_seen,
        live,
    } = instance;
    let standing = match live {
        Some(live) if live.is_leaving => view! { <span class="tag warn">"stopping"</span> }.into_any(),
        Some(_) => view! { <span class="tag ok">"online"</span> }.into_any(),
        None => view! { <span class="tag">"offline"</span> }.into_any(),
    };
    let about = match live {
        Some(live) => format!("{} open connections", live.n_connections),
        None => String::new(),
    };

    view! {
        <li>
            <DraftForm action state check=|_| Vec::new()>
                <FormSentence state />
                <input type="hidden" name="gateway" value=gateway.to_string() />
                <input type="hidden" name="id" value=id.to_string() />
                <footer>
                    <p>
                        <b>{machine}</b>
                        " "
                        {standing}
                        <br />
                        <span class="muted">
                            {format!("Version {version}, from {address}. Enrolled ")} <When at=enrolled_at />
                            ", last seen " <When at=last_seen /> ". " {about}
                        </span>
                    </p>
                    <button class="danger" aria-label=format!("Remove instance {id}")>
                        "Remove"
                    </button>
                </footer>
            </DraftForm>
        </li>
    }
}

#[component]
pub fn NewInstancePage() -> impl IntoView {
    let id = use_gateway_id();
    let detail = Resource::new_blocking(move || id.get(), |id| async move { gateway(named(id)?).await });

    view! {
        <Page title="Add an instance">
            <Transition>
                {move || Suspend::new(async move {
                    match detail.await {
                        Ok(gateway) => view! { <NewInstanceDialog gateway /> }.into_any(),
                        Err(error) => view! { <Refused error /> }.into_any(),
                    }
                })}
            </Transition>
        </Page>
    }
}

#[component]
fn NewInstanceDialog(gateway: GatewayView) -> impl IntoView {
    let action = ServerAction::<EnrolInstance>::new();
    let state = FormState::of(action);
    let answer = answer_of(action);
    let back = format!("/gateways/{}", gateway.id);
    let leave = back.clone();
    let id = gateway.id.clone();

    view! {
        <Dialog title="Add an instance" about=gateway.name.clone() back>
            {move || {
                let (id, back) = (id.clone(), leave.clone());

                match answer.get() {
                    Some(new) => {
                        view! {
                            <div class="dialog-body">
                                <Started new />
                            </div>
                            <footer>
                                <Leave href=back word="Done" primary=true />
                            </footer>
                        }
                            .into_any()
                    }
                    None => {
                        view! {
                            <DraftForm action state check=|sent: &EnrolInstance| sent.draft.check()>
                                <FormSentence state />
                                <input type="hidden" name="id" value=id.to_string() />
                                <TextField
                                    state
                                    name="draft[minutes]"
                                    label="Token expires after"
                                    hint="Minutes; it works once."
                                    value=EnrolDraft::default().minutes
                                    autofocus=true
                                />
                                <footer>
                                    <Leave href=back word="Cancel" />
                                    <button class="primary">"Show the command"</button>
                                </footer>
                            </DraftForm>
                        }
                            .into_any()
                    }
                }
            }}
        </Dialog>
    }
}
