//! The *Tunnel* tab: whether and how people reach the database with clients of their own (spec §13).

use leptos::prelude::*;
use protocol::forms::Draft;

use super::super::SettingsDetail;
use super::super::api::SaveTunnel;
use super::super::edit::Which;
use super::{Line, Switch, Tab, Tabs};
use crate::ui::field::CheckField;
use crate::ui::form::{DraftForm, FormSentence, FormState};
use crate::ui::layout::Leave;

#[component]
pub fn TunnelForm(detail: SettingsDetail, action: ServerAction<SaveTunnel>) -> impl IntoView {
    let state = FormState::of(action);
    let path = format!("/vault/{}", detail.record);
    let SettingsDetail { record, settings, .. } = detail;
    let version = settings.version;
    let draft = settings.tunneling.clone();
    let settings = StoredValue::new(settings);

    view! {
        <DraftForm action state check=|sent: &SaveTunnel| sent.draft.check() class="settings">
            <Tabs state path=format!("{path}/settings") current=Tab::Tunnel complete=true />
            <div class="settings-parts">
                <section>
                    <Which state id=record version />
                    <h2 class="form-section">"Tunnel"</h2>
                    <p class="muted">
                        "People run postern tunnel on their machine and connect with the client they like. Sessions are recorded, gated and limited like every other."
                    </p>
                    <Switch
                        state
                        settings
                        field="tunneling"
                        label="Enable tunneling"
                        hint="People with a launch share may open tunnels."
                        value=draft.tunneling
                    />
                    <Line
                        state
                        settings
                        field="remote_port"
                        label="Remote port"
                        hint="Overrides the port of the record for tunnels only."
                        value=draft.remote_port
                    />
                    <CheckField
                        state
                        name="draft[reuse_port]"
                        label="Reuse port"
                        hint="The same local port every time, so that connections saved in a client find it again; the password is new each time."
                        checked=draft.reuse_port
                    />
                    <CheckField
                        state
                        name="draft[inject_credentials]"
                        label="Inject credentials"
                        hint="Postern signs in with the account; clients need no password. Off: people sign in through the tunnel with a user and password of their own, and the listener refuses this record."
                        checked=draft.inject_credentials
                    />
                </section>
            </div>
            <footer>
                <FormSentence state />
                <Leave href=path word="Cancel" />
                <button class="primary">"Save"</button>
            </footer>
        </DraftForm>
    }
}
