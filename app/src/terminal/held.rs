//! The line of a page, where components reach it; only the browser has one.

use std::rc::Rc;

use leptos::prelude::*;
use send_wrapper::SendWrapper;

use super::line::Line;

/// A place for the page's [`Line`]; gone with the page.
#[derive(Clone, Copy)]
pub(super) struct Held(StoredValue<Option<SendWrapper<Rc<Line>>>>);

impl Held {
    pub(super) fn new() -> Self {
        Self(StoredValue::new(None))
    }

    pub(super) fn put(self, line: Rc<Line>) {
        self.0.set_value(Some(SendWrapper::new(line)));
    }

    pub(super) fn drop_line(self) {
        drop(self.0.try_update_value(Option::take));
    }

    /// Does it with the line, if there is one.
    pub(super) fn with<T>(self, what: impl FnOnce(&Rc<Line>) -> T) -> Option<T> {
        let line = self.0.try_with_value(|line| line.as_deref().cloned()).flatten()?;

        Some(what(&line))
    }
}
