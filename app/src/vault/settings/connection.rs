//! The *Connection* tab: protocol, recordings, launch credential, gates, terminal, limits (spec §7).

use leptos::prelude::*;
use protocol::forms::Draft;
use protocol::terminal::ColorScheme;
use protocol::vault::settings::FONT_SIZES;
use protocol::vault::{Link, Protocol, SettingsView};

use super::super::SettingsDetail;
use super::super::api::SaveConnection;
use super::super::edit::Which;
use super::super::fields::word;
use super::general::link_options;
use super::{Line, Switch, Tab, Tabs, in_force};
use crate::ui::field::{AreaField, CheckField, SelectField, TextField};
use crate::ui::form::{DraftForm, FormSentence, FormState};
use crate::ui::layout::Leave;

#[component]
pub fn ConnectionForm(detail: SettingsDetail, action: ServerAction<SaveConnection>) -> impl IntoView {
    let state = FormState::of(action);
    let path = format!("/vault/{}", detail.record);
    let SettingsDetail {
        record,
        settings,
        users,
        ..
    } = detail;
    let version = settings.version;
    let settings = StoredValue::new(settings);

    view! {
        <DraftForm action state check=|sent: &SaveConnection| sent.draft.check() class="settings">
            <Tabs state path=format!("{path}/settings") current=Tab::Connection complete=true />
            <div class="settings-parts">
                <Which state id=record version />
                <ConnectionFields state settings users />
                <RecordingFields state settings />
                <DataFields state settings />
                <TerminalFields state settings />
                <LimitFields state settings />
            </div>
            <footer>
                <FormSentence state />
                <Leave href=path word="Cancel" />
                <button class="primary">"Save"</button>
            </footer>
        </DraftForm>
    }
}

type Settings = StoredValue<SettingsView>;

#[component]
fn ConnectionFields(state: FormState, settings: Settings, users: Vec<Link>) -> impl IntoView {
    let draft = settings.with_value(|settings| settings.connection.clone());
    let launch = draft
        .launch_credential
        .as_ref()
        .map(ToString::to_string)
        .unwrap_or_default();

    view! {
        <section>
            <h2 class="form-section">"Connection"</h2>
            <SelectField
                state
                name="draft[protocol]"
                label="Protocol"
                value=word(draft.protocol)
                options=Protocol::ALL.map(|one| (word(one), one.label().to_owned())).to_vec()
            />
            <Switch
                state
                settings
                field="connections"
                label="Enable connection"
                hint="People with a launch share may open sessions."
                value=draft.connections
            />
            <Line
                state
                settings
                field="port"
                label="Connection port"
                hint="Overrides the port of the record for sessions only."
                value=draft.port
            />
            <SelectField
                state
                name="draft[launch_credential]"
                label="Launch credential"
                hint="Used to sign in; nobody who launches can see it."
                value=launch
                options=link_options("None", users)
            />
            <CheckField
                state
                name="draft[allow_supply_user]"
                label="Allow users to select credentials from their vault"
                hint="Besides the accounts of this record people may launch with a personal credential."
                checked=draft.allow_supply_user
            />
            <CheckField
                state
                name="draft[allow_supply_host]"
                label="Allow supply host"
                hint="For a connection template, a record without a host: who launches gives it."
                checked=draft.allow_supply_host
            />
            <AreaField
                state
                name="draft[supplied_hosts]"
                label="Hosts people may supply"
                hint="Networks, addresses or names, a line each: 10.0.0.0/24, 10.0.0.5:5432, *.internal. Credentials are sent there; the address that is dialled is checked too."
                placeholder="10.0.0.0/24"
                value=draft.supplied_hosts
            />
            <Line
                state
                settings
                field="default_database"
                label="Default database"
                hint="Where sessions begin. Empty: the database of the record."
                value=draft.default_database
            />
        </section>
    }
    .into_any()
}

#[component]
fn RecordingFields(state: FormState, settings: Settings) -> impl IntoView {
    let draft = settings.with_value(|settings| settings.connection.clone());

    view! {
        <section>
            <h2 class="form-section">"Recording"</h2>
            <Switch
                state
                settings
                field="graphical_session_recording"
                label="Graphical session recording"
                hint="What the person saw, playable as it happened."
                value=draft.graphical_session_recording
            />
            <Switch
                state
                settings
                field="text_session_recording"
                label="Text session recording (typescript)"
                hint="Transcript with timing; searchable."
                value=draft.text_session_recording
            />
            <Switch
                state
                settings
                field="recording_include_keys"
                label="Include key events"
                hint="This will include any secrets potentially typed by the user."
                value=draft.recording_include_keys
            />
            <Switch
                state
                settings
                field="replay_own_sessions"
                label="People may replay their own sessions"
                hint="Administrators and auditors replay every session; this lets people see their own again."
                value=draft.replay_own_sessions
            />
        </section>
    }
    .into_any()
}

#[component]
fn DataFields(state: FormState, settings: Settings) -> impl IntoView {
    let draft = settings.with_value(|settings| settings.connection.clone());

    view! {
        <section>
            <h2 class="form-section">"Data"</h2>
            <Switch
                state
                settings
                field="can_export"
                label="Can export CSV"
                hint="COPY and downloads that move rows out."
                value=draft.can_export
            />
            <Switch
                state
                settings
                field="can_import"
                label="Can import CSV"
                hint="COPY and uploads that move rows in."
                value=draft.can_import
            />
            <Switch
                state
                settings
                field="can_copy"
                label="Can copy to clipboard"
                hint="Selecting text in the terminal copies it."
                value=draft.can_copy
            />
            <Switch
                state
                settings
                field="can_paste"
                label="Can paste from clipboard"
                hint="Pasting types the clipboard's text into the terminal."
                value=draft.can_paste
            />
            <CheckField
                state
                name="draft[read_only]"
                label="Read-only"
                hint="No transaction of a session can write; statements that would are blocked. Takes PostgreSQL 14 or newer. Functions with effects outside of transactions are bounded by the account alone: give it pg_read_all_data and nothing else."
                checked=draft.read_only
            />
        </section>
    }
    .into_any()
}

#[component]
fn TerminalFields(state: FormState, settings: Settings) -> impl IntoView {
    let draft = settings.with_value(|settings| settings.connection.clone());
    let (least, most) = (
        FONT_SIZES.first().copied().unwrap_or_default(),
        FONT_SIZES.last().copied().unwrap_or_default(),
    );
    let schemes = [
        ColorScheme::GrayBlack,
        ColorScheme::GreenBlack,
        ColorScheme::WhiteBlack,
        ColorScheme::BlackWhite,
    ]
    .map(|scheme| (word(scheme), scheme_label(scheme).to_owned()));
    let schemes = std::iter::once((String::new(), "Inherit".to_owned()))
        .chain(schemes)
        .collect();

    view! {
        <section>
            <h2 class="form-section">"Terminal"</h2>
            <SelectField
                state
                name="draft[color_scheme]"
                label="Color scheme"
                value=draft.color_scheme.map(word).unwrap_or_default()
                options=schemes
                note=in_force(settings, "color_scheme")
            />
            <TextField
                state
                name="draft[font_size]"
                label="Font size"
                hint=format!("From {least} to {most}; the nearest size of the list is taken.")
                value=draft.font_size
                mono=true
                note=in_force(settings, "font_size")
            />
            <Line
                state
                settings
                field="scrollback"
                label="Scrollback"
                hint="Lines kept above the screen, up to 100000."
                value=draft.scrollback
            />
        </section>
    }
    .into_any()
}

fn scheme_label(scheme: ColorScheme) -> &'static str {
    match scheme {
        ColorScheme::GrayBlack => "Gray on black",
        ColorScheme::GreenBlack => "Green on black",
        ColorScheme::WhiteBlack => "White on black",
        ColorScheme::BlackWhite => "Black on white",
    }
}

#[component]
fn LimitFields(state: FormState, settings: Settings) -> impl IntoView {
    let draft = settings.with_value(|settings| settings.connection.clone());

    view! {
        <section>
            <h2 class="form-section">"Limits"</h2>
            <Line
                state
                settings
                field="statement_timeout"
                label="Statement timeout"
                hint="A statement that runs longer is cancelled; for example 30 s, 10 min, none."
                value=draft.statement_timeout
            />
            <Line
                state
                settings
                field="connect_timeout"
                label="Connect timeout"
                hint="From 1 s to 1 min."
                value=draft.connect_timeout
            />
            <Line
                state
                settings
                field="idle_timeout"
                label="Idle timeout"
                hint="A session nobody works in ends; a running statement is not idle."
                value=draft.idle_timeout
            />
            <Line
                state
                settings
                field="max_session_duration"
                label="Maximum session duration"
                hint="The person is warned 10 min and 1 min before."
                value=draft.max_session_duration
            />
            <Line
                state
                settings
                field="max_sessions_per_user"
                label="Maximum sessions per user"
                hint="Sessions one person may have open. 0 is unlimited."
                value=draft.max_sessions_per_user
            />
            <Line
                state
                settings
                field="max_sessions_per_resource"
                label="Maximum sessions per resource"
                hint="Sessions open on this record at one time. 0 is unlimited."
                value=draft.max_sessions_per_resource
            />
            <Line
                state
                settings
                field="max_connections_per_session"
                label="Maximum connections per session"
                hint="Sessions of native clients: connections open at one time, from 1 to 250."
                value=draft.max_connections_per_session
            />
            <Line
                state
                settings
                field="max_statements_per_session"
                label="Maximum statements per session"
                hint="Sessions of native clients: statements they run before they end. 0 is unlimited."
                value=draft.max_statements_per_session
            />
        </section>
    }
    .into_any()
}
