//! xterm.js and its stylesheet, fetched by the pages that show a terminal.

use js_sys::Promise;
use leptos::prelude::document;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::HtmlLinkElement;

use super::binding::{load_widget, stylesheet};

/// Has the browser fetch xterm.js ahead of [`load`], which tells a failure.
pub async fn fetch_ahead() {
    let _ = load().await;
}

/// Fetches xterm.js and its stylesheet. Only pages that show a terminal call it.
///
/// # Errors
/// A sentence for the person when they cannot be fetched.
pub async fn load() -> Result<(), &'static str> {
    let sentence = "The terminal could not be loaded. Check the network and reload the page.";
    let link = stylesheet_link().ok_or(sentence)?;
    let styled = JsFuture::from(styled(&link));
    load_widget().await.map_err(|_| sentence)?;
    styled.await.map_err(|_| {
        // The next page that wants it asks again.
        link.remove();

        sentence
    })?;

    Ok(())
}

/// The link to the stylesheet, added to the page where it is not yet.
fn stylesheet_link() -> Option<HtmlLinkElement> {
    let (document, stylesheet) = (document(), stylesheet().ok()?);
    let present = document
        .query_selector(&format!("link[href='{stylesheet}']"))
        .ok()
        .flatten();
    if let Some(link) = present {
        return Some(link.unchecked_into());
    }
    let link: HtmlLinkElement = document.create_element("link").ok()?.unchecked_into();
    link.set_rel("stylesheet");
    link.set_href(&stylesheet);
    document.head()?.append_child(&link).ok()?;

    Some(link)
}

/// Kept when the stylesheet is there.
fn styled(link: &HtmlLinkElement) -> Promise {
    if link.sheet().is_some() {
        return Promise::resolve(&JsValue::NULL);
    }

    Promise::new(&mut |resolve, reject| {
        for (event, told) in [("load", &resolve), ("error", &reject)] {
            // It fails for event names that are none.
            let _added = link.add_event_listener_with_callback(event, told);
        }
    })
}
