//! xterm.js and its stylesheet, fetched by the pages that show a terminal.

use js_sys::Promise;
use leptos::prelude::document;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::HtmlLinkElement;

use super::binding::{load_widget, stylesheet};

/// Has the browser fetch xterm.js ahead of [`load`], which tells a failure.
pub async fn fetch_ahead() {
    let _ = load_widget().await;
}

/// Fetches xterm.js and its stylesheet. Only pages that show a terminal call it.
///
/// # Errors
/// A sentence for the person when they cannot be fetched.
pub async fn load() -> Result<(), &'static str> {
    let sentence = "The terminal could not be loaded. Check the network and reload the page.";
    let styled = styled();
    load_widget().await.map_err(|_| sentence)?;
    if let Some(styled) = styled {
        JsFuture::from(styled).await.map_err(|_| sentence)?;
    }

    Ok(())
}

/// Adds the stylesheet to the page; the promise is kept when it is there. `None` when it was added before.
fn styled() -> Option<Promise> {
    let (document, stylesheet) = (document(), stylesheet().ok()?);
    let present = document
        .query_selector(&format!("link[href='{stylesheet}']"))
        .ok()
        .flatten();
    if present.is_some() {
        return None;
    }
    let link: HtmlLinkElement = document.create_element("link").ok()?.unchecked_into();
    link.set_rel("stylesheet");
    link.set_href(&stylesheet);
    let arrived = Promise::new(&mut |resolve, reject| {
        link.set_onload(Some(&resolve));
        link.set_onerror(Some(&reject));
    });
    document.head()?.append_child(&link).ok()?;

    Some(arrived)
}
