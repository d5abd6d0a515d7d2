//! How an access token lives and ends, on both databases.

use protocol::people::Role;
use vault::authorize::{self, Password, Wanted};

use super::*;
use crate::db::Db;
use crate::sign_ins::{self, SignIn};
use crate::testing::{administering, on_both, person};

const NOW: Timestamp = Timestamp(1_000_000_000_000);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn hash(number: u8) -> TokenHash {
    TokenHash::of(vault::tokens::text([number; 32]).expose())
}

fn id(number: u8) -> TokenId {
    TokenId::from_random([number; 16])
}

/// Adds a token for everything, good for a day.
async fn added(tx: &mut Tx, number: u8, whose: &Person) -> anyhow::Result<AccessToken> {
    let take = authorize::take_token(whose, Wanted::Everything, Password::GivenAgain)?;
    let name = format!(" token {number} ");

    Ok(add(tx, &take, &id(number), &hash(number), &name, NOW + DAY, NOW).await?)
}

#[tokio::test]
async fn a_token_is_found_by_its_hash_and_by_its_id_with_its_person() -> anyhow::Result<()> {
    on_both(async |db: Db| {
        let ada = person(&db, 1, "ada", Role::User).await?;
        let mut tx = db.write().await?;

        let token = added(&mut tx, 1, &ada).await?;
        tx.commit().await?;

        assert_eq!(token.name, "token 1");
        let mut snapshot = db.read().await?;
        let expected = Some((token, ada));
        assert_eq!(find(&mut snapshot, &hash(1)).await?, expected);
        assert_eq!(lookup(&mut snapshot, &id(1)).await?, expected);
        assert_eq!(find(&mut snapshot, &hash(2)).await?, None);
        assert_eq!(lookup(&mut snapshot, &id(2)).await?, None);

        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_token_keeps_what_it_is_for() -> anyhow::Result<()> {
    on_both(async |db: Db| {
        let ada = person(&db, 1, "ada", Role::Auditor).await?;
        let take = authorize::take_token(&ada, Wanted::CommandLine, Password::GivenAgain)?;
        let mut tx = db.write().await?;

        let token = add(&mut tx, &take, &id(1), &hash(1), "laptop", NOW + DAY, NOW).await?;

        assert_eq!(token.scope, Scope::CommandLine);
        assert_eq!(list(&mut tx, &ada.id).await?, [token]);

        Ok(())
    })
    .await
}

#[tokio::test]
async fn an_expired_token_and_a_revoked_one_are_told_apart() -> anyhow::Result<()> {
    on_both(async |db: Db| {
        let ada = person(&db, 1, "ada", Role::User).await?;
        let mut tx = db.write().await?;
        for number in [1, 2] {
            added(&mut tx, number, &ada).await?;
        }

        revoke(&mut tx, &id(2), &ada.id, NOW).await?;

        let (lasting, _) = find(&mut tx, &hash(1)).await?.unwrap();
        let (revoked, _) = find(&mut tx, &hash(2)).await?.unwrap();
        assert_eq!(lasting.standing(NOW), Standing::Good);
        assert_eq!(lasting.standing(NOW + DAY), Standing::Expired);
        assert_eq!(count_good(&mut tx, &ada.id, NOW).await?, 1);
        assert_eq!(count_good(&mut tx, &ada.id, NOW + DAY).await?, 0);
        assert_eq!(revoked.standing(NOW), Standing::Revoked);
        assert_eq!(revoked.standing(NOW + DAY), Standing::Revoked);

        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_token_for_one_record_is_for_no_other() -> anyhow::Result<()> {
    on_both(async |db: Db| {
        let ada = person(&db, 1, "ada", Role::User).await?;
        let mut tx = db.write().await?;
        let token = added(&mut tx, 1, &ada).await?;
        let (record, other) = (RecordId::from_random([1; 16]), RecordId::from_random([2; 16]));

        let only = AccessToken {
            record: Some(record.clone()),
            ..token.clone()
        };

        assert!(token.is_for(&record) && token.is_for(&other));
        assert!(only.is_for(&record) && !only.is_for(&other));

        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_token_is_marked_as_used_at_most_once_a_minute() -> anyhow::Result<()> {
    on_both(async |db: Db| {
        let ada = person(&db, 1, "ada", Role::User).await?;
        let mut tx = db.write().await?;
        assert!(added(&mut tx, 1, &ada).await?.wants_touch(NOW));

        for (seconds, last_used) in [(0, 0), (59, 0), (60, 60), (90, 60), (120, 120)] {
            let now = NOW + Duration::from_secs(seconds);
            let address = format!("192.0.2.{seconds}");
            touch(&mut tx, &id(1), &address, now).await?;
            let (used, _person) = lookup(&mut tx, &id(1)).await?.unwrap();

            let expected = (
                NOW + Duration::from_secs(last_used),
                format!("192.0.2.{last_used}"),
            );
            assert_eq!(used.last_use, Some(expected), "after {seconds} s");
            assert!(!used.wants_touch(now));
        }

        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_token_is_revoked_once_and_only_as_one_of_its_person() -> anyhow::Result<()> {
    on_both(async |db: Db| {
        let ada = person(&db, 1, "ada", Role::User).await?;
        let bob = person(&db, 2, "bob", Role::User).await?;
        let mut tx = db.write().await?;
        for number in 1..=3 {
            added(&mut tx, number, &ada).await?;
        }
        added(&mut tx, 9, &bob).await?;

        assert_eq!(revoke(&mut tx, &id(1), &bob.id, NOW).await?, None);
        let revoked = revoke(&mut tx, &id(1), &ada.id, NOW).await?.unwrap();
        assert_eq!(revoked.name, "token 1");
        assert_eq!(revoked.revoked_at, Some(NOW));
        assert_eq!(revoke(&mut tx, &id(1), &ada.id, NOW).await?, None);

        let listed = |tokens: Vec<AccessToken>| tokens.into_iter().map(|token| token.id).collect::<Vec<_>>();
        assert_eq!(listed(list(&mut tx, &ada.id).await?), [id(2), id(3)]);

        assert_eq!(revoke_all(&mut tx, &ada.id, NOW).await?, 2);
        assert_eq!(list(&mut tx, &ada.id).await?, []);
        assert_eq!(listed(list(&mut tx, &bob.id).await?), [id(9)]);

        Ok(())
    })
    .await
}

#[tokio::test]
async fn who_is_switched_off_has_no_tokens() -> anyhow::Result<()> {
    on_both(async |db: Db| {
        let ada = person(&db, 1, "ada", Role::User).await?;
        let mut tx = db.write().await?;
        added(&mut tx, 1, &ada).await?;

        people::switch_off(&mut tx, &administering()?, &ada.id).await?;

        assert_eq!(find(&mut tx, &hash(1)).await?, None);
        assert_eq!(lookup(&mut tx, &id(1)).await?, None);

        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_token_made_while_everything_is_taken_away_does_not_outlive_it() -> anyhow::Result<()> {
    on_both(async |db: Db| {
        let ada = person(&db, 1, "ada", Role::User).await?;
        let sign_in = SignIn {
            id: protocol::ids::SignInId::from_random([1; 16]),
            person: ada.id.clone(),
            created_at: NOW,
            last_seen: NOW,
            absolute_end: NOW + DAY,
            remote_address: "192.0.2.1".to_owned(),
            user_agent: "Firefox".to_owned(),
            reauthenticated_at: NOW,
        };
        let mut tx = db.write().await?;
        sign_ins::add(&mut tx, &hash(1), &sign_in, &vault::passwords::Hash::nobody()).await?;
        tx.commit().await?;
        let mut taking = db.write().await?;
        sign_ins::revoke_all(&mut taking, &ada.id, NOW).await?;

        let making = async {
            let mut tx = db.write().await?;
            let is_held = sign_ins::hold(&mut tx, &sign_in.id, &ada.id).await?;
            if is_held {
                added(&mut tx, 1, &ada).await?;
            }
            tx.commit().await?;

            anyhow::Ok(is_held)
        };
        let taken_away = async {
            revoke_all(&mut taking, &ada.id, NOW).await?;
            taking.commit().await?;

            anyhow::Ok(())
        };
        let (is_held, ()) = tokio::try_join!(making, taken_away)?;

        assert!(!is_held);
        assert_eq!(list(&mut *db.write().await?, &ada.id).await?, []);

        Ok(())
    })
    .await
}

#[tokio::test]
async fn tokens_that_ended_long_ago_are_removed() -> anyhow::Result<()> {
    on_both(async |db: Db| {
        let ada = person(&db, 1, "ada", Role::User).await?;
        let mut tx = db.write().await?;
        for number in [1, 2] {
            added(&mut tx, number, &ada).await?;
        }
        revoke(&mut tx, &id(2), &ada.id, NOW).await?;

        for (before, removed) in [(NOW - DAY, 0), (NOW, 1), (NOW + DAY, 1)] {
            assert_eq!(remove_old(&mut tx, before).await?, removed);
        }

        Ok(())
    })
    .await
}
