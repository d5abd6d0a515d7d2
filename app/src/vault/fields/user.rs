//! Fields of a PAM User. Secrets are write-only.

use leptos::prelude::*;
use protocol::vault::{FolderView, UserDraft};

use super::TitleAndFolder;
use crate::ui::field::{AreaField, CheckField, TextField};
use crate::ui::form::FormState;

#[component]
pub fn UserFields(
    state: FormState,
    draft: UserDraft,
    folders: Vec<FolderView>,
    configures: bool,
    #[prop(optional)] has_password: bool,
    #[prop(optional)] has_private_key: bool,
) -> impl IntoView {
    view! {
        <TitleAndFolder
            state
            title=draft.title.clone()
            folder=draft.folder.clone()
            folders
            configures
        />
        <TextField
            state
            name="draft[login]"
            label="Login"
            hint="The name of the PostgreSQL role; upper and lower case count."
            mono=true
            value=draft.login
        />
        <TextField
            state
            name="draft[password]"
            label="Password"
            hint=kept(has_password, "A password is set. Leave empty to keep it.")
            kind="password"
            autocomplete="new-password"
        />
        <Remove state field="clear_password" label="Remove the stored password" shown=has_password />
        <TextField
            state
            name="draft[connect_database]"
            label="Connect database"
            hint="Where Test connection signs in with this user. Empty: the default database of the PAM Database."
            mono=true
            value=draft.connect_database
        />
        <AreaField state name="draft[description]" label="Description" value=draft.description />
        <fieldset>
            <legend>"Client certificate"</legend>
            <AreaField
                state
                name="draft[certificate]"
                label="Certificate"
                hint="PEM. The client certificate first, then its intermediates. Signs in by TLS with the key below."
                placeholder="-----BEGIN CERTIFICATE-----"
                value=draft.certificate
            />
            <AreaField
                state
                name="draft[private_key]"
                label="Private PEM key"
                hint=kept(has_private_key, "A key is set. Leave empty to keep it.")
                placeholder="-----BEGIN PRIVATE KEY-----"
                secret=true
            />
            <Remove state field="clear_private_key" label="Remove the stored key" shown=has_private_key />
        </fieldset>
    }
    .into_any()
}

fn kept(is_set: bool, sentence: &'static str) -> &'static str {
    if is_set {
        sentence
    } else {
        "Stored encrypted; never shown in a form."
    }
}

/// The box that removes a stored secret, where there is one.
#[component]
fn Remove(state: FormState, field: &'static str, label: &'static str, shown: bool) -> impl IntoView {
    let error = state.error(field);

    shown.then(|| {
        view! {
            <CheckField state name=format!("draft[{field}]") label />
            <p class="field-error" hidden=move || error.get().is_none()>
                {move || error.get()}
            </p>
        }
    })
}
