//! The store as one file, for backups: the same text from either database, and into either.
//!
//! Lines of JSON: a head with format and schema, then for each table its name and columns and a line for each row,
//! then the counts of tables and rows, so that a file cut short is known. A cell is a text or `null`; numbers and truth values
//! are written as PostgreSQL's and SQLite's integers. Rows are streamed both ways: one is held at a time.

mod tables;
#[cfg(test)]
mod tests;

use std::io::{BufRead, Read, Write};

use serde::{Deserialize, Serialize};
use sqlx::Row;

use crate::db::{Db, Snapshot, Tx, on, run};
use crate::errors::Error;
use crate::migrations;
use tables::{Kind, TABLES, Table};

/// Version of the file's format; a reader takes every version before its own.
const FORMAT: u32 = 1;

/// Longest line a reader takes, in bytes: a row of the longest texts forms accept, escaped.
const LONGEST_LINE: u64 = 64 * 1024 * 1024;

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    /// The first line.
    PosternStore {
        format: u32,
        schema: i64,
    },
    Table {
        name: String,
        columns: Vec<String>,
    },
    Row(Vec<Option<String>>),
    /// The last line.
    End {
        tables: usize,
        rows: u64,
    },
}

/// Writes everything that lasts as of the snapshot's moment; answers how many rows. Sign-ins, links and what throttling
/// counted are left out: a copy brought back lets nobody in who has not signed in again. Access tokens are in it, by
/// their hashes: programs go on with theirs.
///
/// # Errors
/// [`Error::Copy`] when `out` fails.
pub async fn write(snapshot: &mut Snapshot, out: &mut (dyn Write + Send)) -> Result<u64, Error> {
    let mut rows = 0;
    put(
        out,
        &Line::PosternStore {
            format: FORMAT,
            schema: migrations::newest(),
        },
    )?;
    for table in TABLES {
        put(
            out,
            &Line::Table {
                name: table.name.to_owned(),
                columns: table.columns.iter().map(|(name, _)| (*name).to_owned()).collect(),
            },
        )?;
        rows += write_rows(snapshot, table, out).await?;
    }
    let tables = TABLES.len();
    put(out, &Line::End { tables, rows })?;
    out.flush()?;

    Ok(rows)
}

async fn write_rows(
    snapshot: &mut Snapshot,
    table: &Table,
    out: &mut (dyn Write + Send),
) -> Result<u64, Error> {
    let statement = select(table);
    let n_columns = table.columns.len();
    let mut rows = 0;

    // The rows of either database by the same words; `on!` would have to name the one it is.
    macro_rules! stream {
        ($transaction:expr) => {{
            let mut found = sqlx::query(&statement).fetch(&mut **$transaction);
            while let Some(row) = next(&mut found).await? {
                let cells = (0..n_columns)
                    .map(|column| row.try_get(column))
                    .collect::<Result<Vec<Option<String>>, sqlx::Error>>()?;
                put(out, &Line::Row(cells))?;
                rows += 1;
            }
        }};
    }
    match &mut snapshot.inner {
        crate::db::Inner::Sqlite(transaction) => stream!(transaction),
        crate::db::Inner::Postgres(transaction) => stream!(transaction),
    }

    Ok(rows)
}

/// The next of a query's rows.
async fn next<T>(
    rows: &mut (impl futures_util::Stream<Item = Result<T, sqlx::Error>> + Unpin),
) -> Result<Option<T>, sqlx::Error> {
    futures_util::TryStreamExt::try_next(rows).await
}

/// Brings a copy back into a store that has nobody yet; answers how many rows. All of it or, on an error, nothing.
///
/// # Errors
/// [`Error::NotACopy`] says what is wrong with the file; [`Error::Taken`] when the store is in use.
pub async fn read(db: &Db, from: &mut (dyn BufRead + Send)) -> Result<u64, Error> {
    let mut tx = db.write().await?;
    if !is_empty(&mut tx).await? {
        return Err(Error::Taken);
    }
    match take(from)? {
        Some(Line::PosternStore { format, schema }) => {
            if format > FORMAT || schema > migrations::newest() {
                return Err(not_a_copy("it was made by a newer version of Postern"));
            }
        }
        Some(Line::Table { .. } | Line::Row(_) | Line::End { .. }) | None => {
            return Err(not_a_copy("its first line is missing"));
        }
    }
    let (mut n_tables, mut n_rows) = (0, 0);
    let mut insert = None;
    loop {
        match take(from)? {
            Some(Line::Table { name, columns }) => {
                let table = TABLES
                    .iter()
                    .find(|table| table.name == name)
                    .ok_or_else(|| not_a_copy(&format!("it has a table {name:?}")))?;
                if table.is_prepared {
                    let clear = format!("DELETE FROM {}", table.name);
                    run!(tx, sqlx::query(&clear))?;
                }
                n_tables += 1;
                insert = Some((insert_into(table, &columns)?, columns.len()));
            }
            Some(Line::Row(cells)) => {
                let Some((statement, n_columns)) = &insert else {
                    return Err(not_a_copy("a row stands before its table"));
                };
                if cells.len() != *n_columns {
                    return Err(not_a_copy("a row has not as many cells as its table has columns"));
                }
                insert_row(&mut tx, statement, cells).await?;
                n_rows += 1;
            }
            Some(Line::End { tables, rows }) if (tables, rows) == (n_tables, n_rows) => break,
            Some(Line::End { .. }) => return Err(not_a_copy("rows are missing")),
            Some(Line::PosternStore { .. }) => return Err(not_a_copy("it begins twice")),
            None => return Err(not_a_copy("its end is missing")),
        }
    }
    tx.commit().await?;

    Ok(n_rows)
}

/// Whether nobody has used the store yet.
pub async fn is_unused(db: &Db) -> Result<bool, Error> {
    is_empty(&mut db.read().await?).await
}

async fn is_empty(tx: &mut Snapshot) -> Result<bool, Error> {
    let people: i64 = on!(tx, |conn| sqlx::query_scalar("SELECT COUNT(*) FROM people")
        .fetch_one(conn))?;
    let events: i64 = on!(tx, |conn| sqlx::query_scalar("SELECT COUNT(*) FROM audit_events")
        .fetch_one(conn))?;

    Ok(people == 0 && events == 0)
}

async fn insert_row(tx: &mut Tx, statement: &str, cells: Vec<Option<String>>) -> Result<(), Error> {
    macro_rules! bound {
        () => {
            cells
                .into_iter()
                .fold(sqlx::query(statement), |query, cell| query.bind(cell))
        };
    }
    match &mut tx.inner {
        crate::db::Inner::Sqlite(transaction) => {
            bound!().execute(&mut **transaction).await?;
        }
        crate::db::Inner::Postgres(transaction) => {
            bound!().execute(&mut **transaction).await?;
        }
    }

    Ok(())
}

fn select(table: &Table) -> String {
    let columns: Vec<String> = table
        .columns
        .iter()
        .map(|(name, kind)| kind.as_text(name))
        .collect();

    format!(
        "SELECT {} FROM {} ORDER BY {}",
        columns.join(", "),
        table.name,
        table.order
    )
}

/// Names come from [`TABLES`], never from the file.
fn insert_into(table: &Table, columns: &[String]) -> Result<String, Error> {
    let mut names = Vec::new();
    let mut values = Vec::new();
    for (at, column) in columns.iter().enumerate() {
        let (name, kind) = table
            .columns
            .iter()
            .find(|(name, _)| name == column)
            .ok_or_else(|| not_a_copy(&format!("its table {:?} has a column {column:?}", table.name)))?;
        names.push(*name);
        values.push(kind.of_parameter(at + 1));
    }

    Ok(format!(
        "INSERT INTO {} ({}) VALUES ({})",
        table.name,
        names.join(", "),
        values.join(", ")
    ))
}

impl Kind {
    fn as_text(self, column: &str) -> String {
        match self {
            Self::Text => column.to_owned(),
            Self::Integer => format!("CAST({column} AS TEXT)"),
            // `true` in one of them and `1` in the other.
            Self::Boolean => format!("CAST(CAST({column} AS INTEGER) AS TEXT)"),
        }
    }

    fn of_parameter(self, parameter: usize) -> String {
        match self {
            Self::Text => format!("${parameter}"),
            Self::Integer => format!("CAST(CAST(${parameter} AS TEXT) AS BIGINT)"),
            Self::Boolean => format!("CAST(CAST(CAST(${parameter} AS TEXT) AS INTEGER) AS BOOLEAN)"),
        }
    }
}

fn put(out: &mut (dyn Write + Send), line: &Line) -> Result<(), Error> {
    serde_json::to_writer(&mut *out, line).map_err(std::io::Error::from)?;
    out.write_all(b"\n")?;

    Ok(())
}

fn take(from: &mut (dyn BufRead + Send)) -> Result<Option<Line>, Error> {
    let mut text = String::new();
    let n_read = from.take(LONGEST_LINE).read_line(&mut text)?;
    if n_read == 0 {
        return Ok(None);
    }

    serde_json::from_str(&text)
        .map(Some)
        .map_err(|error| not_a_copy(&format!("a line cannot be read: {error}")))
}

fn not_a_copy(why: &str) -> Error {
    Error::NotACopy(why.to_owned())
}
