//! What is counted, and when it is forgotten, on both databases.

use std::time::Duration;

use tokio::task::JoinSet;
use vault::throttle::Bar;

use super::*;
use crate::db::Db;
use crate::testing::on_both;

const NOW: Timestamp = Timestamp(1_000_000_000_000);

fn address(last: u8) -> IpAddr {
    IpAddr::from([192, 0, 2, last])
}

async fn fail(db: &Db, email: &str, from: IpAddr, now: Timestamp) -> Result<Admission, Error> {
    let mut tx = db.write().await?;
    let admission = admit(&mut tx, email, from, now).await?;
    tx.commit().await?;

    Ok(admission)
}

/// What an attempt ran into; `None` when it was admitted.
fn refused(admission: Admission) -> Option<(Bar, Timestamp)> {
    match admission {
        Admission::Admitted(_) | Admission::Refused(_, Verdict::Allowed) => None,
        Admission::Refused(_, Verdict::Refused { bar, until }) => Some((bar, until)),
    }
}

async fn succeed(db: &Db, email: &str, from: IpAddr, now: Timestamp) -> anyhow::Result<()> {
    let Admission::Admitted(attempt) = fail(db, email, from, now).await? else {
        anyhow::bail!("{email} is not admitted");
    };
    let mut tx = db.write().await?;
    succeeded(&mut tx, &attempt).await?;
    tx.commit().await?;

    Ok(())
}

#[tokio::test]
async fn an_account_that_failed_too_often_waits_at_that_network_and_in_any_case_of_letters()
-> anyhow::Result<()> {
    on_both(async |db: Db| {
        for _ in 0..5 {
            let admission = fail(&db, "ada@example.org", address(1), NOW).await?;
            assert_eq!(refused(admission), None);
        }

        let until = NOW + Duration::from_secs(2);
        for (email, from, now, expected) in [
            (" Ada@EXAMPLE.org", 1, NOW, Some((Bar::AccountHere, until))),
            ("ada@example.org", 2, NOW, None),
            ("bob@example.org", 1, NOW, None),
            ("ada@example.org", 1, until, None),
        ] {
            let admission = fail(&db, email, address(from), now).await?;

            assert_eq!(refused(admission), expected, "{email} from {from}");
        }

        Ok(())
    })
    .await
}

#[tokio::test]
async fn guesses_from_many_networks_slow_an_account_down_but_not_its_owner() -> anyhow::Result<()> {
    on_both(async |db: Db| {
        succeed(
            &db,
            "ada@example.org",
            address(200),
            NOW - Duration::from_secs(24 * 3600),
        )
        .await?;
        for n in 0..30 {
            fail(&db, "ada@example.org", address(n), NOW).await?;
        }

        let until = NOW + Duration::from_secs(2);
        let elsewhere = fail(&db, "ada@example.org", address(201), NOW).await?;
        assert_eq!(refused(elsewhere), Some((Bar::AccountEverywhere, until)));
        let at_home = fail(&db, "ada@example.org", address(200), NOW).await?;
        assert_eq!(refused(at_home), None);

        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_network_is_the_owners_until_they_choose_another_password() -> anyhow::Result<()> {
    on_both(async |db: Db| {
        succeed(&db, "ada@example.org", address(200), NOW).await?;
        let mut tx = db.write().await?;
        forgive(&mut tx, "ada@example.org").await?;
        tx.commit().await?;
        for n in 0..30 {
            fail(&db, "ada@example.org", address(n), NOW).await?;
        }

        let at_home = fail(&db, "ada@example.org", address(200), NOW).await?;

        assert!(refused(at_home).is_some());

        Ok(())
    })
    .await
}

#[tokio::test]
async fn refused_attempts_do_not_lock_for_longer_and_all_is_forgotten_in_the_end() -> anyhow::Result<()> {
    on_both(async |db: Db| {
        let mut now = NOW;
        for _ in 0..10 {
            assert!(matches!(
                fail(&db, "ada", address(1), now).await?,
                Admission::Admitted(_)
            ));
            now = now + Duration::from_secs(40);
        }
        let until = now - Duration::from_secs(40) + WINDOW;

        for _ in 0..3 {
            let admission = fail(&db, "ada", address(1), now).await?;
            assert_eq!(refused(admission), Some((Bar::AccountHere, until)));
            now = now + Duration::from_secs(10);
        }
        assert!(matches!(
            fail(&db, "ada", address(1), until).await?,
            Admission::Admitted(_)
        ));

        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_right_password_forgives_the_account_but_not_the_network() -> anyhow::Result<()> {
    on_both(async |db: Db| {
        let before = |n: u64| NOW - Duration::from_micros(n);
        for n in 0..49 {
            fail(&db, &format!("guess{n}"), address(1), before(100 - n)).await?;
        }
        for n in 0..3 {
            succeed(&db, "mallory", address(1), before(10 - n)).await?;
        }

        fail(&db, "guess50", address(1), NOW).await?;
        let admission = fail(&db, "mallory", address(1), NOW).await?;
        assert_eq!(refused(admission), Some((Bar::Network, NOW + WINDOW)));
        assert!(matches!(
            fail(&db, "mallory", address(2), NOW).await?,
            Admission::Admitted(_)
        ));

        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_link_forgives_an_account() -> anyhow::Result<()> {
    on_both(async |db: Db| {
        for _ in 0..5 {
            fail(&db, "ada@example.org", address(1), NOW).await?;
        }

        let mut tx = db.write().await?;
        forgive(&mut tx, "Ada@example.org").await?;
        tx.commit().await?;

        assert!(matches!(
            fail(&db, "ada@example.org", address(1), NOW).await?,
            Admission::Admitted(_)
        ));

        Ok(())
    })
    .await
}

#[tokio::test]
async fn of_twenty_guesses_at_once_five_are_admitted() -> anyhow::Result<()> {
    on_both(async |db: Db| {
        let mut tasks = JoinSet::new();
        for _ in 0..20 {
            let db = db.clone();
            tasks.spawn(async move { fail(&db, "ada@example.org", address(1), NOW).await });
        }
        let mut admitted = 0;
        while let Some(admission) = tasks.join_next().await {
            admitted += u32::from(matches!(admission??, Admission::Admitted(_)));
        }

        assert_eq!(admitted, 5);

        Ok(())
    })
    .await
}
