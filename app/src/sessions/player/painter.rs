//! Steps onto xterm.js in their order: it parses later than it is written to, but is resized at once.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::{Rc, Weak};

use js_sys::Function;
use web_sys::HtmlElement;

use super::reel::Step;
use crate::terminal::xterm::{Keys, Size, Widget};
use crate::ui::callback::callback;

/// Largest letters, in pixels: beyond them a screen is no easier to read.
const LARGEST_LETTERS: f64 = 22.0;

/// A screen that shows steps.
pub(crate) struct Painter {
    widget: Widget,
    size: Cell<Option<Size>>,
    waiting: RefCell<VecDeque<Step>>,
    /// Bytes xterm.js is parsing.
    printing: Cell<Option<usize>>,
    printed: Function,
}

impl Painter {
    /// `on_printed` is told how many bytes have been parsed, and whether nothing waits any more.
    pub(crate) fn open(host: HtmlElement, on_printed: impl Fn(usize, bool) + 'static) -> Rc<Self> {
        Rc::new_cyclic(|painter: &Weak<Self>| {
            let painter = painter.clone();

            Self {
                widget: Widget::open(host, Keys::Ignored),
                size: Cell::new(None),
                waiting: RefCell::default(),
                printing: Cell::new(None),
                printed: callback(move || {
                    let Some(painter) = painter.upgrade() else {
                        return;
                    };
                    let n_bytes = painter.printing.take().unwrap_or_default();
                    painter.go_on();
                    on_printed(n_bytes, painter.printing.get().is_none());
                }),
            }
        })
    }

    /// Does these steps after those it has not done.
    pub(crate) fn paint(&self, steps: Vec<Step>) {
        self.waiting.borrow_mut().extend(steps);
        self.go_on();
    }

    /// Does these steps instead of those it has not done.
    pub(super) fn jump(&self, steps: Vec<Step>) {
        self.waiting.borrow_mut().clear();
        self.paint(steps);
    }

    /// The room for the screen has changed.
    pub(crate) fn fill(&self) {
        self.widget.fill(LARGEST_LETTERS);
    }

    fn go_on(&self) {
        while self.printing.get().is_none() {
            let Some(step) = self.waiting.borrow_mut().pop_front() else {
                return;
            };

            match step {
                Step::Clear => self.widget.reset(),
                Step::Resize(size) => self.resize(size),
                Step::Print(bytes) => {
                    self.printing.set(Some(bytes.len()));
                    self.widget.write(&bytes, &self.printed);
                }
            }
        }
    }

    /// Measuring letters is slow: only where the size is another.
    fn resize(&self, size: Size) {
        if self.size.replace(Some(size)) != Some(size) {
            self.widget.resize(size);
            self.fill();
        }
    }
}
