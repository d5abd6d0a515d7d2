//! Refusals that come again and again, told in few events: the first at once, then how many there were.

use std::time::Duration;

use protocol::audit::EventView;
use protocol::time::Timestamp;
use sha2::{Digest, Sha256};
use vault::audit::{Event, REPEATS, REPEATS_UNTIL};

use super::append;
use crate::db::{Lock, Tx, on, run, take};
use crate::errors::Error;

/// How long refusals with one subject are only counted after one of them was told.
pub const QUIET: Duration = Duration::from_secs(10 * 60);

/// Counts that are told in one transaction; the next round tells more.
const AT_ONCE: i64 = 100;

#[derive(Debug, sqlx::FromRow)]
struct Row {
    subject: String,
    untold: i64,
    last_at: i64,
    event: String,
}

const COUNT: &str = r#"
    UPDATE repeats
    SET untold = untold + 1, last_at = $2
    WHERE subject = $1 AND told_at > $3
"#;

const TAKE: &str = r#"
    DELETE FROM repeats
    WHERE subject = $1
    RETURNING subject, untold, last_at, event
"#;

const ADD: &str = r#"
    INSERT INTO repeats (subject, told_at, untold, last_at, event)
    VALUES ($1, $2, 0, $2, $3)
"#;

/// Appends an event, or counts it if one with this subject was appended within [`QUIET`]. The next one, or
/// [`settle`], says how many were counted. Call it last in a transaction, like [`append`].
///
/// `subject` says what makes two refusals the same: as many subjects are remembered as callers can make, so it holds
/// nothing that who is refused may choose freely.
pub async fn append_unless_repeated(tx: &mut Tx, subject: &str, event: Event) -> Result<(), Error> {
    let (subject, now) = (hex::encode(Sha256::digest(subject)), event.at);
    take(tx, Lock::Repeats).await?;
    let counted = run!(
        tx,
        sqlx::query(COUNT)
            .bind(&subject)
            .bind(now.micros())
            .bind((now - QUIET).micros())
    )?;
    if counted > 0 {
        return Ok(());
    }

    let before: Option<Row> = on!(tx, |conn| sqlx::query_as(TAKE)
        .bind(&subject)
        .fetch_optional(conn))?;
    let event = match before {
        Some(row) if row.untold > 0 => telling(event, &row),
        Some(_) | None => event,
    };
    let appended = append(tx, event).await?;
    let text = serde_json::to_string(&appended).map_err(|_| unreadable(&subject))?;
    run!(tx, sqlx::query(ADD).bind(&subject).bind(now.micros()).bind(text))?;

    Ok(())
}

const DUE: &str = r#"
    DELETE FROM repeats
    WHERE subject IN (
        SELECT subject
        FROM repeats
        WHERE told_at <= $1
        ORDER BY told_at
        LIMIT $2
    )
    RETURNING subject, untold, last_at, event
"#;

/// Tells what was counted and not told for [`QUIET`]; says how many events that took.
pub async fn settle(tx: &mut Tx, now: Timestamp) -> Result<u64, Error> {
    take(tx, Lock::Repeats).await?;
    let due: Vec<Row> = on!(tx, |conn| {
        sqlx::query_as(DUE)
            .bind((now - QUIET).micros())
            .bind(AT_ONCE)
            .fetch_all(conn)
    })?;

    let mut told = 0;
    for row in due.into_iter().filter(|row| row.untold > 0) {
        let first: EventView = serde_json::from_str(&row.event).map_err(|_| unreadable(&row.subject))?;
        append(tx, telling(Event::again(first, now), &row)).await?;
        told += 1;
    }

    Ok(told)
}

fn telling(event: Event, row: &Row) -> Event {
    event
        .with(REPEATS, row.untold.to_string())
        .with(REPEATS_UNTIL, protocol::dates::rfc3339(Timestamp(row.last_at)))
}

fn unreadable(subject: &str) -> Error {
    Error::Inconsistent {
        table: "repeats",
        column: "event",
        row: subject.to_owned(),
    }
}

/// The statements of this module, for the test that prepares each on both databases.
#[cfg(test)]
pub(crate) const STATEMENTS: &[&str] = &[COUNT, TAKE, ADD, DUE];

#[cfg(test)]
mod tests {
    use protocol::audit::{AuditFilter, EventName, Outcome};

    use super::*;
    use crate::audit::{list, verify};
    use crate::db::Db;
    use crate::testing::on_both;

    const NOW: Timestamp = Timestamp(1_795_271_405_000_000);

    async fn refuse(db: &Db, subject: &str, at: Timestamp) -> anyhow::Result<()> {
        let mut tx = db.write().await?;
        let event = Event::new(EventName::SignInLocked, Outcome::Denied, at)
            .from_address("192.0.2.1")
            .with("address_typed", "ada@example.org");
        append_unless_repeated(&mut tx, subject, event).await?;
        tx.commit().await?;

        Ok(())
    }

    /// What the log says of repeats, oldest first; empty for an event that says nothing.
    async fn told(db: &Db) -> anyhow::Result<Vec<String>> {
        let mut snapshot = db.read().await?;
        assert!(matches!(
            verify::verify(&mut snapshot).await?,
            verify::Chain::Intact { .. }
        ));
        let page = list(&mut snapshot, &AuditFilter::default()).await?;

        Ok(page
            .events
            .into_iter()
            .rev()
            .map(|event| {
                assert_eq!(event.name, EventName::SignInLocked);
                assert_eq!(event.details["address_typed"], "ada@example.org");
                event.details.get(REPEATS).cloned().unwrap_or_default()
            })
            .collect())
    }

    #[tokio::test]
    async fn a_thousand_refusals_are_two_events_that_say_so() -> anyhow::Result<()> {
        on_both(async |db: Db| {
            for n in 0..1000 {
                refuse(&db, "ada", NOW + Duration::from_micros(n)).await?;
            }
            assert_eq!(told(&db).await?, [""]);

            refuse(&db, "ada", NOW + QUIET).await?;

            assert_eq!(told(&db).await?, ["", "999"]);

            Ok(())
        })
        .await
    }

    #[tokio::test]
    async fn what_never_comes_again_is_told_when_it_has_been_quiet() -> anyhow::Result<()> {
        on_both(async |db: Db| {
            for _ in 0..3 {
                refuse(&db, "ada", NOW).await?;
            }
            refuse(&db, "bob", NOW).await?;
            let settle_at = async |now| {
                let mut tx = db.write().await?;
                let told = settle(&mut tx, now).await?;
                tx.commit().await?;

                anyhow::Ok(told)
            };

            assert_eq!(settle_at(NOW + QUIET - Duration::from_secs(1)).await?, 0);
            assert_eq!(settle_at(NOW + QUIET).await?, 1);
            assert_eq!(settle_at(NOW + QUIET + QUIET).await?, 0);

            assert_eq!(told(&db).await?, ["", "", "2"]);

            Ok(())
        })
        .await
    }

    #[tokio::test]
    async fn refusals_with_other_subjects_are_told_each() -> anyhow::Result<()> {
        on_both(async |db: Db| {
            for subject in ["ada", "bob", "ada"] {
                refuse(&db, subject, NOW).await?;
            }

            assert_eq!(told(&db).await?, ["", ""]);

            Ok(())
        })
        .await
    }

    #[tokio::test]
    async fn refusals_that_race_are_told_once() -> anyhow::Result<()> {
        on_both(async |db: Db| {
            let mut tasks = tokio::task::JoinSet::new();
            for _ in 0..10 {
                let db = db.clone();
                tasks.spawn(async move { refuse(&db, "ada", NOW).await });
            }
            while let Some(done) = tasks.join_next().await {
                done??;
            }

            assert_eq!(told(&db).await?, [""]);

            Ok(())
        })
        .await
    }
}
