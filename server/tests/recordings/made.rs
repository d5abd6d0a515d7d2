//! Recordings made as a session makes them, without the session.

use std::path::PathBuf;

use bytes::Bytes;
use protocol::audit::{AuditFilter, EventName, Outcome};
use protocol::ids::{NodeId, RecordId, SessionId};
use protocol::people::Role;
use protocol::recordings::{Fault, VerdictView};
use protocol::sessions::{Recordings, SessionKind};
use protocol::terminal::EndReason;
use recording::{
    Connection, Header, NOTE_MICROS, SEGMENT_MICROS, SessionKey, Statement, StatementEnd, Switches, Tape,
};
use server::recorder::{Extent, Folder, MAX_WAITING_NOTES, Note};
use server::recordings::{Checked, check};
use server::{clock, recordings};
use store::sessions::{self, Limits, NewSession, Progress, Session};
use store::{Db, audit};
use tokio::sync::mpsc;
use vault::audit::Event;

use crate::house::{ADDRESS, House, email_of};

/// A session of the house's user that is live, with its recording.
pub struct Made {
    pub id: SessionId,
    tape: Tape,
    at: i64,
    notes: mpsc::Receiver<Note>,
}

impl Made {
    pub async fn begin(house: &House) -> Self {
        Self::begin_on(house, &house.state.node).await
    }

    /// Through the listener: it has no screen.
    pub async fn begin_through_listener(house: &House) -> Self {
        Self::begin_as(house, &house.state.node, SessionKind::Listener).await
    }

    /// The same of a server of this name.
    pub async fn begin_on(house: &House, node: &NodeId) -> Self {
        Self::begin_as(house, node, SessionKind::Terminal).await
    }

    async fn begin_as(house: &House, node: &NodeId, kind: SessionKind) -> Self {
        let state = &house.state;
        let (id, key) = (SessionId::from_random(clock::draw()), clock::draw::<32>());
        let new = NewSession {
            id: id.clone(),
            kind,
            node: node.clone(),
            record: RecordId::from_random(clock::draw()),
            record_title: "Books".to_owned(),
            person: house.person(Role::User).await.id,
            person_email: email_of(Role::User),
            account: "reader".to_owned(),
            database: "books".to_owned(),
            remote_address: ADDRESS.to_string(),
            started_at: clock::now(),
            recordings: Recordings {
                graphical: true,
                text: false,
                keys: false,
            },
            recording_key: vault::envelope::wrap_session_key(&state.master, &id, &key, clock::draw())
                .unwrap(),
        };
        let mut tx = state.db.write().await.unwrap();
        sessions::add(&mut tx, &new, Limits::default()).await.unwrap();
        sessions::go_live(&mut tx, &id, "books").await.unwrap();
        let begun = Event::new(EventName::SessionRecordingStarted, Outcome::Ok, clock::now());
        audit::append(&mut tx, recordings::begun(begun.in_session(&id), node))
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let header = Header {
            session: id.to_string(),
            record_title: new.record_title,
            person: new.person_email,
            account: new.account,
            database: new.database,
            server_version: "15.14".to_owned(),
            recorder_version: "0.1.0".to_owned(),
            cols: if kind.has_screen() { 80 } else { 0 },
            rows: if kind.has_screen() { 24 } else { 0 },
            switches: Switches::ALL,
        };
        let (sender, notes) = mpsc::channel(MAX_WAITING_NOTES);
        std::fs::create_dir_all(state.config.data.recordings()).unwrap();
        let folder = Folder::create(&state.config.data.recordings(), id.clone(), sender).unwrap();
        let at = clock::now().micros();
        let tape = Tape::start(Box::new(folder), SessionKey::new(key), 0, header, at).unwrap();

        Self { id, tape, at, notes }
    }

    pub fn show(&mut self, text: &str) {
        let output = Bytes::copy_from_slice(text.as_bytes());
        self.tape.lane(0).record_output(self.at, output).unwrap();
    }

    /// A connection that runs one statement and ends.
    pub fn connect_and_run(&mut self, sql: &str) {
        let lane = self.tape.lane(1);
        let connection = Connection {
            database: "books".to_owned(),
            application_name: "psql".to_owned(),
            remote_address: ADDRESS.to_string(),
            backend_pid: Some(4711),
            tls: true,
            settings: Vec::new(),
        };
        lane.connected(self.at, connection).unwrap();
        let statement = lane.record_statement(self.at, Statement::simple(sql)).unwrap();
        let end = StatementEnd {
            statement: statement.seq(),
            tag: "SELECT 1".to_owned(),
            rows: 1,
            ..StatementEnd::default()
        };
        lane.statement_end(self.at, end).unwrap();
        lane.disconnected(self.at, "The client said goodbye.").unwrap();
    }

    /// Time for how far it is to be noted.
    pub async fn wait_a_minute(&mut self, house: &House) {
        self.at += NOTE_MICROS;
        self.tape.handle_time(self.at).unwrap();
        self.write_notes(house).await;
    }

    /// Time for its segment to be closed.
    pub async fn wait_for_a_close(&mut self, house: &House) {
        self.at += SEGMENT_MICROS;
        self.tape.handle_time(self.at).unwrap();
        self.write_notes(house).await;
    }

    async fn write_notes(&mut self, house: &House) {
        let mut tx = house.state.db.write().await.unwrap();
        while let Ok(note) = self.notes.try_recv() {
            match note.extent {
                Extent::Closed(head) => {
                    sessions::note_head(&mut tx, &self.id, &recordings::head_text(&head))
                        .await
                        .unwrap();
                    let event = recordings::segment_closed(&self.id, &head, clock::now());
                    audit::append(&mut tx, event).await.unwrap();
                }
                Extent::Running(running) => {
                    sessions::note_running(&mut tx, &self.id, &recordings::running_text(&running))
                        .await
                        .unwrap();
                }
            }
        }
        tx.commit().await.unwrap();
    }

    /// The recording has its end; the session's row does not know.
    pub fn stop(&mut self) {
        self.tape.end(self.at, "goodbye").unwrap();
    }

    /// A session that has ended, with two closed segments.
    pub async fn ended(house: &House) -> Self {
        let mut made = Self::begin(house).await;
        made.show("evidence");
        made.wait_for_a_close(house).await;
        made.show("more of it");
        made.end(house).await;
        assert_eq!(verdict(house, &made).await, VerdictView::Intact { segments: 2 });

        made
    }

    /// The session ends in good order.
    pub async fn end(&mut self, house: &House) {
        let head = self.tape.end(self.at, "goodbye").unwrap();
        let progress = Progress {
            chain_head: Some(recordings::head_text(&head)),
            ..Progress::default()
        };
        self.write_notes(house).await;
        let mut tx = house.state.db.write().await.unwrap();
        sessions::progress(&mut tx, &self.id, &progress).await.unwrap();
        sessions::finish(&mut tx, &self.id, EndReason::Goodbye, clock::now())
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }

    pub fn folder(&self, house: &House) -> PathBuf {
        house.state.config.data.recordings().join(self.id.as_str())
    }

    /// Its files, in order.
    pub fn files(&self, house: &House) -> Vec<String> {
        let entries = std::fs::read_dir(self.folder(house)).unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();

        names
    }

    /// Changes the store as who can write to it can; `$1` is the session.
    pub async fn meddle(&self, house: &House, statement: &'static str) {
        let Db::Sqlite { writer, .. } = &house.state.db else {
            panic!("a house has a store of its own");
        };
        sqlx::query(statement)
            .bind(self.id.as_str())
            .execute(writer)
            .await
            .unwrap();
    }

    /// Removes from the audit log that its segments were closed, as who owns the store can.
    pub async fn meddle_with_log(&self, house: &House) {
        self.meddle(house, "DROP TRIGGER audit_events_no_delete").await;
        self.meddle(
            house,
            "DELETE FROM audit_events WHERE name = 'session_recording_segment_closed' AND session = $1",
        )
        .await;
    }

    /// What its row says.
    pub async fn row(&self, house: &House) -> Session {
        let mut snapshot = house.state.db.read().await.unwrap();

        sessions::lookup(&mut snapshot, &self.id).await.unwrap().unwrap()
    }
}

/// What a check finds.
pub async fn verdict(house: &House, made: &Made) -> VerdictView {
    match check(&house.state, &made.row(house).await).await.unwrap() {
        Checked::Found(view) => view,
        Checked::Empty => panic!("nothing was found"),
    }
}

pub fn altered(segment: u32, fault: Fault) -> VerdictView {
    VerdictView::Altered { segment, fault }
}

/// What the audit log has against recordings, oldest first: session and problem.
pub async fn problems(house: &House) -> Vec<(Option<SessionId>, String)> {
    let filter = AuditFilter {
        event: EventName::SessionRecordingIntegrityFailed.as_str().to_owned(),
        ..AuditFilter::default()
    };
    let mut snapshot = house.state.db.read().await.unwrap();
    let page = audit::list(&mut snapshot, &filter).await.unwrap();
    let told = page.events.into_iter().rev();

    told.map(|event| {
        (
            event.session,
            event.details.get("problem").cloned().unwrap_or_default(),
        )
    })
    .collect()
}
