//! Copies go from either database into either, whole or not at all.

use std::collections::BTreeMap;

use protocol::audit::{EventName, Outcome};
use protocol::ids::PersonId;
use protocol::people::Role;
use protocol::time::Timestamp;
use vault::audit::Event;

use super::tables::{LEFT_OUT, TABLES};
use super::*;
use crate::audit;
use crate::audit::verify::{Chain, verify};
use crate::service_accounts;
use crate::testing::{self, administering, on_both, person};

/// A store with a person, a service account and two events.
async fn fill(db: &Db) -> anyhow::Result<()> {
    let ada = person(db, 1, "ada", Role::Administrator).await?;
    let mut tx = db.write().await?;
    let id = PersonId::from_random([2; 16]);
    let name = "nightly-export".parse()?;
    service_accounts::add(&mut tx, &administering()?, &id, &name, Timestamp(5)).await?;
    for at in [10, 20] {
        let event = Event::new(EventName::SignInOk, Outcome::Ok, Timestamp(at)).by(&ada);
        audit::append(&mut tx, event).await?;
    }
    tx.commit().await?;

    Ok(())
}

async fn copy_of(db: &Db) -> anyhow::Result<String> {
    let mut bytes = Vec::new();
    write(&mut db.read().await?, &mut bytes).await?;

    Ok(String::from_utf8(bytes)?)
}

#[tokio::test]
async fn a_copy_of_one_database_is_the_copy_of_the_other_it_was_read_into() -> anyhow::Result<()> {
    on_both(async |from| {
        fill(&from).await?;
        let copy = copy_of(&from).await?;
        let (sqlite, postgres) = (testing::sqlite().await?, testing::postgres().await?);

        for into in [&sqlite.db, &postgres.db] {
            read(into, &mut copy.as_bytes()).await?;

            assert_eq!(copy_of(into).await?, copy);
            let chain = verify(&mut into.read().await?).await?;
            assert!(matches!(chain, Chain::Intact { events: 2, .. }), "{chain:?}");
        }

        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_copy_is_not_read_over_people_who_are_there() -> anyhow::Result<()> {
    on_both(async |db| {
        fill(&db).await?;
        let copy = copy_of(&db).await?;

        let error = read(&db, &mut copy.as_bytes()).await.unwrap_err();

        assert!(matches!(error, Error::Taken), "{error:?}");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_copy_that_is_not_whole_changes_nothing() -> anyhow::Result<()> {
    on_both(async |from| {
        fill(&from).await?;
        let copy = copy_of(&from).await?;
        let lines: Vec<&str> = copy.lines().collect();
        let without = |at: usize| {
            let rest = lines.iter().enumerate().filter(|(n, _)| *n != at);
            rest.map(|(_, line)| format!("{line}\n")).collect::<String>()
        };
        let into = testing::sqlite().await?;

        for (at, line) in lines.iter().enumerate() {
            let cut = without(at);

            let missed = read(&into.db, &mut cut.as_bytes()).await;

            assert!(missed.is_err(), "line {at} was not missed: {line}");
            assert!(is_unused(&into.db).await?, "line {at}");
        }

        Ok(())
    })
    .await
}

#[tokio::test]
async fn every_table_is_copied_or_named_as_left_out() -> anyhow::Result<()> {
    let store = testing::sqlite().await?;
    let mut snapshot = store.db.read().await?;
    let found: Vec<(String, String, String)> = on!(snapshot, |conn| sqlx::query_as(
        "SELECT t.name, c.name, c.type FROM sqlite_schema AS t JOIN pragma_table_info(t.name) AS c \
         WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%' AND t.name NOT LIKE '_sqlx%'"
    )
    .fetch_all(conn))?;
    let mut schema: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    for (table, column, kind) in found {
        if !LEFT_OUT.contains(&table.as_str()) {
            schema.entry(table).or_default().insert(column, kind);
        }
    }

    let word = |kind: Kind| match kind {
        Kind::Text => "TEXT",
        Kind::Integer => "BIGINT",
        Kind::Boolean => "BOOLEAN",
    };
    let copied: BTreeMap<String, BTreeMap<String, String>> = TABLES
        .iter()
        .map(|table| {
            let columns = table.columns.iter();
            let columns = columns.map(|(name, kind)| ((*name).to_owned(), word(*kind).to_owned()));
            (table.name.to_owned(), columns.collect())
        })
        .collect();
    assert_eq!(copied, schema);

    Ok(())
}
