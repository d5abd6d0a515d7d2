//! Files between the person and PostgreSQL, and the editor pane: no faster than the slower side, and ended cleanly
//! when either goes away.
//!
//! Bounds: [`UPLOAD_WINDOW`] of an upload wait for PostgreSQL; of downloads [`ROOM`] and one message wait for the
//! browser, besides the [`DOWNLOAD_WINDOW`] that is on its way.

use bytes::Bytes;
use protocol::terminal::{ClientFrame, FileEnd, MAX_EDIT, ServerFrame, UPLOAD_WINDOW};
use terminal::CANCELED;

use super::script::cut;
use super::{Step, Task, unrecorded};
use crate::clock;
use files::{Files, Part, Upload};

mod files;

/// Bytes queued for the database at which an upload waits.
const QUEUED: usize = 64 * 1024;

const LOST: &str = "the browser went away";
const TOO_FAST: &str = "the browser sent more than it was asked for";
const TOO_LONG: &str = "\\e: the query buffer is larger than the 60 KiB the editor takes.\r\n";

/// What the person was asked for or is being sent.
#[derive(Debug, Default)]
pub struct Transfers {
    upload: Option<Upload>,
    /// An upload was over before its browser knew: what comes of it does so until the browser has parsed more than
    /// so many bytes of output.
    crossing: Option<u64>,
    files: Files,
    /// An editor pane is open.
    is_editing: bool,
}

impl Transfers {
    /// Whether more of the database may be read.
    pub fn has_room(&self) -> bool {
        self.files.has_room()
    }

    /// Whether something waits for a file.
    pub fn is_in_the_way(&self) -> bool {
        self.is_finishing() || !self.has_room()
    }

    /// Whether what comes after a file has to wait for it.
    pub fn is_finishing(&self) -> bool {
        self.files.is_finishing()
    }
}

impl Task {
    /// What the browser says about files and the editor. Answers to questions that were not asked, or that have been
    /// taken back meanwhile, mean nothing.
    pub(super) fn hear_of_files(&mut self, frame: ClientFrame) -> Step {
        match frame {
            ClientFrame::UploadChunk(bytes) => {
                let Some(upload) = self.transfers.upload.as_mut().filter(|upload| upload.is_open()) else {
                    return Ok(());
                };
                if !upload.push(bytes.into()) {
                    self.engine.upload_failed(TOO_FAST);
                }
            }
            ClientFrame::UploadEnd => {
                if let Some(upload) = self.transfers.upload.as_mut().filter(|upload| upload.is_open()) {
                    upload.is_whole = true;
                }
            }
            ClientFrame::UploadCancel => {
                if let Some(upload) = self.transfers.upload.as_mut().filter(|upload| upload.is_open()) {
                    upload.is_whole = true;
                    upload.clear();
                    self.engine.upload_failed(CANCELED);
                }
            }
            ClientFrame::UploadFailed(reason) => {
                if let Some(upload) = self.transfers.upload.as_mut().filter(|upload| upload.is_open()) {
                    upload.is_whole = true;
                    upload.clear();
                    let reason = terminal::visible(cut(&reason).as_bytes());
                    self.engine.upload_failed(&reason.replace("\r\n", " "));
                }
            }
            ClientFrame::FileTaken { taken } => self.transfers.files.acknowledge(taken),
            ClientFrame::DownloadCancel => {
                if self.transfers.files.is_finishing() {
                    self.transfers.files.break_all();
                } else if self.transfers.files.is_open() {
                    self.transfers.files.drop_bytes();
                    self.engine.download_failed(CANCELED);
                }
            }
            ClientFrame::Edited(text) => {
                if std::mem::take(&mut self.transfers.is_editing) {
                    let text = text.filter(|text| text.len() <= MAX_EDIT);
                    if let Some(text) = &text {
                        // Typed like anything else, if elsewhere.
                        let typed = Bytes::copy_from_slice(text.as_bytes());
                        self.lane
                            .input(clock::now().micros(), typed)
                            .map_err(|_| unrecorded())?;
                    }
                    self.engine.handle_edited(text);
                }
            }
            ClientFrame::Input(_)
            | ClientFrame::Resize { .. }
            | ClientFrame::Ack { .. }
            | ClientFrame::Begin(_)
            | ClientFrame::Read(_)
            | ClientFrame::Interrupt
            | ClientFrame::End => {}
        }

        Ok(())
    }

    /// Ctrl-C also ends a file of which only the browser's part is left.
    pub(super) fn interrupt_files(&mut self) {
        if self.transfers.files.is_finishing() {
            self.transfers.files.break_all();
        }
    }

    pub(super) fn ask_for_file(&mut self, name: String) {
        if self.presence.is_here() {
            self.transfers.upload = Some(Upload::of(name));
        } else {
            self.engine.upload_failed(LOST);
        }
    }

    pub(super) fn begin_download(&mut self, name: String) {
        if self.presence.is_here() {
            self.transfers.files.begin(name);
        } else {
            self.engine.download_failed(LOST);
        }
    }

    pub(super) fn keep(&mut self, bytes: &Bytes) {
        self.transfers.files.push(bytes);
    }

    pub(super) fn end_download(&mut self, is_whole: bool) {
        self.transfers.files.end(is_whole);
    }

    /// The statement is cancelled: what has come of its file is not the file.
    pub(super) fn cut_download(&mut self) {
        self.transfers.files.drop_bytes();
    }

    pub(super) fn ask_to_edit(&mut self, text: String) -> Step {
        if !self.presence.is_here() {
            self.engine.handle_edited(None);
            return Ok(());
        }
        if text.len() > MAX_EDIT {
            self.output.extend_from_slice(TOO_LONG.as_bytes());
            self.engine.handle_edited(None);
            return Ok(());
        }
        self.transfers.is_editing = true;
        let asked = self.presence.send(ServerFrame::Edit { text });

        self.unless_gone(asked)
    }

    /// Gives the engine what it takes of an upload.
    pub(super) fn feed_upload(&mut self) {
        let Some(upload) = &mut self.transfers.upload else {
            return;
        };
        while self.engine.wants_upload() && self.wire.outbound.n_pending() < QUEUED {
            match upload.take() {
                Some(chunk) => self.engine.handle_upload(chunk),
                None if upload.is_whole => self.engine.upload_finished(),
                None => return,
            }
        }
    }

    /// Takes back what is not wanted any longer. Comes before the output that says why.
    pub(super) fn take_back(&mut self) -> Step {
        if !self.engine.is_uploading()
            && let Some(upload) = self.transfers.upload.take()
            && upload.is_asked
        {
            if !upload.is_whole {
                self.transfers.crossing = Some(self.presence.sent());
            }
            let told = self.presence.send(ServerFrame::UploadOver);
            self.unless_gone(told)?;
        }
        if self.transfers.is_editing && !self.engine.is_editing_text() {
            self.transfers.is_editing = false;
            let told = self.presence.send(ServerFrame::EditOver);
            self.unless_gone(told)?;
        }

        Ok(())
    }

    /// Sends the browser what it may be sent of files.
    pub(super) fn move_files(&mut self) -> Step {
        if !self.presence.is_here() {
            self.transfers.files.forget();
            return Ok(());
        }
        self.ask_or_credit()?;
        while self.presence.has_place()
            && let Some(part) = self.transfers.files.poll()
        {
            let sent = self.presence.send(match part {
                Part::Begin(name) => ServerFrame::Download { name },
                Part::Bytes(bytes) => ServerFrame::File(bytes.to_vec()),
                Part::End(end) => ServerFrame::FileEnd(end),
            });
            self.unless_gone(sent)?;
        }

        Ok(())
    }

    fn ask_or_credit(&mut self) -> Step {
        let Some(upload) = &mut self.transfers.upload else {
            return Ok(());
        };
        if !self.presence.has_place() {
            return Ok(());
        }
        let frame = if upload.is_asked {
            upload.credit().map(|taken| ServerFrame::UploadTaken { taken })
        } else if self
            .transfers
            .crossing
            .is_none_or(|sent| self.presence.parsed() > sent)
        {
            // Nothing of an upload before this one is on its way.
            self.transfers.crossing = None;
            upload.is_asked = true;
            let name = Some(upload.name.clone());
            Some(ServerFrame::Upload { name })
        } else {
            None
        };
        let Some(frame) = frame else {
            return Ok(());
        };
        let sent = self.presence.send(frame);

        self.unless_gone(sent)
    }

    /// The browser has gone, or another takes its place: what was on its way ends.
    pub(super) fn drop_transfers(&mut self) {
        let transfers = std::mem::take(&mut self.transfers);
        if transfers.upload.is_some() {
            self.engine.upload_failed(LOST);
        }
        if transfers.files.is_open() {
            self.engine.download_failed(LOST);
        }
        if transfers.is_editing {
            self.engine.handle_edited(None);
        }
    }
}

impl Upload {
    /// Takes what the browser sends; false where it is more than may wait.
    fn push(&mut self, bytes: Bytes) -> bool {
        // The window counts bytes, and a piece without any would be held for nothing.
        if bytes.is_empty() {
            return true;
        }
        self.received += bytes.len() as u64;
        let fits = self.received - self.taken <= UPLOAD_WINDOW;
        if fits {
            self.waiting.push_back(bytes);
        } else {
            self.clear();
        }

        fits
    }
}

/// How a file of the engine ended, for the browser.
fn file_end(is_whole: bool) -> FileEnd {
    if is_whole { FileEnd::Whole } else { FileEnd::Broken }
}
