//! Opening, and what holds for every statement of the store.

use sqlx::Executor;

use super::*;
use crate::testing::on_both;
use crate::{
    access_tokens, acquisitions, attempts, audit, folders, gateways, history, launching, links, people,
    records, service_accounts, sessions, settings, shares, sign_ins, wrapped_keys,
};

#[tokio::test]
async fn every_statement_prepares_on_both() -> anyhow::Result<()> {
    let records = records::statements();
    let modules = [
        people::STATEMENTS,
        service_accounts::STATEMENTS,
        launching::STATEMENTS,
        links::STATEMENTS,
        sign_ins::STATEMENTS,
        access_tokens::STATEMENTS,
        attempts::STATEMENTS,
        audit::STATEMENTS,
        audit::repeats::STATEMENTS,
        sessions::STATEMENTS,
        wrapped_keys::STATEMENTS,
        acquisitions::STATEMENTS,
        folders::STATEMENTS,
        gateways::STATEMENTS,
        gateways::INSTANCE_STATEMENTS,
        &records,
        settings::STATEMENTS,
        shares::STATEMENTS,
        history::STATEMENTS,
        &[TAKE],
    ];

    on_both(async |db: Db| {
        let mut tx = db.write().await?;
        for statement in modules.concat() {
            let prepared = match &mut tx.inner {
                Inner::Sqlite(transaction) => transaction.prepare(statement).await.map(drop),
                Inner::Postgres(transaction) => transaction.prepare(statement).await.map(drop),
            };
            prepared.map_err(|error| anyhow::anyhow!("{error}: {statement}"))?;
        }

        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_store_is_migrated_once_and_answers() -> anyhow::Result<()> {
    on_both(async |db: Db| {
        migrations::run(&db).await?;

        db.ping().await?;

        Ok(())
    })
    .await
}

#[tokio::test]
async fn nodes_that_start_at_once_migrate_once() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let url = format!("sqlite:{}", folder.path().join("postern.db").display());

    Db::open(&url, 2).await?.close().await;
    let (one, other) = tokio::join!(Db::open(&url, 2), Db::open(&url, 2));

    one?.ping().await?;
    other?.ping().await?;

    Ok(())
}

#[tokio::test]
async fn an_address_of_another_kind_is_refused() {
    for url in ["", "mysql://localhost/postern", "postern.db"] {
        let opened = Db::open(url, 2).await;

        assert!(matches!(opened, Err(Error::Address)), "{url:?}: {opened:?}");
    }
}

#[tokio::test]
async fn who_cannot_be_reached_is_unavailable() {
    let opened = Db::open("postgres://postern:x@127.0.0.1:1/postern", 2).await;

    assert!(matches!(opened, Err(Error::Unavailable(_))), "{opened:?}");
}

#[tokio::test]
async fn sqlite_keeps_what_it_answered_and_its_references() -> anyhow::Result<()> {
    let test = crate::testing::sqlite().await?;
    let mut tx = test.db.write().await?;

    for (pragma, value) in [
        ("foreign_keys", "1"),
        ("synchronous", "2"),
        ("journal_mode", "wal"),
    ] {
        let Inner::Sqlite(transaction) = &mut tx.inner else {
            anyhow::bail!("a file is SQLite");
        };
        let sql = format!("SELECT CAST({pragma} AS TEXT) FROM pragma_{pragma}");
        let found: String = sqlx::query_scalar(&sql).fetch_one(&mut **transaction).await?;

        assert_eq!(found, value, "{pragma}");
    }

    Ok(())
}
