//! The log on both databases: one chain, append-only, searchable; tampering is found and located.

use std::time::Duration;

use protocol::ids::{RecordId, RequestId, SessionId};
use protocol::people::Role;
use tokio::task::JoinSet;
use vault::audit::{Break, GENESIS};

use super::export::{Format, export};
use super::verify::{Chain, verify};
use super::*;
use crate::db::{Db, Inner};
use crate::testing::{on_both, person};

/// 2026-11-21 14:30:05 UTC.
const NOW: Timestamp = Timestamp(1_795_271_405_000_000);

fn event(n: u64) -> Event {
    Event::new(
        EventName::RecordCreated,
        Outcome::Ok,
        NOW + Duration::from_secs(n),
    )
    .with("n", n.to_string())
}

async fn write(db: &Db, event: Event) -> Result<EventView, Error> {
    let mut tx = db.write().await?;
    let view = append(&mut tx, event).await?;
    tx.commit().await?;

    Ok(view)
}

async fn seqs(db: &Db, filter: AuditFilter) -> Result<Vec<i64>, Error> {
    let page = list(&mut db.read().await?, &filter).await?;

    Ok(page.events.into_iter().map(|event| event.seq).collect())
}

#[tokio::test]
async fn an_event_is_read_as_it_was_written() -> anyhow::Result<()> {
    on_both(async |db: Db| {
        let ada = person(&db, 1, "ada", Role::Administrator).await?;
        let full = event(1)
            .by(&ada)
            .from_address("192.0.2.1")
            .about(&RecordId::from_random([2; 16]), "Orders, live")
            .in_session(&SessionId::from_random([3; 16]))
            .in_request(&RequestId::from_random([4; 16]));

        let first = write(&db, event(0)).await?;
        let second = write(&db, full).await?;

        assert_eq!((first.seq, first.prev_hash.as_str()), (1, GENESIS));
        assert_eq!((second.seq, &second.prev_hash), (2, &first.hash));
        let page = list(&mut db.read().await?, &AuditFilter::default()).await?;
        assert_eq!(
            page,
            EventPage {
                events: vec![second.clone(), first],
                next: None
            }
        );
        assert_eq!(
            verify(&mut db.read().await?).await?,
            Chain::Intact {
                events: 2,
                head: second.hash
            }
        );

        Ok(())
    })
    .await
}

#[tokio::test]
async fn an_event_is_in_the_log_only_if_what_it_tells_of_happened() -> anyhow::Result<()> {
    on_both(async |db: Db| {
        let mut tx = db.write().await?;
        append(&mut tx, event(1)).await?;
        drop(tx);

        let next = write(&db, event(2)).await?;

        assert_eq!(next.seq, 1, "no gap");
        assert!(matches!(
            verify(&mut db.read().await?).await?,
            Chain::Intact { events: 1, .. }
        ));

        Ok(())
    })
    .await
}

#[tokio::test]
async fn an_empty_log_is_intact() -> anyhow::Result<()> {
    on_both(async |db: Db| {
        assert_eq!(
            verify(&mut db.read().await?).await?,
            Chain::Intact {
                events: 0,
                head: GENESIS.to_owned()
            }
        );

        Ok(())
    })
    .await
}

#[tokio::test]
async fn events_appended_at_once_make_one_chain() -> anyhow::Result<()> {
    on_both(async |db: Db| {
        let mut tasks = JoinSet::new();
        for n in 0..30 {
            let db = db.clone();
            tasks.spawn(async move { write(&db, event(n)).await });
        }
        while let Some(written) = tasks.join_next().await {
            written??;
        }

        assert!(matches!(
            verify(&mut db.read().await?).await?,
            Chain::Intact { events: 30, .. }
        ));

        Ok(())
    })
    .await
}

#[tokio::test]
async fn the_log_refuses_to_be_changed() -> anyhow::Result<()> {
    on_both(async |db: Db| {
        write(&db, event(1)).await?;

        for sql in [
            "UPDATE audit_events SET outcome = 'denied'",
            "DELETE FROM audit_events",
        ] {
            let mut tx = db.write().await?;
            let done: Result<u64, Error> = run!(tx, sqlx::query(sql));

            assert!(matches!(done, Err(Error::Internal(_))), "{sql}: {done:?}");
        }

        Ok(())
    })
    .await
}

/// Does what only the owner of the database can.
async fn tamper(tx: &mut Tx, sql: &str) -> Result<(), Error> {
    let guards: &[&str] = match &tx.inner {
        Inner::Sqlite(_) => &[
            "DROP TRIGGER audit_events_no_update",
            "DROP TRIGGER audit_events_no_delete",
        ],
        Inner::Postgres(_) => &["ALTER TABLE audit_events DISABLE TRIGGER USER"],
    };
    for guard in guards {
        run!(tx, sqlx::query(guard))?;
    }
    run!(tx, sqlx::query(sql))?;

    Ok(())
}

#[tokio::test]
async fn tampering_is_found_where_it_was_done() -> anyhow::Result<()> {
    let cases = [
        (
            "UPDATE audit_events SET outcome = 'denied' WHERE seq = 3",
            3,
            Break::Altered,
        ),
        (
            "UPDATE audit_events SET at = at + 1 WHERE seq = 4",
            4,
            Break::Altered,
        ),
        (
            "UPDATE audit_events SET details = '{}' WHERE seq = 2",
            2,
            Break::Altered,
        ),
        (
            "UPDATE audit_events SET details = 'x' WHERE seq = 2",
            2,
            Break::Unreadable,
        ),
        (
            "UPDATE audit_events SET hash = 'x' WHERE seq = 2",
            2,
            Break::Altered,
        ),
        (
            "UPDATE audit_events SET prev_hash = 'x' WHERE seq = 5",
            5,
            Break::Unlinked,
        ),
        ("DELETE FROM audit_events WHERE seq = 3", 3, Break::Missing),
        ("DELETE FROM audit_events WHERE seq = 1", 1, Break::Missing),
        ("DELETE FROM audit_events WHERE seq = 5", 5, Break::Head),
        ("DELETE FROM audit_events", 1, Break::Head),
        ("UPDATE audit_head SET seq = 4", 5, Break::Head),
    ];

    on_both(async |db: Db| {
        for n in 1..=5 {
            write(&db, event(n)).await?;
        }

        for (sql, seq, why) in cases {
            // Never committed: each case begins with the same log.
            let mut tx = db.write().await?;
            tamper(&mut tx, sql).await?;

            assert_eq!(verify(&mut tx).await?, Chain::Broken { seq, why }, "{sql}");
        }

        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_reader_filters_by_time_person_event_record_outcome_and_text() -> anyhow::Result<()> {
    on_both(async |db: Db| {
        let ada = person(&db, 1, "ada", Role::User).await?;
        let bob = person(&db, 2, "bob", Role::User).await?;
        let record = RecordId::from_random([9; 16]);
        write(&db, event(1).by(&ada).about(&record, "100% Orders")).await?;
        write(
            &db,
            Event::new(EventName::SignInFailed, Outcome::Failed, NOW).by(&bob),
        )
        .await?;
        write(
            &db,
            event(2).from_address("192.0.2.77").with("Host", "db1.example"),
        )
        .await?;
        write(&db, event(3 * 86_400).by(&bob)).await?;
        let default = AuditFilter::default;

        let cases = [
            (
                AuditFilter {
                    from: "2026-11-22".into(),
                    ..default()
                },
                vec![4],
            ),
            (
                AuditFilter {
                    to: "2026-11-21".into(),
                    ..default()
                },
                vec![3, 2, 1],
            ),
            (
                AuditFilter {
                    to: "2026-11-21T14:29".into(),
                    ..default()
                },
                vec![],
            ),
            (
                AuditFilter {
                    person: ada.id.to_string(),
                    ..default()
                },
                vec![1],
            ),
            (
                AuditFilter {
                    person: "BOB@".into(),
                    ..default()
                },
                vec![4, 2],
            ),
            (
                AuditFilter {
                    event: "sign_in_failed".into(),
                    ..default()
                },
                vec![2],
            ),
            (
                AuditFilter {
                    record: record.to_string(),
                    ..default()
                },
                vec![1],
            ),
            (
                AuditFilter {
                    record: "0% ord".into(),
                    ..default()
                },
                vec![1],
            ),
            (
                AuditFilter {
                    record: "1_0".into(),
                    ..default()
                },
                vec![],
            ),
            (
                AuditFilter {
                    outcome: "failed".into(),
                    ..default()
                },
                vec![2],
            ),
            (
                AuditFilter {
                    text: "DB1.".into(),
                    ..default()
                },
                vec![3],
            ),
            (
                AuditFilter {
                    text: "192.0.2.77".into(),
                    ..default()
                },
                vec![3],
            ),
            (
                AuditFilter {
                    person: "bob".into(),
                    outcome: "ok".into(),
                    ..default()
                },
                vec![4],
            ),
            (
                AuditFilter {
                    before: "3".into(),
                    ..default()
                },
                vec![2, 1],
            ),
        ];
        for (filter, expected) in cases {
            let text = format!("{filter:?}");
            assert_eq!(seqs(&db, filter).await?, expected, "{text}");
        }

        Ok(())
    })
    .await
}

#[tokio::test]
async fn pages_follow_each_other_without_gap_or_repetition() -> anyhow::Result<()> {
    on_both(async |db: Db| {
        let total = i64::from(PAGE) * 2;
        let mut tx = db.write().await?;
        for n in 0..total {
            append(&mut tx, event(n.unsigned_abs())).await?;
        }
        tx.commit().await?;

        let mut filter = AuditFilter::default();
        let mut seen = Vec::new();
        let mut snapshot = db.read().await?;
        loop {
            let page = list(&mut snapshot, &filter).await?;
            seen.extend(page.events.into_iter().map(|event| event.seq));
            let Some(next) = page.next else {
                break;
            };
            filter.before = next.to_string();
        }

        assert_eq!(seen, (1..=total).rev().collect::<Vec<i64>>());

        Ok(())
    })
    .await
}

async fn whole(mut export: export::Export) -> Result<String, Error> {
    let mut text = String::new();
    while let Some(piece) = export.next().await? {
        text.push_str(&piece);
    }

    Ok(text)
}

#[tokio::test]
async fn an_export_holds_every_event_that_matches_oldest_first() -> anyhow::Result<()> {
    on_both(async |db: Db| {
        let mut tx = db.write().await?;
        for n in 0..1_100 {
            append(&mut tx, event(n)).await?;
        }
        append(&mut tx, Event::new(EventName::SignInOk, Outcome::Ok, NOW)).await?;
        tx.commit().await?;
        let filter = AuditFilter {
            event: "record_created".into(),
            ..AuditFilter::default()
        };

        let json = whole(export(&db, &filter, Format::JsonLines)).await?;
        let csv = whole(export(&db, &filter, Format::Csv)).await?;

        let seqs: Vec<i64> = json
            .lines()
            .map(|line| {
                serde_json::from_str::<serde_json::Value>(line).unwrap()["seq"]
                    .as_i64()
                    .unwrap()
            })
            .collect();
        assert_eq!(seqs, (1..=1_100).collect::<Vec<i64>>());
        assert_eq!(csv.lines().count(), 1_101);
        assert!(csv.starts_with("seq,time,"));

        Ok(())
    })
    .await
}

#[tokio::test]
async fn an_export_ends_with_the_last_event_there_was_when_it_began() -> anyhow::Result<()> {
    on_both(async |db: Db| {
        write(&db, event(1)).await?;
        let mut export = export(&db, &AuditFilter::default(), Format::JsonLines);

        let first = export.next().await?.unwrap();
        write(&db, event(2)).await?;

        assert_eq!(first.lines().count(), 1);
        assert_eq!(export.next().await?, None);
        assert_eq!(export.next().await?, None);

        Ok(())
    })
    .await
}

#[tokio::test]
async fn an_export_of_nothing_is_an_empty_file_or_a_header() -> anyhow::Result<()> {
    on_both(async |db: Db| {
        let filter = AuditFilter::default();

        assert_eq!(whole(export(&db, &filter, Format::JsonLines)).await?, "");
        assert_eq!(whole(export(&db, &filter, Format::Csv)).await?.lines().count(), 1);

        Ok(())
    })
    .await
}
