//! What *Test connection* found, stage by stage.

use serde::{Deserialize, Serialize};

use super::record::TestedCredential;

/// One stage on the way to the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TestStage {
    Gateway,
    Dns,
    Tcp,
    Tls,
    Authentication,
    Query,
}

impl TestStage {
    pub fn label(self) -> &'static str {
        match self {
            Self::Gateway => "Ask the gateway",
            Self::Dns => "Find the host (DNS)",
            Self::Tcp => "Reach the port (TCP)",
            Self::Tls => "Secure the connection (TLS)",
            Self::Authentication => "Sign in",
            Self::Query => "SELECT version()",
        }
    }
}

/// How a stage went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TestOutcome {
    /// What was found, e.g. the address or the version of TLS.
    Passed(String),
    /// What failed and what to do about it.
    Failed { sentence: String, remedy: String },
    /// Not reached, or switched off, and why.
    Skipped(String),
}

/// A stage and how it went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StageReport {
    pub stage: TestStage,
    pub outcome: TestOutcome,
    pub micros: u64,
}

/// The whole test with one credential.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestReport {
    pub credential: TestedCredential,
    /// Login used.
    pub login: String,
    pub stages: Vec<StageReport>,
    /// What the server says it is.
    pub version: Option<String>,
    /// What an administrator should know, e.g. that the account may read the server's files.
    pub warnings: Vec<String>,
}

impl TestReport {
    pub fn passed(&self) -> bool {
        self.stages
            .iter()
            .all(|stage| !matches!(stage.outcome, TestOutcome::Failed { .. }))
    }
}
