//! *Edit gateway*.

use leptos::prelude::*;
use protocol::forms::Draft;
use protocol::gateways::GatewayView;
use protocol::vault::FolderView;

use super::api::{SaveGateway, gateway};
use super::new::GatewayFields;
use super::{named, use_gateway_id};
use crate::ui::form::{DraftForm, FormSentence, FormState};
use crate::ui::layout::{Dialog, Leave, Page};
use crate::ui::notice::Refused;
use crate::vault::api::folders;

#[component]
pub fn EditGatewayPage() -> impl IntoView {
    let id = use_gateway_id();
    let detail = Resource::new_blocking(
        move || id.get(),
        |id| async move { Ok::<_, crate::errors::AppError>((gateway(named(id)?).await?, folders().await?)) },
    );

    view! {
        <Page title="Edit gateway">
            <Transition>
                {move || Suspend::new(async move {
                    match detail.await {
                        Ok((gateway, folders)) => view! { <EditForm gateway folders /> }.into_any(),
                        Err(error) => view! { <Refused error /> }.into_any(),
                    }
                })}
            </Transition>
        </Page>
    }
}

#[component]
fn EditForm(gateway: GatewayView, folders: Vec<FolderView>) -> impl IntoView {
    let action = ServerAction::<SaveGateway>::new();
    let state = FormState::of(action);
    let back = format!("/gateways/{}", gateway.id);

    view! {
        <Dialog title="Edit gateway" about=gateway.name.clone() back=back.clone()>
            <DraftForm action state check=|sent: &SaveGateway| sent.draft.check()>
                <FormSentence state />
                <input type="hidden" name="id" value=gateway.id.to_string() />
                <GatewayFields state draft=gateway.draft() folders />
                <footer>
                    <p class="muted">"Sessions on records it may no longer serve end."</p>
                    <Leave href=back word="Cancel" />
                    <button class="primary">"Save"</button>
                </footer>
            </DraftForm>
        </Dialog>
    }
}
