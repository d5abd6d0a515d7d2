//! One time, one day, on both databases.

use protocol::people::Role;
use tokio::task::JoinSet;

use super::*;
use crate::db::Db;
use crate::testing::{on_both, person};
use crate::tokens::Token;

const NOW: Timestamp = Timestamp(1_000_000);

fn token(number: u8) -> TokenHash {
    Token::from_random([number; 32]).hash()
}

fn id(number: u8) -> LinkId {
    LinkId::from_random([number; 16])
}

#[tokio::test]
async fn a_link_works_once() -> anyhow::Result<()> {
    on_both(async |db: Db| {
        let ada = person(&db, 1, "ada", Role::User).await?;
        let mut tx = db.write().await?;
        let link = add(&mut tx, &id(1), &token(1), Purpose::Reset(ada.id.clone()), NOW).await?;

        assert_eq!(link.expires_at, NOW + LIFETIME);
        assert_eq!(lookup(&mut tx, &token(1), NOW).await?.as_ref(), Some(&link));
        assert_eq!(lookup(&mut tx, &token(2), NOW).await?, None);
        assert_eq!(consume(&mut tx, &token(1), NOW).await?, Some(link));
        assert_eq!(consume(&mut tx, &token(1), NOW).await?, None);
        assert_eq!(lookup(&mut tx, &token(1), NOW).await?, None);

        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_link_stops_working_after_a_day() -> anyhow::Result<()> {
    on_both(async |db: Db| {
        let mut tx = db.write().await?;
        add(&mut tx, &id(1), &token(1), Purpose::Setup, NOW).await?;

        assert_eq!(consume(&mut tx, &token(1), NOW + LIFETIME).await?, None);
        assert!(
            consume(&mut tx, &token(1), NOW + LIFETIME - Duration::from_micros(1))
                .await?
                .is_some()
        );

        Ok(())
    })
    .await
}

#[tokio::test]
async fn the_last_link_sent_is_the_one_that_works() -> anyhow::Result<()> {
    on_both(async |db: Db| {
        let ada = person(&db, 1, "ada", Role::User).await?;
        let bob = person(&db, 2, "bob", Role::User).await?;
        let mut tx = db.write().await?;
        add(&mut tx, &id(1), &token(1), Purpose::Invite(ada.id.clone()), NOW).await?;
        add(&mut tx, &id(2), &token(2), Purpose::Setup, NOW).await?;
        add(&mut tx, &id(3), &token(3), Purpose::Invite(bob.id.clone()), NOW).await?;

        add(&mut tx, &id(4), &token(4), Purpose::Reset(ada.id.clone()), NOW).await?;
        assert_eq!(lookup(&mut tx, &token(1), NOW).await?, None);
        for other in 2..=4 {
            assert!(lookup(&mut tx, &token(other), NOW).await?.is_some(), "{other}");
        }

        assert_eq!(revoke(&mut tx, None, NOW).await?, 1);
        assert_eq!(lookup(&mut tx, &token(2), NOW).await?, None);
        assert_eq!(revoke(&mut tx, Some(&bob.id), NOW).await?, 1);
        assert_eq!(lookup(&mut tx, &token(3), NOW).await?, None);

        Ok(())
    })
    .await
}

#[tokio::test]
async fn of_twenty_who_follow_a_link_at_once_one_gets_in() -> anyhow::Result<()> {
    on_both(async |db: Db| {
        let mut tx = db.write().await?;
        add(&mut tx, &id(1), &token(1), Purpose::Setup, NOW).await?;
        tx.commit().await?;

        let mut tasks = JoinSet::new();
        for _ in 0..20 {
            let db = db.clone();
            tasks.spawn(async move {
                let mut tx = db.write().await?;
                let link = consume(&mut tx, &token(1), NOW).await?;
                tx.commit().await?;

                Ok::<_, Error>(link.is_some())
            });
        }
        let mut got_in = 0;
        while let Some(is_in) = tasks.join_next().await {
            got_in += u32::from(is_in??);
        }

        assert_eq!(got_in, 1);

        Ok(())
    })
    .await
}
