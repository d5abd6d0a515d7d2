//! Files of the person's: rows that come from one, rows that go into one.

use bytes::Bytes;
use pg_proto::frontend;

use super::{Action, Engine, Files};
use crate::copy;
use crate::print::escape::visible;

/// Actions that may wait while more of a file is taken.
const FEW_ACTIONS: usize = 8;

/// The file of the `\copy` that runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Transfer {
    /// Rows come from a file of this name, once the server wants them.
    From(String),
    /// They come.
    Uploading,
    /// Rows go into a file of this name, once there are some.
    Into(String),
    /// They go.
    Downloading,
}

impl Engine {
    /// Whether commands name the person's files by where they are.
    pub(crate) fn names_files(&self) -> bool {
        self.files == Files::Named
    }

    /// Whether the file of [`Action::Upload`] is still wanted.
    pub fn is_uploading(&self) -> bool {
        self.transfer == Some(Transfer::Uploading)
    }

    /// Whether [`Self::handle_upload`] may be given more: not while what came before was not sent.
    pub fn wants_upload(&self) -> bool {
        self.is_uploading() && self.actions.len() < FEW_ACTIONS
    }

    /// Takes the next bytes of the file; they go to the server as they are.
    pub fn handle_upload(&mut self, chunk: Bytes) {
        if self.is_uploading() && !chunk.is_empty() {
            self.send(frontend::Message::CopyData(chunk));
        }
    }

    /// The file has come whole.
    pub fn upload_finished(&mut self) {
        if self.is_uploading() {
            self.transfer = None;
            self.send(frontend::Message::CopyDone);
        }
    }

    /// The file did not come, or not whole: the server is told why and reports it.
    pub fn upload_failed(&mut self, reason: &str) {
        if self.is_uploading() {
            self.transfer = None;
            self.refuse_rows(reason);
        }
    }

    /// The file of [`Action::Download`] cannot be kept: the statement is cancelled, the person reads why.
    pub fn download_failed(&mut self, reason: &str) {
        if self.transfer != Some(Transfer::Downloading) || self.cancelled {
            return;
        }
        self.actions.retain(|action| !matches!(action, Action::File(_)));
        self.transfer_held = 0;
        self.cancelled = true;
        self.actions.push_back(Action::Cancel);
        let reason = visible(reason.as_bytes());
        self.say(&format!("\\copy: {reason}\r\n"));
    }

    /// The server wants rows; true when a file has them.
    pub(super) fn begin_upload(&mut self) -> bool {
        let Some(Transfer::From(name)) = &mut self.transfer else {
            return false;
        };
        let name = std::mem::take(name);
        self.transfer = Some(Transfer::Uploading);
        self.actions.push_back(Action::Upload { name });
        true
    }

    /// Ctrl-C while a file comes; false when none does.
    pub(super) fn cancel_upload(&mut self) -> bool {
        let was_uploading = self.is_uploading();
        if was_uploading {
            self.upload_failed(copy::CANCELED);
        }
        was_uploading
    }

    /// The server has rows; true when they go into a file.
    pub(super) fn begin_download(&mut self) -> bool {
        let Some(Transfer::Into(name)) = self.transfer.take() else {
            return false;
        };
        self.transfer = Some(Transfer::Downloading);
        self.actions.push_back(Action::Download { name });
        true
    }

    /// Puts rows into the file; false when there is none.
    pub(super) fn keep_rows(&mut self, data: &Bytes) -> bool {
        if self.transfer != Some(Transfer::Downloading) {
            return false;
        }
        if !self.cancelled {
            self.transfer_held += data.len();
            self.actions.push_back(Action::File(data.clone()));
        }
        true
    }

    /// The statement is over, and its file with it.
    pub(super) fn end_transfer(&mut self, is_whole: bool) {
        if self.transfer.take() == Some(Transfer::Downloading) {
            let is_whole = is_whole && !self.cancelled;
            self.actions.push_back(Action::FileEnd { is_whole });
        }
    }
}
