//! A recording without a screen, to test and to look at its replay by: `connections CONFIGURATION RECORD-TITLE
//! PERSON-EMAIL [live|STATEMENTS]`.
//!
//! Puts a session through the listener into the store of the configuration: clients on several lanes, pipelined and
//! with parameters, errors, COPY, a lane used twice, a gap in time. `live` leaves it running, a number adds so many
//! statements of a busy client. Prints the session's id. The server may run meanwhile.

use std::path::PathBuf;

use anyhow::{Context, Result};
use protocol::ids::{RecordId, SessionId};
use protocol::sessions::{Recordings, SessionKind};
use protocol::terminal::EndReason;
use protocol::time::Timestamp;
use recording::{
    Connection, Direction, Header, Lane, Parameter, ParameterValue, SessionKey, Statement, StatementEnd,
    StatementKind, Switches, Tape, Transfer, TransferOutcome,
};
use server::recorder::{Folder, Note};
use server::{clock, command, recordings};
use store::sessions::{Limits, NewSession, Progress};
use tokio::sync::mpsc;

const SECOND: i64 = 1_000_000;

#[tokio::main]
async fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let mut next = |what: &'static str| arguments.next().context(what);
    let configuration = PathBuf::from(next("which configuration?")?);
    let title = next("which record?")?;
    let email = next("whose session?")?;
    let more = next("live, or how many statements?").unwrap_or_default();
    let n_busy: i64 = more.parse().unwrap_or(0);

    let (state, _notes) = command::open_for_tools(&configuration).await?;
    let mut snapshot = state.db.read().await?;
    let person = store::people::find(&mut snapshot, &email.parse()?)
        .await?
        .context("nobody has this address")?
        .id;
    drop(snapshot);
    let id = SessionId::from_random(clock::draw());
    let key: [u8; 32] = clock::draw();
    let start = clock::now().micros() - 600 * SECOND;
    let new = NewSession {
        id: id.clone(),
        kind: SessionKind::Listener,
        node: state.node.clone(),
        record: RecordId::from_random([1; 16]),
        record_title: title.clone(),
        person,
        person_email: email.clone(),
        account: "app_ro".to_owned(),
        database: "shop".to_owned(),
        remote_address: "192.0.2.7".to_owned(),
        started_at: Timestamp(start),
        recordings: Recordings {
            graphical: true,
            text: true,
            keys: false,
        },
        recording_key: vault::envelope::wrap_session_key(&state.master, &id, &key, clock::draw())?,
    };
    let header = Header {
        session: id.to_string(),
        record_title: title,
        person: email,
        account: "app_ro".to_owned(),
        database: "shop".to_owned(),
        server_version: "15.14".to_owned(),
        recorder_version: env!("CARGO_PKG_VERSION").to_owned(),
        cols: 0,
        rows: 0,
        switches: Switches::ALL,
    };
    let mut tx = state.db.write().await?;
    store::sessions::add(&mut tx, &new, Limits::default()).await?;
    store::sessions::go_live(&mut tx, &id, "shop").await?;
    tx.commit().await?;

    // Nobody notes these heads: what is tested is what the page makes of the frames.
    let (heads, mut noted) = mpsc::channel::<Note>(10_000);
    let folder = Folder::create(&state.config.data.recordings(), id.clone(), heads)?;
    let tape = Tape::start(Box::new(folder), SessionKey::new(key), 0, header, start)?;
    let ended_at = work(&tape, start, n_busy, &mut || while noted.try_recv().is_ok() {})?;
    if more != "live" {
        let head = tape.end(ended_at, "goodbye")?;
        let progress = Progress {
            bytes: 40_000,
            statements: 12 + n_busy.unsigned_abs(),
            errors: 2,
            chain_head: Some(recordings::head_text(&head)),
        };
        let mut tx = state.db.write().await?;
        store::sessions::progress(&mut tx, &id, &progress).await?;
        store::sessions::finish(&mut tx, &id, EndReason::Goodbye, Timestamp(ended_at)).await?;
        tx.commit().await?;
    }
    state.db.close().await;
    print(&id);

    Ok(())
}

#[expect(clippy::print_stdout, reason = "the answer of an example")]
fn print(id: &SessionId) {
    println!("{id}");
}

/// What the clients do; when the last of them is done.
fn work(tape: &Tape, start: i64, n_busy: i64, breathe: &mut dyn FnMut()) -> Result<i64> {
    let (psql, dbeaver, job) = (Client(tape.lane(1)), Client(tape.lane(2)), Client(tape.lane(3)));
    let at = |seconds: f64| start + (seconds * SECOND as f64) as i64;
    psql.connect(at(0.4), "psql", 48_211, false)?;
    psql.run(
        at(4.0),
        212_000,
        "select status, count(*), sum(total) from sales.orders group by 1 order by 2 desc",
        "SELECT 4",
        4,
    )?;
    dbeaver.connect(at(9.0), "DBeaver 24.2 - SQLEditor <orders.sql>", 48_230, true)?;
    dbeaver.run(at(9.2), 2_100, "SET extra_float_digits = 3", "SET", 0)?;
    let failed = psql.start(
        at(31.0),
        Statement::simple("update sales.orders set status = 'paid' where id = 77120391"),
    )?;
    psql.fail(at(31.002), failed, "42501", "permission denied for table orders")?;

    // A pipeline: three statements are sent before the first is answered.
    job.connect(at(40.0), "nightly-report", 48_260, true)?;
    let mut sent = Vec::new();
    for (number, sql) in (0..).zip([
        "select id, total from sales.orders where placed_at > $1 and region = $2",
        "select count(*) from sales.order_items where order_id = any($1)",
        "insert into reports.runs (name, payload, note) values ($1, $2, $3)",
    ]) {
        let statement = Statement {
            kind: StatementKind::Extended,
            parameters: parameters(number),
            backend_pid: Some(48_260),
            ..Statement::simple(sql)
        };
        sent.push(job.start(at(41.0) + number * 200, statement)?);
    }
    for (number, (statement, tag)) in
        (1..).zip(sent.into_iter().zip(["SELECT 188", "SELECT 1", "INSERT 0 1"]))
    {
        let rows = tag
            .rsplit(' ')
            .next()
            .and_then(|rows| rows.parse().ok())
            .unwrap_or_default();
        job.end(
            at(41.0) + number * 900_000,
            statement,
            0,
            tag,
            rows,
            number.unsigned_abs() * 900_000,
        )?;
    }
    job.close(at(52.0), "The client said goodbye.")?;

    // Several statements in one message have several results.
    let script = "begin;\ninsert into sales.orders (region) values ('EU');\nselect currval('sales.orders_id_seq');\ncommit";
    let several = dbeaver.start(at(60.0), Statement::simple(script))?;
    for (number, (tag, rows)) in (0..).zip([("BEGIN", 0), ("INSERT 0 1", 1), ("SELECT 1", 1), ("COMMIT", 0)])
    {
        dbeaver.end(
            at(60.4),
            several,
            number,
            tag,
            rows,
            100_000 * u64::from(number + 1),
        )?;
    }
    psql.copy(
        at(75.0),
        "copy sales.customers to stdout with (format csv)",
        Direction::FromDatabase,
        TransferOutcome::Finished {
            rows: 12_400,
            bytes: 918_233,
        },
    )?;
    psql.copy(
        at(95.0),
        "copy sales.customers from stdin",
        Direction::ToDatabase,
        TransferOutcome::Refused,
    )?;

    // The lane of the job is another client's now.
    job.connect(at(110.0), "pgAdmin 4 - DB:shop", 48_301, true)?;
    job.run(
        at(111.0),
        48_000,
        "SELECT db.oid AS did, db.datname FROM pg_catalog.pg_database db\r\n\tWHERE db.datallowconn",
        "SELECT 3",
        3,
    )?;
    // What turns the direction of writing must not hide what is run.
    job.run(
        at(118.0),
        900,
        "select 'user\u{202e}nimda' -- \u{1b}[2K",
        "SELECT 1",
        1,
    )?;
    psql.run(at(130.0), 6_400_000, "select pg_sleep(6.4)", "SELECT 1", 1)?;
    let mut last = at(140.0);
    for number in 0..n_busy {
        last += 20_000;
        psql.run(
            last,
            900,
            &format!("select * from catalog.products where id = {number}"),
            "SELECT 1",
            1,
        )?;
        breathe();
    }
    let cancel = Statement {
        kind: StatementKind::Cancel,
        ..Statement::simple(String::new())
    };
    dbeaver.0.record_statement(last + SECOND, cancel)?;
    psql.close(last + 2 * SECOND, "The client said goodbye.")?;

    Ok(last + 4 * SECOND)
}

fn parameters(number: i64) -> Vec<Parameter> {
    let text = |type_oid, text: &str| Parameter {
        type_oid,
        value: ParameterValue::Text(text.to_owned()),
    };
    match number {
        0 => vec![text(1184, "2026-11-21 00:00:00+00"), text(25, "EU")],
        1 => vec![text(1016, "{77120391,77120392}")],
        _ => vec![
            text(1043, "nightly"),
            Parameter {
                type_oid: 3802,
                value: ParameterValue::Cut {
                    start: b"{\"rows\": [[77120391, \"paid\", 118.90], [77120392, \"open\", 7.15]".to_vec(),
                    len: 2_483_112,
                },
            },
            Parameter {
                type_oid: 0,
                value: ParameterValue::Null,
            },
            Parameter {
                type_oid: 600,
                value: ParameterValue::Binary(vec![0x40, 0x28, 0, 0, 0, 0, 0, 0, 0xc0, 0x1c]),
            },
        ],
    }
}

/// One connection after another.
struct Client(Lane);

impl Client {
    fn connect(&self, at: i64, name: &str, pid: i32, tls: bool) -> Result<()> {
        let connection = Connection {
            database: "shop".to_owned(),
            application_name: name.to_owned(),
            remote_address: "192.0.2.7".to_owned(),
            backend_pid: Some(pid),
            tls,
            settings: Vec::new(),
        };

        Ok(self.0.connected(at, connection)?)
    }

    fn close(&self, at: i64, reason: &str) -> Result<()> {
        Ok(self.0.disconnected(at, reason)?)
    }

    fn start(&self, at: i64, statement: Statement) -> Result<u64> {
        Ok(self.0.record_statement(at, statement)?.seq())
    }

    fn end(&self, at: i64, statement: u64, result: u32, tag: &str, rows: u64, duration: u64) -> Result<()> {
        let end = StatementEnd {
            statement,
            result,
            tag: tag.to_owned(),
            rows,
            bytes: rows * 72,
            duration,
            ..StatementEnd::default()
        };

        Ok(self.0.statement_end(at, end)?)
    }

    fn fail(&self, at: i64, statement: u64, sqlstate: &str, error: &str) -> Result<()> {
        let end = StatementEnd {
            statement,
            duration: 2_000,
            sqlstate: Some(sqlstate.to_owned()),
            error: Some(error.to_owned()),
            ..StatementEnd::default()
        };

        Ok(self.0.statement_end(at, end)?)
    }

    fn run(&self, at: i64, took: i64, sql: &str, tag: &str, rows: u64) -> Result<()> {
        let statement = self.start(at, Statement::simple(sql))?;

        self.end(at + took, statement, 0, tag, rows, took.unsigned_abs())
    }

    fn copy(&self, at: i64, sql: &str, direction: Direction, outcome: TransferOutcome) -> Result<()> {
        let statement = self.start(at, Statement::simple(sql))?;
        let transfer = Transfer {
            statement,
            direction,
            outcome,
        };
        self.0.transfer(at + 3 * SECOND, transfer)?;
        match outcome {
            TransferOutcome::Finished { rows, .. } => self.end(
                at + 3 * SECOND,
                statement,
                0,
                &format!("COPY {rows}"),
                rows,
                3_000_000,
            ),
            TransferOutcome::Failed { .. } | TransferOutcome::Refused => self.fail(
                at + 3 * SECOND,
                statement,
                "42501",
                "the record does not allow to copy into the database",
            ),
        }
    }
}
