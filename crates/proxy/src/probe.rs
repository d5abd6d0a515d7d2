//! *Test connection*: connect, ask for the version, and look for rights no gate can take away.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use pg_proto::client::Method;
use tokio::time::timeout;

use crate::connect::{Credential, SessionError, Stage, Target, Upstream, connect};
use crate::dial::Dial;
use crate::errors::{ConnectError, Reason};

/// What a test found out. [`Report::error`] is `None` when everything worked.
#[derive(Debug)]
pub struct Report {
    /// The stages begun, in order; only the last can have failed.
    pub stages: Vec<StageReport>,
    pub address: Option<SocketAddr>,
    pub method: Option<Method>,
    /// What `SELECT version()` says.
    pub version: Option<String>,
    /// Sentences about the account that whoever links it should know.
    pub warnings: Vec<String>,
    pub error: Option<ConnectError>,
}

/// One line of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StageReport {
    pub stage: Stage,
    pub outcome: Outcome,
    pub duration: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Passed,
    Failed,
}

/// COPY to and from files and programs happens on the database server's own host, past every gate.
/// 'MEMBER': a right that is one SET ROLE away counts.
const RIGHTS: &str = "\
SELECT rolname
FROM pg_catalog.pg_roles
WHERE rolname IN ('pg_read_server_files', 'pg_write_server_files', 'pg_execute_server_program')
  AND pg_catalog.pg_has_role(current_user, oid, 'MEMBER')
UNION ALL
SELECT 'superuser'
FROM pg_catalog.pg_roles
WHERE rolsuper AND pg_catalog.pg_has_role(current_user, oid, 'MEMBER')";

/// Connects as the credential, looks, and leaves. `now` is read when a stage begins and when one ends.
pub async fn probe(
    dial: Arc<dyn Dial>,
    target: &Target,
    credential: &Credential,
    now: &(dyn Fn() -> Instant + Sync),
) -> Report {
    let begun: Mutex<Vec<(Stage, Instant)>> = Mutex::new(Vec::new());
    let on_stage = |stage| {
        begun
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push((stage, now()))
    };
    let mut report = Report {
        stages: Vec::new(),
        address: None,
        method: None,
        version: None,
        warnings: Vec::new(),
        error: None,
    };
    match connect(dial, target, credential, &on_stage).await {
        Ok(upstream) => {
            report.address = Some(upstream.address());
            report.method = Some(upstream.method());
            on_stage(Stage::Query);
            match look(upstream, target.timeout).await {
                Ok((version, rights)) => {
                    report.version = Some(version);
                    report.warnings = warnings(&rights);
                }
                Err(reason) => report.error = Some(ConnectError::new(reason, Stage::Query, target)),
            }
        }
        Err(error) => report.error = Some(error),
    }
    let end = now();
    let begun = begun.into_inner().unwrap_or_else(PoisonError::into_inner);
    report.stages = stages(&begun, end, report.error.is_some());

    report
}

async fn look(mut upstream: Upstream, limit: Duration) -> Result<(String, Vec<String>), Reason> {
    let session = &mut upstream.session;
    let asked = timeout(limit, async {
        let version = session.query("SELECT version()").await?;
        let rights = session.query(RIGHTS).await?;
        Ok::<_, SessionError>((version.concat(), rights))
    });
    let answers = asked.await.map_err(|_| Reason::TimedOut)??;
    session.terminate().await;

    Ok(answers)
}

fn warnings(rights: &[String]) -> Vec<String> {
    let has = |name: &str| rights.iter().any(|right| right == name);
    if has("superuser") {
        return vec![
            "The account is, or may become, a superuser: it can read and write files and run programs on the \
             database server itself. No gate here can prevent that."
                .to_owned(),
        ];
    }
    let each = [
        (
            "pg_read_server_files",
            "COPY from files on the database server's own disk",
        ),
        (
            "pg_write_server_files",
            "COPY to files on the database server's own disk",
        ),
        ("pg_execute_server_program", "run programs on the database server"),
    ];
    each.into_iter()
        .filter(|(role, _)| has(role))
        .map(|(role, may)| format!("The account may {may} ({role}). No gate here can prevent that."))
        .collect()
}

fn stages(begun: &[(Stage, Instant)], end: Instant, failed: bool) -> Vec<StageReport> {
    let ends = begun.iter().skip(1).map(|(_, at)| *at).chain([end]);
    let last = begun.len().saturating_sub(1);
    begun
        .iter()
        .zip(ends)
        .enumerate()
        .map(|(idx, (&(stage, start), end))| StageReport {
            stage,
            outcome: if failed && idx == last {
                Outcome::Failed
            } else {
                Outcome::Passed
            },
            duration: end.saturating_duration_since(start),
        })
        .collect()
}
