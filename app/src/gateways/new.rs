//! *New gateway*: name, folders, targets; then the command that starts its first instance.

use leptos::prelude::*;
use protocol::forms::Draft;
use protocol::gateways::GatewayDraft;
use protocol::vault::FolderView;

use super::Started;
use super::api::CreateGateway;
use crate::ui::field::{AreaField, CheckField, CheckList, TextField};
use crate::ui::form::{DraftForm, FormSentence, FormState, answer_of};
use crate::ui::layout::{Dialog, Leave, Page};
use crate::ui::notice::Refused;
use crate::vault::api::folders;
use crate::vault::new::Administrators;

#[component]
pub fn NewGatewayPage() -> impl IntoView {
    let action = ServerAction::<CreateGateway>::new();
    let answer = answer_of(action);
    let offered = Resource::new_blocking(|| (), |()| folders());

    view! {
        <Page title="New gateway">
            <Administrators>
                <Dialog title="New gateway" back="/gateways">
                    {move || match answer.get() {
                        Some(new) => {
                            let page = format!("/gateways/{}", new.gateway);

                            view! {
                                <div class="dialog-body">
                                    <Started new />
                                </div>
                                <footer>
                                    <a class="btn primary" href=page>"Done"</a>
                                </footer>
                            }
                                .into_any()
                        }
                        None => {
                            view! {
                                <Transition>
                                    {move || Suspend::new(async move {
                                        match offered.await {
                                            Ok(folders) => view! { <NewForm action folders /> }.into_any(),
                                            Err(error) => view! { <Refused error /> }.into_any(),
                                        }
                                    })}
                                </Transition>
                            }
                                .into_any()
                        }
                    }}
                </Dialog>
            </Administrators>
        </Page>
    }
}

#[component]
fn NewForm(action: ServerAction<CreateGateway>, folders: Vec<FolderView>) -> impl IntoView {
    let state = FormState::of(action);

    view! {
        <DraftForm action state check=|sent: &CreateGateway| sent.draft.check()>
            <FormSentence state />
            <GatewayFields state draft=GatewayDraft::default() folders />
            <footer>
                <Leave href="/gateways" word="Cancel" />
                <button class="primary">"Create"</button>
            </footer>
        </DraftForm>
    }
}

/// The fields of a gateway.
#[component]
pub fn GatewayFields(state: FormState, draft: GatewayDraft, folders: Vec<FolderView>) -> impl IntoView {
    let is_without = folders.is_empty();
    let boxes = folders
        .into_iter()
        .map(|folder| {
            let is_ticked = draft.folders.contains(&folder.id);

            (folder.id.to_string(), folder.name, is_ticked)
        })
        .collect();

    view! {
        <TextField state name="draft[name]" label="Name" value=draft.name autofocus=true />
        <CheckList state name="draft[folders][]" label="Folders it may serve" options=boxes />
        {is_without
            .then(|| {
                view! {
                    <p class="muted">
                        "There is no folder yet. " <a href="/folders/new">"Make one"</a> " for the records it is to serve."
                    </p>
                }
            })}
        <AreaField
            state
            name="draft[targets]"
            label="May connect to"
            hint="Addresses, networks or names, a line each, with :port or without. Empty: everything but loopback, link-local and multicast addresses, which take a line with the address and not with a name."
            value=draft.targets
            placeholder="10.0.0.0/24:5432"
        />
        <TextField
            state
            name="draft[max_instances]"
            label="Maximum instances"
            hint="Several share the work, and stand in for each other."
            value=draft.max_instances
        />
        <CheckField
            state
            name="draft[address_lock]"
            label="Lock instances to their address"
            hint="An instance connects from where it was enrolled, and from nowhere else."
            checked=draft.address_lock
        />
    }
}
