//! What is counted, and when it is forgotten, on both databases.

use std::time::Duration;

use tokio::task::JoinSet;

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

#[tokio::test]
async fn an_account_that_failed_too_often_waits_whoever_asks_and_in_any_case_of_letters() -> anyhow::Result<()>
{
    on_both(async |db: Db| {
        for n in 0..5 {
            assert!(matches!(
                fail(&db, "ada@example.org", address(n), NOW).await?,
                Admission::Admitted(_)
            ));
        }

        let until = NOW + Duration::from_secs(2);
        let refused = Admission::Refused(Verdict::Wait { until });
        assert_eq!(fail(&db, " Ada@EXAMPLE.org", address(9), NOW).await?, refused);
        assert!(matches!(
            fail(&db, "bob@example.org", address(9), NOW).await?,
            Admission::Admitted(_)
        ));
        assert!(matches!(
            fail(&db, "ada@example.org", address(9), until).await?,
            Admission::Admitted(_)
        ));

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
            let refused = Admission::Refused(Verdict::Locked { until });
            assert_eq!(fail(&db, "ada", address(1), now).await?, refused);
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
            let Admission::Admitted(attempt) = fail(&db, "mallory", address(1), before(10 - n)).await? else {
                anyhow::bail!("the fiftieth attempt is admitted");
            };
            let mut tx = db.write().await?;
            succeeded(&mut tx, &attempt).await?;
            tx.commit().await?;
        }

        fail(&db, "guess50", address(1), NOW).await?;
        let refused = fail(&db, "mallory", address(1), NOW).await?;
        assert_eq!(
            refused,
            Admission::Refused(Verdict::Locked { until: NOW + WINDOW })
        );
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
        for n in 0..20 {
            let db = db.clone();
            tasks.spawn(async move { fail(&db, "ada@example.org", address(n), NOW).await });
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
