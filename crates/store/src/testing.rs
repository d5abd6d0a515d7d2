//! A fresh, migrated database per test, on each of the two that Postern runs on.

use tempfile::TempDir;

use crate::db::Db;

/// A database of one test; gone with it.
pub struct TestDb {
    pub db: Db,
    _folder: Option<TempDir>,
}

/// A database in a file of a folder that vanishes.
pub async fn sqlite() -> anyhow::Result<TestDb> {
    let folder = tempfile::tempdir()?;
    let db = Db::open(
        &format!("sqlite:{}", folder.path().join("postern.db").display()),
        4,
    )
    .await?;

    Ok(TestDb {
        db,
        _folder: Some(folder),
    })
}

/// Runs one test on every database, each with an empty one of its own.
pub async fn on_both(test: impl AsyncFn(Db) -> anyhow::Result<()>) -> anyhow::Result<()> {
    use anyhow::Context;

    let sqlite = sqlite().await?;
    test(sqlite.db.clone()).await.context("on SQLite")?;
    sqlite.db.close().await;

    Ok(())
}
