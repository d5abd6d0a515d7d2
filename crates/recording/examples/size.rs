//! Size at rest of an hour at the prompt, beside its asciicast v2 through gzip.
//!
//! The hour is made up by a seed: statements typed key by key, thinking between them, results of a few
//! to some hundred rows, errors, a description of a table. `cargo run --release -p recording --example size`

use std::cell::Cell;
use std::io::{self, Write};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use recording::{
    Export, Format, Frame, Head, Header, Keys, Media, Segment, SessionKey, Statement, StatementEnd, Switches,
    Tape,
};

/// Whatever goes wrong ends an example.
type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

const START: i64 = 1_767_225_600_000_000;
const HOUR: i64 = 3_600_000_000;
const KEY: [u8; 32] = [7; 32];

/// Closed segments in memory.
#[derive(Clone, Default)]
struct Shelf(Arc<Mutex<Vec<Vec<u8>>>>);

impl Media for Shelf {
    fn append(&mut self, _: u32, _: &[u8]) -> io::Result<()> {
        Ok(())
    }

    fn replace(&mut self, _: u32, closed: &[u8], _: &Head) -> io::Result<()> {
        let mut segments = self.0.lock().map_err(|_| io::Error::other("poisoned"))?;
        segments.push(closed.to_vec());
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn note(&mut self, _running: &recording::Running) -> io::Result<bool> {
        Ok(true)
    }
}

fn main() -> Outcome<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "| Keys | Frames | At rest | asciicast v2, gzip | Ratio |")?;
    writeln!(out, "|---|---|---|---|---|")?;
    for (name, key_events) in [("not recorded", false), ("recorded", true)] {
        let switches = Switches {
            key_events,
            ..Switches::ALL
        };
        let (at_rest, frames) = hour(switches)?;
        let mut export = Export::new(Format::CastV2, Keys::Kept);
        let mut cast: Vec<u8> = frames.iter().flat_map(|frame| export.push(frame)).collect();
        cast.extend(export.finish());
        let gzipped = gzip(&cast)?;
        let ratio = at_rest as f64 / gzipped as f64;
        let n_frames = frames.len();
        writeln!(
            out,
            "| {name} | {n_frames} | {at_rest} | {gzipped} | {ratio:.2} |"
        )?;
    }
    Ok(())
}

/// Records the hour; its size at rest and its frames.
fn hour(switches: Switches) -> Outcome<(usize, Vec<Frame>)> {
    let shelf = Shelf::default();
    let key = SessionKey::new(KEY);
    let header = Header {
        session: "0f8fad5bd9cb469fa16570867728950e".to_owned(),
        record_title: "Orders".to_owned(),
        person: "ada@example.org".to_owned(),
        account: "reporting".to_owned(),
        database: "orders".to_owned(),
        server_version: "15.14".to_owned(),
        recorder_version: "0.1.0".to_owned(),
        cols: 120,
        rows: 40,
        switches,
    };
    let tape = Tape::start(Box::new(shelf.clone()), key.clone(), 0, header, START)?;
    let mut hour = Hour {
        tape: &tape,
        at: START,
        seed: Cell::new(0x2545_f491_4f6c_dd1d),
    };
    hour.show("psql (15.14)\r\nType \"help\" for help.\r\n\r\n")?;
    while hour.at < START + HOUR {
        hour.round()?;
    }
    tape.end(hour.at, "goodbye")?;

    let segments = shelf.0.lock().map_err(|_| "poisoned")?;
    let mut frames = Vec::new();
    for segment in segments.iter() {
        let segment = Segment::open(Bytes::copy_from_slice(segment), &key)?;
        for frame in segment.frames() {
            frames.push(frame?);
        }
    }
    Ok((segments.iter().map(Vec::len).sum(), frames))
}

fn gzip(bytes: &[u8]) -> Outcome<usize> {
    let mut gzip = Command::new("gzip")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut input = gzip.stdin.take().ok_or("no standard input")?;
    let bytes = bytes.to_vec();
    let writing = std::thread::spawn(move || input.write_all(&bytes));
    let output = gzip.wait_with_output()?;
    writing.join().map_err(|_| "writing to gzip failed")??;
    Ok(output.stdout.len())
}

/// Somebody at work.
struct Hour<'a> {
    tape: &'a Tape,
    at: i64,
    seed: Cell<u64>,
}

const TABLES: [&str; 6] = [
    "orders",
    "customers",
    "products",
    "invoices",
    "shipments",
    "order_lines",
];
const COLUMNS: [&str; 8] = [
    "id",
    "created_at",
    "status",
    "total",
    "customer_id",
    "note",
    "country",
    "quantity",
];
const WORDS: [&str; 12] = [
    "open",
    "paid",
    "shipped",
    "returned",
    "Kraków",
    "Lisboa",
    "blue lamp",
    "paper",
    "refund asked for",
    "gift",
    "express",
    "damaged",
];

impl Hour<'_> {
    /// Numbers that stand for a row.
    fn dice(seed: u64) -> [u64; 8] {
        let mut x = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        [(); 8].map(|()| {
            x ^= x << 13;
            x ^= x >> 7;
            x ^= x << 17;
            x >> 11
        })
    }

    /// Xorshift: the same hour every time.
    fn draw(&self, below: u64) -> u64 {
        let mut x = self.seed.get();
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        self.seed.set(x);
        (x >> 11) % below.max(1)
    }

    fn pick<'w>(&self, words: &[&'w str]) -> &'w str {
        let place = self.draw(words.len() as u64) as usize;
        words.get(place).copied().unwrap_or_default()
    }

    fn pass(&mut self, from: u64, to: u64) -> Outcome<()> {
        self.at += (from + self.draw(to - from)) as i64;
        self.tape.handle_time(self.at)?;
        Ok(())
    }

    fn show(&mut self, text: &str) -> Outcome<()> {
        self.tape
            .lane(0)
            .record_output(self.at, Bytes::copy_from_slice(text.as_bytes()))?;
        Ok(())
    }

    fn type_line(&mut self, line: &str) -> Outcome<()> {
        for key in line.chars() {
            self.pass(60_000, 320_000)?;
            if self.draw(25) == 0 {
                self.key("x", "x")?;
                self.pass(150_000, 500_000)?;
                self.key("\u{7f}", "\u{8}\u{1b}[K")?;
                self.pass(100_000, 300_000)?;
            }
            self.key(&key.to_string(), &key.to_string())?;
        }
        self.pass(200_000, 2_000_000)?;
        self.key("\r", "\r\n")
    }

    fn key(&mut self, key: &str, echo: &str) -> Outcome<()> {
        self.tape
            .lane(0)
            .input(self.at, Bytes::copy_from_slice(key.as_bytes()))?;
        self.pass(300, 1_500)?;
        self.show(echo)
    }

    fn round(&mut self) -> Outcome<()> {
        self.show("orders=> ")?;
        // Most of an hour is reading and thinking.
        self.pass(3_000_000, 60_000_000)?;
        let table = self.pick(&TABLES);
        let (sql, n_rows) = match self.draw(8) {
            0 => (format!("select count(*) from {table};"), 1),
            1 => (
                format!("select * from {table} where status = '{}';", self.pick(&WORDS)),
                self.draw(400),
            ),
            2 => (
                format!(
                    "update {table} set note = '{}' where id = {};",
                    self.pick(&WORDS),
                    self.draw(90_000)
                ),
                0,
            ),
            3 => (format!("\\d {table}"), 12),
            4 => (format!("selct {} from {table};", self.pick(&COLUMNS)), 0),
            5 => (
                format!(
                    "select {}, sum(total) from {table} join customers c on c.id = customer_id group by 1 order by 2 desc limit 20;",
                    self.pick(&COLUMNS)
                ),
                20,
            ),
            _ => (
                format!(
                    "select id, created_at, {} from {table} order by id desc limit {};",
                    self.pick(&COLUMNS),
                    5 + self.draw(45)
                ),
                5 + self.draw(45),
            ),
        };
        self.type_line(&sql)?;
        self.run(&sql, n_rows)
    }

    fn run(&mut self, sql: &str, n_rows: u64) -> Outcome<()> {
        let lane = self.tape.lane(0);
        let started = self.at;
        let statement = lane.record_statement(self.at, Statement::simple(sql))?.seq();
        self.pass(800, 400_000)?;
        let failed = sql.starts_with("selct");
        let end = StatementEnd {
            statement,
            tag: if failed {
                String::new()
            } else {
                format!("SELECT {n_rows}")
            },
            rows: n_rows,
            bytes: n_rows * 60,
            duration: (self.at - started) as u64,
            sqlstate: failed.then(|| "42601".to_owned()),
            error: failed.then(|| "syntax error at or near \"selct\"".to_owned()),
            ..StatementEnd::default()
        };
        lane.statement_end(self.at, end)?;
        if failed {
            return self.show("ERROR:  syntax error at or near \"selct\"\r\nLINE 1: selct\r\n        ^\r\n");
        }
        let mut result = " id     | created_at                 | status           | total     | customer_id | note\r\n--------+----------------------------+------------------+-----------+-------------+------------------\r\n".to_owned();
        let table = TABLES
            .iter()
            .position(|table| sql.contains(table))
            .unwrap_or_default();
        for n in 0..n_rows {
            result.push_str(&row(table as u64, 90_000 - n));
        }
        result.push_str(&format!("({n_rows} rows)\r\n\r\n"));
        for piece in result.as_bytes().chunks(16 * 1024) {
            self.tape
                .lane(0)
                .record_output(self.at, Bytes::copy_from_slice(piece))?;
        }
        Ok(())
    }
}

/// A table has the same rows whenever it is asked.
fn row(table: u64, id: u64) -> String {
    let dice = Hour::dice(table * 1_000_003 + id);
    let word = |n: u64| WORDS.get((n % 12) as usize).copied().unwrap_or_default();
    format!(
        " {id:6} | 2025-12-{:02} {:02}:{:02}:{:02}.{:06} | {:16} | {:6}.{:02} | {:11} | {}\r\n",
        28 - (90_000 - id) / 40,
        23 - (90_000 - id) % 24,
        dice[0] % 60,
        dice[1] % 60,
        dice[2] % 1_000_000,
        word(dice[3]),
        dice[4] % 2_000,
        dice[5] % 100,
        dice[6] % 3_000,
        word(dice[7]),
    )
}
