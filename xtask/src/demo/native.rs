//! A session of native clients to explore: two psql of Ben's side by side, through the listener with an access token.

use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail};

use super::browser::Browser;
use super::folder::Folder;
use super::records::USER;

/// What each psql says it is, and what it runs.
const PROGRAMS: [(&str, &str); 2] = [
    (
        "monthly report",
        "BEGIN;
         CREATE TEMP TABLE months AS
           SELECT date_trunc('month', placed_at)::date AS month, count(*) AS orders FROM sales.orders GROUP BY 1;
         SELECT pg_sleep(0.6);
         SELECT * FROM months ORDER BY month DESC LIMIT 12;
         COPY (SELECT * FROM months ORDER BY month) TO STDOUT WITH (FORMAT csv);
         COMMIT;
         SELECT totl FROM sales.orders LIMIT 1;
         SELECT pg_sleep(0.4);",
    ),
    (
        "stock check",
        "PREPARE ridge (text) AS SELECT * FROM catalog.find_products($1) LIMIT 5;
         EXECUTE ridge ('ridge');
         SELECT pg_sleep(0.9);
         EXECUTE ridge ('tent');
         SELECT count(*) FROM sales.order_items;",
    ),
];

/// Makes a token as Ben would, and runs both programs with it.
pub(super) fn record(folder: &Folder, url: &str, programs: &Path, port: u16) -> Result<()> {
    let password = folder.password("user")?;
    let mut ben = Browser::open(url);
    ben.sign_in(USER, password)?;
    let made = ben.send(
        "create-token",
        &[
            ("draft[name]", "Reports"),
            ("draft[lifetime]", "30"),
            ("draft[password]", password),
        ],
    )?;
    let token = made.text("/token")?;
    let started: Vec<Child> = PROGRAMS
        .into_iter()
        .map(|(name, script)| start(programs, port, token, name, script))
        .collect::<Result<_>>()?;
    for mut psql in started {
        let status = psql.wait()?;
        if !status.success() {
            bail!("psql ended with {status}");
        }
    }

    Ok(())
}

/// The token goes by the environment, which only the same user can read.
fn start(programs: &Path, port: u16, token: &str, name: &str, script: &str) -> Result<Child> {
    let mut psql = Command::new(programs.join("psql"));
    psql.args([
        "-X",
        "-q",
        "-h",
        "127.0.0.1",
        "-U",
        "shop",
        "-p",
        &port.to_string(),
    ])
    .env("PGPASSWORD", token)
    .env("PGAPPNAME", name)
    .stdin(Stdio::piped())
    .stdout(Stdio::null())
    .stderr(Stdio::null());
    let mut child = psql.spawn().context("cannot start psql")?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(script.as_bytes())?;
    }

    Ok(child)
}
