//! Adding, changing and protecting people, on both databases.

use std::future::Future;

use tokio::task::JoinSet;

use super::*;
use crate::db::Db;
use crate::testing::{administering, on_both, person};

const NOW: Timestamp = Timestamp(1_000_000);

fn id(number: u8) -> PersonId {
    PersonId::from_random([number; 16])
}

#[tokio::test]
async fn an_invited_person_becomes_active_with_a_password() -> anyhow::Result<()> {
    on_both(async |db: Db| {
        let mut tx = db.write().await?;
        let email: Email = " Ada@Example.org ".parse()?;

        let invited = invite(&mut tx, &id(1), &email, " Ada ", Role::User, NOW).await?;
        assert_eq!(lookup(&mut tx, &id(1)).await?.as_ref(), Some(&invited));
        assert_eq!(
            (invited.state, invited.name.as_str()),
            (PersonState::Invited, "Ada")
        );
        assert_eq!(password(&mut tx, &id(1)).await?, None);

        let active = set_password(&mut tx, &id(1), &Hash::nobody(), NOW)
            .await?
            .unwrap();
        tx.commit().await?;

        let mut snapshot = db.read().await?;
        assert_eq!(active.state, PersonState::Active);
        assert_eq!(
            find(&mut snapshot, &"ADA@example.org".parse()?).await?,
            Some(active)
        );
        assert_eq!(password(&mut snapshot, &id(1)).await?, Some(Hash::nobody()));
        assert_eq!(lookup(&mut snapshot, &id(2)).await?, None);

        Ok(())
    })
    .await
}

#[tokio::test]
async fn an_address_belongs_to_one_person_whatever_its_case() -> anyhow::Result<()> {
    on_both(async |db: Db| {
        person(&db, 1, "ada", Role::User).await?;

        let mut tx = db.write().await?;
        let again = invite(
            &mut tx,
            &id(2),
            &"ADA@EXAMPLE.ORG".parse()?,
            "Ada",
            Role::User,
            NOW,
        )
        .await;

        assert!(matches!(again, Err(Error::Taken)), "{again:?}");

        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_transaction_that_is_dropped_changes_nothing() -> anyhow::Result<()> {
    on_both(async |db: Db| {
        let mut tx = db.write().await?;
        invite(
            &mut tx,
            &id(1),
            &"ada@example.org".parse()?,
            "Ada",
            Role::User,
            NOW,
        )
        .await?;
        drop(tx);

        assert_eq!(list(&mut *db.write().await?).await?, []);

        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_password_that_was_changed_meanwhile_is_not_replaced() -> anyhow::Result<()> {
    on_both(async |db: Db| {
        person(&db, 1, "ada", Role::User).await?;
        let other = Hash::from_stored("another".to_owned());

        let mut tx = db.write().await?;
        assert!(
            replace_password(&mut tx, &id(1), &Hash::nobody(), &other, NOW)
                .await?
                .is_some()
        );
        assert!(
            replace_password(&mut tx, &id(1), &Hash::nobody(), &other, NOW)
                .await?
                .is_none()
        );

        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_person_is_switched_off_and_on_again_as_they_were() -> anyhow::Result<()> {
    on_both(async |db: Db| {
        person(&db, 1, "ada", Role::User).await?;
        let mut tx = db.write().await?;
        invite(
            &mut tx,
            &id(2),
            &"bob@example.org".parse()?,
            "Bob",
            Role::User,
            NOW,
        )
        .await?;

        for (number, state) in [(1, PersonState::Active), (2, PersonState::Invited)] {
            let off = switch_off(&mut tx, &administering()?, &id(number)).await?;
            assert!(
                matches!(off, Changed::Done(ref person) if person.state == PersonState::Off),
                "{off:?}"
            );
            assert_eq!(
                switch_off(&mut tx, &administering()?, &id(number)).await?,
                Changed::Nothing
            );
            assert!(
                set_password(&mut tx, &id(number), &Hash::nobody(), NOW)
                    .await?
                    .is_none()
            );

            let on = switch_on(&mut tx, &administering()?, &id(number)).await?;
            assert!(
                matches!(on, Changed::Done(ref person) if person.state == state),
                "{on:?}"
            );
            assert_eq!(
                switch_on(&mut tx, &administering()?, &id(number)).await?,
                Changed::Nothing
            );
        }

        Ok(())
    })
    .await
}

#[tokio::test]
async fn the_last_administrator_can_be_neither_switched_off_nor_demoted() -> anyhow::Result<()> {
    on_both(async |db: Db| {
        assert!(!has_administrator(&mut *db.write().await?).await?);
        person(&db, 1, "ada", Role::Administrator).await?;
        person(&db, 2, "bob", Role::User).await?;
        let mut tx = db.write().await?;
        // An administrator who cannot sign in yet is no help.
        invite(
            &mut tx,
            &id(3),
            &"eve@example.org".parse()?,
            "Eve",
            Role::Administrator,
            NOW,
        )
        .await?;

        assert_eq!(
            switch_off(&mut tx, &administering()?, &id(1)).await?,
            Changed::LastAdministrator
        );
        assert_eq!(
            change_role(&mut tx, &administering()?, &id(1), Role::Auditor).await?,
            Changed::LastAdministrator
        );
        assert_eq!(
            change_role(&mut tx, &administering()?, &id(1), Role::Administrator).await?,
            Changed::Nothing
        );
        assert_eq!(
            switch_off(&mut tx, &administering()?, &id(9)).await?,
            Changed::Nothing
        );
        assert!(matches!(
            switch_off(&mut tx, &administering()?, &id(3)).await?,
            Changed::Done(_)
        ));

        assert!(matches!(
            change_role(&mut tx, &administering()?, &id(2), Role::Administrator).await?,
            Changed::Done(_)
        ));
        assert!(matches!(
            switch_off(&mut tx, &administering()?, &id(1)).await?,
            Changed::Done(_)
        ));
        assert!(has_administrator(&mut tx).await?);

        Ok(())
    })
    .await
}

#[tokio::test]
async fn administrators_who_switch_each_other_off_at_once_leave_one() -> anyhow::Result<()> {
    on_both(async |db: Db| {
        let everybody = 6;
        for number in 0..everybody {
            person(&db, number, &format!("admin{number}"), Role::Administrator).await?;
        }

        let mut tasks = JoinSet::new();
        for number in 0..everybody {
            let db = db.clone();
            tasks.spawn(async move {
                let mut tx = db.write().await?;
                let changed = switch_off(&mut tx, &administering()?, &id(number)).await?;
                tx.commit().await?;

                anyhow::Ok(changed)
            });
        }
        let mut refused = 0;
        while let Some(changed) = tasks.join_next().await {
            if changed?? == Changed::LastAdministrator {
                refused += 1;
            }
        }

        assert_eq!(refused, 1);
        assert!(has_administrator(&mut *db.write().await?).await?);

        Ok(())
    })
    .await
}

#[tokio::test]
async fn who_is_held_keeps_their_role_until_the_transaction_ends() -> anyhow::Result<()> {
    on_both(async |db: Db| {
        for (number, name) in [(1, "ada"), (2, "grace")] {
            person(&db, number, name, Role::Administrator).await?;
        }
        let mut tx = db.write().await?;
        let held = hold(&mut tx, &id(1)).await?.unwrap();
        let other = db.clone();
        let mut demoting = JoinSet::new();
        demoting.spawn(async move {
            let mut tx = other.write().await?;
            change_role(&mut tx, &administering()?, &id(1), Role::User).await?;
            tx.commit().await?;

            anyhow::Ok(())
        });
        tokio::task::yield_now().await;

        let still = lookup(&mut tx, &id(1)).await?.unwrap();
        tx.commit().await?;
        while let Some(demoted) = demoting.join_next().await {
            demoted??;
        }
        let after = hold(&mut db.write().await?, &id(1)).await?.unwrap();

        assert_eq!(
            (held.role, still.role),
            (Role::Administrator, Role::Administrator)
        );
        assert_eq!(after.role, Role::User);

        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_snapshot_cannot_write() -> anyhow::Result<()> {
    on_both(async |db: Db| {
        person(&db, 1, "ada", Role::User).await?;
        let mut snapshot = db.read().await?;

        let done: Result<u64, Error> = run!(snapshot, sqlx::query("DELETE FROM people"));

        assert!(done.is_err());

        Ok(())
    })
    .await
}

/// Handlers run on any thread: what they await must be able to move.
#[test]
fn futures_of_the_store_are_send() {
    fn is_send<T: Send>(_: impl FnOnce(&'static Db, &'static mut Tx) -> T) {}

    is_send(|_db, tx| {
        let administer = Box::leak(Box::new(administering().unwrap()));

        switch_off(tx, administer, Box::leak(Box::new(id(1))))
    });
    is_send(|db, _tx| db.read());
    fn boxed(db: Db) -> std::pin::Pin<Box<dyn Future<Output = Result<Vec<Person>, Error>> + Send>> {
        Box::pin(async move {
            let mut tx = db.write().await?;
            let people = list(&mut tx).await?;
            tx.commit().await?;

            Ok(people)
        })
    }
    let _ = boxed;
}
