//! Fields of a PAM Configuration.

use leptos::prelude::*;
use protocol::vault::{ConfigurationDraft, Environment, FolderView, Route};

use super::{TitleAndFolder, word};
use crate::gateways::api::gateway_choices;
use crate::ui::field::{AreaField, CheckField, SelectField, TextField};
use crate::ui::form::FormState;

#[component]
pub fn ConfigurationFields(
    state: FormState,
    draft: ConfigurationDraft,
    folders: Vec<FolderView>,
) -> impl IntoView {
    view! {
        <TitleAndFolder state title=draft.title.clone() folder=draft.folder.clone() folders configures=true />
        <SelectField
            state
            name="draft[environment]"
            label="Environment"
            hint="Where the databases of this configuration live."
            value=word(draft.environment)
            options=Environment::ALL.map(|one| (word(one), one.label().to_owned())).to_vec()
        />
        <GatewayField state route=draft.gateway.clone() />
        <Switches state draft=draft.clone() />
        <Limits state draft=draft.clone() />
        <AreaField state name="draft[notes]" label="Notes" value=draft.notes />
    }
    .into_any()
}

/// What a configuration without a gateway is called.
pub const DIRECT: &str = "This server (direct)";

/// Which of the gateways, or none.
#[component]
fn GatewayField(state: FormState, route: Route) -> impl IntoView {
    let choices = Resource::new_blocking(|| (), |()| gateway_choices());
    let route = StoredValue::new(route);

    view! {
        <Transition>
            {move || Suspend::new(async move {
                // Who may not choose one sees what is chosen.
                let gateways = choices.await.unwrap_or_default();
                let direct = (Route::Direct.to_string(), DIRECT.to_owned());
                let options: Vec<(String, String)> = std::iter::once(direct)
                    .chain(gateways.into_iter().map(|(id, name)| (id.to_string(), name)))
                    .collect();

                view! {
                    <SelectField
                        state
                        name="draft[gateway]"
                        label="Gateway"
                        hint="How they are reached: by this server, or by a gateway in their network."
                        value=route.get_value().to_string()
                        options
                    />
                }
            })}
        </Transition>
    }
}

/// What linked records may do at most.
#[component]
fn Switches(state: FormState, draft: ConfigurationDraft) -> impl IntoView {
    let box_of = |field: &str| format!("draft[{field}]");
    let keys = state.error("recording_include_keys");

    view! {
        <fieldset>
            <legend>"Allowed on linked records"</legend>
            <p class="muted">"What is off here is off on every record linked to this configuration."</p>
            <CheckField state name=box_of("connections") label="Connections" checked=draft.connections />
            <CheckField
                state
                name=box_of("tunneling")
                label="Tunneling"
                hint="Clients of people's own, through postern tunnel."
                checked=draft.tunneling
            />
            <CheckField
                state
                name=box_of("unguarded_tunnels")
                label="Unguarded tunnels"
                hint="Local ports that take no token, or that other machines reach: whoever gets there is let in."
                checked=draft.unguarded_tunnels
            />
            <CheckField
                state
                name=box_of("graphical_session_recording")
                label="Graphical session recording"
                hint="What the person saw, playable as it happened."
                checked=draft.graphical_session_recording
            />
            <CheckField
                state
                name=box_of("text_session_recording")
                label="Text session recording (typescript)"
                hint="Transcript with timing; searchable."
                checked=draft.text_session_recording
            />
            <CheckField state name=box_of("can_export") label="Can export CSV" checked=draft.can_export />
            <CheckField state name=box_of("can_import") label="Can import CSV" checked=draft.can_import />
            <CheckField state name=box_of("can_copy") label="Can copy to clipboard" checked=draft.can_copy />
            <CheckField state name=box_of("can_paste") label="Can paste from clipboard" checked=draft.can_paste />
        </fieldset>
        <fieldset>
            <legend>"Defaults of linked records"</legend>
            <CheckField
                state
                name=box_of("recording_include_keys")
                label="Include key events"
                hint="This will include any secrets potentially typed by the user."
                checked=draft.recording_include_keys
            />
            <p class="field-error" hidden=move || keys.get().is_none()>
                {move || keys.get()}
            </p>
        </fieldset>
    }
    .into_any()
}

#[component]
fn Limits(state: FormState, draft: ConfigurationDraft) -> impl IntoView {
    view! {
        <fieldset>
            <legend>"Limits of sessions"</legend>
            <TextField
                state
                name="draft[statement_timeout]"
                label="Statement timeout"
                hint="A statement that runs longer is cancelled. Empty or none: no limit."
                placeholder="none"
                value=draft.statement_timeout
            />
            <TextField
                state
                name="draft[connect_timeout]"
                label="Connect timeout"
                hint="1 s to 1 min. Empty: 30 s."
                placeholder="30 s"
                value=draft.connect_timeout
            />
            <TextField
                state
                name="draft[idle_timeout]"
                label="Idle timeout"
                hint="A session nobody works in ends; a running statement is not idle. Empty: 30 min."
                placeholder="30 min"
                value=draft.idle_timeout
            />
            <TextField
                state
                name="draft[max_session_duration]"
                label="Maximum session duration"
                hint="The person is warned 10 min and 1 min before. Empty: 8 h."
                placeholder="8 h"
                value=draft.max_session_duration
            />
            <TextField
                state
                name="draft[max_sessions_per_user]"
                label="Maximum sessions per user"
                hint="0 is unlimited. Empty: 5."
                placeholder="5"
                value=draft.max_sessions_per_user
            />
            <TextField
                state
                name="draft[max_sessions_per_resource]"
                label="Maximum sessions per resource"
                hint="0 is unlimited. Empty: unlimited."
                placeholder="0"
                value=draft.max_sessions_per_resource
            />
            <TextField
                state
                name="draft[max_connections_per_session]"
                label="Maximum connections per session"
                hint="Sessions of native clients, from 1 to 250. Empty: 100."
                placeholder="100"
                value=draft.max_connections_per_session
            />
            <TextField
                state
                name="draft[max_statements_per_session]"
                label="Maximum statements per session"
                hint="Sessions of native clients. 0 is unlimited. Empty: unlimited."
                placeholder="0"
                value=draft.max_statements_per_session
            />
        </fieldset>
    }
    .into_any()
}
