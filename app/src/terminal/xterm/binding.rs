//! What version 6 of xterm.js has and `xterm-js-rs`, which speaks of an older one, has not.

use js_sys::{Function, Object, Uint8Array};
use wasm_bindgen::prelude::*;

#[wasm_bindgen(module = "xterm")]
extern "C" {
    /// Ours: fetches xterm.js once, however often it is called.
    #[wasm_bindgen(catch, js_name = load)]
    pub(super) async fn load_widget() -> Result<JsValue, JsValue>;

    /// Ours: where the stylesheet of xterm.js is, with the hash of its content.
    #[wasm_bindgen(catch)]
    pub(super) fn stylesheet() -> Result<String, JsValue>;

    /// Ours: a provider of widths by psql's table. Only after [`load_widget`].
    pub(super) fn widths() -> JsValue;
}

#[wasm_bindgen]
extern "C" {
    /// What xterm.js 6 can do beyond `xterm_js_rs::Terminal`; never constructed, only seen through it.
    pub(super) type Terminal6;
    #[wasm_bindgen(method)]
    pub(super) fn write(this: &Terminal6, bytes: &Uint8Array, parsed: &Function);
    #[wasm_bindgen(method, getter)]
    pub(super) fn options(this: &Terminal6) -> Object;
    #[wasm_bindgen(method, getter)]
    pub(super) fn unicode(this: &Terminal6) -> Unicode6;
    #[wasm_bindgen(method, getter)]
    pub(super) fn parser(this: &Terminal6) -> Parser6;

    pub(super) type Unicode6;
    #[wasm_bindgen(method)]
    pub(super) fn register(this: &Unicode6, provider: &JsValue);
    #[wasm_bindgen(method, setter, js_name = activeVersion)]
    pub(super) fn set_active_version(this: &Unicode6, version: &str);

    pub(super) type Parser6;
    #[wasm_bindgen(method, js_name = registerOscHandler)]
    pub(super) fn on_osc(this: &Parser6, code: u32, handler: &Function) -> JsValue;
    #[wasm_bindgen(method, js_name = registerDcsHandler)]
    pub(super) fn on_dcs(this: &Parser6, id: &Object, handler: &Function) -> JsValue;
}

#[wasm_bindgen(module = "xterm-addon-search")]
extern "C" {
    #[derive(Clone)]
    #[wasm_bindgen(js_name = SearchAddon)]
    pub(super) type Search6;
    #[wasm_bindgen(constructor, js_class = "SearchAddon")]
    pub(super) fn new() -> Search6;
    #[wasm_bindgen(method, js_name = findNext)]
    pub(super) fn find_next(this: &Search6, term: &str, options: &Object) -> bool;
    #[wasm_bindgen(method, js_name = findPrevious)]
    pub(super) fn find_previous(this: &Search6, term: &str, options: &Object) -> bool;
    #[wasm_bindgen(method, js_name = clearDecorations)]
    pub(super) fn clear_decorations(this: &Search6);
    #[wasm_bindgen(method, js_name = onDidChangeResults)]
    pub(super) fn on_results(this: &Search6, handler: &Function) -> JsValue;
}
