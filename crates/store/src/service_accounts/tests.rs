//! What a service account is, and that the store lets nothing make a person of it, on both databases.

use protocol::ids::SignInId;

use super::*;
use crate::db::Db;
use crate::sign_ins::SignIn;
use crate::testing::{administering, on_both, person};
use crate::tokens::TokenHash;
use crate::{people, sign_ins};

const NOW: Timestamp = Timestamp(1_000_000);

fn id(number: u8) -> PersonId {
    PersonId::from_random([number; 16])
}

/// A service account of this name.
async fn added(db: &Db, number: u8, name: &str) -> anyhow::Result<Person> {
    let mut tx = db.write().await?;
    let account = add(&mut tx, &administering()?, &id(number), &name.parse()?, NOW).await?;
    tx.commit().await?;

    Ok(account)
}

#[tokio::test]
async fn a_service_account_is_active_at_once_and_listed_among_people() -> anyhow::Result<()> {
    on_both(async |db: Db| {
        let ada = person(&db, 1, "ada", Role::User).await?;

        let account = added(&db, 2, "nightly-export").await?;

        let mut snapshot = db.read().await?;
        assert!(account.is_service_account() && account.is_active());
        assert_eq!(account.name, "nightly-export (service account)");
        assert_eq!(
            people::lookup(&mut snapshot, &id(2)).await?.as_ref(),
            Some(&account)
        );
        assert_eq!(people::list(&mut snapshot).await?, [ada, account]);

        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_name_belongs_to_one_service_account_whatever_its_case() -> anyhow::Result<()> {
    on_both(async |db: Db| {
        added(&db, 1, "nightly-export").await?;

        let mut tx = db.write().await?;
        let again = add(
            &mut tx,
            &administering()?,
            &id(2),
            &"Nightly-Export".parse()?,
            NOW,
        )
        .await;

        assert!(matches!(again, Err(Error::Taken)), "{again:?}");

        Ok(())
    })
    .await
}

#[tokio::test]
async fn no_password_opens_it_and_none_can_be_set() -> anyhow::Result<()> {
    on_both(async |db: Db| {
        added(&db, 1, "nightly-export").await?;
        let hash = Hash::from_stored("another".to_owned());
        let mut tx = db.write().await?;
        let kept = people::password(&mut tx, &id(1)).await?;
        assert_eq!(kept, Some(Hash::nobody()));

        assert_eq!(people::set_password(&mut tx, &id(1), &hash, NOW).await?, None);
        assert_eq!(
            people::replace_password(&mut tx, &id(1), &Hash::nobody(), &hash, NOW).await?,
            None
        );
        assert_eq!(people::password(&mut tx, &id(1)).await?, kept);

        Ok(())
    })
    .await
}

#[tokio::test]
async fn it_is_not_signed_in_not_even_by_who_knows_the_hash_of_nobody() -> anyhow::Result<()> {
    on_both(async |db: Db| {
        added(&db, 1, "nightly-export").await?;
        let sign_in = SignIn {
            id: SignInId::from_random([3; 16]),
            person: id(1),
            created_at: NOW,
            last_seen: NOW,
            absolute_end: Timestamp(2_000_000),
            remote_address: "192.0.2.7".to_owned(),
            user_agent: String::new(),
            reauthenticated_at: NOW,
        };

        let mut tx = db.write().await?;
        let is_added = sign_ins::add(&mut tx, &TokenHash::of("token"), &sign_in, &Hash::nobody()).await?;

        assert!(!is_added);

        Ok(())
    })
    .await
}

#[tokio::test]
async fn it_is_switched_off_and_on_and_given_no_other_role() -> anyhow::Result<()> {
    on_both(async |db: Db| {
        added(&db, 1, "nightly-export").await?;
        let administer = administering()?;
        let mut tx = db.write().await?;

        let role = people::change_role(&mut tx, &administer, &id(1), Role::Administrator).await?;
        assert_eq!(role, people::Changed::Nothing);
        for (state, changed) in [
            (
                PersonState::Off,
                people::switch_off(&mut tx, &administer, &id(1)).await?,
            ),
            (
                PersonState::Active,
                people::switch_on(&mut tx, &administer, &id(1)).await?,
            ),
        ] {
            let people::Changed::Done(account) = changed else {
                anyhow::bail!("{changed:?}");
            };
            assert_eq!(account.state, state);
        }

        Ok(())
    })
    .await
}

#[tokio::test]
async fn the_database_itself_keeps_the_two_apart() -> anyhow::Result<()> {
    on_both(async |db: Db| {
        person(&db, 1, "ada", Role::User).await?;
        added(&db, 2, "nightly-export").await?;

        for (number, change) in [
            (1, "kind = 'service'"),
            (1, "email = 'ada'"),
            (2, "kind = 'person'"),
            (2, "email = 'export@example.org'"),
            (2, "role = 'administrator'"),
            (2, "state = 'invited'"),
            (2, "password_changed_at = 1"),
        ] {
            let statement = format!("UPDATE people SET {change} WHERE id = $1");
            let mut tx = db.write().await?;
            let changed: Result<u64, Error> = run!(tx, sqlx::query(&statement).bind(id(number).as_str()));
            assert!(changed.is_err(), "{change}");
        }

        Ok(())
    })
    .await
}
