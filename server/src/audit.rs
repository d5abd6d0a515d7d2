//! The audit log as a download: written piece by piece, and itself an event of the log.

use std::collections::BTreeMap;

use app::ctx::RequestCtx;
use app::errors::AppError;
use axum::body::Body;
use axum::extract::{Query, Request, State};
use axum::response::{IntoResponse, Response};
use futures_util::stream::try_unfold;
use http::{Uri, header};
use protocol::audit::{AuditFilter, EventName};
use protocol::errors::{Code, Refusal};
use protocol::forms::Draft;
use serde_json::{Map, Value};
use store::audit::export::{Export, Format};
use tracing::error;

use crate::http::pages;
use crate::routes::refuse;
use crate::state::AppState;

/// `GET /audit/export?format=csv|jsonl&…`, with the fields of [`AuditFilter`].
pub async fn export(State(state): State<AppState>, request: Request) -> Response {
    let ctx = pages::context(&state, &request);
    let (format, filter) = match wanted(request.uri()) {
        Ok(wanted) => wanted,
        Err(refusal) => return refuse(&refusal),
    };
    if let Err(AppError(refusal)) = note(&ctx, format, &filter).await {
        return refuse(&refusal);
    }

    download(format, store::audit::export::export(&state.db, &filter, format))
}

/// Format and filter, as the address says them. Unknown keys are refused: a filter that does nothing would
/// pass for one that does.
fn wanted(uri: &Uri) -> Result<(Format, AuditFilter), Refusal> {
    let wrong = |sentence| Refusal::new(Code::Validation, sentence);
    let Query(mut pairs) = Query::<BTreeMap<String, String>>::try_from_uri(uri)
        .map_err(|_| wrong("This address cannot be read. Export from the audit page."))?;
    let format = match pairs.remove("format").as_deref() {
        Some("csv") => Format::Csv,
        Some("jsonl") => Format::JsonLines,
        Some(_) | None => return Err(wrong("The format is csv or jsonl.")),
    };
    let pairs: Map<String, Value> = pairs
        .into_iter()
        .map(|(key, value)| (key, Value::from(value)))
        .collect();
    let filter: AuditFilter = serde_json::from_value(Value::Object(pairs))
        .map_err(|_| wrong("This address has a filter that does not exist. Export from the audit page."))?;
    let errors = filter.check();
    if !errors.is_empty() {
        return Err(Refusal::invalid(errors));
    }

    Ok((format, filter))
}

/// Writes into the log who takes what out, before anything leaves.
async fn note(ctx: &RequestCtx, format: Format, filter: &AuditFilter) -> Result<(), AppError> {
    ctx.evidence()?;
    let mut event = ctx
        .event(EventName::AuditExported)
        .with("format", extension(format));
    for (key, value) in [
        ("from", &filter.from),
        ("to", &filter.to),
        ("person", &filter.person),
        ("event", &filter.event),
        ("record", &filter.record),
        ("outcome", &filter.outcome),
        ("text", &filter.text),
    ] {
        if !value.is_empty() {
            event = event.with(&format!("filter_{key}"), value.clone());
        }
    }
    let mut tx = ctx.shared.db.write().await?;
    store::audit::append(&mut tx, event).await?;
    tx.commit().await?;

    Ok(())
}

/// A failure on the way cuts the connection, so that half a file is not taken for the whole one.
fn download(format: Format, export: Export) -> Response {
    let pieces = try_unfold(export, |mut export| async move {
        match export.next().await {
            Ok(piece) => Ok(piece.map(|piece| (piece, export))),
            Err(error) => {
                error!(error = &error as &dyn std::error::Error, "audit export cut short");

                Err(error)
            }
        }
    });
    let kind = match format {
        Format::Csv => "text/csv; charset=utf-8",
        Format::JsonLines => "application/jsonl",
    };
    let disposition = format!("attachment; filename=\"postern-audit.{}\"", extension(format));

    (
        [
            (header::CONTENT_TYPE, kind.to_owned()),
            (header::CONTENT_DISPOSITION, disposition),
        ],
        Body::from_stream(pieces),
    )
        .into_response()
}

fn extension(format: Format) -> &'static str {
    match format {
        Format::Csv => "csv",
        Format::JsonLines => "jsonl",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(address: &str, expected: Option<(Format, &str)>) {
        let wanted = wanted(&address.parse().unwrap()).ok();

        assert_eq!(
            wanted
                .as_ref()
                .map(|(format, filter)| (*format, filter.person.as_str())),
            expected,
            "{address}"
        );
    }

    #[test]
    fn an_export_takes_a_format_and_the_filters_of_the_page() {
        check("/audit/export?format=csv", Some((Format::Csv, "")));
        check(
            "/audit/export?format=jsonl&person=a%40b&from=",
            Some((Format::JsonLines, "a@b")),
        );
        check("/audit/export", None);
        check("/audit/export?format=xml", None);
        check("/audit/export?format=csv&persom=ada", None);
        check("/audit/export?format=csv&from=yesterday", None);
    }
}
