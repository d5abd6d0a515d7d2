//! How a sign-in lives and ends, on both databases.

use protocol::people::Role;

use super::*;
use crate::db::Db;
use crate::testing::{administering, on_both, person};
use crate::tokens::Token;

const NOW: Timestamp = Timestamp(1_000_000_000_000);
const IDLE: Duration = Duration::from_secs(1_800);
const ABSOLUTE: Duration = Duration::from_secs(36_000);

fn token(number: u8) -> TokenHash {
    Token::from_random([number; 32]).hash()
}

fn sign_in(number: u8, person: &Person) -> SignIn {
    SignIn {
        id: SignInId::from_random([number; 16]),
        person: person.id.clone(),
        created_at: NOW,
        last_seen: NOW,
        absolute_end: NOW + ABSOLUTE,
        remote_address: "192.0.2.1".to_owned(),
        user_agent: "Firefox".to_owned(),
        reauthenticated_at: NOW,
    }
}

#[tokio::test]
async fn a_token_finds_its_sign_in_and_person() -> anyhow::Result<()> {
    on_both(async |db: Db| {
        let ada = person(&db, 1, "ada", Role::Auditor).await?;
        let mut tx = db.write().await?;

        assert!(add(&mut tx, &token(1), &sign_in(1, &ada), &Hash::nobody()).await?);
        tx.commit().await?;

        let mut snapshot = db.read().await?;
        let found = lookup(&mut snapshot, &token(1), IDLE, NOW).await?;
        assert_eq!(found, Some((sign_in(1, &ada), ada)));
        assert_eq!(lookup(&mut snapshot, &token(2), IDLE, NOW).await?, None);

        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_sign_in_at_rest_ends_and_one_in_use_goes_on_to_its_absolute_end() -> anyhow::Result<()> {
    on_both(async |db: Db| {
        let ada = person(&db, 1, "ada", Role::User).await?;
        let mut tx = db.write().await?;
        let sign_in = sign_in(1, &ada);
        add(&mut tx, &token(1), &sign_in, &Hash::nobody()).await?;

        assert!(lookup(&mut tx, &token(1), IDLE, NOW + IDLE).await?.is_none());
        assert_eq!(list(&mut tx, &ada.id, IDLE, NOW + IDLE).await?, []);

        let mut now = NOW;
        while now + IDLE / 2 < sign_in.absolute_end {
            now = now + IDLE / 2;
            let (seen, _person) = lookup(&mut tx, &token(1), IDLE, now).await?.unwrap();
            assert!(seen.wants_touch(now));
            touch(&mut tx, &seen.id, now).await?;
        }
        assert!(
            lookup(&mut tx, &token(1), IDLE, sign_in.absolute_end)
                .await?
                .is_none()
        );

        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_sign_in_is_marked_as_seen_at_most_once_a_minute() -> anyhow::Result<()> {
    on_both(async |db: Db| {
        let ada = person(&db, 1, "ada", Role::User).await?;
        let mut tx = db.write().await?;
        add(&mut tx, &token(1), &sign_in(1, &ada), &Hash::nobody()).await?;

        for (seconds, last_seen) in [(59, 0), (60, 60), (90, 60), (120, 120)] {
            let now = NOW + Duration::from_secs(seconds);
            touch(&mut tx, &SignInId::from_random([1; 16]), now).await?;
            let (seen, _person) = lookup(&mut tx, &token(1), IDLE, now).await?.unwrap();

            assert_eq!(
                seen.last_seen,
                NOW + Duration::from_secs(last_seen),
                "after {seconds} s"
            );
            assert!(!seen.wants_touch(now));
        }

        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_revoked_sign_in_is_gone_at_once_and_only_its_owner_revokes_it() -> anyhow::Result<()> {
    on_both(async |db: Db| {
        let ada = person(&db, 1, "ada", Role::User).await?;
        let bob = person(&db, 2, "bob", Role::User).await?;
        let mut tx = db.write().await?;
        for number in 1..=4 {
            add(&mut tx, &token(number), &sign_in(number, &ada), &Hash::nobody()).await?;
        }
        add(&mut tx, &token(9), &sign_in(9, &bob), &Hash::nobody()).await?;
        let id = |number: u8| SignInId::from_random([number; 16]);

        assert!(!revoke(&mut tx, &id(1), &bob.id, NOW).await?);
        assert!(revoke(&mut tx, &id(1), &ada.id, NOW).await?);
        assert!(!revoke(&mut tx, &id(1), &ada.id, NOW).await?);
        assert!(lookup(&mut tx, &token(1), IDLE, NOW).await?.is_none());

        assert_eq!(revoke_others(&mut tx, &ada.id, &id(2), NOW).await?, 2);
        let left: Vec<SignInId> = list(&mut tx, &ada.id, IDLE, NOW)
            .await?
            .into_iter()
            .map(|sign_in| sign_in.id)
            .collect();
        assert_eq!(left, [id(2)]);

        assert_eq!(revoke_all(&mut tx, &ada.id, NOW).await?, 1);
        assert!(lookup(&mut tx, &token(2), IDLE, NOW).await?.is_none());
        assert!(lookup(&mut tx, &token(9), IDLE, NOW).await?.is_some());

        Ok(())
    })
    .await
}

#[tokio::test]
async fn who_is_switched_off_is_signed_out_and_cannot_sign_in() -> anyhow::Result<()> {
    on_both(async |db: Db| {
        let ada = person(&db, 1, "ada", Role::User).await?;
        let mut tx = db.write().await?;
        add(&mut tx, &token(1), &sign_in(1, &ada), &Hash::nobody()).await?;

        people::switch_off(&mut tx, &administering()?, &ada.id).await?;

        assert!(lookup(&mut tx, &token(1), IDLE, NOW).await?.is_none());
        assert!(!add(&mut tx, &token(2), &sign_in(2, &ada), &Hash::nobody()).await?);

        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_password_that_was_changed_since_it_was_right_signs_nobody_in() -> anyhow::Result<()> {
    on_both(async |db: Db| {
        let ada = person(&db, 1, "ada", Role::User).await?;
        let another = Hash::from_stored("another".to_owned());
        let mut tx = db.write().await?;

        people::set_password(&mut tx, &ada.id, &another, NOW).await?;

        assert!(!add(&mut tx, &token(1), &sign_in(1, &ada), &Hash::nobody()).await?);
        assert!(lookup(&mut tx, &token(1), IDLE, NOW).await?.is_none());
        assert!(add(&mut tx, &token(2), &sign_in(2, &ada), &another).await?);

        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_sign_in_under_way_while_the_password_is_taken_away_does_not_outlive_it() -> anyhow::Result<()> {
    on_both(async |db: Db| {
        let ada = person(&db, 1, "ada", Role::User).await?;
        let mut taking = db.write().await?;
        let another = Hash::from_stored("another".to_owned());
        people::set_password(&mut taking, &ada.id, &another, NOW).await?;

        let signing_in = async {
            let mut tx = db.write().await?;
            let added = add(&mut tx, &token(1), &sign_in(1, &ada), &Hash::nobody()).await?;
            tx.commit().await?;

            anyhow::Ok(added)
        };
        let taken_away = async {
            revoke_all(&mut taking, &ada.id, NOW).await?;
            taking.commit().await?;

            anyhow::Ok(())
        };
        let (added, ()) = tokio::try_join!(signing_in, taken_away)?;

        assert!(!added);
        let mut snapshot = db.read().await?;
        assert!(lookup(&mut snapshot, &token(1), IDLE, NOW).await?.is_none());

        Ok(())
    })
    .await
}

#[tokio::test]
async fn giving_the_password_again_is_noted_and_old_sign_ins_are_removed() -> anyhow::Result<()> {
    on_both(async |db: Db| {
        let ada = person(&db, 1, "ada", Role::User).await?;
        let mut tx = db.write().await?;
        add(&mut tx, &token(1), &sign_in(1, &ada), &Hash::nobody()).await?;
        let later = NOW + Duration::from_secs(100);

        confirm(&mut tx, &SignInId::from_random([1; 16]), later).await?;
        let (seen, _person) = lookup(&mut tx, &token(1), IDLE, later).await?.unwrap();

        assert_eq!(seen.reauthenticated_at, later);
        assert_eq!(remove_old(&mut tx, NOW).await?, 0);
        assert_eq!(remove_old(&mut tx, NOW + ABSOLUTE).await?, 1);

        Ok(())
    })
    .await
}
