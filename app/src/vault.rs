//! The vault: records in folders, their PAM settings, shares and history.

pub mod api;
mod edit;
mod fields;
mod find;
mod folder;
mod history;
mod list;
mod manage;
pub mod new;
mod overview;
mod record;
mod reveal;
mod settings;
mod sharing;
pub mod test;

use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_router::hooks::use_params_map;
use protocol::errors::Refusal;
use protocol::ids::{FolderId, PersonId, RecordId};
use protocol::vault::{
    FolderView, HistoryEntry, Link, RecordSummary, RecordView, SettingsView, ShareView, TestedCredential,
};
use serde::{Deserialize, Serialize};

use crate::errors::AppError;

pub use edit::EditPage;
pub use folder::{FolderPage, NewFolderPage};
pub use history::HistoryPage;
pub use list::VaultPage;
pub use new::{NewKindPage, NewPage, NewPersonalPage};
pub use record::{Beside, Head, RecordPage, Tab};
pub use reveal::RevealPage;
pub use settings::SettingsPage;
pub use sharing::SharingPage;

/// The list: records the viewer may see and the folders they are in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordList {
    pub records: Vec<RecordSummary>,
    pub folders: Vec<FolderView>,
}

/// A record with what its page shows beside it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordDetail {
    pub record: RecordView,
    /// PAM settings of a PAM Database.
    pub settings: Option<SettingsView>,
    /// Where the record may be moved to; empty for who may not move it.
    pub folders: Vec<FolderView>,
    /// The credentials the viewer may test the connection with.
    pub tests: Vec<TestedCredential>,
    /// What the viewer says at a command line to open a tunnel, if they may.
    pub tunnel: Option<String>,
}

/// PAM settings with what their form offers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettingsDetail {
    pub record: RecordId,
    pub title: String,
    pub settings: SettingsView,
    pub configurations: Vec<Link>,
    pub users: Vec<Link>,
    /// Who holds a launch share on the record, directly or by its folder.
    pub launchers: Vec<(PersonId, String)>,
}

/// Shares of a record and of its folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SharingDetail {
    pub record: RecordView,
    pub shares: Vec<ShareView>,
    /// Whom it may be shared with.
    pub people: Vec<(PersonId, String)>,
}

/// A record and what was done to it, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryDetail {
    pub record: RecordView,
    pub entries: Vec<HistoryEntry>,
}

/// A folder and its shares.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FolderDetail {
    pub folder: FolderView,
    pub shares: Vec<ShareView>,
    /// Whom it may be shared with.
    pub people: Vec<(PersonId, String)>,
    /// Whether the viewer may rename, share and delete it; shares and people are empty for others.
    pub may_configure: bool,
}

/// A secret on its way to the one person who asked for it, once.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revealed {
    pub password: Option<String>,
    pub private_key: Option<String>,
}

impl std::fmt::Debug for Revealed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Revealed(..)")
    }
}

/// The record the URL names; `None` when it names none.
pub fn use_record_id() -> Memo<Option<RecordId>> {
    let params = use_params_map();

    Memo::new(move |_| params.with(|params| params.get("record")?.parse().ok()))
}

/// The folder the URL names; `None` when it names none.
fn use_folder_id() -> Memo<Option<FolderId>> {
    let params = use_params_map();

    Memo::new(move |_| params.with(|params| params.get("folder")?.parse().ok()))
}

/// An id a URL named, or the answer to what does not exist.
pub fn named<T>(id: Option<T>) -> Result<T, AppError> {
    id.ok_or_else(|| AppError(Refusal::not_found()))
}

/// Grows with each success of an action: what it changed is loaded again. A refusal leaves the form as it is.
fn successes<S>(action: ServerAction<S>) -> Memo<usize>
where
    S: ServerFn<Error = AppError> + Clone + Send + Sync + 'static,
    S::Output: Clone + Send + Sync + 'static,
{
    Memo::new(move |before: Option<&usize>| {
        let version = action.version().get();

        match action.value().get() {
            Some(Ok(_)) => version,
            Some(Err(_)) | None => before.copied().unwrap_or_default(),
        }
    })
}
