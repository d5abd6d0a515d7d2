//! Pages: the component tree rendered whole before it is sent, so that it works without JavaScript.

use app::ctx::{Actor, Client, RequestCtx};
use app::parts::Part;
use app::shell::{Assets, shell};
use app::ui::form::PostedForm;
use app::ui::layout::SetStatus;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use http::{HeaderValue, StatusCode, header};
use leptos::config::LeptosOptions;
use leptos::prelude::{provide_context, use_context};
use leptos_axum::ResponseOptions;
use protocol::ids::RequestId;

use super::assets;
use super::headers::page_policy;
use crate::clock;
use crate::peer::Peer;
use crate::state::AppState;

/// A page a door leads to.
pub async fn render(State(state): State<AppState>, request: Request) -> Response {
    page(&state, request, None, StatusCode::OK).await
}

/// Everything that was not declared.
pub async fn not_found(State(state): State<AppState>, request: Request) -> Response {
    page(&state, request, None, StatusCode::NOT_FOUND).await
}

/// The page a form stands on, once more, with what became of it.
pub async fn again(state: &AppState, request: Request, posted: PostedForm, status: StatusCode) -> Response {
    page(state, request, Some(posted), status).await
}

async fn page(
    state: &AppState,
    request: Request,
    posted: Option<PostedForm>,
    status: StatusCode,
) -> Response {
    let ctx = context(state, &request);
    let path = request.uri().path().to_owned();
    let shown_at = posted.is_some().then(|| request.uri().to_string());
    let options = LeptosOptions::builder().output_name("postern").build();
    let provide = move || {
        provide_context(ctx.clone());
        provide_context(SetStatus(set_status));
        if let Some(posted) = &posted {
            provide_context(posted.clone());
        }
        if status != StatusCode::OK
            && let Some(response) = use_context::<ResponseOptions>()
        {
            response.set_status(status);
        }
    };
    let document = move || {
        set_policy();

        shell(site(&path), options.clone(), shown_at.clone())
    };

    leptos_axum::render_app_async_with_context(provide, document)(request).await
}

/// What the functions of this request may reach.
pub fn context(state: &AppState, request: &Request<Body>) -> RequestCtx {
    let actor = request.extensions().get::<Actor>().cloned();

    RequestCtx::new(state.shared(), client(request), actor)
}

/// Where a request comes from.
pub fn client(request: &Request<Body>) -> Client {
    let extensions = request.extensions();

    Client {
        address: extensions
            .get::<Peer>()
            .map(|peer| peer.0.to_string())
            .unwrap_or_default(),
        user_agent: request
            .headers()
            .get(header::USER_AGENT)
            .and_then(|value| value.to_str().ok())
            .map(|agent| agent.chars().take(200).collect())
            .unwrap_or_default(),
        request: extensions
            .get::<RequestId>()
            .cloned()
            .unwrap_or_else(|| RequestId::from_random(clock::draw())),
    }
}

fn set_status(status: u16) {
    if let (Some(response), Ok(status)) = (use_context::<ResponseOptions>(), StatusCode::from_u16(status)) {
        response.set_status(status);
    }
}

/// The policy with the nonce that leptos has drawn for this page.
fn set_policy() {
    let (Some(response), Some(nonce)) = (use_context::<ResponseOptions>(), leptos::nonce::use_nonce()) else {
        return;
    };
    if let Ok(policy) = HeaderValue::from_str(&page_policy(&nonce)) {
        response.insert_header(header::CONTENT_SECURITY_POLICY, policy);
    }
}

/// What the page at `path` loads.
fn site(path: &str) -> Assets {
    Assets {
        script: assets::url("pkg/postern.js"),
        parts: assets::url("pkg/postern-parts.js"),
        part: Part::at(path).map(assets::part).unwrap_or_default(),
        wasm: assets::url("pkg/postern_bg.wasm"),
        style: assets::url("pkg/postern.css"),
        import_map: import_map(),
    }
}

/// Module names `xterm-js-rs` imports, and what `xterm-late.js`, which stands in for them, loads when a page asks.
fn import_map() -> String {
    let imports = serde_json::json!({
        "imports": {
            "postern": assets::url("pkg/postern.js"),
            "postern-parts": assets::url("pkg/postern-parts.js"),
            "xterm": assets::url("xterm-late.js"),
            "xterm-addon-fit": assets::url("xterm-late.js"),
            "xterm-addon-search": assets::url("xterm-late.js"),
            "@xterm/xterm": assets::url("xterm/xterm.mjs"),
            "@xterm/xterm.css": assets::url("xterm/xterm.css"),
            "@xterm/addon-fit": assets::url("xterm/addon-fit.mjs"),
            "@xterm/addon-search": assets::url("xterm/addon-search.mjs"),
            "@postern/widths": assets::url("xterm/widths.mjs"),
        }
    });

    imports.to_string()
}
