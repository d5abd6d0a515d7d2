//! One open session in the browser: the widget on one side, the socket on the other, the page's signals between.

mod files;

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};
use std::time::Duration;

use js_sys::{Function, Uint8Array};
use leptos::prelude::*;
use protocol::terminal::{ClientFrame, ColorScheme, Ended, Hello, Look, ServerFrame};
use web_sys::{HtmlElement, ResizeObserver};

use super::keep;
use super::keys::stepped;
use super::outbox::{MOST, Outbox};
use super::receipts::Receipts;
use super::shown::{Phase, Shown};
use super::socket::{Arrived, Socket};
use super::transfer::{Download, Upload};
use super::xterm::{Keys, Search, Size, Way, Widget};
use crate::ui::callback::callback;

/// A window that is being dragged is measured so often.
const REST: Duration = Duration::from_millis(60);

/// Between two looks at a socket that is full.
const DRAIN: Duration = Duration::from_millis(10);

/// A session on the page. Dropping it closes the socket and takes the terminal away.
pub(super) struct Line {
    widget: Widget,
    search: Search,
    socket: RefCell<Option<Socket>>,
    receipts: RefCell<Receipts>,
    outbox: RefCell<Outbox>,
    upload: RefCell<Option<Rc<Upload>>>,
    download: RefCell<Option<Rc<Download>>>,
    shown: Shown,
    parsed: Function,
    observer: Option<ResizeObserver>,
    /// The size the server knows.
    told: Cell<Option<Size>>,
    is_resizing: Cell<bool>,
    is_draining: Cell<bool>,
}

impl Line {
    /// Opens a terminal in `host`, for [`Self::connect`] to fill. It looks as the session's will: of another size than the
    /// server was told, a session that is resumed would lose lines between screen and history.
    pub(super) fn open(host: HtmlElement, look: &Look, shown: Shown) -> Rc<Self> {
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
            let widget = Widget::open(host, Keys::Taken);

            Self {
                search: widget.search(),
                widget,
                socket: RefCell::new(None),
                receipts: RefCell::default(),
                outbox: RefCell::default(),
                upload: RefCell::new(None),
                download: RefCell::new(None),
                shown,
                parsed: tell(Self::handle_parsed),
                observer,
                told: Cell::new(None),
                is_resizing: Cell::new(false),
                is_draining: Cell::new(false),
            }
        });
        line.wear(look);
        let weak = Rc::downgrade(&line);
        line.widget.read_aloud(shown.reads_aloud.get_untracked());
        line.widget
            .on_data(with(&weak, |line, typed: String| line.handle_input(&typed)));
        line.search.on_found(move |found| shown.found.set(Some(found)));
        line.widget.on_resize(move || {
            if let Some(line) = weak.upgrade() {
                line.handle_resize();
            }
        });

        line
    }

    /// Redeems a ticket, for a new session or for the one this line has lost.
    pub(super) fn connect(self: &Rc<Self>, token: &str) {
        let size = self.widget.fit();
        match Socket::open(token, size) {
            Ok(socket) => self.take_socket(socket, size),
            Err(_) => self.handle_closed(),
        }
    }

    /// Goes on with a socket for which the server was told this size.
    pub(super) fn take_socket(self: &Rc<Self>, socket: Socket, told: Size) {
        if self.shown.phase.with_untracked(|phase| !phase.is_held()) {
            self.shown.phase.set(Phase::Connecting);
        }
        self.shown.size.set(Some(self.widget.fit()));
        self.told.set(Some(told));
        self.receipts.borrow_mut().begin_again();
        let inbox = socket.inbox();
        *self.socket.borrow_mut() = Some(socket);

        inbox.listen(with(&Rc::downgrade(self), |line, arrived| line.handle(arrived)));
    }

    /// The *End* button.
    pub(super) fn end(&self) {
        self.send(&ClientFrame::End);
    }

    /// The editor pane was closed, with a text or without.
    pub(super) fn edited(&self, text: Option<String>) {
        self.send(&ClientFrame::Edited(text));
    }

    /// Something would be lost if the page were left.
    pub(super) fn is_busy(&self) -> bool {
        self.shown.transfer.with_untracked(Option::is_some) || self.shown.edit.with_untracked(Option::is_some)
    }

    pub(super) fn focus(&self) {
        self.widget.focus();
    }

    pub(super) fn selection(&self) -> String {
        self.widget.selection()
    }

    pub(super) fn paste(&self, text: &str) {
        self.widget.paste(text);
        self.widget.focus();
    }

    /// As if the person had typed it.
    pub(super) fn type_keys(self: &Rc<Self>, keys: &str) {
        self.handle_input(keys);
        self.widget.focus();
    }

    /// Goes to the last match of `words`; without words the marks go away.
    pub(super) fn find_afresh(&self, words: &str) {
        self.widget.select_nothing();
        self.search.clear();
        self.find(words, Way::Up);
    }

    /// Goes to the next match of `words`.
    pub(super) fn find(&self, words: &str, way: Way) {
        if words.is_empty() {
            return;
        }
        let scheme = self.shown.hello.with_untracked(|hello| {
            hello
                .as_ref()
                .map_or(ColorScheme::default(), |hello| hello.look.color_scheme)
        });
        self.search.find(words, way, scheme);
    }

    /// Letters `steps` sizes larger than they are, or as the record says.
    pub(super) fn resize_letters(&self, steps: Option<i8>) {
        let Some(usual) = self.usual_letters() else {
            return;
        };
        let wanted = steps.map_or(0, |steps| keep::letter_steps().saturating_add(steps));
        let (size, taken) = stepped(usual, wanted);
        keep::keep_letter_steps(taken);
        self.widget.enlarge(size);
    }

    pub(super) fn read_aloud(&self, reads_aloud: bool) {
        self.widget.read_aloud(reads_aloud);
    }

    fn usual_letters(&self) -> Option<u16> {
        self.shown
            .hello
            .with_untracked(|hello| hello.as_ref().map(|hello| hello.look.font_size))
    }

    fn handle(self: &Rc<Self>, arrived: Arrived) {
        match arrived {
            Arrived::Output(bytes) => self.print(&bytes),
            Arrived::File(bytes) => self.keep(&bytes),
            Arrived::Frame(frame) => self.handle_frame(frame),
            Arrived::Closed => self.handle_closed(),
        }
    }

    fn handle_frame(self: &Rc<Self>, frame: ServerFrame) {
        match frame {
            ServerFrame::Hello(hello) => self.begin(hello),
            ServerFrame::Screen(bytes) => {
                self.widget.renew();
                self.print(&Uint8Array::from(bytes.as_slice()));
            }
            ServerFrame::Output(bytes) => self.print(&Uint8Array::from(bytes.as_slice())),
            ServerFrame::File(bytes) => self.keep(&Uint8Array::from(bytes.as_slice())),
            ServerFrame::Status(status) => self.shown.status.set(Some(status)),
            ServerFrame::Warning(sentence) => self.shown.warning.set(Some(sentence)),
            ServerFrame::Ended(ended) => self.finish(ended),
            ServerFrame::TakenOver(sentence) => {
                self.let_go();
                self.shown.phase.set(Phase::TakenOver(sentence));
            }
            ServerFrame::Upload { name } => self.ask_for_file(name),
            ServerFrame::UploadTaken { taken } => self.credit_upload(taken),
            ServerFrame::UploadOver => self.end_upload(),
            ServerFrame::Download { name } => self.begin_download(name),
            ServerFrame::FileEnd(end) => self.end_download(end),
            ServerFrame::Edit { text } => self.shown.edit.set(Some(text)),
            ServerFrame::EditOver => self.shown.edit.set(None),
            // A command line's.
            ServerFrame::Complaint(_) | ServerFrame::Read(_) | ServerFrame::Exit(_) => {}
        }
    }

    fn wear(&self, look: &Look) {
        self.widget.wear(look);
        let (size, _) = stepped(look.font_size, keep::letter_steps());
        self.widget.enlarge(size);
    }

    fn begin(&self, hello: Hello) {
        self.wear(&hello.look);
        self.widget.take_keys(Keys::Taken);
        let size = self.widget.size();
        keep::keep_size(size);
        if self.told.get() != Some(size) {
            self.handle_resize();
        }
        self.shown.hello.set(Some(hello));
        self.shown.phase.set(Phase::Connected);
        self.widget.focus();
    }

    fn print(&self, bytes: &Uint8Array) {
        self.receipts.borrow_mut().wrote(bytes.length() as usize);
        self.widget.write_view(bytes, &self.parsed);
    }

    /// The socket is closed, or said what is no frame. Where the server gave a reason, that one stays; where a
    /// session was running, it may still be.
    fn handle_closed(&self) {
        let phase = match self.shown.phase.get_untracked() {
            Phase::Ended(_) | Phase::TakenOver(_) => return,
            Phase::Connected => Phase::Away { failed: 0 },
            Phase::Away { failed } => Phase::Away { failed: failed + 1 },
            Phase::Asleep | Phase::Asking | Phase::Connecting => {
                Phase::lost("Failed to establish connection. Check the network and start a new session.")
            }
        };
        self.let_go();
        self.shown.phase.set(phase);
        drop(self.socket.borrow_mut().take());
    }

    fn finish(&self, ended: Ended) {
        self.let_go();
        self.shown.phase.set(Phase::Ended(ended));
    }

    /// Nothing that was under way goes on: no key, no file.
    fn let_go(&self) {
        self.widget.take_keys(Keys::Ignored);
        self.outbox.borrow_mut().clear();
        self.drop_files();
        self.shown.clear_passing();
    }

    fn handle_input(self: &Rc<Self>, typed: &str) {
        if self
            .shown
            .phase
            .with_untracked(|phase| *phase != Phase::Connected)
        {
            return;
        }
        let pushed = self.outbox.borrow_mut().push(typed);
        if pushed.is_err() {
            self.shown.say(format!(
                "At most {} MiB can be pasted; send a file with \\copy.",
                MOST / (1024 * 1024)
            ));
        }
        if !self.is_draining.get() {
            self.drain();
        }
    }

    /// Gives the socket what it takes, and looks again while there is more.
    fn drain(self: &Rc<Self>) {
        loop {
            let held = self.socket.borrow().as_ref().map_or(0, Socket::held);
            let Some(piece) = self.outbox.borrow_mut().next(held) else {
                break;
            };
            self.send(&ClientFrame::Input(piece));
        }
        let is_waiting = !self.outbox.borrow().is_empty();
        self.is_draining.set(is_waiting);
        if is_waiting {
            let line = Rc::downgrade(self);
            let again = move || {
                if let Some(line) = line.upgrade() {
                    line.drain();
                }
            };
            set_timeout(again, DRAIN);
        }
    }

    /// Acknowledges what is on the screen now, once the screen itself has been seen to: nobody waits for a receipt.
    fn handle_parsed(self: &Rc<Self>) {
        let told = self.receipts.borrow_mut().parsed();
        let Some(parsed) = told else {
            return;
        };
        let line = Rc::downgrade(self);
        let acknowledge = move || {
            if let Some(line) = line.upgrade() {
                line.send(&ClientFrame::Ack { parsed });
            }
        };

        set_timeout(acknowledge, Duration::ZERO);
    }

    fn handle_resize(&self) {
        let size = self.widget.size();
        let Size { cols, rows } = size;
        self.shown.size.set(Some(size));
        if self.send(&ClientFrame::Resize { cols, rows }) {
            self.told.set(Some(size));
        }
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

    /// Whether there was an open socket for it.
    fn send(&self, frame: &ClientFrame) -> bool {
        let socket = self.socket.borrow();

        socket.as_ref().is_some_and(|socket| socket.send(frame))
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.drop_files();
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
