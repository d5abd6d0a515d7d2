//! A file the person sends: read in pieces, and no faster than PostgreSQL takes it.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use js_sys::Uint8Array;
use leptos::prelude::*;
use leptos::task::spawn_local;
use protocol::terminal::{ClientFrame, UPLOAD_WINDOW};
use wasm_bindgen_futures::JsFuture;
use web_sys::File;

use super::meter::Meter;
use super::{Send, Stage, Transfer};
use crate::terminal::shown::Shown;

/// Bytes in one frame; see [`ClientFrame::UploadChunk`].
const PIECE: u64 = 60 * 1024;

/// One upload, from the server's wish to its end.
pub(in crate::terminal) struct Upload {
    shown: Shown,
    send: Send,
    file: RefCell<Option<File>>,
    sent: Cell<u64>,
    taken: Cell<u64>,
    /// Everything the window allows is on its way.
    is_waiting: Cell<bool>,
    is_over: Cell<bool>,
    meter: Cell<Option<Meter>>,
}

impl Upload {
    /// Asks the person for a file.
    pub(in crate::terminal) fn ask(name: Option<String>, shown: Shown, send: Send) -> Rc<Self> {
        shown.transfer.set(Some(Transfer {
            name,
            stage: Stage::Choose,
        }));

        Rc::new(Self {
            shown,
            send,
            file: RefCell::new(None),
            sent: Cell::new(0),
            taken: Cell::new(0),
            is_waiting: Cell::new(false),
            is_over: Cell::new(false),
            meter: Cell::new(None),
        })
    }

    /// The person has chosen; the first choice is the one.
    pub(in crate::terminal) fn begin(self: &Rc<Self>, file: File) {
        if self.is_over.get() || self.file.borrow().is_some() {
            return;
        }
        *self.file.borrow_mut() = Some(file);
        self.meter.set(Some(Meter::start(now())));
        self.show(0);
        spawn_local(self.clone().go_on());
    }

    /// PostgreSQL has taken so much of it.
    pub(in crate::terminal) fn credit(self: &Rc<Self>, taken: u64) {
        self.taken.set(taken);
        let mut meter = self.meter.get();
        if let Some(per_second) = meter.as_mut().and_then(|meter| meter.tell(taken, now())) {
            self.meter.set(meter);
            self.show(per_second);
        }
        if self.is_waiting.replace(false) {
            spawn_local(self.clone().go_on());
        }
    }

    /// The person wants no upload.
    pub(in crate::terminal) fn cancel(&self) {
        if !self.is_over.get() {
            (self.send)(&ClientFrame::UploadCancel);
        }
        self.finish();
    }

    /// The server wants no more of it.
    pub(in crate::terminal) fn finish(&self) {
        self.is_over.set(true);
        self.shown.transfer.set(None);
    }

    /// Sends until the window is full or the file is at its end.
    async fn go_on(self: Rc<Self>) {
        let Some(file) = self.file.borrow().clone() else {
            return;
        };
        let size = file.size() as u64;

        while !self.is_over.get() {
            let sent = self.sent.get();
            if sent >= size {
                (self.send)(&ClientFrame::UploadEnd);
                return;
            }
            let end = size.min(sent + PIECE);
            if end > self.taken.get() + UPLOAD_WINDOW {
                self.is_waiting.set(true);
                return;
            }
            let Some(bytes) = read(&file, sent, end).await else {
                self.shown.say(format!("{} cannot be read.", file.name()));
                self.cancel();
                return;
            };
            if self.is_over.get() {
                return;
            }
            (self.send)(&ClientFrame::UploadChunk(bytes));
            self.sent.set(end);
        }
    }

    fn show(&self, per_second: u64) {
        let Some((name, total)) = self
            .file
            .borrow()
            .as_ref()
            .map(|file| (file.name(), file.size() as u64))
        else {
            return;
        };
        self.shown.transfer.set(Some(Transfer {
            name: Some(name),
            stage: Stage::Sending {
                moved: self.taken.get(),
                total,
                per_second,
            },
        }));
    }
}

/// `None` where the file is not what it was when it was chosen, or cannot be read.
async fn read(file: &File, from: u64, to: u64) -> Option<Vec<u8>> {
    let piece = file.slice_with_f64_and_f64(from as f64, to as f64).ok()?;
    let bytes = JsFuture::from(piece.array_buffer()).await.ok()?;
    let bytes = Uint8Array::new(&bytes).to_vec();

    (bytes.len() as u64 == to - from).then_some(bytes)
}

/// Milliseconds since the page was opened.
pub(super) fn now() -> f64 {
    window()
        .performance()
        .map(|clock| clock.now())
        .unwrap_or_default()
}
