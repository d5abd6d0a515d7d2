//! Which text, values and error the record of an Execute has.

use expect_test::expect;
use pg_proto::frontend::Message;
use testkit::Cluster;

use crate::extended::{bind, execute, execute_some, parse, run, versions};
use crate::kit::{OPEN, Session};

#[tokio::test]
async fn a_name_never_stands_for_a_text_it_does_not_have() {
    let cluster = Cluster::start().unwrap();
    let mut session = Session::on(&cluster, OPEN).await;
    let client = &mut session.client;

    client.talk(&[parse("s", "select 'one'"), Message::Sync]).await;
    client.answer().await;
    // The name is taken: it keeps its text, also for what was sent before the answer came.
    client
        .talk(&[
            parse("s", "select 'two'"),
            Message::Sync,
            bind("s", &[]),
            execute(),
            Message::Sync,
        ])
        .await;
    assert_eq!(
        client.answer().await,
        "ERROR 42P05: prepared statement \"s\" already exists, ready(I)"
    );
    assert_eq!(
        client.answer().await,
        "BindComplete, row(one), SELECT 1, ready(I)"
    );
    // SQL gives it to another, in the same breath.
    client.ask("deallocate s; prepare s as select 'three'").await;
    client.talk(&[bind("s", &[]), execute(), Message::Sync]).await;
    assert_eq!(client.answer().await, "DEALLOCATE, PREPARE, ready(I)");
    assert_eq!(
        client.answer().await,
        "BindComplete, row(three), SELECT 1, ready(I)"
    );
    client.talk(&[bind("s", &[]), execute(), Message::Sync]).await;
    client.answer().await;
    // Prepared by SQL alone it was never seen.
    client.query("deallocate all; prepare t as select 'four'").await;
    client.talk(&[bind("t", &[]), execute(), Message::Sync]).await;
    client.answer().await;

    expect![[r#"
        Extended Person [only prepared, as "s"] select 'one'
          0: "" 0 rows
        Extended Person [only prepared, as "s"] select 'two'
          0: "" 0 rows 42P05
        Extended Person select 'one'
          0: "SELECT 1" 1 rows
        Simple Person deallocate s; prepare s as select 'three'
          0: "DEALLOCATE" 0 rows
          1: "PREPARE" 0 rows
        Extended Person [the text this name had; SQL may have given it another] select 'one'
          0: "SELECT 1" 1 rows
        Extended Person [the text this name had; SQL may have given it another] select 'one'
          0: "SELECT 1" 1 rows
        Simple Person deallocate all; prepare t as select 'four'
          0: "DEALLOCATE ALL" 0 rows
          1: "PREPARE" 0 rows
        Extended Person [a statement made by SQL, or on record where it was prepared]
          0: "SELECT 1" 1 rows
    "#]]
    .assert_eq(&session.leave().await.story());
}

#[tokio::test]
async fn a_program_under_way_makes_names_doubtful() {
    versions(async |cluster| {
        let mut session = Session::on(&cluster, OPEN).await;
        let client = &mut session.client;
        client.talk(&[parse("s", "select 'one'"), Message::Sync]).await;
        client.answer().await;

        let program = "do $$ begin execute 'deallocate s'; execute 'pre' || 'pare s as select ''two'''; end $$";
        let mut all = run(program).to_vec();
        all.extend([bind("s", &[]), execute(), Message::Sync]);
        client.talk(&all).await;
        assert_eq!(
            client.answer().await,
            "ParseComplete, BindComplete, DO, BindComplete, row(two), SELECT 1, ready(I)"
        );

        let story = session.leave().await.story();
        assert!(
            story.ends_with(
                "Extended Person [the text this name had; SQL may have given it another] select 'one'\n  0: \"SELECT 1\" 1 rows\n"
            ),
            "{story}"
        );
    })
    .await;
}

#[tokio::test]
async fn values_are_on_record_once_for_a_portal_that_is_read_in_parts() {
    let cluster = Cluster::start().unwrap();
    let mut session = Session::on(&cluster, OPEN).await;
    let client = &mut session.client;

    client
        .talk(&[
            parse("", "select $1::text from generate_series(1, 3)"),
            bind("", &["value"]),
            execute_some("", 1),
            execute_some("", 1),
            execute_some("", 0),
            bind("", &["other"]),
            execute_some("", 0),
            Message::Sync,
        ])
        .await;
    client.answer().await;

    expect![[r#"
        Extended Person select $1::text from generate_series(1, 3)
          0 "value"
          0: "" 1 rows
        Extended Person [continued, with the same values] select $1::text from generate_series(1, 3)
          0: "" 1 rows
        Extended Person [continued, with the same values] select $1::text from generate_series(1, 3)
          0: "SELECT 1" 1 rows
        Extended Person select $1::text from generate_series(1, 3)
          0 "other"
          0: "SELECT 3" 3 rows
    "#]]
    .assert_eq(&session.leave().await.story());
}

#[tokio::test]
async fn an_execute_has_the_error_of_what_it_goes_back_to() {
    versions(async |cluster| {
        let mut session = Session::on(&cluster, OPEN).await;
        let client = &mut session.client;

        // What fails to be prepared; the second does not go back to it.
        let mut all = run("select nonsense").to_vec();
        all.extend(run("select 1"));
        all.push(Message::Sync);
        client.talk(&all).await;
        client.answer().await;
        // What fails to be bound, and is executed later than that is known.
        client
            .talk(&[parse("", "select $1::int4"), bind("", &["x"]), Message::Flush])
            .await;
        client.words(2).await;
        client.talk(&[execute(), Message::Sync]).await;
        client.answer().await;
        // What is on record by itself has its own error.
        client
            .talk(&[
                parse("s", "select nonsense"),
                bind("s", &[]),
                execute(),
                Message::Sync,
            ])
            .await;
        client.answer().await;

        expect![[r#"
            Extended Person select nonsense
              0: "" 0 rows 42703
            Extended Person select 1
              0: "" 0 rows
            Extended Person [only bound, as ""] select $1::int4
              0 "x"
              0: "" 0 rows 22P02
            Extended Person [the portal "", made by SQL, or on record where it was bound]
              0: "" 0 rows
            Extended Person [only prepared, as "s"] select nonsense
              0: "" 0 rows 42703
            Extended Person select nonsense
              0: "" 0 rows
        "#]]
        .assert_eq(&session.leave().await.story());
    })
    .await;
}
