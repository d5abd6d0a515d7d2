//! Several servers on one store: each recovers what it ran itself.

use protocol::ids::{NodeId, RecordId, SessionId};
use protocol::people::Role;
use protocol::sessions::{Recordings, SessionKind, SessionState};
use protocol::terminal::EndReason;
use server::{clock, jobs};
use store::sessions::{self, Limits, NewSession, Session};

use crate::house::{ADDRESS, House, email_of};

/// A session that is live on a server.
async fn live(house: &House, node: NodeId) -> SessionId {
    let id = SessionId::from_random(clock::draw());
    let new = NewSession {
        id: id.clone(),
        kind: SessionKind::Terminal,
        node,
        record: RecordId::from_random(clock::draw()),
        record_title: "Books".to_owned(),
        person: house.person(Role::User).await.id,
        person_email: email_of(Role::User),
        account: "reader".to_owned(),
        database: "books".to_owned(),
        remote_address: ADDRESS.to_string(),
        started_at: clock::now(),
        recordings: Recordings::default(),
        recording_key: String::new(),
    };
    let mut tx = house.state.db.write().await.unwrap();
    sessions::add(&mut tx, &new, Limits::default()).await.unwrap();
    sessions::go_live(&mut tx, &id, "books").await.unwrap();
    tx.commit().await.unwrap();

    id
}

async fn look_up(house: &House, id: &SessionId) -> Session {
    let mut snapshot = house.state.db.read().await.unwrap();

    sessions::lookup(&mut snapshot, id).await.unwrap().unwrap()
}

#[tokio::test]
async fn a_server_that_starts_leaves_the_sessions_of_others_alone() {
    let house = House::open().await;
    let cut_off = live(&house, house.state.node.clone()).await;
    let elsewhere = live(&house, NodeId::from_random(clock::draw())).await;

    jobs::recover(&house.state).await.unwrap();

    let (cut_off, elsewhere) = (
        look_up(&house, &cut_off).await.view,
        look_up(&house, &elsewhere).await.view,
    );
    assert_eq!(
        (cut_off.state, cut_off.end_reason),
        (SessionState::Ended, Some(EndReason::Crash))
    );
    assert_eq!(
        (elsewhere.state, elsewhere.end_reason),
        (SessionState::Live, None)
    );
}
