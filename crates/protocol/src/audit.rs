//! The audit log in words: which events there are, how one looks, what a reader may filter by.

use std::collections::BTreeMap;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::dates::{check_range, end_of, start_of};
use crate::filters::{check_cursor, check_texts, check_word};
use crate::forms::{Draft, FieldError};
use crate::ids::{PersonId, RecordId, RequestId, SessionId};
use crate::people::UnknownWord;
use crate::time::Timestamp;

/// Events on one page of the log.
pub const PAGE: u32 = 50;

/// What an event is about, as the log groups them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Category {
    SignIn,
    People,
    Records,
    Configuration,
    Sessions,
    Recordings,
    Audit,
    Data,
}

impl Category {
    /// The stable text.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SignIn => "sign_in",
            Self::People => "people",
            Self::Records => "records",
            Self::Configuration => "configuration",
            Self::Sessions => "sessions",
            Self::Recordings => "recordings",
            Self::Audit => "audit",
            Self::Data => "data",
        }
    }

    /// What a screen shows.
    pub fn label(self) -> &'static str {
        match self {
            Self::SignIn => "Sign-in",
            Self::People => "People",
            Self::Records => "Records",
            Self::Configuration => "Configuration",
            Self::Sessions => "Sessions",
            Self::Recordings => "Recordings",
            Self::Audit => "Audit",
            Self::Data => "Data",
        }
    }
}

macro_rules! events {
    ($($variant:ident $text:literal $category:ident $label:literal,)+) => {
        /// What happened. The text form is stored, hashed and exported: it never changes.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum EventName {
            $(#[serde(rename = $text)] $variant,)+
        }

        impl EventName {
            /// Every event there is, in the order a filter offers them.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// The stable text.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)+
                }
            }

            /// What a screen shows.
            pub fn label(self) -> &'static str {
                match self {
                    $(Self::$variant => $label,)+
                }
            }

            pub fn category(self) -> Category {
                match self {
                    $(Self::$variant => Category::$category,)+
                }
            }
        }
    };
}

events! {
    SignInOk "sign_in_ok" SignIn "Signed in",
    SignInFailed "sign_in_failed" SignIn "Sign-in failed",
    SignInLocked "sign_in_locked" SignIn "Sign-in locked",
    SignedOut "signed_out" SignIn "Signed out",
    SignedOutEverywhere "signed_out_everywhere" SignIn "Signed out everywhere",
    PasswordConfirmed "password_confirmed" SignIn "Password given again",
    PasswordConfirmationFailed "password_confirmation_failed" SignIn "Password given again was wrong",
    AccessTokenRefused "access_token_refused" SignIn "Access token refused",
    DeviceLoginApproved "device_login_approved" SignIn "Device login approved",
    DeviceLoginDenied "device_login_denied" SignIn "Device login denied",
    DeviceLoginLocked "device_login_locked" SignIn "Device login locked",
    SetupLinkCreated "setup_link_created" People "Set-up link created",
    AdministratorCreated "administrator_created" People "Administrator created",
    PersonInvited "person_invited" People "Person invited",
    ServiceAccountAdded "service_account_added" People "Service account added",
    PersonActivated "person_activated" People "Person activated",
    PersonUpdated "person_updated" People "Person updated",
    PersonSwitchedOff "person_switched_off" People "Person switched off",
    PersonSwitchedOn "person_switched_on" People "Person switched on",
    PersonRoleChanged "person_role_changed" People "Role changed",
    PersonReset "person_reset" People "Person reset",
    PasswordChanged "password_changed" People "Password changed",
    AccessTokenCreated "access_token_created" People "Access token created",
    AccessTokenRevoked "access_token_revoked" People "Access token revoked",
    FolderCreated "folder_created" Records "Folder created",
    FolderUpdated "folder_updated" Records "Folder updated",
    FolderMoved "folder_moved" Records "Folder moved",
    FolderDeleted "folder_deleted" Records "Folder deleted",
    FolderShared "folder_shared" Records "Folder shared",
    FolderUnshared "folder_unshared" Records "Folder no longer shared",
    RecordCreated "record_created" Records "Record created",
    RecordUpdated "record_updated" Records "Record updated",
    RecordDeleted "record_deleted" Records "Record deleted",
    RecordMoved "record_moved" Records "Record moved",
    RecordDuplicated "record_duplicated" Records "Record duplicated",
    RecordShared "record_shared" Records "Record shared",
    RecordUnshared "record_unshared" Records "Record no longer shared",
    RecordCredentialViewed "record_credential_viewed" Records "Credential viewed",
    PamSettingsUpdated "pam_settings_updated" Configuration "PAM settings updated",
    PamConfigurationCreated "pam_configuration_created" Configuration "PAM Configuration created",
    PamConfigurationUpdated "pam_configuration_updated" Configuration "PAM Configuration updated",
    PamConfigurationDeleted "pam_configuration_deleted" Configuration "PAM Configuration deleted",
    GatewayCreated "gateway_created" Configuration "Gateway created",
    GatewayUpdated "gateway_updated" Configuration "Gateway updated",
    GatewayDeleted "gateway_deleted" Configuration "Gateway deleted",
    GatewayTokenCreated "gateway_token_created" Configuration "Gateway token created",
    GatewayInstanceEnrolled "gateway_instance_enrolled" Configuration "Gateway instance enrolled",
    GatewayInstanceOnline "gateway_instance_online" Configuration "Gateway instance online",
    GatewayInstanceOffline "gateway_instance_offline" Configuration "Gateway instance offline",
    GatewayInstanceRemoved "gateway_instance_removed" Configuration "Gateway instance removed",
    GatewayRefused "gateway_refused" Configuration "Gateway refused",
    GatewayTested "gateway_tested" Configuration "Gateway tested",
    ProjectImported "project_imported" Configuration "Project imported",
    ProjectImportTried "project_import_tried" Configuration "Project import tried",
    MasterKeyRotated "master_key_rotated" Configuration "Master key replaced",
    ConnectionTested "connection_tested" Sessions "Connection tested",
    ConnectionStarted "connection_started" Sessions "Connection started",
    ConnectionDenied "connection_denied" Sessions "Connection denied",
    ConnectionFailed "connection_failed" Sessions "Connection failed",
    ConnectionStopped "connection_stopped" Sessions "Connection stopped",
    ConnectionTerminated "connection_terminated" Sessions "Connection terminated",
    ConnectionResumed "connection_resumed" Sessions "Connection resumed",
    DatabaseChanged "database_changed" Sessions "Database changed",
    SessionWatched "session_watched" Sessions "Session watched live",
    SessionRecordingStarted "session_recording_started" Recordings "Recording started",
    SessionRecordingSegmentClosed "session_recording_segment_closed" Recordings "Recording segment closed",
    SessionRecordingStopped "session_recording_stopped" Recordings "Recording stopped",
    SessionRecordingPlayed "session_recording_played" Recordings "Recording played",
    SessionRecordingDownloaded "session_recording_downloaded" Recordings "Recording downloaded",
    SessionRecordingIntegrityFailed "session_recording_integrity_failed" Recordings "Recording is not intact",
    AuditExported "audit_exported" Audit "Audit log exported",
    AuditVerified "audit_verified" Audit "Audit log verified",
    BackupMade "backup_made" Data "Backup made",
    BackupRestored "backup_restored" Data "Backup restored",
    DataExported "data_exported" Data "Data exported",
    DataImported "data_imported" Data "Data imported",
}

impl FromStr for EventName {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        Self::ALL
            .iter()
            .copied()
            .find(|name| name.as_str() == text)
            .ok_or(UnknownWord)
    }
}

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Ok,
    /// A rule said no.
    Denied,
    /// It was allowed and did not work.
    Failed,
}

impl Outcome {
    pub const ALL: [Self; 3] = [Self::Ok, Self::Denied, Self::Failed];

    /// The stable text.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Denied => "denied",
            Self::Failed => "failed",
        }
    }
}

impl FromStr for Outcome {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        Self::ALL
            .into_iter()
            .find(|outcome| outcome.as_str() == text)
            .ok_or(UnknownWord)
    }
}

/// One event, as the log shows and exports it. Names are as they were when it happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventView {
    /// Place in the log, from 1, without gaps.
    pub seq: i64,
    pub at: Timestamp,
    pub name: EventName,
    pub outcome: Outcome,
    pub person: Option<PersonId>,
    pub person_email: Option<String>,
    pub remote_address: Option<String>,
    pub record: Option<RecordId>,
    pub record_title: Option<String>,
    pub session: Option<SessionId>,
    pub request: Option<RequestId>,
    /// What else is worth knowing; never a secret.
    pub details: BTreeMap<String, String>,
    /// SHA-256 in hex over the event and the hash before it: the event's identity.
    pub hash: String,
    pub prev_hash: String,
}

/// One page of the log, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct EventPage {
    pub events: Vec<EventView>,
    /// The `before` of the next page; `None` when this is the last.
    pub next: Option<i64>,
}

/// What *Verify* answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ChainView {
    Intact {
        events: i64,
        /// Hash of the last event, to be kept elsewhere and compared later.
        head: String,
    },
    Broken {
        /// The first event that is not as it was written.
        seq: i64,
        /// A full sentence.
        why: String,
    },
}

/// The filter form of the log, sent by GET: empty fields do not filter.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AuditFilter {
    /// A day (`2026-11-21`) or minute (`2026-11-21T14:30`), UTC, inclusive.
    pub from: String,
    /// The same; a day counts to its end.
    pub to: String,
    /// A person's id, or part of their email address or of a service account's name.
    pub person: String,
    /// An event's stable text.
    pub event: String,
    /// A record's id, or part of its title.
    pub record: String,
    pub outcome: String,
    /// Anything the details, the address or the session say.
    pub text: String,
    /// Only events before this one: the cursor of the next page.
    pub before: String,
}

impl AuditFilter {
    /// First moment that counts, if the filter has one. Call after `check`.
    pub fn start_time(&self) -> Option<Timestamp> {
        start_of(&self.from)
    }

    /// First moment that no longer counts.
    pub fn end_time(&self) -> Option<Timestamp> {
        end_of(&self.to)
    }
}

impl Draft for AuditFilter {
    fn check(&self) -> Vec<FieldError> {
        let mut errors = check_range(&self.from, &self.to);

        errors.extend(check_word::<EventName>(
            "event",
            &self.event,
            "Choose an event from the list.",
        ));
        errors.extend(check_word::<Outcome>(
            "outcome",
            &self.outcome,
            "Choose ok, denied or failed.",
        ));
        errors.extend(check_texts(&[
            ("person", &self.person),
            ("record", &self.record),
            ("text", &self.text),
        ]));
        errors.extend(check_cursor::<i64>(&self.before));

        errors
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn event_names_survive_their_text_and_are_distinct() {
        for (idx, name) in EventName::ALL.iter().enumerate() {
            assert_eq!(name.as_str().parse(), Ok(*name));
            assert_eq!(
                serde_json::to_string(name).unwrap(),
                format!("\"{}\"", name.as_str())
            );
            assert!(
                EventName::ALL[..idx]
                    .iter()
                    .all(|other| other.as_str() != name.as_str())
            );
        }
    }

    #[test]
    fn an_empty_filter_is_right_and_a_wrong_field_is_named() {
        let wrong = AuditFilter {
            from: "yesterday".into(),
            event: "rumour".into(),
            outcome: "maybe".into(),
            before: "x".into(),
            ..AuditFilter::default()
        };
        let fields: Vec<String> = wrong.check().into_iter().map(|error| error.field).collect();

        assert!(AuditFilter::default().check().is_empty());
        assert_eq!(fields, ["from", "event", "outcome", "before"]);
    }
}
