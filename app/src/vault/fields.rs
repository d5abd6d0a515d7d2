//! The fields of each kind of record, as *Create new* and *Edit* show them.

mod configuration;
mod database;
mod user;

use leptos::prelude::*;
use protocol::ids::FolderId;
use protocol::vault::FolderView;
use serde::Serialize;

use crate::ui::field::{SelectField, TextField};
use crate::ui::form::FormState;

pub use configuration::{ConfigurationFields, DIRECT};
pub use database::{DatabaseFields, check_database};
pub use user::UserFields;

/// Folders as a select offers them; the first is none.
pub fn folder_options(folders: Vec<FolderView>) -> Vec<(String, String)> {
    let none = (String::new(), "No folder".to_owned());
    let named = folders
        .into_iter()
        .map(|folder| (folder.id.to_string(), folder.name));

    std::iter::once(none).chain(named).collect()
}

/// A value of ours as a form sends it.
pub fn word(value: impl Serialize) -> String {
    serde_json::to_value(value)
        .ok()
        .and_then(|value| value.as_str().map(str::to_owned))
        .unwrap_or_default()
}

/// Title and folder. Who may not move a record sends the folder it is in.
#[component]
fn TitleAndFolder(
    state: FormState,
    title: String,
    folder: Option<FolderId>,
    folders: Vec<FolderView>,
    configures: bool,
) -> impl IntoView {
    let chosen = folder.map(|folder| folder.to_string()).unwrap_or_default();
    let folder = if configures {
        view! {
            <SelectField
                state
                name="draft[folder]"
                label="Folder"
                hint="Whoever holds a share on the folder holds it on this record."
                value=chosen
                options=folder_options(folders)
            />
        }
        .into_any()
    } else {
        view! { <input type="hidden" name="draft[folder]" value=chosen /> }.into_any()
    };

    view! {
        <TextField state name="draft[title]" label="Title" value=title autofocus=true />
        {folder}
    }
}

#[cfg(test)]
mod tests {
    use protocol::vault::{MayLaunch, TlsMode, Tri};

    use super::*;

    #[test]
    fn values_are_sent_as_drafts_read_them() {
        assert_eq!(word(Tri::Inherit), "inherit");
        assert_eq!(word(TlsMode::VerifyFull), "verify-full");
        assert_eq!(word(MayLaunch::Everyone), "everyone");
    }
}
