//! A large recording to measure the player by: `recording CONFIGURATION RECORD-TITLE PERSON-EMAIL MEGABYTES`.
//!
//! Puts a session that has ended into the store of the configuration, with so many million bytes of output: tables as
//! psql prints them, statements, pauses to think. Prints the session's id. The server may run meanwhile. The same
//! output every time; only ids and the key are new.

use std::cell::Cell;
use std::path::PathBuf;

use anyhow::{Context, Result};
use bytes::Bytes;
use protocol::ids::{RecordId, SessionId};
use protocol::sessions::{Recordings, SessionKind};
use protocol::terminal::EndReason;
use protocol::time::Timestamp;
use recording::{Head, Header, Lane, SessionKey, Statement, StatementEnd, Switches, Tape};
use server::recorder::{Folder, Note};
use server::{clock, command, recordings};
use store::sessions::{Limits, NewSession, Progress};
use tokio::sync::mpsc;

/// Output of one statement, in bytes.
const RESULT: usize = 200_000;

#[tokio::main]
async fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let mut next = |what: &'static str| arguments.next().context(what);
    let configuration = PathBuf::from(next("which configuration?")?);
    let title = next("which record?")?;
    let email = next("whose session?")?;
    let megabytes: usize = next("how many megabytes?")?.parse()?;

    let (state, _notes) = command::open_for_tools(&configuration).await?;
    let mut snapshot = state.db.read().await?;
    let person = store::people::find(&mut snapshot, &email.parse()?)
        .await?
        .context("nobody has this address")?
        .id;
    drop(snapshot);
    let id = SessionId::from_random(clock::draw());
    let key: [u8; 32] = clock::draw();
    let wrapped = vault::envelope::wrap_session_key(&state.master, &id, &key, clock::draw())?;
    let started_at = Timestamp(clock::now().micros() - 7_200_000_000);
    let new = NewSession {
        id: id.clone(),
        kind: SessionKind::Terminal,
        node: state.node.clone(),
        record: RecordId::from_random([1; 16]),
        record_title: title.clone(),
        person,
        person_email: email.clone(),
        account: "app_ro".to_owned(),
        database: "shop".to_owned(),
        remote_address: "127.0.0.1".to_owned(),
        started_at,
        recordings: Recordings {
            graphical: true,
            text: true,
            keys: true,
        },
        recording_key: wrapped,
    };
    let header = Header {
        session: id.to_string(),
        record_title: title,
        person: email,
        account: "app_ro".to_owned(),
        database: "shop".to_owned(),
        server_version: "15.14".to_owned(),
        recorder_version: env!("CARGO_PKG_VERSION").to_owned(),
        cols: 120,
        rows: 36,
        switches: Switches::ALL,
    };
    let mut tx = state.db.write().await?;
    store::sessions::add(&mut tx, &new, Limits::default()).await?;
    store::sessions::go_live(&mut tx, &id, "shop").await?;
    tx.commit().await?;

    let made = make(&state, &id, key, header, megabytes * 1_000_000)?;
    let mut tx = state.db.write().await?;
    let progress = Progress {
        bytes: made.n_bytes as u64,
        statements: made.n_statements,
        errors: 0,
        chain_head: Some(recordings::head_text(&made.head)),
    };
    store::sessions::progress(&mut tx, &id, &progress).await?;
    store::sessions::finish(&mut tx, &id, EndReason::Goodbye, Timestamp(made.ended_at)).await?;
    tx.commit().await?;
    state.db.close().await;
    print(&id);

    Ok(())
}

#[expect(clippy::print_stdout, reason = "the answer of an example")]
fn print(id: &SessionId) {
    println!("{id}");
}

struct Made {
    head: Head,
    n_bytes: usize,
    n_statements: u64,
    ended_at: i64,
}

fn make(
    state: &server::state::AppState,
    id: &SessionId,
    key: [u8; 32],
    header: Header,
    n_bytes: usize,
) -> Result<Made> {
    // Nobody notes these heads: the audit log is not what is measured.
    let (heads, mut noted) = mpsc::channel::<Note>(1_000);
    let folder = Folder::create(&state.config.data.recordings(), id.clone(), heads)?;
    let start = clock::now().micros() - 7_200_000_000;
    let tape = Tape::start(Box::new(folder), SessionKey::new(key), 0, header, start)?;
    let mut person = Person {
        lane: tape.lane(0),
        at: start,
        seed: Cell::new(0x2545_f491_4f6c_dd1d),
        n_shown: 0,
        n_statements: 0,
    };
    person.show("shop=> ")?;
    while person.n_shown < n_bytes {
        person.run()?;
        while noted.try_recv().is_ok() {}
    }
    let head = tape.end(person.at, "goodbye")?;

    Ok(Made {
        head,
        n_bytes: person.n_shown,
        n_statements: person.n_statements,
        ended_at: person.at,
    })
}

/// Somebody at work.
struct Person {
    lane: Lane,
    at: i64,
    seed: Cell<u64>,
    n_shown: usize,
    n_statements: u64,
}

impl Person {
    /// Xorshift: the same numbers every time.
    fn draw(&self, below: u64) -> u64 {
        let mut x = self.seed.get();
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        self.seed.set(x);

        (x >> 11) % below.max(1)
    }

    fn show(&mut self, text: &str) -> Result<()> {
        self.n_shown += text.len();
        self.lane
            .record_output(self.at, Bytes::copy_from_slice(text.as_bytes()))?;

        Ok(())
    }

    fn run(&mut self) -> Result<()> {
        let sql = format!(
            "SELECT * FROM sales.order_items WHERE order_id > {};",
            self.draw(400_000)
        );
        for key in sql.chars() {
            self.at += 60_000 + self.draw(120_000) as i64;
            let key = key.to_string();
            self.lane.input(self.at, Bytes::copy_from_slice(key.as_bytes()))?;
            self.show(&key)?;
        }
        self.show("\r\n")?;
        let started = self.at;
        let statement = self.lane.record_statement(self.at, Statement::simple(sql))?.seq();
        let mut rows = 0;
        let until = self.n_shown + RESULT;
        while self.n_shown < until {
            let mut piece = String::new();
            for _ in 0..100 {
                piece.push_str(&format!(
                    " {:8} | {:7} | {:5} | 2025-{:02}-{:02} {:02}:{:02}:{:02} | {:9}.{:02} | blue lamp no. {}\r\n",
                    self.draw(9_000_000),
                    self.draw(400_000),
                    self.draw(5_000),
                    1 + self.draw(12),
                    1 + self.draw(28),
                    self.draw(24),
                    self.draw(60),
                    self.draw(60),
                    self.draw(20_000),
                    self.draw(100),
                    self.draw(90_000),
                ));
                rows += 1;
            }
            self.at += 4_000 + self.draw(6_000) as i64;
            self.show(&piece)?;
        }
        let end = StatementEnd {
            statement,
            tag: format!("SELECT {rows}"),
            rows,
            bytes: RESULT as u64,
            duration: (self.at - started).unsigned_abs(),
            ..StatementEnd::default()
        };
        self.lane.statement_end(self.at, end)?;
        self.n_statements += 1;
        self.show(&format!("({rows} rows)\r\n\r\nshop=> "))?;
        self.at += 500_000 + self.draw(8_000_000) as i64;

        Ok(())
    }
}
