//! Steps onto xterm.js in their order: it parses later than it is written to, but is resized at once.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::{Rc, Weak};

use js_sys::Function;
use web_sys::HtmlElement;

use super::reel::Step;
use crate::terminal::xterm::{Keys, Widget, callback};

/// A screen that shows steps.
pub(super) struct Painter {
    widget: Widget,
    waiting: RefCell<VecDeque<Step>>,
    is_printing: Cell<bool>,
    printed: Function,
}

impl Painter {
    pub(super) fn open(host: HtmlElement) -> Rc<Self> {
        Rc::new_cyclic(|painter: &Weak<Self>| {
            let painter = painter.clone();

            Self {
                widget: Widget::open(host, Keys::Ignored),
                waiting: RefCell::default(),
                is_printing: Cell::new(false),
                printed: callback(move || {
                    if let Some(painter) = painter.upgrade() {
                        painter.is_printing.set(false);
                        painter.go_on();
                    }
                }),
            }
        })
    }

    /// Does these steps after those it has not done.
    pub(super) fn paint(&self, steps: Vec<Step>) {
        self.waiting.borrow_mut().extend(steps);
        self.go_on();
    }

    /// Does these steps instead of those it has not done.
    pub(super) fn jump(&self, steps: Vec<Step>) {
        self.waiting.borrow_mut().clear();
        self.paint(steps);
    }

    /// The room for the screen has changed.
    pub(super) fn shrink(&self) {
        self.widget.shrink();
    }

    fn go_on(&self) {
        while !self.is_printing.get() {
            let Some(step) = self.waiting.borrow_mut().pop_front() else {
                return;
            };

            match step {
                Step::Clear => self.widget.reset(),
                Step::Resize(size) => self.widget.resize(size),
                Step::Print(bytes) => {
                    self.is_printing.set(true);
                    self.widget.write(&bytes, &self.printed);
                }
            }
        }
    }
}
