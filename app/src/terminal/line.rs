//! One open session in the browser: the widget on one side, the socket on the other, the page's signals between.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};
use std::time::Duration;

use js_sys::Function;
use leptos::prelude::*;
use protocol::terminal::{ClientFrame, Ended, ServerFrame};
use web_sys::{HtmlElement, ResizeObserver};

use super::receipts::Receipts;
use super::shown::{Phase, Shown};
use super::socket::Socket;
use super::xterm::{Keys, Size, Widget, callback};

/// Bytes of input in one frame; a longer paste goes in pieces. Below `protocol::terminal::MAX_CLIENT_FRAME`.
const PIECE: usize = 48 * 1024;

/// A window that is being dragged is measured so often.
const REST: Duration = Duration::from_millis(60);

/// A session on the page. Dropping it closes the socket and takes the terminal away.
pub(super) struct Line {
    widget: Widget,
    socket: RefCell<Option<Socket>>,
    receipts: RefCell<Receipts>,
    shown: Shown,
    parsed: Function,
    observer: Option<ResizeObserver>,
    is_resizing: Cell<bool>,
}

impl Line {
    /// Opens a terminal in `host` and redeems the ticket.
    pub(super) fn open(host: HtmlElement, token: &str, shown: Shown) -> Rc<Self> {
        let line = Rc::new_cyclic(|line: &Weak<Self>| {
            let tell = |what: fn(&Rc<Self>)| {
                let line = line.clone();

                callback(move || {
                    if let Some(line) = line.upgrade() {
                        what(&line);
                    }
                })
            };
            let observer = ResizeObserver::new(&tell(Self::handle_host_resize)).ok();
            if let Some(observer) = &observer {
                observer.observe(&host);
            }

            Self {
                widget: Widget::open(host, Keys::Taken),
                socket: RefCell::new(None),
                receipts: RefCell::default(),
                shown,
                parsed: tell(Self::handle_parsed),
                observer,
                is_resizing: Cell::new(false),
            }
        });
        let weak = Rc::downgrade(&line);
        line.widget
            .on_data(with(&weak, |line, typed: String| line.handle_input(&typed)));
        line.widget.on_resize(move || {
            if let Some(line) = weak.upgrade() {
                line.handle_resize();
            }
        });
        line.connect(token);

        line
    }

    /// The *End* button.
    pub(super) fn end(&self) {
        self.send(&ClientFrame::End);
    }

    pub(super) fn focus(&self) {
        self.widget.focus();
    }

    pub(super) fn selection(&self) -> String {
        self.widget.selection()
    }

    fn connect(self: &Rc<Self>, token: &str) {
        let size = self.widget.fit();
        self.shown.size.set(Some(size));
        self.shown.phase.set(Phase::Connecting);
        let on_frame = with(&Rc::downgrade(self), |line, frame| line.handle_frame(frame));

        match Socket::open(token, size, on_frame) {
            Ok(socket) => *self.socket.borrow_mut() = Some(socket),
            Err(_) => self.handle_closed(),
        }
    }

    fn handle_frame(self: &Rc<Self>, frame: Option<ServerFrame>) {
        let Some(frame) = frame else {
            self.handle_closed();
            return;
        };

        match frame {
            ServerFrame::Hello(hello) => {
                self.widget.wear(&hello.look);
                self.widget.fit();
                self.shown.hello.set(Some(hello));
                self.shown.phase.set(Phase::Connected);
                self.widget.focus();
            }
            ServerFrame::Output(bytes) | ServerFrame::Screen(bytes) => {
                self.receipts.borrow_mut().wrote(bytes.len());
                self.widget.write(&bytes, &self.parsed);
            }
            ServerFrame::Status(status) => self.shown.status.set(Some(status)),
            ServerFrame::Warning(sentence) => self.shown.warning.set(Some(sentence)),
            ServerFrame::Ended(ended) => self.finish(ended),
            ServerFrame::TakenOver(sentence) => {
                self.widget.retire();
                self.shown.warning.set(None);
                self.shown.phase.set(Phase::lost(sentence));
            }
            // A server asks for these only what a page has offered.
            ServerFrame::Upload { .. }
            | ServerFrame::UploadTaken { .. }
            | ServerFrame::UploadOver
            | ServerFrame::Download { .. }
            | ServerFrame::File(_)
            | ServerFrame::FileEnd(_)
            | ServerFrame::Edit { .. }
            | ServerFrame::EditOver => {}
        }
    }

    /// The socket is closed, or said what is no frame. Where the server gave a reason, that one stays.
    fn handle_closed(&self) {
        let sentence = match self.shown.phase.get_untracked() {
            Phase::Ended(_) => return,
            Phase::Connected => "Connection lost.",
            Phase::Asleep | Phase::Asking | Phase::Connecting => {
                "Failed to establish connection. Check the network and start a new session."
            }
        };
        self.widget.retire();
        self.shown.warning.set(None);
        self.shown.phase.set(Phase::lost(sentence));
        drop(self.socket.borrow_mut().take());
    }

    fn finish(&self, ended: Ended) {
        self.widget.retire();
        self.shown.warning.set(None);
        self.shown.phase.set(Phase::Ended(ended));
    }

    fn handle_input(&self, typed: &str) {
        for piece in typed.as_bytes().chunks(PIECE) {
            self.send(&ClientFrame::Input(piece.to_vec()));
        }
    }

    fn handle_parsed(self: &Rc<Self>) {
        let told = self.receipts.borrow_mut().parsed();
        if let Some(parsed) = told {
            self.send(&ClientFrame::Ack { parsed });
        }
    }

    fn handle_resize(&self) {
        let Size { cols, rows } = self.widget.size();
        self.shown.size.set(Some(Size { cols, rows }));
        self.send(&ClientFrame::Resize { cols, rows });
    }

    fn handle_host_resize(self: &Rc<Self>) {
        if self.is_resizing.replace(true) {
            return;
        }
        let line = Rc::downgrade(self);
        let fit = move || {
            if let Some(line) = line.upgrade() {
                line.is_resizing.set(false);
                line.widget.fit();
            }
        };

        set_timeout(fit, REST);
    }

    fn send(&self, frame: &ClientFrame) {
        if let Some(socket) = self.socket.borrow().as_ref() {
            socket.send(frame);
        }
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if let Some(observer) = &self.observer {
            observer.disconnect();
        }
    }
}

/// `handle` for as long as the line is there.
fn with<T: 'static>(line: &Weak<Line>, handle: fn(&Rc<Line>, T)) -> impl Fn(T) + Clone + 'static {
    let line = line.clone();

    move |value| {
        if let Some(line) = line.upgrade() {
            handle(&line, value);
        }
    }
}
