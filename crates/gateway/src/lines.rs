//! Words on one stream, a line of JSON each.

use std::io;

use futures_util::{SinkExt as _, StreamExt as _};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_util::codec::{Framed, LinesCodec, LinesCodecError};

/// Both directions of a stream of words.
pub struct Lines<S>(Framed<S, LinesCodec>);

impl<S: AsyncRead + AsyncWrite + Unpin> Lines<S> {
    /// Lines of at most so many bytes.
    pub fn new(stream: S, longest: usize) -> Self {
        Self(Framed::new(stream, LinesCodec::new_with_max_length(longest)))
    }

    /// # Errors
    /// The stream is lost.
    pub async fn say(&mut self, word: &impl Serialize) -> io::Result<()> {
        let line = serde_json::to_string(word).map_err(io::Error::other)?;

        self.0.send(line).await.map_err(lost)
    }

    /// The next word; `None` when no more come. May be given up and called again: no word is lost.
    ///
    /// # Errors
    /// The stream is lost, or a line is too long or no word.
    pub async fn hear<T: DeserializeOwned>(&mut self) -> io::Result<Option<T>> {
        let Some(line) = self.0.next().await else {
            return Ok(None);
        };
        let line = line.map_err(lost)?;

        serde_json::from_str(&line).map(Some).map_err(io::Error::other)
    }
}

fn lost(error: LinesCodecError) -> io::Error {
    match error {
        LinesCodecError::Io(error) => error,
        LinesCodecError::MaxLineLengthExceeded => io::Error::other("a line is too long"),
    }
}
