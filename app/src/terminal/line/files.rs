//! Files of a line: the server asks for them, the person answers.

use std::rc::Rc;

use js_sys::Uint8Array;
use protocol::terminal::{ClientFrame, FileEnd};
use web_sys::File;

use super::Line;
use crate::terminal::transfer::{Download, Send, Upload};

impl Line {
    /// The person has chosen a file, or dropped one. Without a wish of the server it goes nowhere.
    pub(in crate::terminal) fn upload(&self, file: File) {
        match &*self.upload.borrow() {
            Some(upload) => upload.begin(file),
            None => self
                .shown
                .say("Nothing asks for a file. Start with \\copy … from."),
        }
        self.focus();
    }

    /// The person says where to save the download.
    pub(in crate::terminal) fn choose_place(&self) {
        if let Some(download) = &*self.download.borrow() {
            download.choose();
        }
    }

    /// The *Cancel* of a file on its way.
    pub(in crate::terminal) fn stop_transfer(&self) {
        if let Some(upload) = &*self.upload.borrow() {
            upload.cancel();
        }
        if let Some(download) = &*self.download.borrow() {
            download.cancel();
        }
    }

    pub(super) fn ask_for_file(self: &Rc<Self>, name: Option<String>) {
        *self.upload.borrow_mut() = Some(Upload::ask(name, self.shown, self.sender()));
    }

    pub(super) fn credit_upload(&self, taken: u64) {
        if let Some(upload) = &*self.upload.borrow() {
            upload.credit(taken);
        }
    }

    pub(super) fn end_upload(&self) {
        if let Some(upload) = self.upload.borrow_mut().take() {
            upload.finish();
            self.widget.focus();
        }
    }

    pub(super) fn begin_download(self: &Rc<Self>, name: String) {
        *self.download.borrow_mut() = Some(Download::begin(name, self.shown, self.sender()));
    }

    pub(super) fn keep(&self, bytes: &Uint8Array) {
        if let Some(download) = &*self.download.borrow() {
            download.take(bytes);
        }
    }

    pub(super) fn end_download(&self, end: FileEnd) {
        if let Some(download) = self.download.borrow_mut().take() {
            download.end(end);
        }
    }

    /// The connection is no more; what has come of a file is not the file.
    pub(super) fn drop_files(&self) {
        if let Some(upload) = self.upload.borrow_mut().take() {
            upload.finish();
        }
        if let Some(download) = self.download.borrow_mut().take() {
            download.drop_file();
        }
    }

    fn sender(self: &Rc<Self>) -> Send {
        let line = Rc::downgrade(self);

        Rc::new(move |frame: &ClientFrame| {
            if let Some(line) = line.upgrade() {
                line.send(frame);
            }
        })
    }
}
