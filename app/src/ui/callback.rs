//! Functions for the browser to call.

use js_sys::Function;
use wasm_bindgen::prelude::*;

/// A JavaScript function that lives as long as JavaScript holds it. Hold no owner of the function in `f`.
pub fn callback(f: impl Fn() + 'static) -> Function {
    Closure::<dyn Fn()>::new(f).into_js_value().unchecked_into()
}

/// The same with one argument.
pub fn callback_with(f: impl Fn(JsValue) + 'static) -> Function {
    Closure::<dyn Fn(JsValue)>::new(f)
        .into_js_value()
        .unchecked_into()
}
