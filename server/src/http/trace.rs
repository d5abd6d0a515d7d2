//! One span a request: its id, method and path; never the query, cookies or bodies.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderName, HeaderValue};
use protocol::ids::RequestId;
use tracing::{Instrument, info, info_span};

use crate::clock;

/// Gives the request its id, counts it, and says in the log how it ended.
pub async fn request(mut request: Request, next: Next) -> Response {
    let id = RequestId::from_random(clock::draw());
    let span = info_span!(
        "request",
        request.id = %id,
        method = %request.method(),
        path = %request.uri().path().split("/welcome/").next().unwrap_or("/")
    );
    request.extensions_mut().insert(id.clone());
    let started = clock::instant();
    let mut response = next.run(request).instrument(span.clone()).await;
    let status = response.status().as_u16();
    if let Ok(value) = HeaderValue::from_str(id.as_str()) {
        response
            .headers_mut()
            .insert(HeaderName::from_static("x-request-id"), value);
    }
    let elapsed = started.elapsed();
    metrics::counter!("postern_http_requests_total", "status" => status.to_string()).increment(1);
    metrics::histogram!("postern_http_request_seconds").record(elapsed.as_secs_f64());
    span.in_scope(|| {
        info!(
            status,
            elapsed_us = u64::try_from(elapsed.as_micros()).unwrap_or(0),
            "answered"
        )
    });

    response
}
