//! The first words on a stream through a gateway: where it is to lead, and what became of that. After them the stream is the
//! target's, byte for byte.
//!
//! A word is two bytes of length and so much JSON: nothing behind it is read with it.

use std::io;
use std::net::{IpAddr, SocketAddr};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

/// Longest word, in bytes: a name, its port and as many rules as a list has.
pub const MAX_WORD: usize = 32 * 1024;

/// Where a stream is to lead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Call {
    /// A name or an address, without brackets.
    pub host: String,
    pub port: u16,
    /// The one of the host's addresses that is meant, where an earlier call has reached it.
    pub address: Option<IpAddr>,
    /// How long one address may take to answer.
    pub attempt_millis: u64,
    /// The rules of a connection template, which hold beside the gateway's own. Empty for a record with a host.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub only: Vec<String>,
}

/// What becomes of a call. The last one but [`Progress::Connecting`] ends it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Progress {
    /// The name has addresses; they are tried.
    Connecting,
    /// From here on the stream is the target's.
    Reached(SocketAddr),
    Unresolved,
    /// None of its addresses is one the gateway may connect to.
    Forbidden(SocketAddr),
    /// The same by the rules that came with the call.
    NotAllowed(SocketAddr),
    Refused(SocketAddr),
    Silent,
    /// What the operating system said.
    Failed(String),
}

/// Says a word.
///
/// # Errors
/// The stream is lost, or the word too long.
pub async fn say(stream: &mut (impl AsyncWrite + Unpin), word: &impl Serialize) -> io::Result<()> {
    let body = serde_json::to_vec(word).map_err(io::Error::other)?;
    let length = u16::try_from(body.len())
        .ok()
        .filter(|_| body.len() <= MAX_WORD)
        .ok_or_else(too_long)?;
    let mut bytes = Vec::with_capacity(2 + body.len());
    bytes.extend_from_slice(&length.to_be_bytes());
    bytes.extend_from_slice(&body);
    stream.write_all(&bytes).await?;

    stream.flush().await
}

/// Hears a word.
///
/// # Errors
/// The stream is lost, or what comes is none.
pub async fn hear<T: DeserializeOwned>(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<T> {
    let length = usize::from(stream.read_u16().await?);
    if length > MAX_WORD {
        return Err(too_long());
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await?;

    serde_json::from_slice(&body).map_err(io::Error::other)
}

fn too_long() -> io::Error {
    io::Error::other("a word is too long")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn nothing_behind_a_word_is_read_with_it() {
        let (mut here, mut there) = tokio::io::duplex(4096);
        let call = Call {
            host: "orders.internal".to_owned(),
            port: 5432,
            address: None,
            attempt_millis: 5_000,
            only: vec!["10.0.0.0/8".to_owned()],
        };
        say(&mut here, &call).await.unwrap();
        here.write_all(b"bytes of the target").await.unwrap();
        drop(here);

        let heard: Call = hear(&mut there).await.unwrap();
        let mut rest = String::new();
        there.read_to_string(&mut rest).await.unwrap();

        assert_eq!(heard, call);
        assert_eq!(rest, "bytes of the target");
    }

    #[tokio::test]
    async fn a_word_that_is_too_long_or_none_is_refused() {
        for bytes in [&b"\xff\xff{}"[..], b"\x00\x02{]", b"\x00\x09{}", b"\x00"] {
            let mut stream = bytes;

            assert!(hear::<Call>(&mut stream).await.is_err(), "{bytes:?}");
        }
        let long = Progress::Failed("x".repeat(MAX_WORD));
        assert!(say(&mut tokio::io::sink(), &long).await.is_err());
    }
}
