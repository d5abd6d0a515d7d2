//! The clients that are programs: what each is run with, and the steps it makes.

use testkit::Version;

use crate::clients::place::Place;
use crate::clients::tools::{bash, java, node, python};

/// The steps of a driver that can do everything.
const DRIVER: [&str; 11] = [
    "simple",
    "prepared",
    "transaction",
    "error",
    "copy",
    "cancel",
    "notify",
    "pipeline",
    "large value",
    "large result",
    "close",
];

pub async fn psql(place: Place) {
    let mut steps = vec![
        "simple",
        "prepared",
        "transaction",
        "error",
        "copy",
        "notify",
        "large value",
        "large result",
    ];
    match place.version {
        Version::System => {}
        Version::V18 => steps.extend(["extended", "pipeline"]),
    }
    steps.extend(["cancel", "close"]);

    place.see(python("roundtrip_psql.py", &[]), &steps).await;
}

pub async fn pgbench(place: Place) {
    let steps = [
        "copy",
        "simple",
        "extended",
        "prepared",
        "transaction",
        "pipeline",
        "connect",
        "error",
        "close",
    ];

    place.see(bash("roundtrip_pgbench.sh"), &steps).await;
}

pub async fn pg_dump(place: Place) {
    let steps = ["simple", "copy out", "copy in", "same", "error", "jobs", "close"];

    place.see(bash("roundtrip_dump.sh"), &steps).await;
}

pub async fn psycopg(place: Place) {
    place
        .see(
            python("roundtrip_psycopg.py", &["psycopg", "psycopg_binary"]),
            &DRIVER,
        )
        .await;
}

pub async fn asyncpg(place: Place) {
    place
        .see(python("roundtrip_asyncpg.py", &["asyncpg"]), &DRIVER)
        .await;
}

pub async fn pgcli(place: Place) {
    let steps = [
        "simple",
        "transaction",
        "error",
        "copy",
        "large result",
        "describe",
        "cancel",
        "close",
    ];

    place.see(python("roundtrip_pgcli.py", &["pgcli"]), &steps).await;
}

pub async fn node_postgres(place: Place) {
    let program = node("roundtrip_pg.mjs", &["pg", "pg-cursor", "pg-copy-streams"]);

    place.see(program, &DRIVER).await;
}

pub async fn jdbc(place: Place) {
    place.see(java("RoundTrip.java"), &DRIVER).await;
}
