//! The listener before a pgbouncer, which is before the server.

use protocol::people::Role;
use testkit::{Cluster, Pgbouncer, Version};
use tokio_postgres::{Config, NoTls};

use crate::clients::place::Place;
use crate::clients::{log, programs, through_the_listener};
use crate::sessions::native::Port;

#[tokio::test]
async fn psql_works_through_the_listener_and_pgbouncer() {
    through_both("", programs::psql).await;
}

#[tokio::test]
async fn jdbc_works_through_a_pgbouncer_that_ignores_its_parameter() {
    through_both("ignore_startup_parameters = extra_float_digits", programs::jdbc).await;
}

#[tokio::test]
async fn a_client_whose_parameter_pgbouncer_does_not_know_is_told_what_to_do() {
    let cluster = Cluster::start().unwrap();
    let pooler = Pgbouncer::before(&cluster, "").unwrap();
    let listener = Port::before(cluster, pooler.port()).await;
    let token = listener.token(Role::User).await;
    let mut config = Config::new();
    config.host("127.0.0.1").port(listener.port);
    config.user("Books").password(token).options("-c work_mem=1MB");

    let told = config.connect(NoTls).await.err().expect("refused");

    let told = told.as_db_error().unwrap();
    assert_eq!(told.code().code(), "08P01");
    assert!(
        told.message()
            .starts_with("The pooler before the server does not accept the startup parameter options."),
        "{told}"
    );
    assert!(told.message().contains("ignore_startup_parameters"), "{told}");
}

async fn through_both(settings: &str, client: impl AsyncFn(Place)) {
    let cluster = Cluster::builder()
        .setting("log_line_prefix", log::PREFIX)
        .start()
        .unwrap();
    let pooler = Pgbouncer::before(&cluster, settings).unwrap();
    let target = pooler.port();

    let listener = Port::before(cluster, target).await;
    through_the_listener(Version::System, &listener, &client).await;
}
