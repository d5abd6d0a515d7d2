//! The life of a session in the store, and its ledger, on both databases.

use std::time::Duration;

use protocol::people::Role;
use tokio::task::JoinSet;

use super::*;
use crate::acquisitions;
use crate::db::Db;
use crate::testing::{on_both, person};

/// 2026-11-21 14:30:05 UTC.
const NOW: Timestamp = Timestamp(1_795_271_405_000_000);

fn id(number: u8) -> SessionId {
    SessionId::from_random([number; 16])
}

fn node(number: u8) -> NodeId {
    NodeId::from_random([number; 16])
}

fn record(number: u8) -> RecordId {
    RecordId::from_random([number; 16])
}

/// A session of person 1 on record 1.
fn new(number: u8) -> NewSession {
    NewSession {
        id: id(number),
        kind: SessionKind::Terminal,
        node: node(1),
        record: record(1),
        record_title: "Orders".to_owned(),
        person: PersonId::from_random([1; 16]),
        person_email: "ada@example.org".to_owned(),
        account: "app_ro".to_owned(),
        database: "orders".to_owned(),
        remote_address: "192.0.2.1".to_owned(),
        started_at: NOW,
        recordings: Recordings {
            graphical: true,
            text: true,
            keys: false,
        },
        recording_key: "wrapped".to_owned(),
    }
}

#[tokio::test]
async fn a_session_starts_lives_and_ends_once() -> anyhow::Result<()> {
    on_both(async |db: Db| {
        person(&db, 1, "ada", Role::User).await?;
        let mut tx = db.write().await?;
        assert_eq!(add(&mut tx, &new(1), Limits::default()).await?, Added::Yes);
        assert!(go_live(&mut tx, &id(1), "orders2").await?);
        let counted = Progress {
            bytes: 5,
            statements: 2,
            errors: 1,
            chain_head: Some("head".to_owned()),
        };
        progress(&mut tx, &id(1), &counted).await?;
        progress(
            &mut tx,
            &id(1),
            &Progress {
                bytes: 9,
                chain_head: None,
                ..counted
            },
        )
        .await?;
        note_running(&mut tx, &id(1), "running").await?;
        let unfinished: Vec<SessionId> = unfinished(&mut tx, &node(1))
            .await?
            .into_iter()
            .map(|session| session.view.id)
            .collect();
        assert_eq!(unfinished, [id(1)]);

        let end = NOW + Duration::from_secs(60);
        assert!(finish(&mut tx, &id(1), EndReason::ClientGone, end).await?);
        assert!(!finish(&mut tx, &id(1), EndReason::Goodbye, end).await?);
        assert!(!go_live(&mut tx, &id(1), "orders").await?);
        note_running(&mut tx, &id(1), "too late").await?;
        tx.commit().await?;

        let session = lookup(&mut db.read().await?, &id(1)).await?.unwrap();
        assert_eq!(session.view.state, SessionState::Ended);
        assert_eq!(session.view.end_reason, Some(EndReason::ClientGone));
        assert_eq!(
            (session.view.ended_at, session.view.database.as_str()),
            (Some(end), "orders2")
        );
        assert_eq!(
            (session.view.bytes, session.view.statements, session.view.errors),
            (9, 2, 1)
        );
        assert_eq!(session.view.recordings, new(1).recordings);
        assert_eq!(
            (session.recording_key.as_str(), session.chain_head.as_deref()),
            ("wrapped", Some("head"))
        );
        assert_eq!(
            (session.node, session.chain_running.as_deref()),
            (Some(node(1)), Some("running"))
        );

        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_server_is_told_of_its_own_unfinished_sessions_only() -> anyhow::Result<()> {
    on_both(async |db: Db| {
        person(&db, 1, "ada", Role::User).await?;
        let mut tx = db.write().await?;
        for (number, node) in [(1, node(1)), (2, node(2))] {
            let new = NewSession { node, ..new(number) };
            add(&mut tx, &new, Limits::default()).await?;
            go_live(&mut tx, &id(number), "orders").await?;
        }

        for number in [1, 2] {
            let found = unfinished(&mut tx, &node(number)).await?;
            let found: Vec<SessionId> = found.into_iter().map(|session| session.view.id).collect();

            assert_eq!(found, [id(number)]);
        }
        assert_eq!(unfinished(&mut tx, &node(3)).await?, []);

        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_session_is_of_the_kind_it_was_started_as() -> anyhow::Result<()> {
    on_both(async |db: Db| {
        person(&db, 1, "ada", Role::User).await?;
        let mut tx = db.write().await?;
        for (number, kind) in (1..).zip(SessionKind::ALL) {
            let new = NewSession { kind, ..new(number) };
            add(&mut tx, &new, Limits::default()).await?;

            let session = lookup(&mut tx, &id(number)).await?.unwrap();

            assert_eq!(session.view.kind, kind);
        }

        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_session_that_never_became_live_failed() -> anyhow::Result<()> {
    on_both(async |db: Db| {
        person(&db, 1, "ada", Role::User).await?;
        let mut tx = db.write().await?;
        add(&mut tx, &new(1), Limits::default()).await?;

        assert!(finish(&mut tx, &id(1), EndReason::ConnectionLost, NOW).await?);

        assert_eq!(
            lookup(&mut tx, &id(1)).await?.unwrap().view.state,
            SessionState::Failed
        );
        assert_eq!(unfinished(&mut tx, &node(1)).await?, []);
        assert_eq!(lookup(&mut tx, &id(2)).await?, None);

        Ok(())
    })
    .await
}

#[tokio::test]
async fn launches_at_once_do_not_exceed_the_limits() -> anyhow::Result<()> {
    on_both(async |db: Db| {
        person(&db, 1, "ada", Role::User).await?;
        let launch = async |limits: Limits, from: u8| {
            let mut tasks = JoinSet::new();
            for number in from..from + 12 {
                let db = db.clone();
                tasks.spawn(async move {
                    let mut tx = db.write().await?;
                    let added = add(&mut tx, &new(number), limits).await?;
                    tx.commit().await?;

                    Ok::<_, Error>(added)
                });
            }

            tasks
                .join_all()
                .await
                .into_iter()
                .collect::<Result<Vec<Added>, Error>>()
        };
        let count = |added: &[Added], what: Added| added.iter().filter(|one| **one == what).count();

        let added = launch(
            Limits {
                per_record: Some(3),
                per_person: Some(5),
            },
            0,
        )
        .await?;
        assert_eq!(
            (count(&added, Added::Yes), count(&added, Added::TooManyOnRecord)),
            (3, 9)
        );
        let added = launch(
            Limits {
                per_record: None,
                per_person: Some(5),
            },
            100,
        )
        .await?;
        assert_eq!(
            (count(&added, Added::Yes), count(&added, Added::TooManyOfPerson)),
            (2, 10)
        );

        let mut snapshot = db.read().await?;
        assert_eq!(count_open_of_record(&mut snapshot, &record(1)).await?, 5);
        assert_eq!(count_open_of_record(&mut snapshot, &record(2)).await?, 0);
        assert_eq!(
            count_open_of_person(&mut snapshot, &record(1), &new(1).person).await?,
            5
        );

        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_reader_filters_by_time_person_record_and_state_and_may_see_only_their_own() -> anyhow::Result<()> {
    on_both(async |db: Db| {
        let ada = person(&db, 1, "ada", Role::User).await?;
        let bob = person(&db, 2, "bob", Role::User).await?;
        let of_bob = NewSession {
            kind: SessionKind::Listener,
            person: bob.id.clone(),
            person_email: "bob@example.org".to_owned(),
            record: record(2),
            record_title: "Billing".to_owned(),
            started_at: NOW + Duration::from_secs(86_400),
            ..new(2)
        };
        let mut tx = db.write().await?;
        add(&mut tx, &new(1), Limits::default()).await?;
        add(&mut tx, &of_bob, Limits::default()).await?;
        go_live(&mut tx, &id(2), "billing").await?;
        let default = SessionFilter::default;

        let cases = [
            (Scope::Everybody, default(), vec![id(2), id(1)]),
            (
                Scope::Everybody,
                SessionFilter {
                    kind: "listener".into(),
                    ..default()
                },
                vec![id(2)],
            ),
            (Scope::Own(&ada.id), default(), vec![id(1)]),
            (
                Scope::Own(&ada.id),
                SessionFilter {
                    person: "bob".into(),
                    ..default()
                },
                vec![],
            ),
            (
                Scope::Everybody,
                SessionFilter {
                    person: "BOB".into(),
                    ..default()
                },
                vec![id(2)],
            ),
            (
                Scope::Everybody,
                SessionFilter {
                    record: record(1).to_string(),
                    ..default()
                },
                vec![id(1)],
            ),
            (
                Scope::Everybody,
                SessionFilter {
                    record: "bill".into(),
                    ..default()
                },
                vec![id(2)],
            ),
            (
                Scope::Everybody,
                SessionFilter {
                    state: "live".into(),
                    ..default()
                },
                vec![id(2)],
            ),
            (
                Scope::Everybody,
                SessionFilter {
                    from: "2026-11-22".into(),
                    ..default()
                },
                vec![id(2)],
            ),
            (
                Scope::Everybody,
                SessionFilter {
                    to: "2026-11-21".into(),
                    ..default()
                },
                vec![id(1)],
            ),
        ];
        for (scope, filter, expected) in cases {
            let page = list(&mut tx, scope, &filter).await?;
            let found: Vec<SessionId> = page.sessions.into_iter().map(|view| view.id).collect();
            assert_eq!(found, expected, "{scope:?} {filter:?}");
        }

        Ok(())
    })
    .await
}

#[tokio::test]
async fn pages_follow_each_other_without_gap_or_repetition() -> anyhow::Result<()> {
    on_both(async |db: Db| {
        person(&db, 1, "ada", Role::User).await?;
        let mut tx = db.write().await?;
        // Several start in the same microsecond: the id decides.
        for number in 0..120 {
            let started_at = NOW + Duration::from_micros(u64::from(number / 7));
            add(
                &mut tx,
                &NewSession {
                    started_at,
                    ..new(number)
                },
                Limits::default(),
            )
            .await?;
        }

        let mut filter = SessionFilter::default();
        let mut seen = Vec::new();
        loop {
            let page = list(&mut tx, Scope::Everybody, &filter).await?;
            seen.extend(page.sessions.into_iter().map(|view| view.id));
            let Some(next) = page.next else {
                break;
            };
            filter.before = next;
        }

        assert_eq!(seen.len(), 120);
        assert_eq!(seen.iter().collect::<std::collections::BTreeSet<_>>().len(), 120);

        Ok(())
    })
    .await
}

#[tokio::test]
async fn the_ledger_knows_what_was_not_given_back() -> anyhow::Result<()> {
    on_both(async |db: Db| {
        person(&db, 1, "ada", Role::User).await?;
        let mut tx = db.write().await?;
        add(&mut tx, &new(1), Limits::default()).await?;
        for (second, what) in [(0, "recording"), (1, "connection"), (2, "slot")] {
            acquisitions::add(&mut tx, &id(1), what, NOW + Duration::from_secs(second)).await?;
        }

        assert!(acquisitions::release(&mut tx, &id(1), "connection", NOW).await?);
        assert!(!acquisitions::release(&mut tx, &id(1), "connection", NOW).await?);
        let open: Vec<String> = acquisitions::open(&mut tx)
            .await?
            .into_iter()
            .map(|acquisition| acquisition.what)
            .collect();

        assert_eq!(open, ["slot", "recording"]);
        let again = acquisitions::add(&mut tx, &id(1), "slot", NOW).await;
        assert!(matches!(again, Err(Error::Taken)), "{again:?}");

        Ok(())
    })
    .await
}
