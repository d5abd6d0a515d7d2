//! What turns the mode off, and what would be run before anybody hears of it.

use pg_proto::Text;
use pg_proto::frontend::{FunctionCall, Message};
use proxy::Ending;

use super::{BLOCKED, bind_to, is_untouched, prepared, query, session, session_with};
use crate::extended::{execute, execute_some, parse, run, versions};
use crate::kit::word;

const ENDED: &str = "FATAL 25006: The session was ended: read-only mode is enabled, and default_transaction_read_only \
                     was turned off.";

#[tokio::test]
async fn a_session_whose_mode_is_turned_off_is_over_before_the_next_transaction() {
    versions(async |cluster| {
        prepared(&cluster);
        let extended = |sql: &str| {
            let mut all = run(sql).to_vec();
            all.push(Message::Sync);
            all
        };
        let tries: Vec<Vec<Message>> = vec![
            vec![query("select off()"), query("select w()")],
            vec![query("begin; select off(); commit"), query("select w()")],
            vec![
                query("begin"),
                query("select off()"),
                query("commit"),
                query("select w()"),
            ],
            vec![
                query("begin; select off(); commit and chain"),
                query("select w()"),
            ],
            vec![
                query("select query_to_xml('select off()', true, true, '')"),
                query("select w()"),
            ],
            [extended("select off()"), extended("select w()")].concat(),
            [extended("select off()"), vec![query("select w()")]].concat(),
            vec![
                query("select off()"),
                Message::FunctionCall(FunctionCall::default()),
            ],
        ];
        for all in tries {
            let mut session = session(&cluster).await;
            session.client.talk(&all).await;
            let mut answers = Vec::new();
            while let Some(message) = session.client.next().await {
                answers.push(word(&message));
            }
            assert_eq!(
                answers.last().map(String::as_str),
                Some(ENDED),
                "{all:?}: {answers:?}"
            );
            let (ending, shelf) = session.ending().await;
            assert!(
                matches!(
                    ending,
                    Ending::Asked {
                        sqlstate: "25006",
                        ..
                    }
                ),
                "{ending:?}"
            );
            assert!(!shelf.story().contains("select w()"), "{}", shelf.story());
            assert!(is_untouched(&cluster));
        }
    })
    .await;
}

/// A transaction that ended within a batch would be followed by one of another mode, before anybody hears of it.
#[tokio::test]
async fn nothing_runs_behind_the_end_of_a_transaction_before_its_ready_for_query() {
    versions(async |cluster| {
        prepared(&cluster);
        let one = |sql: &str| run(sql).to_vec();
        let block = format!("{BLOCKED}, ready(I)");

        // In one batch, by a text of its own.
        let mut session = session(&cluster).await;
        let tries = [
            [one("begin"), one("select 1"), one("commit"), one("select w()")].concat(),
            [one("rollback"), vec![parse("x", "select 1")]].concat(),
            [one("discard all"), one("select w()")].concat(),
        ];
        for mut all in tries {
            all.push(Message::Sync);
            session.client.talk(&all).await;
            let answer = session.client.answer().await;
            assert!(answer.ends_with(&block), "{answer}");
        }
        // A Query is no Sync.
        session.client.talk(&one("commit")).await;
        session.client.talk(&[query("select w()")]).await;
        let answer = session.client.answer().await;
        assert!(answer.ends_with(&block), "{answer}");

        // By a statement that was prepared before.
        session
            .client
            .talk(&[
                parse("c", "commit"),
                parse("w", "select w()"),
                parse("b", "begin"),
                Message::Sync,
            ])
            .await;
        session.client.answer().await;
        session
            .client
            .talk(&[
                bind_to("", "c"),
                execute(),
                bind_to("", "w"),
                execute(),
                Message::Sync,
            ])
            .await;
        let answer = session.client.answer().await;
        assert!(answer.ends_with(&block), "{answer}");

        // By a portal that was bound in an earlier batch.
        session
            .client
            .talk(&[bind_to("", "b"), execute(), bind_to("p", "c"), Message::Sync])
            .await;
        assert_eq!(
            session.client.answer().await,
            "BindComplete, BEGIN, BindComplete, ready(T)"
        );
        session
            .client
            .talk(&[execute_some("p", 0), bind_to("", "w"), execute(), Message::Sync])
            .await;
        assert_eq!(session.client.answer().await, format!("COMMIT, {block}"));

        // By the unnamed statement, whose text was to be another one in a batch that failed before.
        session.client.talk(&[parse("", "commit"), Message::Sync]).await;
        session.client.answer().await;
        session
            .client
            .talk(&[bind_to("", "nowhere"), parse("", "select 1"), Message::Sync])
            .await;
        session.client.answer().await;
        session
            .client
            .talk(&[
                bind_to("", ""),
                execute(),
                bind_to("", "w"),
                execute(),
                Message::Sync,
            ])
            .await;
        let answer = session.client.answer().await;
        assert!(answer.ends_with(&block), "{answer}");

        // SQL runs what was prepared too, in the transaction it is in.
        let answer = session.client.query("begin; execute c; select w()").await;
        assert!(answer.contains("25006"), "{answer}");
        session.client.query("rollback").await;

        // What SQL has prepared may be what ends a transaction, for all that is known here.
        session.client.query("prepare q as select 7").await;
        session
            .client
            .talk(&[bind_to("", "q"), execute(), Message::Sync])
            .await;
        assert_eq!(
            session.client.answer().await,
            "BindComplete, row(7), SELECT 1, ready(I)"
        );
        session
            .client
            .talk(&[bind_to("", "q"), execute(), bind_to("", "w"), Message::Sync])
            .await;
        assert_eq!(
            session.client.answer().await,
            format!("BindComplete, row(7), SELECT 1, {block}")
        );

        assert!(is_untouched(&cluster));
        session.leave().await;
    })
    .await;
}

#[tokio::test]
async fn nothing_a_client_or_a_database_asks_for_makes_it_writable() {
    versions(async |cluster| {
        prepared(&cluster);
        cluster
            .sql(
                "alter role postgres set default_transaction_read_only = off;
                 alter database postgres set default_transaction_read_only = off",
            )
            .unwrap();
        let mut session = session_with(
            &cluster,
            &[
                ("default_transaction_read_only", "off"),
                ("transaction_read_only", "off"),
                (
                    "options",
                    "-c default_transaction_read_only=off --transaction-read-only=off",
                ),
            ],
        )
        .await;
        let client = &mut session.client;
        let on = "RowDescription, row(on), SHOW, ready(I)";
        let fails = "ERROR 25006: cannot execute INSERT in a read-only transaction, ready(I)";

        for before in [
            "select 1",
            "reset all",
            "discard all",
            "set session characteristics as transaction read only",
        ] {
            client.query(before).await;
            assert_eq!(
                client.query("show default_transaction_read_only").await,
                on,
                "{before}"
            );
            assert_eq!(client.query("show transaction_read_only").await, on, "{before}");
            let answer = client.query("select w()").await;
            assert!(answer.ends_with(fails), "{before}: {answer}");
        }
        assert!(is_untouched(&cluster));
        session.leave().await;
    })
    .await;
}

/// SQL gives a name to another statement behind everybody's back: it runs, and what the server has reported may be over.
#[tokio::test]
async fn a_name_that_sql_has_given_away_hides_nothing_that_runs() {
    versions(async |cluster| {
        prepared(&cluster);
        let mut session = session(&cluster).await;
        session.client.talk(&[parse("b", "begin"), Message::Sync]).await;
        session.client.answer().await;
        for sql in [
            "deallocate b",
            "prepare b as select set_config('standard_conforming_strings', 'off', false)",
        ] {
            session.client.talk(&[query(sql)]).await;
            session.client.answer().await;
        }
        let two_ways = r"select '\', '; commit; begin read write; insert into t values (1); commit; --'";

        session
            .client
            .talk(&[bind_to("", "b"), execute(), query(two_ways)])
            .await;
        let answer = session.client.answer().await;

        assert!(answer.ends_with(&format!("{BLOCKED}, ready(I)")), "{answer}");
        assert!(is_untouched(&cluster));
    })
    .await;
}

/// The one encoding PostgreSQL makes ASCII of other letters from: a backslash of `81 5F`, a tilde of `81 B0`.
#[tokio::test]
async fn letters_that_become_ascii_are_not_sent() {
    versions(async |cluster| {
        prepared(&cluster);
        let mut session = session(&cluster).await;
        for sql in [
            "set client_encoding = 'SHIFT_JIS_2004'",
            "set backslash_quote = on",
            "set standard_conforming_strings = off",
        ] {
            session.client.talk(&[query(sql)]).await;
            session.client.answer().await;
        }
        let texts: [&[u8]; 3] = [
            b"select E'\xc3\x81\x5f\\'; commit; begin read write; insert into t values (2); commit; --'",
            b"select '\x81\x5f', '; commit; begin read write; insert into t values (3); commit; --'",
            b"select a\x81\xb0set_config('default_transaction_read_only', 'off', false)",
        ];
        for sql in texts {
            session
                .client
                .talk(&[Message::Query {
                    sql: Text::new(sql.to_vec()),
                }])
                .await;
            let answer = session.client.answer().await;
            assert_eq!(answer, format!("{BLOCKED}, ready(I)"));
        }
        // Nor is a name, which would be another one there.
        let named = Message::Parse {
            statement: Text::new(vec![0x81, 0x5f]),
            sql: "commit".into(),
            types: Vec::new(),
        };
        session.client.talk(&[named, Message::Sync]).await;
        assert_eq!(session.client.answer().await, format!("{BLOCKED}, ready(I)"));
        // What is ASCII stays so.
        session.client.talk(&[query("table t")]).await;
        assert_eq!(
            session.client.answer().await,
            "RowDescription, row(1), SELECT 1, ready(I)"
        );
        assert!(is_untouched(&cluster));
    })
    .await;
}
