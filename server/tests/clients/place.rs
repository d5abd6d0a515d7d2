//! Where a client goes, and as whom.

use std::process::Stdio;
use std::time::Duration;

use testkit::Version;
use tokio::process::Command;
use tokio::time::timeout;

use crate::clients::tools;

/// Longer than any round trip on a busy machine.
const PATIENCE: Duration = Duration::from_secs(100);

/// A server, or what stands before it. Without TLS: it is on this machine.
#[derive(Debug, Clone)]
pub struct Place {
    pub version: Version,
    pub port: u16,
    pub user: String,
    pub password: String,
    /// The client's own: it finds it empty, and leaves it as it likes.
    pub database: String,
}

pub const HOST: &str = "127.0.0.1";

impl Place {
    /// Runs a program to its end; it must have made these steps and no others.
    pub async fn see(&self, mut program: Command, steps: &[&str]) {
        let command = self
            .introduce(&mut program)
            .stdin(Stdio::null())
            .kill_on_drop(true);
        let output = timeout(PATIENCE, command.output())
            .await
            .unwrap_or_else(|_| panic!("{program:?} has not ended in time"))
            .unwrap_or_else(|error| panic!("{program:?}: {error}: {}", tools::REMEDY));
        let told = String::from_utf8_lossy(&output.stdout);
        let complained = String::from_utf8_lossy(&output.stderr);

        assert!(
            output.status.success(),
            "{program:?} ended with {} at {}\n{told}{complained}",
            output.status,
            self.port,
        );
        let made: Vec<&str> = told.lines().collect();
        assert_eq!(made, steps, "{complained}");
    }

    /// The address in libpq's own words, which every client here understands or is told.
    fn introduce<'a>(&self, program: &'a mut Command) -> &'a mut Command {
        program
            .env("PATH", tools::path(self.version))
            .env("PGHOST", HOST)
            .env("PGPORT", self.port.to_string())
            .env("PGUSER", &self.user)
            .env("PGPASSWORD", &self.password)
            .env("PGDATABASE", &self.database)
            .env("PGSSLMODE", "disable")
            .env("LC_ALL", "C.UTF-8")
            .env("PYTHONDONTWRITEBYTECODE", "1")
    }
}
