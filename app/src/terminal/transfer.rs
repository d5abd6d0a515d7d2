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

/// `812 B`, `3.2 kB`, `1.4 GB`.
fn bytes_words(bytes: u64) -> String {
    let mut scaled = bytes as f64;
    for unit in ["B", "kB", "MB", "GB"] {
        if scaled < 999.5 || unit == "GB" {
            return match unit {
                "B" => format!("{bytes} B"),
                _ if scaled < 9.95 => format!("{scaled:.1} {unit}"),
                _ => format!("{scaled:.0} {unit}"),
            };
        }
        scaled /= 1000.0;
    }

    format!("{bytes} B")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_told_in_two_or_three_digits() {
        for (bytes, expected) in [
            (0, "0 B"),
            (999, "999 B"),
            (3_210, "3.2 kB"),
            (9_960, "10 kB"),
            (812_044, "812 kB"),
            (1_000_000, "1.0 MB"),
            (4_200_000_000, "4.2 GB"),
            (5_000_000_000_000, "5000 GB"),
        ] {
            assert_eq!(bytes_words(bytes), expected);
        }
    }
}
