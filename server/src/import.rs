//! Importing a project file: read as a whole, weighed as the forms weigh it, written in one transaction or not at all.

mod making;

use std::time::Duration;

use app::ctx::Client;
use axum::body::{Body, HttpBody as _};
use axum::extract::{Query, Request, State};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use http_body_util::{BodyExt as _, Limited};
use protocol::audit::EventName;
use protocol::errors::{Code, Refusal};
use protocol::import::{ImportDraft, ImportOutcome, ImportReport, ImportVerdict, MAX_FILE, Problem};
use protocol::tokens::Scope;
use tokio::time::timeout;
use vault::authorize;
use vault::import::Reading;
use zeroize::Zeroizing;

use self::making::Making;
use crate::access_tokens::Holder;
use crate::http::pages;
use crate::people::store_failed;
use crate::routes::refuse;
use crate::state::AppState;

/// How long a file may take to arrive.
const PATIENCE: Duration = Duration::from_secs(60);

/// `POST /cli/import?dry_run=…`, the body being the file.
pub async fn import(
    State(state): State<AppState>,
    Extension(holder): Extension<Holder>,
    request: Request,
) -> Response {
    let client = pages::client(&request);

    match run(&state, &holder, &client, request).await {
        Ok(report) => Json(report).into_response(),
        Err(refusal) => refuse(&refusal),
    }
}

async fn run(
    state: &AppState,
    holder: &Holder,
    client: &Client,
    request: Request,
) -> Result<ImportReport, Refusal> {
    for_command_line(holder)?;
    authorize::create(&holder.person)?;
    let Query(ImportDraft { dry_run }) = Query::try_from_uri(request.uri()).map_err(|_| {
        Refusal::new(
            Code::Validation,
            "The request is not what this server expects. Is the command line of another version than the server?",
        )
    })?;
    // One at a time: each has a file in memory, and most of it in a transaction.
    let Ok(_room) = state.imports.try_acquire() else {
        return Err(Refusal::new(
            Code::TooMany,
            "Another file is being imported. Try again when that is done.",
        ));
    };
    let file = arrived(request.into_body()).await?;
    let reading = read(state, file).await?;
    let report = make(state, holder, client, reading, dry_run).await?;
    if report.outcome == ImportOutcome::Imported {
        state.sessions.look_again();
    }

    Ok(report)
}

/// A token that database clients have creates nothing.
fn for_command_line(holder: &Holder) -> Result<(), Refusal> {
    match holder.token.scope {
        Scope::CommandLine => Ok(()),
        Scope::Launch => Err(Refusal::new(
            Code::PamPolicyDenied,
            "This access token is for database clients and jobs. Importing takes one for the command line: run postern login, or make one under Account.",
        )),
    }
}

async fn arrived(body: Body) -> Result<Zeroizing<Vec<u8>>, Refusal> {
    let wrong = |sentence: String| Refusal::new(Code::Validation, sentence);
    let said = usize::try_from(body.size_hint().lower()).unwrap_or(MAX_FILE);
    // With room for all of it, so that growing leaves no piece of it behind.
    let mut file = Zeroizing::new(Vec::with_capacity(said.min(MAX_FILE)));
    let mut body = Limited::new(body, MAX_FILE);
    let arriving = async {
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|_| {
                let most = MAX_FILE / 1024 / 1024;

                wrong(format!("The file is larger than {most} MiB, or was cut short."))
            })?;
            if let Ok(bytes) = frame.into_data() {
                file.extend_from_slice(&bytes);
            }
        }

        Ok(())
    };
    timeout(PATIENCE, arriving).await.map_err(|_| {
        wrong(format!(
            "The file did not arrive within {} s.",
            PATIENCE.as_secs()
        ))
    })??;

    Ok(file)
}

/// A large file takes a core for a while.
async fn read(state: &AppState, file: Zeroizing<Vec<u8>>) -> Result<Reading, Refusal> {
    let reading = state
        .tasks
        .spawn_blocking(move || vault::import::read(&file))
        .await;

    reading.map_err(|_| {
        Refusal::new(
            Code::Internal,
            "The file could not be read. Tell an administrator.",
        )
    })
}

/// Makes all of it and keeps it, or says why not. A dry run makes all of it too, and keeps nothing.
async fn make(
    state: &AppState,
    holder: &Holder,
    client: &Client,
    reading: Reading,
    dry_run: bool,
) -> Result<ImportReport, Refusal> {
    let Reading {
        project,
        people,
        gateway,
        plan,
        mut problems,
        remarks,
    } = reading;
    let project: String = project.chars().take(200).collect();
    let mut making = Making::begin(state, holder, client).await?;
    let known = making
        .people(&people, &mut problems)
        .await
        .map_err(store_failed)?;
    let gateway = match &gateway {
        Some(planned) => making
            .gateway(planned, &mut problems)
            .await
            .map_err(store_failed)?,
        None => None,
    };
    let objects = match (plan, problems.is_empty()) {
        (Some(plan), true) => making.all(&plan, &known, gateway, &mut problems).await?,
        (Some(_) | None, _) => Vec::new(),
    };
    problems.sort_by_key(|problem: &Problem| problem.line);

    let conflicts = objects
        .iter()
        .any(|object| matches!(object.verdict, ImportVerdict::Conflict { .. }));
    let outcome = match (problems.is_empty(), conflicts, dry_run) {
        (false, ..) => ImportOutcome::Problems,
        (true, true, _) => ImportOutcome::Conflicts,
        (true, false, true) => ImportOutcome::WouldImport,
        (true, false, false) => ImportOutcome::Imported,
    };
    let n_created = objects
        .iter()
        .filter(|object| object.verdict == ImportVerdict::Create)
        .count();
    let name = match outcome {
        ImportOutcome::Imported => EventName::ProjectImported,
        ImportOutcome::WouldImport | ImportOutcome::Conflicts | ImportOutcome::Problems => {
            // What was made is taken back before anything is noted.
            making = making.again().await?;

            EventName::ProjectImportTried
        }
    };
    let result = match outcome {
        ImportOutcome::Imported => "imported",
        ImportOutcome::WouldImport => "dry run",
        ImportOutcome::Conflicts => "conflicts",
        ImportOutcome::Problems => "problems",
    };
    let event = making
        .event(name)
        .with("project", project)
        .with("result", result)
        .with("created", n_created.to_string());
    making.end(event).await.map_err(store_failed)?;
    let objects = match outcome {
        ImportOutcome::Problems => Vec::new(),
        ImportOutcome::Imported | ImportOutcome::WouldImport | ImportOutcome::Conflicts => objects,
    };

    Ok(ImportReport {
        outcome,
        objects,
        problems,
        remarks,
    })
}
