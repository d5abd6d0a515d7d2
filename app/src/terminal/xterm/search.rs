//! Finding words on the screen and in the lines above it.

use js_sys::{Object, Reflect};
use protocol::terminal::ColorScheme;
use wasm_bindgen::{JsCast, JsValue};

use super::binding::Search6;
use super::set;
use crate::ui::callback::callback_with;

/// Matches that are marked and counted.
pub const MAX_MATCHES: u32 = 1000;

/// What a search found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// The match the terminal has gone to, from 0; `None` when there is none, or when there are too many to number.
    pub at: Option<u32>,
    /// At most [`MAX_MATCHES`].
    pub count: u32,
}

/// Which way a search goes from where it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Towards what was printed earlier.
    Up,
    Down,
}

/// The search of one terminal.
pub struct Search {
    addon: Search6,
}

impl Search {
    pub(super) fn new(terminal: &xterm_js_rs::Terminal) -> Self {
        let addon = Search6::new();
        terminal.load_addon(addon.clone().unchecked_into());

        Self { addon }
    }

    /// Goes to the next match of `words` that way, from the other end when there is none, and marks all of them.
    pub fn find(&self, words: &str, way: Way, scheme: ColorScheme) {
        let options = options(scheme);
        let _is_found = match way {
            Way::Up => self.addon.find_previous(words, &options),
            Way::Down => self.addon.find_next(words, &options),
        };
    }

    /// Takes the marks away.
    pub fn clear(&self) {
        self.addon.clear_decorations();
    }

    /// The matches have changed: by a search, or by output while one is shown.
    pub fn on_found(&self, handle: impl Fn(Found) + 'static) {
        self.addon.on_results(&callback_with(move |results| {
            let number = |name: &str| {
                Reflect::get(&results, &name.into())
                    .ok()
                    .and_then(|number| number.as_f64())
            };
            let at = number("resultIndex").filter(|at| *at >= 0.0).map(|at| at as u32);

            handle(Found {
                at,
                count: number("resultCount").unwrap_or_default() as u32,
            });
        }));
    }
}

/// Marks that keep the words readable on the scheme's ground.
fn options(scheme: ColorScheme) -> Object {
    let (mark, here) = match scheme {
        ColorScheme::GrayBlack | ColorScheme::GreenBlack | ColorScheme::WhiteBlack => ("#4d4000", "#8a4300"),
        ColorScheme::BlackWhite => ("#ffe79a", "#ffb454"),
    };
    let marks = Object::new();
    for (name, color) in [
        ("matchBackground", mark),
        ("matchOverviewRuler", mark),
        ("activeMatchBackground", here),
        ("activeMatchColorOverviewRuler", here),
    ] {
        set(&marks, name, &JsValue::from_str(color));
    }
    let options = Object::new();
    set(&options, "decorations", &marks);

    options
}
