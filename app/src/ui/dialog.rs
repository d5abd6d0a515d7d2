//! Dialogs: pages of their own that open over the page one is on, where there is a script.
//!
//! A link to one of [`DialogPage`]'s paths opens it in a native `<dialog>`: the address becomes the page's, *Back*
//! closes it, a reload shows the page. The router is not told; for it the browser stays on the page below, and the
//! page in the dialog finds its own address and parameters in its context. A form that leads back to the page below
//! closes the dialog, and what is shown there is loaded again.

use std::sync::Arc;

use leptos::html;
use leptos::prelude::*;
use leptos::reactive::computed::ArcMemo;
use leptos::reactive::signal::ArcRwSignal;
use leptos::server_fn::redirect::set_redirect_hook;
use leptos::web_sys::{HtmlAnchorElement, HtmlElement, MouseEvent, PopStateEvent};
use leptos::{ev, wasm_bindgen};
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_navigate, use_url};
use leptos_router::location::{BrowserUrl, LocationProvider, Url};
use leptos_router::params::ParamsMap;
use wasm_bindgen::{JsCast, JsValue};

use crate::pages::params_of;
use crate::parts::Arriving;

/// What the browser's history says of an address that was opened as a dialog.
const MARK: &str = "dialog";

/// Where the focus goes when a dialog opens: to its first field, or to the first thing to choose.
const FIRST_FIELD: &str = "[autofocus], form input:not([type=hidden]), form select, form textarea";
const FIRST_CHOICE: &str = "nav a";

/// A page that can open as a dialog. `path` is the one of [`crate::pages::PAGES`].
#[derive(Clone, Copy)]
pub struct DialogPage {
    pub path: &'static str,
    pub view: fn() -> Arriving,
}

/// Set for what stands in a dialog over another page.
#[derive(Clone, Copy)]
struct Over;

/// Whether this component stands in a dialog over another page, and not on a page of its own.
pub fn is_over_a_page() -> bool {
    use_context::<Over>().is_some()
}

/// The router's own way to another page.
type Navigate = Arc<dyn Fn(&str, NavigateOptions) + Send + Sync>;

/// How the page below a dialog is reached.
#[derive(Clone)]
struct Below {
    navigate: Navigate,
    url: ReadSignal<Url>,
}

/// The dialog that is open, if one is.
#[derive(Clone, Copy)]
pub struct Dialogs {
    pages: &'static [DialogPage],
    /// Path of the open dialog, and how often one was opened: the same page may be opened afresh.
    open: RwSignal<Option<(usize, String)>>,
    /// Where the open dialog stands, with its query.
    url: StoredValue<ArcRwSignal<Url>>,
    below: StoredValue<Option<Below>>,
    /// A form was sent since the dialog opened.
    sent: StoredValue<bool>,
    changes: RwSignal<usize>,
}

/// Makes links to `pages` open as dialogs. Comes before the router: the first to listen to a click or to *Back*
/// decides, and only one may say where a form leads.
pub fn provide_dialogs(pages: &'static [DialogPage]) {
    let dialogs = Dialogs {
        pages,
        open: RwSignal::new(None),
        url: StoredValue::new(ArcRwSignal::new(Url::default())),
        below: StoredValue::new(None),
        sent: StoredValue::new(false),
        changes: RwSignal::new(0),
    };
    provide_context(dialogs);
    if is_browser() {
        // They live as long as the document.
        let _click = window_event_listener(ev::click, move |event| dialogs.handle_click(&event));
        let _back = window_event_listener(ev::popstate, move |event| dialogs.handle_back(&event));
        let _set = set_redirect_hook(move |to| dialogs.handle_redirect(to));
    }
}

/// Grows when a dialog has changed what the page below it shows.
pub fn use_changes() -> RwSignal<usize> {
    expect_context::<Dialogs>().changes
}

impl Dialogs {
    fn page_at(self, path: &str) -> Option<DialogPage> {
        self.pages
            .iter()
            .find(|page| params_of(page.path, path).is_some())
            .copied()
    }

    fn is_open(self) -> bool {
        self.open.with_untracked(Option::is_some)
    }

    fn handle_click(self, event: &MouseEvent) {
        let is_plain = event.button() == 0
            && !(event.meta_key() || event.alt_key() || event.ctrl_key() || event.shift_key());
        if event.default_prevented() || !is_plain {
            return;
        }
        let Some(link) = link_of(event) else { return };
        let path = link.pathname();
        let is_dialog = self.page_at(&path).is_some();
        let is_elsewhere = link.origin() != location().origin().unwrap_or_default()
            || !link.target().is_empty()
            || link.has_attribute("download")
            || (link.rel().contains("external") && !(is_dialog && self.is_open()));
        if is_elsewhere {
            return;
        }

        let to = format!("{path}{}", link.search());
        match (self.is_open(), is_dialog) {
            (true, _) if link.has_attribute("data-close") => self.close(),
            (true, true) => self.show(&to, History::Replace),
            (true, false) => self.leave(&to),
            // On the page itself, reached by its address, it stays a page.
            (false, true) if self.page_at(&location().pathname().unwrap_or_default()).is_none() => {
                self.show(&to, History::Push);
            }
            (false, _) => return,
        }
        event.prevent_default();
    }

    /// *Back* and *Forward*, by the browser or by [`Self::close`].
    fn handle_back(self, event: &PopStateEvent) {
        let path = location().pathname().unwrap_or_default();
        let to = format!("{path}{}", location().search().unwrap_or_default());
        let below = self.address_below();
        let is_marked = event.state().as_string().as_deref() == Some(MARK);

        if is_marked && self.page_at(&path).is_some() && self.page_at(&below).is_none() {
            event.stop_immediate_propagation();
            self.show(&to, History::Keep);
        } else if self.is_open() {
            self.shut();
            if to == below {
                event.stop_immediate_propagation();
            }
        }
    }

    /// Where a form leads that succeeded. Waits for the action to know its answer.
    fn handle_redirect(self, to: &str) {
        let to = to.to_owned();

        request_animation_frame(move || self.follow(&to));
    }

    fn follow(self, to: &str) {
        let (Ok(url), Some(below)) = (BrowserUrl::parse(to), self.below.get_value()) else {
            return;
        };
        if url.origin() != location().origin().unwrap_or_default() {
            // There is no page of ours to show a failure on.
            let _leaving = location().set_href(to);
            return;
        }

        match (self.is_open(), self.page_at(url.path())) {
            (false, _) => (below.navigate)(to, NavigateOptions::default()),
            (true, Some(_)) => self.show(to, History::Replace),
            (true, None) => {
                let is_below = below.url.with_untracked(|below| {
                    below.path() == url.path() && (url.search().is_empty() || below.search() == url.search())
                });
                if is_below {
                    self.close();
                } else {
                    self.leave(to);
                }
            }
        }
    }

    /// Path and query of the page below, as the router knows it.
    fn address_below(self) -> String {
        self.below
            .get_value()
            .map(|below| {
                below.url.with_untracked(|url| match url.search() {
                    "" => url.path().to_owned(),
                    search => format!("{}?{search}", url.path()),
                })
            })
            .unwrap_or_default()
    }

    fn show(self, to: &str, how: History) {
        let Ok(url) = BrowserUrl::parse(to) else { return };
        let mark = JsValue::from_str(MARK);
        // The browser refuses only too many of them, and then the address stays as it was.
        let _written = window().history().and_then(|history| match how {
            History::Push => history.push_state_with_url(&mark, "", Some(to)),
            History::Replace => history.replace_state_with_url(&mark, "", Some(to)),
            History::Keep => Ok(()),
        });

        let path = url.path().to_owned();
        let shown = self.url.get_value();
        let is_same = self.is_open() && shown.with_untracked(|shown| *shown == url);
        shown.set(url);
        self.open.update(|open| {
            let n_opened = open.as_ref().map_or(0, |(n_opened, _)| *n_opened);
            *open = Some((n_opened + usize::from(is_same), path));
        });
    }

    /// Closes by the way one came: the history loses the dialog.
    fn close(self) {
        let _going = window().history().and_then(|history| history.back());
    }

    /// Takes the dialog away; what it may have changed is loaded again.
    fn shut(self) {
        self.open.set(None);
        if self.sent.get_value() {
            self.sent.set_value(false);
            self.changes.update(|n_changes| *n_changes += 1);
        }
    }

    /// Goes to another page, which takes the dialog's place in the history.
    fn leave(self, to: &str) {
        self.shut();
        if let Some(below) = self.below.get_value() {
            let options = NavigateOptions {
                replace: true,
                ..NavigateOptions::default()
            };
            (below.navigate)(to, options);
        }
    }
}

/// What opening a dialog does to the browser's history.
#[derive(Clone, Copy)]
enum History {
    Push,
    Replace,
    Keep,
}

/// The link a click was on.
fn link_of(event: &MouseEvent) -> Option<HtmlAnchorElement> {
    let clicked = event.target()?.dyn_into::<web_sys::Element>().ok()?;

    clicked.closest("a[href]").ok()??.dyn_into().ok()
}

/// The place of the dialog; once, beside the routes.
#[component]
pub fn DialogPlace() -> impl IntoView {
    let dialogs = expect_context::<Dialogs>();
    let place = NodeRef::<html::Dialog>::new();
    let (navigate, url) = (use_navigate(), use_url());
    Effect::new(move |_| {
        let navigate = navigate.clone();
        dialogs.below.set_value(Some(Below {
            navigate: Arc::new(move |to, options| navigate(to, options)),
            url,
        }));
    });
    // The same page may go to another address of its own, e.g. to another tab.
    let shown = Memo::new(move |_| dialogs.open.get());
    // After the content has come or gone: closing returns the focus to what opened the dialog.
    Effect::new(move |_| {
        let is_open = dialogs.open.with(Option::is_some);
        let Some(place) = place.get() else { return };
        if is_open && !place.open() {
            // It is in the document and not open: nothing to refuse.
            let _shown = place.show_modal();
        } else if !is_open && place.open() {
            place.close();
        }
    });
    // The Escape key closes it in the browser first.
    let closed = move |_| {
        if dialogs.is_open() {
            dialogs.close();
        }
    };
    // A press that began in a field and ended beside the dialog is a selection.
    let pressed_beside = StoredValue::new(false);
    let is_beside = move |event: &MouseEvent| {
        let target = event
            .target()
            .and_then(|target| target.dyn_into::<HtmlElement>().ok());

        place
            .get_untracked()
            .is_some_and(|place| target.as_ref() == Some(place.as_ref()))
    };
    let pressed = move |event: MouseEvent| pressed_beside.set_value(is_beside(&event));
    let released = move |event: MouseEvent| {
        if pressed_beside.get_value() && is_beside(&event) {
            dialogs.close();
        }
    };

    view! {
        <dialog
            class="over"
            aria-labelledby="dialog-title"
            node_ref=place
            on:close=closed
            on:mousedown=pressed
            on:click=released
            on:submit=move |_| dialogs.sent.set_value(true)
        >
            {move || shown.get().and_then(|(_, path)| dialogs.page_at(&path)).map(|page| page_over(dialogs, page))}
        </dialog>
    }
}

/// The page, with the context the router gives it when it stands alone.
fn page_over(dialogs: Dialogs, page: DialogPage) -> impl IntoView {
    let url = dialogs.url.get_value();
    let params = {
        let url = url.clone();
        ArcMemo::new(move |_| url.with(|url| params_in(page.path, url.path())))
    };
    provide_context(Over);
    provide_context(url);
    provide_context(params);

    Suspend::new((page.view)())
}

fn params_in(pattern: &'static str, path: &str) -> ParamsMap {
    params_of(pattern, path)
        .unwrap_or_default()
        .into_iter()
        .map(|(name, value)| (name, value.to_owned()))
        .collect()
}

/// Moves the focus to the first field of a dialog that has come; somebody who has moved it already keeps it.
pub fn focus_first(dialog: &HtmlElement) {
    let is_taken = document()
        .active_element()
        .is_some_and(|focused| dialog.contains(Some(&focused)));
    let first = [FIRST_FIELD, FIRST_CHOICE]
        .into_iter()
        .find_map(|what| dialog.query_selector(what).ok().flatten())
        .and_then(|first| first.dyn_into::<HtmlElement>().ok());
    if let (false, Some(first)) = (is_taken, first) {
        // What cannot take the focus leaves it where it is.
        let _focused = first.focus();
    }
}
