//! *Test connection*: with the administrative or the launch credential, stage by stage, noted on the record.

use std::sync::Arc;
use std::time::Duration;

use app::ctx::{Actor, Client};
use pg_proto::client::Method;
use protocol::audit::{EventName, Outcome as AuditOutcome};
use protocol::errors::{Code, Refusal};
use protocol::ids::RecordId;
use protocol::vault::{StageReport, TestOutcome, TestReport, TestStage, Tested, TestedCredential};
use proxy::{Report, Stage, probe};
use store::launching::{self, Launching};
use store::records::secrets;
use store::{audit, records};
use vault::authorize::{Authorized, Edit};
use vault::gateway;
use vault::record::Record;

use crate::clock;
use crate::people::sign_in::event;
use crate::people::store_failed;
use crate::state::AppState;
use crate::target::{self, Aim, Endpoint};

/// Tests are answered within this (spec §1).
const TIMEOUT: Duration = Duration::from_secs(15);

/// Connects, looks, notes what was found on the record and in the audit log.
pub async fn run(
    state: &AppState,
    actor: &Actor,
    record: &RecordId,
    credential: TestedCredential,
    client: &Client,
) -> Result<TestReport, Refusal> {
    let mut snapshot = state.db.read().await.map_err(store_failed)?;
    let known = launching::lookup(&mut snapshot, record, &actor.person.id)
        .await
        .map_err(store_failed)?
        .ok_or_else(Refusal::not_found)?;
    let edit = vault::authorize::edit(&actor.person, &known.record.location(), &known.shares)?;
    let (account, secrets) = secrets::for_test(&mut snapshot, &edit, credential)
        .await
        .map_err(store_failed)?
        .ok_or_else(not_selected)?;
    let account = target::lookup(&mut snapshot, &account).await?;
    drop(snapshot);
    let endpoint = endpoint(&known, credential, &account)?;
    let configuration = known.configuration.as_ref().and_then(Record::configuration);
    let via = match configuration {
        Some(configuration) => gateway::via(&known.record, configuration, known.gateway.as_ref())?,
        None => None,
    };
    let aim = target::aim(state, &known.record, &account, &secrets, endpoint, via)?;
    let report = probe(
        Arc::clone(&aim.dial),
        &aim.target,
        &aim.credential,
        &clock::instant,
    )
    .await;
    let view = view(&aim, credential, &report);
    note(state, actor, &known, &edit, client, &view).await?;

    Ok(view)
}

/// Where a credential is tried: the administrative one at the record's own port.
fn endpoint(known: &Launching, credential: TestedCredential, account: &Record) -> Result<Endpoint, Refusal> {
    let database = known.record.database().ok_or_else(Refusal::not_found)?;
    if database.is_template() {
        return Err(Refusal::new(
            Code::PamPrereq,
            "A connection template has no host that could be tested.",
        ));
    }
    let connection = &known.settings.connection;
    let (port, own, read_only) = match credential {
        TestedCredential::Administrative => (database.port, None, false),
        TestedCredential::Launch => (
            connection.port.unwrap_or(database.port),
            connection.default_database.clone(),
            connection.read_only,
        ),
    };
    let connect_database = account.user().and_then(|user| user.connect_database.clone());
    let database = own
        .or(connect_database)
        .unwrap_or_else(|| database.database.clone());

    Ok(Endpoint {
        supplied: None,
        port,
        database,
        read_only,
        timeout: TIMEOUT,
    })
}

fn not_selected() -> Refusal {
    Refusal::new(
        Code::PamNoCredential,
        "Select this credential in the PAM settings before testing it.",
    )
}

fn view(aim: &Aim, credential: TestedCredential, report: &Report) -> TestReport {
    let stages = report
        .stages
        .iter()
        .map(|stage| StageReport {
            stage: stage_of(stage.stage),
            outcome: match stage.outcome {
                probe::Outcome::Passed => TestOutcome::Passed(found(stage.stage, report)),
                probe::Outcome::Failed => failed(report),
            },
            micros: u64::try_from(stage.duration.as_micros()).unwrap_or(u64::MAX),
        })
        .collect();

    TestReport {
        credential,
        login: aim.credential.user.clone(),
        stages,
        version: report.version.clone(),
        warnings: report.warnings.clone(),
    }
}

pub fn stage_of(stage: Stage) -> TestStage {
    match stage {
        Stage::Gateway => TestStage::Gateway,
        Stage::Dns => TestStage::Dns,
        Stage::Tcp => TestStage::Tcp,
        Stage::Tls => TestStage::Tls,
        Stage::Authentication => TestStage::Authentication,
        Stage::Query => TestStage::Query,
    }
}

/// What a stage that went well has to tell.
fn found(stage: Stage, report: &Report) -> String {
    match stage {
        Stage::Tcp => report
            .address
            .map(|address| address.to_string())
            .unwrap_or_default(),
        Stage::Authentication => report.method.map(method).unwrap_or_default().to_owned(),
        Stage::Query => report.version.clone().unwrap_or_default(),
        Stage::Gateway | Stage::Dns | Stage::Tls => String::new(),
    }
}

/// How the server let us in, in PostgreSQL's words.
fn method(method: Method) -> &'static str {
    match method {
        Method::None => "no password asked for",
        Method::Cleartext => "password",
        Method::Md5 => "md5",
        Method::ScramSha256 => "scram-sha-256",
        Method::ScramSha256Plus => "scram-sha-256-plus",
    }
}

fn failed(report: &Report) -> TestOutcome {
    match &report.error {
        Some(error) => TestOutcome::Failed {
            sentence: error.sentence(),
            remedy: error.remedy(),
        },
        None => TestOutcome::Failed {
            sentence: "The stage failed.".to_owned(),
            remedy: String::new(),
        },
    }
}

async fn note(
    state: &AppState,
    actor: &Actor,
    known: &Launching,
    edit: &Authorized<Edit>,
    client: &Client,
    report: &TestReport,
) -> Result<(), Refusal> {
    let now = clock::now();
    let failure = report.stages.iter().find_map(|stage| match &stage.outcome {
        TestOutcome::Failed { sentence, .. } => Some(sentence.clone()),
        TestOutcome::Passed(_) | TestOutcome::Skipped(_) => None,
    });
    let (tested, outcome) = match failure {
        None => (Tested::Verified { at: now }, AuditOutcome::Ok),
        Some(sentence) => (Tested::Failed { at: now, sentence }, AuditOutcome::Failed),
    };
    let mut tx = state.db.write().await.map_err(store_failed)?;
    records::add_test(&mut tx, edit, known.record.version, report.credential, &tested)
        .await
        .map_err(store_failed)?;
    let event = event(EventName::ConnectionTested, outcome, client, now)
        .by(&actor.person)
        .about(&known.record.id, known.record.title())
        .with("credential", report.credential.name());
    audit::append(&mut tx, event).await.map_err(store_failed)?;
    tx.commit().await.map_err(store_failed)?;

    Ok(())
}
