//! Files on their way: `\copy` and COPY from a file the person chooses, and into one the browser saves.

pub(super) mod bar;
mod download;
mod meter;
mod upload;

use std::rc::Rc;

use protocol::terminal::ClientFrame;

pub(super) use download::Download;
pub(super) use upload::Upload;

/// How a transfer speaks to the server.
pub(super) type Send = Rc<dyn Fn(&ClientFrame)>;

/// What the page shows of a file on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Transfer {
    /// The file's, as far as it is known.
    pub(super) name: Option<String>,
    pub(super) stage: Stage,
}

/// Where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stage {
    /// The person is asked for a file to send.
    Choose,
    /// The person is asked where to save a file that is too large to be kept until it is whole.
    Place,
    Sending {
        moved: u64,
        total: u64,
        per_second: u64,
    },
    Saving {
        moved: u64,
        per_second: u64,
    },
}
