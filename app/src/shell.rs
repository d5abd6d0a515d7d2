//! The HTML document around every page: head, import map, hydration script; all inline scripts carry the nonce.

use leptos::config::LeptosOptions;
use leptos::hydration::AutoReload;
use leptos::nonce::use_nonce;
use leptos::prelude::*;
use leptos_meta::MetaTags;

use crate::routes::App;

/// URLs of the built site, with the hash of each file's content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assets {
    pub script: String,
    pub wasm: String,
    /// Loads the parts of the module.
    pub parts: String,
    /// The files of the part the page is in.
    pub part: Vec<String>,
    pub style: String,
    /// Stands in for the module names `xterm-js-rs` imports, so that xterm.js is fetched by the pages that need it only.
    pub import_map: String,
}

/// The document. `shown_at` is the page's address where the browser has another one: a form was posted to its
/// function and the page it stands on is the answer.
pub fn shell(assets: Assets, options: LeptosOptions, shown_at: Option<String>) -> impl IntoView {
    let nonce = use_nonce();
    let start = start(&assets, shown_at.as_deref());

    view! {
        <!DOCTYPE html>
        <html lang="en">
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1" />
                <meta name="robots" content="noindex" />
                <meta name="color-scheme" content="light dark" />
                <link rel="icon" href="/icon.svg" type="image/svg+xml" />
                <link rel="stylesheet" href=assets.style />
                <script type="importmap" nonce=nonce.clone() inner_html=assets.import_map></script>
                <script type="module" nonce=nonce inner_html=start></script>
                <AutoReload options />
                <MetaTags />
            </head>
            <body>
                <App />
            </body>
        </html>
    }
}

/// How long a page that is not painted, because nobody sees it, waits to be made alive, in milliseconds.
const UNPAINTED: u32 = 300;

/// Script that makes the page alive. The page itself comes first: what makes it alive is fetched when it has been painted,
/// all of it at once.
fn start(assets: &Assets, shown_at: Option<&str>) -> String {
    let back_to = shown_at.map(back_to).unwrap_or_default();
    let Assets {
        script,
        wasm,
        parts,
        part,
        ..
    } = assets;

    format!(
        "{back_to}\
         await new Promise((go) => {{ requestAnimationFrame(() => setTimeout(go)); setTimeout(go, {UNPAINTED}); }}); \
         for (const href of {part:?}) document.head.append(Object.assign(document.createElement(\"link\"), \
         {{ rel: \"preload\", as: \"fetch\", type: \"application/wasm\", crossOrigin: \"\", href }})); \
         const module_or_path = fetch({wasm:?}); \
         import({parts:?}); \
         const {{ default: init, hydrate }} = await import({script:?}); \
         await init({{ module_or_path }}); \
         await hydrate(); \
         performance.mark(\"hydrated\");"
    )
}

/// Script that gives the browser the page's address, so that the router finds the page that was rendered.
fn back_to(path: &str) -> String {
    let literal = serde_json::Value::from(path).to_string().replace('<', "\\u003c");

    format!("history.replaceState(history.state, \"\", {literal}); ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_stays_inside_its_script() {
        assert_eq!(
            back_to("/audit?text=\"</script>"),
            r#"history.replaceState(history.state, "", "/audit?text=\"\u003c/script>"); "#
        );
    }
}
