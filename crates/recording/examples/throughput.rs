//! How fast a recording is written and verified, beside `openssl dgst -sha256` over the same bytes.
//!
//! `cargo run --release -p recording --example throughput`

use std::io::{self, Write};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bytes::Bytes;
use recording::{Head, Header, Known, Media, Running, SessionKey, Stored, Switches, Tape, Verdict, Verifier};

/// Whatever goes wrong ends an example.
type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

const START: i64 = 1_767_225_600_000_000;

/// Closed segments in memory.
#[derive(Clone, Default)]
struct Shelf(Arc<Mutex<Vec<Stored>>>);

impl Media for Shelf {
    fn append(&mut self, _: u32, _: &[u8]) -> io::Result<()> {
        Ok(())
    }

    fn replace(&mut self, segment: u32, closed: &[u8], _: &Head) -> io::Result<()> {
        let mut segments = self.0.lock().map_err(|_| io::Error::other("poisoned"))?;
        segments.push(Stored {
            segment,
            bytes: Bytes::copy_from_slice(closed),
        });
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn note(&mut self, _running: &Running) -> io::Result<bool> {
        Ok(true)
    }
}

fn main() -> Outcome<()> {
    let mut out = io::stdout().lock();
    let rows: String = (0..1_000_000)
        .map(|n| format!(" {n:7} | {:08x}\r\n", n * 2_654_435_761u64 % 4_294_967_291))
        .collect();
    let (rows_stored, rows_took) = record(rows.as_bytes())?;
    let rows_stored: usize = rows_stored.iter().map(|stored| stored.bytes.len()).sum();
    let mut noise = 0x2545_f491_4f6c_dd1du64;
    let random: Vec<u8> = std::iter::repeat_with(|| {
        noise ^= noise << 13;
        noise ^= noise >> 7;
        noise ^= noise << 17;
        (noise >> 32) as u8
    })
    .take(256 << 20)
    .collect();
    let (segments, _) = record(&random)?;

    let all: Vec<u8> = segments.iter().flat_map(|stored| stored.bytes.to_vec()).collect();
    let (mut ours, mut theirs) = (Duration::MAX, Duration::MAX);
    for _ in 0..5 {
        ours = ours.min(verify(&segments)?);
        theirs = theirs.min(openssl(&all)?);
    }
    let per_second = |took: Duration, len: usize| len as f64 / took.as_secs_f64() / 1e6;
    writeln!(
        out,
        "recording 1,000,000 rows: {:.0} ms, {:.2} of their size",
        rows_took.as_secs_f64() * 1000.0,
        rows_stored as f64 / rows.len() as f64
    )?;
    writeln!(out, "verify: {:.0} MB/s", per_second(ours, all.len()))?;
    writeln!(
        out,
        "openssl dgst -sha256: {:.0} MB/s",
        per_second(theirs, all.len())
    )?;
    writeln!(out, "ratio: {:.2}", theirs.as_secs_f64() / ours.as_secs_f64())?;
    Ok(())
}

fn record(output: &[u8]) -> Outcome<(Vec<Stored>, Duration)> {
    let shelf = Shelf::default();
    let header = Header {
        session: "0f8fad5bd9cb469fa16570867728950e".to_owned(),
        record_title: "Orders".to_owned(),
        person: "ada@example.org".to_owned(),
        account: "reporting".to_owned(),
        database: "orders".to_owned(),
        server_version: "15.14".to_owned(),
        recorder_version: "0.1.0".to_owned(),
        cols: 80,
        rows: 24,
        switches: Switches::ALL,
    };
    let since = now();
    let tape = Tape::start(
        Box::new(shelf.clone()),
        SessionKey::new([7; 32]),
        0,
        header,
        START,
    )?;
    let lane = tape.lane(0);
    for (n, piece) in output.chunks(32 * 1024).enumerate() {
        lane.record_output(START + n as i64 * 1000, Bytes::copy_from_slice(piece))?;
    }
    tape.end(START + 3_600_000_000, "goodbye")?;
    let took = since.elapsed();
    let segments = shelf.0.lock().map_err(|_| "poisoned")?.clone();
    Ok((segments, took))
}

fn verify(segments: &[Stored]) -> Outcome<Duration> {
    let since = now();
    let mut verifier = Verifier::new(SessionKey::new([7; 32]), Known::default());
    for stored in segments {
        verifier.push(stored.clone())?;
    }
    let verdict = verifier.finish();
    let took = since.elapsed();
    match verdict {
        Verdict::Intact { .. } => Ok(took),
        Verdict::Incomplete { .. } | Verdict::Altered { .. } => Err("not intact".into()),
    }
}

fn openssl(bytes: &[u8]) -> Outcome<Duration> {
    let path = std::env::temp_dir().join(format!("postern-throughput-{}", std::process::id()));
    std::fs::write(&path, bytes)?;
    let since = now();
    let status = Command::new("openssl")
        .args(["dgst", "-sha256"])
        .arg(&path)
        .stdout(Stdio::null())
        .status()?;
    let took = since.elapsed();
    std::fs::remove_file(&path)?;
    match status.success() {
        true => Ok(took),
        false => Err("openssl failed".into()),
    }
}

#[expect(clippy::disallowed_methods, reason = "an example measures")]
fn now() -> Instant {
    Instant::now()
}
