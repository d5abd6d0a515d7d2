//! Files of `\copy`: the caller's own, by the names in the command. They go over the session, where the record says
//! whether they may.

use std::io;

use protocol::terminal::script::MAX_PIECE;
use protocol::terminal::{ClientFrame, FileEnd, UPLOAD_WINDOW};
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// The file the server is being sent, and the one it sends.
#[derive(Default)]
pub struct Files {
    upload: Option<Upload>,
    download: Option<Download>,
}

struct Upload {
    file: File,
    sent: u64,
    taken: u64,
}

struct Download {
    name: String,
    file: File,
    taken: u64,
}

impl Files {
    /// Opens the file rows come from; where it cannot be read, what the server is told.
    pub async fn begin_upload(&mut self, name: &str) -> Option<ClientFrame> {
        match File::open(name).await {
            Ok(file) => {
                self.upload = Some(Upload {
                    file,
                    sent: 0,
                    taken: 0,
                });
                None
            }
            Err(error) => Some(failed(name, &error)),
        }
    }

    pub fn note_taken(&mut self, taken: u64) {
        if let Some(upload) = &mut self.upload {
            upload.taken = taken.min(upload.sent);
        }
    }

    pub fn end_upload(&mut self) {
        self.upload = None;
    }

    /// Whether [`Self::next_piece`] has something to read.
    pub fn has_room(&self) -> bool {
        self.upload
            .as_ref()
            .is_some_and(|upload| upload.sent - upload.taken + MAX_PIECE as u64 <= UPLOAD_WINDOW)
    }

    /// The next frame of the upload.
    pub async fn next_piece(&mut self) -> Option<ClientFrame> {
        let upload = self.upload.as_mut()?;
        let mut piece = vec![0; MAX_PIECE];
        match upload.file.read(&mut piece).await {
            Ok(0) => {
                self.upload = None;
                Some(ClientFrame::UploadEnd)
            }
            Ok(n_read) => {
                piece.truncate(n_read);
                upload.sent += n_read as u64;
                Some(ClientFrame::UploadChunk(piece))
            }
            Err(error) => {
                self.upload = None;
                Some(failed("", &error))
            }
        }
    }

    /// Begins the file rows go to; where that is not possible, what the server is told, and why.
    pub async fn begin_download(&mut self, name: String) -> Result<(), (ClientFrame, String)> {
        match File::create(&name).await {
            Ok(file) => {
                self.download = Some(Download { name, file, taken: 0 });
                Ok(())
            }
            Err(error) => Err((ClientFrame::DownloadCancel, format!("{name}: {}", reason(&error)))),
        }
    }

    /// Keeps bytes; what the server is told of them.
    pub async fn keep(&mut self, bytes: &[u8]) -> Result<Option<ClientFrame>, (ClientFrame, String)> {
        let Some(download) = &mut self.download else {
            return Ok(None);
        };
        if let Err(error) = download.file.write_all(bytes).await {
            let told = format!("{}: {}", download.name, reason(&error));
            self.download = None;
            return Err((ClientFrame::DownloadCancel, told));
        }
        download.taken += bytes.len() as u64;
        let taken = download.taken;

        Ok(Some(ClientFrame::FileTaken { taken }))
    }

    /// The file is over. One that is not whole stays as far as it came, as psql leaves it.
    pub async fn end_download(&mut self, _end: FileEnd) -> Option<String> {
        let mut download = self.download.take()?;
        let flushed = download.file.flush().await;

        flushed
            .err()
            .map(|error| format!("{}: {}", download.name, reason(&error)))
    }
}

fn failed(name: &str, error: &io::Error) -> ClientFrame {
    let reason = reason(error);

    ClientFrame::UploadFailed(match name {
        "" => reason,
        name => format!("{name}: {reason}"),
    })
}

/// The system's words, as C has them.
pub fn reason(error: &io::Error) -> String {
    let text = error.to_string();

    text.split(" (os error").next().unwrap_or(&text).to_owned()
}
