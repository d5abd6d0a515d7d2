//! The programs people use with PostgreSQL: each makes its round trip and checks every answer. On the server itself,
//! which proves the program.

mod matrix;
mod place;
mod programs;
mod sqlx;
mod sums;
mod tokio_postgres;
mod tools;

use testkit::cluster::{PASSWORD, SUPERUSER};
use testkit::{Cluster, Version};

use self::place::Place;

/// Sends a client on its round trip, on a server of its own.
async fn everywhere(version: Version, client: impl AsyncFn(Place)) {
    let cluster = Cluster::builder().version(version).start().unwrap();

    cluster.sql("CREATE DATABASE direct").unwrap();
    let direct = Place {
        version,
        port: cluster.port(),
        user: SUPERUSER.to_owned(),
        password: PASSWORD.to_owned(),
        database: "direct".to_owned(),
    };
    client(direct).await;
}
