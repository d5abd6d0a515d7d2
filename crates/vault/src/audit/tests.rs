//! Chains that hold, chains that break, and exports that are only text.

use expect_test::expect;

use super::*;

fn event(n: i64) -> Event {
    Event::new(
        EventName::RecordShared,
        Outcome::Ok,
        Timestamp(1_795_271_405_000_000 + n),
    )
    .from_address("192.0.2.1")
    .about(&RecordId::from_random([7; 16]), format!("Orders, \"live\" {n}"))
    .with("to", "ada@example.org")
}

fn chain(n: i64) -> Vec<EventView> {
    let mut prev = GENESIS.to_owned();

    (1..=n)
        .map(|seq| {
            let view = event(seq).chained(seq, prev.clone());
            prev.clone_from(&view.hash);
            view
        })
        .collect()
}

fn verify(events: &[EventView]) -> Result<i64, (i64, Break)> {
    let mut verifier = Verifier::default();

    for event in events {
        verifier.accept(event).map_err(|why| (verifier.next_seq(), why))?;
    }

    Ok(verifier.verified())
}

#[test]
fn a_chain_as_it_was_written_is_intact() {
    assert_eq!(verify(&chain(5)), Ok(5));
    assert_eq!(verify(&[]), Ok(0));
}

#[test]
fn a_changed_event_is_found_where_it_is() {
    for change in [
        |event: &mut EventView| event.at = Timestamp(0),
        |event: &mut EventView| event.outcome = Outcome::Denied,
        |event: &mut EventView| event.person_email = Some("mallory@example.org".into()),
        |event: &mut EventView| event.details.clear(),
        |event: &mut EventView| event.record_title = None,
    ] {
        let mut events = chain(5);
        change(&mut events[2]);

        assert_eq!(verify(&events), Err((3, Break::Altered)));
    }
}

#[test]
fn an_event_rewritten_with_its_hash_no_longer_fits_the_next() {
    let mut events = chain(5);
    events[2].outcome = Outcome::Failed;
    events[2].hash = hash(&events[2]);

    assert_eq!(verify(&events), Err((4, Break::Unlinked)));
}

#[test]
fn a_removed_event_is_missed() {
    let mut events = chain(5);
    events.remove(2);

    assert_eq!(verify(&events), Err((3, Break::Missing)));
}

#[test]
fn the_hash_of_an_event_never_changes_between_versions() {
    expect!["2834fbb0f49bc9c07da74681150e9d547604eeeae7cfbe59c47421c9c4a8e36b"].assert_eq(&chain(1)[0].hash);
}

#[test]
fn a_line_of_json_and_of_csv() {
    let events = chain(1);

    expect![[r#"
        {"time":"2026-11-21T14:30:05.000001Z","category":"records","seq":1,"at":1795271405000001,"name":"record_shared","outcome":"ok","person":null,"person_email":null,"remote_address":"192.0.2.1","record":"aha4dqobyha4dqobyha4dqobyh","record_title":"Orders, \"live\" 1","session":null,"request":null,"details":{"to":"ada@example.org"},"hash":"2834fbb0f49bc9c07da74681150e9d547604eeeae7cfbe59c47421c9c4a8e36b","prev_hash":"0000000000000000000000000000000000000000000000000000000000000000"}
    "#]].assert_eq(&json_line(&events[0]));
    expect![[r#"
        1,2026-11-21T14:30:05.000001Z,records,record_shared,ok,,,192.0.2.1,aha4dqobyha4dqobyha4dqobyh,"Orders, ""live"" 1",,,"{""to"":""ada@example.org""}",0000000000000000000000000000000000000000000000000000000000000000,2834fbb0f49bc9c07da74681150e9d547604eeeae7cfbe59c47421c9c4a8e36b
    "#]].assert_eq(&csv_line(&events[0]).replace("\r\n", "\n"));
    assert!(csv_line(&events[0]).ends_with("\r\n"));
    assert_eq!(CSV_HEADER.matches(',').count(), 14);
}

#[test]
fn a_cell_is_never_a_formula() {
    for (text, cell_text) in [
        ("plain", "plain"),
        ("=1+1", "\"'=1+1\""),
        ("@SUM(A1)", "\"'@SUM(A1)\""),
        (" -1", "\"' -1\""),
        ("\t=1", "\"'\t=1\""),
        ("a,b", "\"a,b\""),
        ("say \"hi\"", "\"say \"\"hi\"\"\""),
        ("two\nlines", "\"two\nlines\""),
    ] {
        assert_eq!(cell(text), cell_text, "{text:?}");
    }
}
