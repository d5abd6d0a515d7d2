//! Words of the vault: what forms about records send, and what pages about them show.
//!
//! A draft is what a form sends: text as typed, so that it can be shown again; `check` says what is wrong with it
//! and the accessors give what it means. A view is what a page shows and never carries a secret.

mod checks;
pub mod configuration;
pub mod connection_string;
pub mod database;
pub mod entered;
pub mod folder;
pub mod history;
pub mod host;
pub mod length_of_time;
pub mod limits;
pub mod record;
pub mod settings;
pub mod settings_view;
pub mod share;
pub mod test_report;
pub mod tunneling;
pub mod user;

pub(crate) use checks::checkbox;
pub use configuration::{ConfigurationDraft, ConfigurationView, Environment, Route};
pub use database::{DatabaseDraft, DatabaseType, DatabaseView, TlsMode};
pub use entered::{Entered, SecretChange};
pub use folder::{FolderDraft, FolderView};
pub use history::{FieldChange, HistoryAction, HistoryEntry};
pub use limits::{LimitTexts, Limits};
pub use record::{
    Body, CertificateFacts, Link, LinkKind, RecordKind, RecordSummary, RecordView, Tested, TestedCredential,
};
pub use settings::{AccountDraft, ConnectionDraft, GeneralDraft, MayLaunch, Protocol, Tri};
pub use settings_view::{AccountView, Resolved, SettingsView, Source};
pub use share::{Permissions, ShareDraft, ShareScope, ShareView};
pub use test_report::{StageReport, TestOutcome, TestReport, TestStage};
pub use tunneling::TunnelingDraft;
pub use user::{UserDraft, UserView};
