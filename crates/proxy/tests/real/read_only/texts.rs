//! Texts as the server reads them.

use pg_proto::frontend::Message;
use pg_proto::read_only::{Reading, Verdict, judge};

use super::{BLOCKED, is_untouched, prepared, session};
use crate::extended::{run, versions};
use crate::kit::{OPEN, Session};

/// Enough to get a scanner into every state, and what shows that two scanners differ.
const PIECES: [&str; 26] = [
    "'",
    "'",
    "\"",
    "$$",
    "$a$",
    "$",
    "e'",
    "U&'",
    "b'",
    "\\",
    "\\",
    "--",
    "\n",
    "/*",
    "*/",
    ";",
    ";",
    " ",
    "a",
    "1",
    ",",
    "é",
    "select ",
    "select 1",
    "insert into t values (2)",
    "; insert into t values (2); --",
];

#[tokio::test]
async fn a_text_is_read_as_the_server_reads_it() {
    versions(async |cluster| {
        prepared(&cluster);
        let mut session = session(&cluster).await;
        let client = &mut session.client;
        let blocked = format!("{BLOCKED}, ready(I)");

        // With standard strings this is a literal of one character, and without the start of a longer one.
        let backslash = r"select '\', length(', w(), ')";
        let plain = r"select '\'";
        assert_eq!(
            client.query(plain).await,
            r"RowDescription, row(\), SELECT 1, ready(I)"
        );
        client.query("set standard_conforming_strings = off").await;
        assert_eq!(client.query(plain).await, blocked);
        assert_eq!(client.query(backslash).await, blocked);
        client.query("reset standard_conforming_strings").await;
        assert_eq!(
            client.query(plain).await,
            r"RowDescription, row(\), SELECT 1, ready(I)"
        );

        // Changed within a batch, where nobody has heard of it yet.
        let mut all = run("select strings_off()").to_vec();
        all.extend(run(plain));
        all.push(Message::Sync);
        client.talk(&all).await;
        let answer = client.answer().await;
        assert!(answer.contains(BLOCKED), "{answer}");
        client.query("reset standard_conforming_strings").await;

        // A transaction that begins in the same batch, as JDBC has it, changes nothing of that.
        let mut all = run("begin").to_vec();
        all.extend(run(r"select 'é]\'"));
        all.push(Message::Sync);
        client.talk(&all).await;
        let answer = client.answer().await;
        assert!(answer.ends_with(r"row(é]\), SELECT 1, ready(T)"), "{answer}");
        client.query("rollback").await;

        // In Shift-JIS the second byte of this letter is a backslash.
        client.query("set client_encoding to 'SJIS'").await;
        let sjis = [b"select e'".as_slice(), b"\x95\x5c", b"', 1 -- '"].concat();
        client
            .send(&Message::Query {
                sql: pg_proto::Text::new(sjis),
            })
            .await;
        assert_eq!(client.answer().await, blocked);
        client.query("reset client_encoding").await;

        assert!(is_untouched(&cluster));
        session.leave().await;
    })
    .await;
}

/// What the list permits does not write where nothing else keeps it from that: the server makes of the text what was made
/// of it here.
#[tokio::test]
async fn what_is_permitted_does_not_write_by_itself() {
    versions(async |cluster| {
        prepared(&cluster);
        let mut session = Session::on(&cluster, OPEN).await;
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let mut draw = |n: usize| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            usize::try_from(state % n as u64).unwrap_or_default()
        };
        for standard_strings in [true, false] {
            let on = if standard_strings { "on" } else { "off" };
            session
                .client
                .query(&format!("set standard_conforming_strings = {on}"))
                .await;
            let mut n_permitted = 0;
            for _ in 0..20_000 {
                let n_pieces = 1 + draw(9);
                let sql: String = (0..n_pieces)
                    .map(|_| *PIECES.get(draw(PIECES.len())).unwrap_or(&""))
                    .collect();
                let reading = Reading {
                    standard_strings,
                    keeps_ascii: true,
                };
                if judge(sql.as_bytes(), reading) == Verdict::Refused {
                    continue;
                }
                n_permitted += 1;
                session.client.query(&sql).await;
                let left = session.client.query("table t").await;
                assert_eq!(
                    left, "RowDescription, row(1), SELECT 1, ready(I)",
                    "{sql:?} with {on}"
                );
            }
            assert!(n_permitted > 500, "{n_permitted}");
        }
        session.leave().await;
    })
    .await;
}
