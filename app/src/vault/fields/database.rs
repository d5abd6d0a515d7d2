//! Fields of a PAM Database.

use leptos::prelude::*;
use protocol::forms::{Draft, FieldError};
use protocol::vault::{DatabaseDraft, DatabaseType, FolderView, TlsMode};

use super::{TitleAndFolder, word};
use crate::ui::field::{AreaField, SelectField, TextField};
use crate::ui::form::FormState;

/// The draft's own rules, after a pasted connection string has been spread over the fields.
pub fn check_database(draft: &DatabaseDraft) -> Vec<FieldError> {
    let mut draft = draft.clone();

    match draft.spread_connection_string() {
        Ok(_) => draft.check(),
        Err(error) => vec![error],
    }
}

#[component]
pub fn DatabaseFields(
    state: FormState,
    draft: DatabaseDraft,
    folders: Vec<FolderView>,
    /// Whether the editor may change who receives the injected credentials.
    configures: bool,
) -> impl IntoView {
    let reach = if configures {
        view! { <Reach state draft=draft.clone() /> }.into_any()
    } else {
        view! { <KeptReach draft=draft.clone() /> }.into_any()
    };

    view! {
        <TitleAndFolder
            state
            title=draft.title.clone()
            folder=draft.folder.clone()
            folders
            configures
        />
        {reach}
        <TextField
            state
            name="draft[database]"
            label="Default database"
            hint="Where sessions begin."
            placeholder="postgres"
            mono=true
            value=draft.database
        />
        <AreaField state name="draft[notes]" label="Notes" value=draft.notes />
    }
    .into_any()
}

/// Host, port and TLS.
#[component]
fn Reach(state: FormState, draft: DatabaseDraft) -> impl IntoView {
    view! {
        <SelectField
            state
            name="draft[database_type]"
            label="Database type"
            value=word(draft.database_type)
            options=DatabaseType::ALL.map(|one| (word(one), one.label().to_owned())).to_vec()
        />
        <TextField
            state
            name="draft[host]"
            label="Hostname or IP"
            hint="A connection string such as postgresql://host:5432/orders fills the other fields when it is saved. Empty makes a connection template: who launches gives the host."
            mono=true
            value=draft.host
        />
        <TextField state name="draft[port]" label="Port" placeholder="5432" mono=true value=draft.port />
        <fieldset>
            <legend>"TLS"</legend>
            <SelectField
                state
                name="draft[tls_mode]"
                label="Mode"
                hint="What is asked for is what happens: a server that cannot do it is refused."
                value=draft.tls_mode.name()
                options=TlsMode::ALL.map(|mode| (mode.name().to_owned(), mode.label().to_owned())).to_vec()
            />
            <AreaField
                state
                name="draft[trusted_ca]"
                label="Trusted CA certificate"
                hint="PEM. Empty trusts the CAs of this server's operating system."
                placeholder="-----BEGIN CERTIFICATE-----"
                value=draft.trusted_ca
            />
            <TextField
                state
                name="draft[tls_server_name]"
                label="TLS server name"
                hint="The name the certificate carries, where it differs from the host."
                mono=true
                value=draft.tls_server_name
            />
        </fieldset>
    }
    .into_any()
}

/// Host, port and TLS of a record whose editor may not change them: sent as they are.
#[component]
fn KeptReach(draft: DatabaseDraft) -> impl IntoView {
    let shown = format!("{}:{} · {}", draft.host, draft.port, draft.tls_mode.name());

    view! {
        <div class="field">
            <div class="field-label">
                <span class="label">"Host, port and TLS"</span>
                <p>"They decide who receives the stored credentials. Ask an administrator to change them."</p>
            </div>
            <div class="field-control mono">{shown}</div>
        </div>
        <input type="hidden" name="draft[database_type]" value=word(draft.database_type) />
        <input type="hidden" name="draft[host]" value=draft.host />
        <input type="hidden" name="draft[port]" value=draft.port />
        <input type="hidden" name="draft[tls_mode]" value=draft.tls_mode.name() />
        <input type="hidden" name="draft[trusted_ca]" value=draft.trusted_ca />
        <input type="hidden" name="draft[tls_server_name]" value=draft.tls_server_name />
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pasted_connection_string_is_checked_for_what_it_says() {
        let draft = |host: &str| DatabaseDraft {
            title: "Orders".to_owned(),
            host: host.to_owned(),
            ..DatabaseDraft::default()
        };

        assert_eq!(
            check_database(&draft("postgresql://app:pw@db.example.org:5433/orders")),
            []
        );
        assert_eq!(check_database(&draft("db.example.org:5433")).len(), 1);
    }
}
