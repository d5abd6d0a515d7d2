//! Serving: listeners, jobs, and an orderly end.

pub mod connections;

use std::io::IsTerminal;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio::time::{interval, timeout};
use tracing::{info, warn};

use crate::http::assets;
use crate::people::administrator;
use crate::recorder::Note;
use crate::state::AppState;
use crate::tls::{self, Certificates};
use crate::{health, jobs, listener, routes};
use connections::Limits;

/// HTTP/1.1 only: WebSockets, which sessions run over, need it.
const HTTP: &[u8] = b"http/1.1";

/// How often measurements are summed up.
const UPKEEP: Duration = Duration::from_secs(5);

/// How long the end waits for sessions to be told and recordings to be closed, and again for the work behind them.
const GRACE: Duration = Duration::from_secs(10);

/// Serves until SIGINT or SIGTERM, then ends every session with a reason.
pub async fn serve(state: AppState, notes: mpsc::Receiver<Note>) -> anyhow::Result<()> {
    rustls::crypto::ring::default_provider()
        .install_default()
        .map_err(|_| anyhow::anyhow!("another TLS provider is installed"))?;
    if !assets::built() {
        warn!("the site has not been built; run `cargo run -p xtask -- site`");
    }
    let metrics = PrometheusBuilder::new()
        .install_recorder()
        .context("metrics cannot be recorded")?;
    let certificates = certificates(&state)?;
    let tls = certificates.as_ref().map(|own| own.acceptor(HTTP)).transpose()?;
    let public = listen(state.config.http.listen, "http.listen").await?;
    let private = listen(state.config.metrics.listen, "metrics.listen").await?;
    jobs::start(&state, notes);
    jobs::recover(&state).await?;
    listener::start(&state, certificates.as_ref()).await?;
    greet(&state, &public).await?;

    state.tasks.spawn(keep_up(state.clone(), metrics.clone()));
    let told = health::router(state.clone(), metrics);
    let stopped = state.stopping.clone().cancelled_owned();
    state
        .tasks
        .spawn(connections::serve(private, None, told, Limits::PUBLIC, stopped));
    let stopping = state.clone();
    let stop = async move {
        stop_signal().await;
        info!("stopping");
        stopping.sessions.end_all(GRACE).await;
    };
    connections::serve(public, tls, routes::router(&state), Limits::PUBLIC, stop).await;
    finish(&state).await;
    info!("stopped");

    Ok(())
}

/// Lets the work behind the sessions end, and the store after it. A session may have opened while the others
/// were told to end.
async fn finish(state: &AppState) {
    state.sessions.end_all(GRACE).await;
    state.stopping.cancel();
    state.tasks.close();
    if timeout(GRACE, state.tasks.wait()).await.is_err() {
        warn!("background work cut off");
    }
    state.db.close().await;
}

/// Sums up what was measured, whether or not anybody asks for it: samples are kept until then.
async fn keep_up(state: AppState, metrics: PrometheusHandle) {
    let mut every = interval(UPKEEP);
    loop {
        tokio::select! {
            _ = every.tick() => metrics.run_upkeep(),
            () = state.stopping.cancelled() => return,
        }
    }
}

/// The server's own certificate, where the configuration names one; it is renewed while the server runs.
fn certificates(state: &AppState) -> anyhow::Result<Option<Arc<Certificates>>> {
    let http = &state.config.http;
    let (Some(certificate), Some(key)) = (&http.certificate_file, &http.private_key_file) else {
        return Ok(None);
    };
    let certificates = Certificates::load(certificate, key).context("http.certificate_file")?;
    state
        .tasks
        .spawn(tls::renew(state.clone(), Arc::clone(&certificates)));

    Ok(Some(certificates))
}

async fn listen(address: SocketAddr, key: &str) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address)
        .await
        .with_context(|| format!("{key}: {address} cannot be listened on"))
}

/// Says where the pages are, and offers the set-up link while nobody can administer. The link is a secret:
/// it goes to the terminal or journal of who started the server, and never into the structured log.
async fn greet(state: &AppState, listener: &TcpListener) -> anyhow::Result<()> {
    info!(address = %listener.local_addr()?, url = state.config.http.public_url, "serving");
    let link = administrator::set_up_link(state)
        .await
        .map_err(|refusal| anyhow::anyhow!("{refusal}"))?;
    if let Some(link) = link {
        print_link(&link);
    }

    Ok(())
}

#[expect(clippy::print_stdout, reason = "shown once to who started the server")]
fn print_link(link: &str) {
    let lead = if std::io::stdout().is_terminal() { "\n" } else { "" };
    println!("{lead}Nobody can administer yet. Open this link within 24 hours; it works once:\n{link}{lead}");
}

/// Somebody tells the program to stop.
pub async fn stop_signal() {
    let (Ok(mut interrupt), Ok(mut terminate)) =
        (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}
