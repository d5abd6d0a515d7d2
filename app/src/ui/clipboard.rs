//! The browser's clipboard, also where it is kept from pages that came without TLS.

use js_sys::Reflect;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Clipboard, HtmlDocument, HtmlElement, HtmlTextAreaElement};

/// `None` where the browser shows it to no page.
pub fn clipboard() -> Option<Clipboard> {
    let navigator = window().navigator();

    Reflect::get(&navigator, &"clipboard".into())
        .ok()
        .filter(|clipboard| clipboard.is_object())
        .map(JsCast::unchecked_into)
}

/// Puts `text` into the clipboard; false where the browser does not do it.
pub fn copy(text: &str) -> bool {
    match clipboard() {
        Some(clipboard) => {
            // A browser that asks its person and is refused has told them itself.
            let _copying = clipboard.write_text(text);

            true
        }
        None => copy_by_field(text).unwrap_or(false),
    }
}

/// The old way, by a field whose text is copied.
fn copy_by_field(text: &str) -> Option<bool> {
    let document = document();
    let before = document.active_element();
    let field = document.create_element("textarea").ok()?;
    let field: HtmlTextAreaElement = field.dyn_into().ok()?;
    field.set_value(text);
    field.set_class_name("unseen");
    document.body()?.append_child(&field).ok()?;
    field.select();
    let is_copied = document
        .unchecked_into::<HtmlDocument>()
        .exec_command("copy")
        .ok();
    field.remove();
    if let Some(element) = before.and_then(|element| element.dyn_into::<HtmlElement>().ok()) {
        // It was focused before.
        let _focused = element.focus();
    }

    is_copied
}
