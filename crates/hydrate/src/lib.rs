//! The wasm entry point, one function.

// The types of views nest as deeply as the pages do.
#![recursion_limit = "512"]

use leptos::prelude::location;
use wasm_bindgen::prelude::wasm_bindgen;

/// Takes over the page the server has rendered, as soon as its part has arrived.
#[wasm_bindgen]
pub async fn hydrate() {
    console_error_panic_hook::set_once();
    app::parts::fetch(&location().pathname().unwrap_or_default()).await;
    leptos::mount::hydrate_body(app::routes::App);
}
