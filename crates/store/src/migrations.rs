//! The schema, step by step. A step that was released never changes: expand first, contract in a later one.

use sqlx::migrate::{Migration, MigrationType, Migrator};

use crate::db::Db;
use crate::errors::Error;

/// The text of a step.
enum Script {
    /// One SQL for both databases.
    Both(&'static str),
    /// What the two spell differently, e.g. triggers.
    Each {
        sqlite: &'static str,
        postgres: &'static str,
    },
}

/// Version, name, text; in order.
const STEPS: &[(i64, &str, Script)] = &[
    (
        1,
        "people",
        Script::Both(include_str!("../migrations/0001_people.sql")),
    ),
    (
        2,
        "vault",
        Script::Both(include_str!("../migrations/0002_vault.sql")),
    ),
    (
        3,
        "audit",
        Script::Both(include_str!("../migrations/0003_audit.sql")),
    ),
    (
        4,
        "audit guard",
        Script::Each {
            sqlite: include_str!("../migrations/0004_audit_guard.sqlite.sql"),
            postgres: include_str!("../migrations/0004_audit_guard.postgres.sql"),
        },
    ),
    (
        5,
        "sessions",
        Script::Both(include_str!("../migrations/0005_sessions.sql")),
    ),
    (
        6,
        "attempts",
        Script::Both(include_str!("../migrations/0006_attempts.sql")),
    ),
    (
        7,
        "repeats",
        Script::Both(include_str!("../migrations/0007_repeats.sql")),
    ),
    (
        8,
        "nodes",
        Script::Both(include_str!("../migrations/0008_nodes.sql")),
    ),
    (
        9,
        "running",
        Script::Both(include_str!("../migrations/0009_running.sql")),
    ),
    (
        10,
        "access tokens",
        Script::Both(include_str!("../migrations/0010_access_tokens.sql")),
    ),
    (
        11,
        "session kinds",
        Script::Both(include_str!("../migrations/0011_session_kinds.sql")),
    ),
    (
        12,
        "token scopes",
        Script::Both(include_str!("../migrations/0012_token_scopes.sql")),
    ),
    (
        13,
        "tunnels",
        Script::Both(include_str!("../migrations/0013_tunnels.sql")),
    ),
    (
        14,
        "gateways",
        Script::Both(include_str!("../migrations/0014_gateways.sql")),
    ),
    (
        15,
        "service accounts",
        Script::Both(include_str!("../migrations/0015_service_accounts.sql")),
    ),
    (
        16,
        "personal credentials",
        Script::Both(include_str!("../migrations/0016_personal_credentials.sql")),
    ),
];

/// The version of a schema that is up to date.
pub(crate) fn newest() -> i64 {
    STEPS
        .iter()
        .map(|(version, ..)| *version)
        .max()
        .unwrap_or_default()
}

/// Runs the steps this database has not seen. More than one node may start at once: PostgreSQL's advisory
/// lock lets one of them do it.
pub(crate) async fn run(db: &Db) -> Result<(), Error> {
    match db {
        Db::Sqlite { writer, .. } => migrator(|script| match script {
            Script::Both(sql) | Script::Each { sqlite: sql, .. } => sql,
        })
        .run(writer)
        .await
        .map_err(Error::Migration)?,
        Db::Postgres(pool) => migrator(|script| match script {
            Script::Both(sql) | Script::Each { postgres: sql, .. } => sql,
        })
        .run(pool)
        .await
        .map_err(Error::Migration)?,
    }

    Ok(())
}

fn migrator(text: impl Fn(&Script) -> &'static str) -> Migrator {
    let migrations = STEPS.iter().map(|(version, name, script)| {
        Migration::new(
            *version,
            (*name).into(),
            MigrationType::Simple,
            text(script).into(),
            false,
        )
    });

    Migrator {
        migrations: migrations.collect(),
        ..Migrator::DEFAULT
    }
}
