//! Every client on the system's server and on PostgreSQL 18: a test each, so that they run beside each other.

use testkit::Version;

use crate::clients::{everywhere, programs, sqlx, tokio_postgres};

#[tokio::test]
async fn psql_makes_its_round_trip() {
    everywhere(Version::System, programs::psql).await;
}

#[tokio::test]
async fn psql_makes_its_round_trip_on_postgresql_18() {
    everywhere(Version::V18, programs::psql).await;
}

#[tokio::test]
async fn pgbench_makes_its_round_trip() {
    everywhere(Version::System, programs::pgbench).await;
}

#[tokio::test]
async fn pgbench_makes_its_round_trip_on_postgresql_18() {
    everywhere(Version::V18, programs::pgbench).await;
}

#[tokio::test]
async fn pg_dump_and_pg_restore_make_their_round_trip() {
    everywhere(Version::System, programs::pg_dump).await;
}

#[tokio::test]
async fn pg_dump_and_pg_restore_make_their_round_trip_on_postgresql_18() {
    everywhere(Version::V18, programs::pg_dump).await;
}

#[tokio::test]
async fn psycopg_makes_its_round_trip() {
    everywhere(Version::System, programs::psycopg).await;
}

#[tokio::test]
async fn psycopg_makes_its_round_trip_on_postgresql_18() {
    everywhere(Version::V18, programs::psycopg).await;
}

#[tokio::test]
async fn asyncpg_makes_its_round_trip() {
    everywhere(Version::System, programs::asyncpg).await;
}

#[tokio::test]
async fn asyncpg_makes_its_round_trip_on_postgresql_18() {
    everywhere(Version::V18, programs::asyncpg).await;
}

#[tokio::test]
async fn pgcli_makes_its_round_trip() {
    everywhere(Version::System, programs::pgcli).await;
}

#[tokio::test]
async fn pgcli_makes_its_round_trip_on_postgresql_18() {
    everywhere(Version::V18, programs::pgcli).await;
}

#[tokio::test]
async fn node_postgres_makes_its_round_trip() {
    everywhere(Version::System, programs::node_postgres).await;
}

#[tokio::test]
async fn node_postgres_makes_its_round_trip_on_postgresql_18() {
    everywhere(Version::V18, programs::node_postgres).await;
}

#[tokio::test]
async fn jdbc_makes_its_round_trip() {
    everywhere(Version::System, programs::jdbc).await;
}

#[tokio::test]
async fn jdbc_makes_its_round_trip_on_postgresql_18() {
    everywhere(Version::V18, programs::jdbc).await;
}

#[tokio::test]
async fn tokio_postgres_makes_its_round_trip() {
    everywhere(Version::System, tokio_postgres::round_trip).await;
}

#[tokio::test]
async fn tokio_postgres_makes_its_round_trip_on_postgresql_18() {
    everywhere(Version::V18, tokio_postgres::round_trip).await;
}

#[tokio::test]
async fn sqlx_makes_its_round_trip() {
    everywhere(Version::System, sqlx::round_trip).await;
}

#[tokio::test]
async fn sqlx_makes_its_round_trip_on_postgresql_18() {
    everywhere(Version::V18, sqlx::round_trip).await;
}
