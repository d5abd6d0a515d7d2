//! Whether the server lives (`/healthz`, public), is ready and how it fares (`/readyz`, `/metrics`, loopback).

use std::io;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use metrics_exporter_prometheus::PrometheusHandle;
use store::acquisitions;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tokio::time::timeout;
use tracing::{error, warn};

use crate::http::assets;
use crate::recorder;
use crate::state::AppState;

/// How long a disk may take that recordings can be written to.
const PATIENCE: Duration = Duration::from_secs(2);

/// Looks at the recordings' disk. While it stands still, one thread waits for it and not one for each question.
static LOOKS: Semaphore = Semaphore::const_new(1);

/// The process answers.
pub async fn healthz() -> &'static str {
    "ok\n"
}

/// The router of the metrics address.
#[expect(
    clippy::disallowed_methods,
    reason = "not the public address: three fixed routes without sign-in"
)]
pub fn router(state: AppState, metrics: PrometheusHandle) -> Router {
    Router::new()
        .route("/healthz", axum::routing::get(healthz))
        .route("/readyz", axum::routing::get(readyz))
        .route(
            "/metrics",
            axum::routing::get(move |State(state): State<AppState>| measured(state, metrics)),
        )
        .with_state(state)
}

/// Ready means: the store answers, recordings can be written, the site is there.
async fn readyz(State(state): State<AppState>) -> Response {
    if let Err(error) = state.db.ping().await {
        error!(error = &error as &dyn std::error::Error, "not ready");

        return (StatusCode::SERVICE_UNAVAILABLE, "the store does not answer\n").into_response();
    }
    if let Err(error) = may_record(&state).await {
        error!(error = &error as &dyn std::error::Error, "not ready");

        return (
            StatusCode::SERVICE_UNAVAILABLE,
            "the recordings folder cannot be written\n",
        )
            .into_response();
    }
    if !assets::built() {
        return (StatusCode::SERVICE_UNAVAILABLE, "the site has not been built\n").into_response();
    }

    "ready\n".into_response()
}

async fn may_record(state: &AppState) -> io::Result<()> {
    let recordings = state.config.data.recordings();
    let looking = async {
        let look = LOOKS.acquire().await.map_err(io::Error::other)?;
        let looked = spawn_blocking(move || {
            let _look = look;

            recorder::is_writable(&recordings)
        });

        looked.await.map_err(io::Error::other)?
    };

    timeout(PATIENCE, looking)
        .await
        .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}

/// What was counted, and what the ledger says is held: with no session live, something a crash left behind.
async fn measured(state: AppState, metrics: PrometheusHandle) -> String {
    match held(&state).await {
        Ok(n_held) => metrics::gauge!("postern_acquisitions_held").set(n_held as f64),
        Err(error) => warn!(
            error = &error as &dyn std::error::Error,
            "what is held is not known"
        ),
    }

    metrics.render()
}

async fn held(state: &AppState) -> Result<usize, store::Error> {
    let mut snapshot = state.db.read().await?;

    Ok(acquisitions::open(&mut snapshot).await?.len())
}
