//! Requests that change something, and WebSockets, come from our own pages or not at all.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderMap, Method, header};
use protocol::errors::{Code, Refusal};

use crate::routes::refuse;
use crate::state::AppState;

/// Refuses a changing request or an upgrade whose `Origin` is not the public URL. A browser sends `Origin`
/// with both; where it sends `Sec-Fetch-Site` too, that must agree.
pub async fn check(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let upgrades = request.headers().contains_key(header::UPGRADE);
    if (!reads || upgrades) && !is_ours(request.headers(), &state.config.http.public_url) {
        return refuse(&Refusal::new(
            Code::CrossOrigin,
            format!(
                "This request did not come from {}. Open Postern at that address and try again.",
                state.config.http.public_url
            ),
        ));
    }

    next.run(request).await
}

fn is_ours(headers: &HeaderMap, public_url: &str) -> bool {
    let mut origins = headers.get_all(header::ORIGIN).iter();
    let (Some(origin), None) = (origins.next(), origins.next()) else {
        return false;
    };
    let site_agrees = headers
        .get("sec-fetch-site")
        .is_none_or(|site| site == "same-origin");

    origin.as_bytes() == public_url.as_bytes() && site_agrees
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(headers: &[(&'static str, &'static str)], expected: bool) {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, http::HeaderValue::from_static(value));
        }

        assert_eq!(is_ours(&map, "https://p.example.org"), expected, "{headers:?}");
    }

    #[test]
    fn only_the_public_url_is_ours() {
        check(&[("origin", "https://p.example.org")], true);
        check(
            &[
                ("origin", "https://p.example.org"),
                ("sec-fetch-site", "same-origin"),
            ],
            true,
        );
        check(
            &[
                ("origin", "https://p.example.org"),
                ("sec-fetch-site", "cross-site"),
            ],
            false,
        );
        check(
            &[
                ("origin", "https://p.example.org"),
                ("sec-fetch-site", "same-site"),
            ],
            false,
        );
        check(&[], false);
        check(&[("origin", "null")], false);
        check(&[("origin", "http://p.example.org")], false);
        check(&[("origin", "https://p.example.org.evil.example")], false);
        check(
            &[
                ("origin", "https://p.example.org"),
                ("origin", "https://evil.example"),
            ],
            false,
        );
    }
}
