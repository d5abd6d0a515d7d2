//! What a copy holds: the tables, each after those it refers to. A test holds this equal to the schema.

/// A table as a copy has it.
pub(super) struct Table {
    pub(super) name: &'static str,
    pub(super) columns: &'static [(&'static str, Kind)],
    pub(super) order: &'static str,
    /// Whether a new store has rows in it already, which the copy's replace.
    pub(super) is_prepared: bool,
}

/// How a column's values become text and back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Integer,
    Boolean,
}

use Kind::{Boolean, Integer, Text};

/// Tables that are not copied: what lets people in or keeps them out for a while, and rows that are only locked.
#[cfg(test)]
pub(super) const LEFT_OUT: &[&str] = &[
    "locks",
    "links",
    "sign_ins",
    "attempts",
    "known_networks",
    "repeats",
];

pub(super) const TABLES: &[Table] = &[
    Table {
        name: "people",
        columns: &[
            ("id", Text),
            ("email", Text),
            ("name", Text),
            ("role", Text),
            ("state", Text),
            ("password_hash", Text),
            ("password_changed_at", Integer),
            ("created_at", Integer),
        ],
        order: "id",
        is_prepared: false,
    },
    Table {
        name: "folders",
        columns: &[
            ("id", Text),
            ("name", Text),
            ("created_by", Text),
            ("created_at", Integer),
        ],
        order: "id",
        is_prepared: false,
    },
    Table {
        name: "records",
        columns: &[
            ("id", Text),
            ("kind", Text),
            ("title", Text),
            ("folder", Text),
            ("body", Text),
            ("haystack", Text),
            ("version", Integer),
            ("created_by", Text),
            ("created_at", Integer),
            ("updated_by", Text),
            ("updated_at", Integer),
            ("last_used_at", Integer),
        ],
        order: "id",
        is_prepared: false,
    },
    Table {
        name: "record_secrets",
        columns: &[
            ("record", Text),
            ("field", Text),
            ("wrapped_key", Text),
            ("ciphertext", Text),
            ("updated_at", Integer),
        ],
        order: "record, field",
        is_prepared: false,
    },
    Table {
        name: "record_settings",
        columns: &[
            ("record", Text),
            ("body", Text),
            ("version", Integer),
            ("updated_by", Text),
            ("updated_at", Integer),
        ],
        order: "record",
        is_prepared: false,
    },
    Table {
        name: "record_links",
        columns: &[("record", Text), ("kind", Text), ("target", Text)],
        order: "record, kind, target",
        is_prepared: false,
    },
    Table {
        name: "record_tests",
        columns: &[
            ("record", Text),
            ("credential", Text),
            ("at", Integer),
            ("failure", Text),
        ],
        order: "record, credential",
        is_prepared: false,
    },
    Table {
        name: "shares",
        columns: &[
            ("scope", Text),
            ("target", Text),
            ("person", Text),
            ("may_edit", Boolean),
            ("may_launch", Boolean),
            ("may_reveal", Boolean),
            ("granted_by", Text),
            ("granted_at", Integer),
        ],
        order: "scope, target, person",
        is_prepared: false,
    },
    Table {
        name: "access_tokens",
        columns: &[
            ("id", Text),
            ("token_hash", Text),
            ("person", Text),
            ("name", Text),
            ("record", Text),
            ("created_at", Integer),
            ("expires_at", Integer),
            ("last_used", Integer),
            ("last_address", Text),
            ("revoked_at", Integer),
            ("scope", Text),
        ],
        order: "id",
        is_prepared: false,
    },
    Table {
        name: "record_history",
        columns: &[
            ("record", Text),
            ("number", Integer),
            ("at", Integer),
            ("person", Text),
            ("action", Text),
            ("changes", Text),
        ],
        order: "record, number",
        is_prepared: false,
    },
    Table {
        name: "audit_events",
        columns: &[
            ("seq", Integer),
            ("at", Integer),
            ("name", Text),
            ("outcome", Text),
            ("person", Text),
            ("person_email", Text),
            ("remote_address", Text),
            ("record", Text),
            ("record_title", Text),
            ("session", Text),
            ("request", Text),
            ("details", Text),
            ("prev_hash", Text),
            ("hash", Text),
        ],
        order: "seq",
        is_prepared: false,
    },
    Table {
        name: "audit_head",
        columns: &[("name", Text), ("seq", Integer), ("hash", Text)],
        order: "name",
        is_prepared: true,
    },
    Table {
        name: "sessions",
        columns: &[
            ("id", Text),
            ("record", Text),
            ("record_title", Text),
            ("person", Text),
            ("person_email", Text),
            ("account", Text),
            ("database", Text),
            ("remote_address", Text),
            ("state", Text),
            ("started_at", Integer),
            ("ended_at", Integer),
            ("end_reason", Text),
            ("graphical", Boolean),
            ("text", Boolean),
            ("keys", Boolean),
            ("recording_key", Text),
            ("chain_head", Text),
            ("bytes", Integer),
            ("statements", Integer),
            ("errors", Integer),
            ("node", Text),
            ("chain_running", Text),
            ("kind", Text),
        ],
        order: "id",
        is_prepared: false,
    },
    Table {
        name: "acquisitions",
        columns: &[
            ("session", Text),
            ("what", Text),
            ("acquired_at", Integer),
            ("released_at", Integer),
        ],
        order: "session, what",
        is_prepared: false,
    },
];
