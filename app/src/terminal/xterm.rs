//! xterm.js on a page: fetched when asked for, opened under the page's nonce, kept from answering the server.

mod binding;
mod load;
mod search;

use js_sys::{Function, Object, Reflect, Uint8Array};
use leptos::prelude::{document, window};
use protocol::terminal::{ColorScheme, Look};
use wasm_bindgen::prelude::*;
use web_sys::{HtmlElement, MediaQueryList};
use xterm_js_rs::Terminal;
use xterm_js_rs::addons::fit::FitAddon;

use binding::{Terminal6, widths};
pub use load::{fetch_ahead, load};
pub use search::{Found, MAX_MATCHES, Search, Way};

use crate::ui::callback::{callback, callback_with};

/// Size of letters where no record says another, in pixels.
const LETTERS: f64 = 13.0;
/// Below it nobody reads.
const SMALLEST_LETTERS: f64 = 7.0;

/// The name xterm.js knows psql's table of widths by, as `xterm-late.js` says.
const PSQL_WIDTHS: &str = "psql";

/// ESC c: an empty screen, no history, every mode as it was at first.
const RESET: &[u8] = b"\x1bc";

/// Operating system commands that are swallowed: titles, hyperlinks, the clipboard.
const SWALLOWED_OSC: [u32; 5] = [0, 1, 2, 8, 52];

/// Cells of a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    pub cols: u16,
    pub rows: u16,
}

/// Whether keys reach the terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keys {
    Taken,
    /// A screen to look at.
    Ignored,
}

/// A terminal on the page. Dropping it takes it away.
pub struct Widget {
    terminal: Terminal,
    fit: FitAddon,
    host: HtmlElement,
    night: Option<Night>,
}

/// Has a terminal follow the person's system from light to dark and back.
struct Night {
    query: MediaQueryList,
    on_change: Function,
}

impl Night {
    fn watch(on_change: Function) -> Option<Self> {
        let query = window()
            .match_media("(prefers-color-scheme: dark)")
            .ok()
            .flatten()?;
        query
            .add_event_listener_with_callback("change", &on_change)
            .ok()?;

        Some(Self { query, on_change })
    }
}

impl Drop for Night {
    fn drop(&mut self) {
        let _removed = self
            .query
            .remove_event_listener_with_callback("change", &self.on_change);
    }
}

impl Widget {
    /// Opens a terminal in `host`, which has no padding. [`load`] has finished before.
    pub fn open(host: HtmlElement, keys: Keys) -> Self {
        let options = Object::new();
        let ignored = keys == Keys::Ignored;
        for (name, value) in [
            ("allowProposedApi", JsValue::TRUE),
            ("convertEol", JsValue::FALSE),
            ("cursorBlink", JsValue::from(!ignored)),
            ("disableStdin", JsValue::from(ignored)),
            ("fontFamily", JsValue::from(face())),
            ("fontSize", JsValue::from(LETTERS)),
            ("scrollback", JsValue::from(1_000)),
            ("windowOptions", Object::new().into()),
            ("theme", theme(&host)),
        ] {
            set(&options, name, &value);
        }
        let terminal = Terminal::new(options.unchecked_ref());
        let fit = FitAddon::new();
        terminal.load_addon(fit.clone().unchecked_into());
        let follow = {
            let (host, terminal) = (host.clone(), terminal.clone());

            callback(move || {
                let six: &Terminal6 = terminal.unchecked_ref();
                set(&six.options(), "theme", &theme(&host));
            })
        };
        let widget = Self {
            terminal,
            fit,
            host,
            night: Night::watch(follow),
        };
        widget.six().unicode().register(&widths());
        widget.six().unicode().set_active_version(PSQL_WIDTHS);
        widget.swallow();
        with_nonce(|| widget.terminal.open(widget.host.clone()));
        if ignored {
            widget.terminal.get_textarea().set_disabled(true);
        }

        widget
    }

    /// Prints; `parsed` is called when the bytes are on the screen. Calls come back in the order of writing.
    pub fn write(&self, bytes: &[u8], parsed: &Function) {
        self.write_view(&Uint8Array::from(bytes), parsed);
    }

    /// The same with bytes that are JavaScript's already.
    pub fn write_view(&self, bytes: &Uint8Array, parsed: &Function) {
        self.six().write(bytes, parsed);
    }

    /// Empties screen and history once everything written before has been parsed.
    pub fn renew(&self) {
        self.write(RESET, &callback(|| {}));
    }

    /// Makes the terminal as large as its host, and says how large it is.
    pub fn fit(&self) -> Size {
        self.fit.fit();

        self.size()
    }

    pub fn size(&self) -> Size {
        let cells = |n: u32| u16::try_from(n).unwrap_or(u16::MAX);

        Size {
            cols: cells(self.terminal.get_cols()),
            rows: cells(self.terminal.get_rows()),
        }
    }

    /// Gives the terminal this size, whatever room its host has.
    pub fn resize(&self, size: Size) {
        // Colours are the host's, which may not have been on the page yet when the terminal was opened.
        set(&self.six().options(), "theme", &theme(&self.host));
        if size.cols > 0 && size.rows > 0 {
            self.terminal.resize(size.cols.into(), size.rows.into());
        }
    }

    /// Makes the letters as large as the host has room for all cells, up to `largest` pixels.
    pub fn fill(&self, largest: f64) {
        let options = self.six().options();
        set(&options, "fontSize", &LETTERS.into());
        let Ok(Some(screen)) = self.host.query_selector(".xterm-screen") else {
            return;
        };
        let share = |room: i32, taken: i32| f64::from(room.max(1)) / f64::from(taken.max(1));
        let width = share(self.host.client_width(), screen.client_width());
        let height = share(self.host.client_height(), screen.client_height());
        let fitting = (LETTERS * width.min(height)).floor();
        set(
            &options,
            "fontSize",
            &fitting.clamp(SMALLEST_LETTERS, largest).into(),
        );
    }

    /// An empty screen and no history. Only when everything written has been parsed.
    pub fn reset(&self) {
        self.terminal.reset();
    }

    pub fn focus(&self) {
        self.terminal.focus();
    }

    pub fn select_nothing(&self) {
        self.terminal.clear_selection();
    }

    pub fn selection(&self) -> String {
        self.terminal.get_selection()
    }

    /// Looks as the record's settings say, but for the size of letters: [`Self::enlarge`].
    pub fn wear(&self, look: &Look) {
        // The colours themselves are the stylesheet's.
        let _set = self
            .host
            .set_attribute("data-colors", scheme_name(look.color_scheme));
        let options = self.six().options();
        set(&options, "theme", &theme(&self.host));
        set(&options, "scrollback", &look.scrollback.into());
    }

    /// Whether keys reach the terminal from now on; what is on the screen stays readable.
    pub fn take_keys(&self, keys: Keys) {
        let is_taken = keys == Keys::Taken;
        let options = self.six().options();
        set(&options, "disableStdin", &(!is_taken).into());
        set(&options, "cursorBlink", &is_taken.into());
    }

    /// Gives letters this size, in pixels, and the host as many cells as it then has room for.
    pub fn enlarge(&self, letters: u16) {
        set(&self.six().options(), "fontSize", &letters.into());
        self.fit();
    }

    /// Whether what is printed is read aloud, and can be walked through line by line.
    pub fn read_aloud(&self, reads_aloud: bool) {
        set(&self.six().options(), "screenReaderMode", &reads_aloud.into());
    }

    /// As if the person had pasted `text`.
    pub fn paste(&self, text: &str) {
        self.terminal.paste(text);
    }

    /// The search of this terminal; one is enough.
    pub fn search(&self) -> Search {
        Search::new(&self.terminal)
    }

    /// What the person types or pastes.
    pub fn on_data(&self, handle: impl Fn(String) + 'static) {
        self.terminal.on_data(&callback_with(move |data| {
            handle(data.as_string().unwrap_or_default())
        }));
    }

    /// The terminal's size has changed.
    pub fn on_resize(&self, handle: impl Fn() + 'static) {
        self.terminal.on_resize(&callback_with(move |_| handle()));
    }

    fn six(&self) -> &Terminal6 {
        self.terminal.unchecked_ref()
    }

    /// Control sequences that reach beyond the screen, or make the terminal type an answer, do nothing.
    fn swallow(&self) {
        let swallowed: Function = Closure::<dyn Fn() -> bool>::new(|| true)
            .into_js_value()
            .unchecked_into();
        let parser = self.six().parser();
        for code in SWALLOWED_OSC {
            parser.on_osc(code, &swallowed);
        }
        for intermediates in ["$", "+"] {
            let id = Object::new();
            set(&id, "intermediates", &intermediates.into());
            set(&id, "final", &"q".into());
            parser.on_dcs(&id, &swallowed);
        }
    }
}

impl Drop for Widget {
    fn drop(&mut self) {
        drop(self.night.take());
        self.terminal.dispose();
    }
}

fn scheme_name(scheme: ColorScheme) -> &'static str {
    match scheme {
        ColorScheme::GrayBlack => "gray-black",
        ColorScheme::GreenBlack => "green-black",
        ColorScheme::WhiteBlack => "white-black",
        ColorScheme::BlackWhite => "black-white",
    }
}

/// The mono face of the stylesheet's tokens.
fn face() -> String {
    document()
        .document_element()
        .and_then(|root| window().get_computed_style(&root).ok().flatten())
        .and_then(|style| style.get_property_value("--mono-face").ok())
        .filter(|face| !face.is_empty())
        .unwrap_or_else(|| "monospace".to_owned())
}

/// The colours `host` has by the stylesheet.
fn theme(host: &HtmlElement) -> JsValue {
    let theme = Object::new();
    if let Ok(Some(style)) = window().get_computed_style(host) {
        let color = |property| style.get_property_value(property).unwrap_or_default().into();
        set(&theme, "foreground", &color("color"));
        set(&theme, "background", &color("background-color"));
        set(&theme, "cursor", &color("color"));
        set(&theme, "cursorAccent", &color("background-color"));
    }

    theme.into()
}

/// xterm.js writes `<style>` elements; the page's policy allows those that carry its nonce.
fn with_nonce(open: impl FnOnce()) {
    let document = document();
    let nonce = document
        .query_selector("script[nonce]")
        .ok()
        .flatten()
        .map(|script| script.unchecked_into::<HtmlElement>().nonce())
        .unwrap_or_default();
    let create = Closure::<dyn Fn(String) -> JsValue>::new({
        let document = document.clone();

        move |tag: String| {
            let Ok(element) = document.create_element_ns(Some("http://www.w3.org/1999/xhtml"), &tag) else {
                return JsValue::UNDEFINED;
            };
            if tag == "style" {
                element.unchecked_ref::<HtmlElement>().set_nonce(&nonce);
            }

            element.into()
        }
    });
    set(&document, "createElement", create.as_ref());
    open();
    // Its own is the prototype's.
    let _deleted = Reflect::delete_property(&document, &"createElement".into());
}

fn set(object: &Object, name: &str, value: &JsValue) {
    // These objects are ours and not frozen.
    let _set = Reflect::set(object, &name.into(), value);
}
