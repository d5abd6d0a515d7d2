//! What of a record's settings cannot change under a session: what is recorded, what may move, how long a statement
//! runs, where a template may lead.

use vault::effective::Effective;

/// Two sets of settings under which a session may go on compare equal.
pub fn bound_by(effective: &Effective) -> impl PartialEq + use<> {
    let switches = [
        &effective.graphical_session_recording,
        &effective.text_session_recording,
        &effective.recording_include_keys,
        &effective.can_export,
        &effective.can_import,
        &effective.can_copy,
        &effective.can_paste,
        &effective.read_only,
    ];

    (
        switches.map(|switch| switch.value),
        effective.statement_timeout.value,
        // The address a name led to was held against them.
        effective.supplied_hosts.value.clone(),
    )
}

/// Why a session cannot go on where they do not.
pub const CHANGED: &str = "The settings of this record were changed. Start a new session to work under them.";
