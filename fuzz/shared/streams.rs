//! Streams over one WebSocket. A peer may send any bytes for frames, to the side that takes streams and to the side that
//! opens them; and what two true sides send to each other arrives, however its messages are cut.

use std::cell::Cell;
use std::future::ready;
use std::io;
use std::pin::pin;
use std::rc::Rc;

use bytes::Bytes;
use futures_util::future::{Either, join, select};
use futures_util::{Sink, Stream, StreamExt as _, sink, stream};
use gateway::streams::{opening, taking};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy, duplex, split};
use tokio_util::codec::{BytesCodec, FramedRead, FramedWrite};

/// Streams at one time.
const MOST: usize = 4;

/// Bytes of a frame without a body.
const HEADER: usize = 12;

/// Messages of at most so many bytes are written between two true sides.
const MOST_CARRIED: usize = 64 * 1024;

/// What came of frames of anybody's.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    pub streams: usize,
    pub bytes: u64,
}

/// The first byte says how messages are cut; the rest is frames, and then what is carried.
pub fn run(data: &[u8]) -> Taken {
    let Some((&piece, data)) = data.split_first() else {
        return Taken::default();
    };
    let piece = usize::from(piece).max(1);
    let runtime = tokio::runtime::Builder::new_current_thread().build();

    runtime.map_or_else(
        |_| Taken::default(),
        |runtime| {
            runtime.block_on(async {
                assert!(taken(data, piece, false).await.streams <= 1);
                opened(data, piece).await;
                carried(data, piece).await;

                taken(data, piece, true).await
            })
        },
    )
}

/// What a peer sends that says all at once and then nothing more.
fn messages(data: &[u8], piece: usize) -> impl Stream<Item = io::Result<Bytes>> + Unpin {
    stream::iter(data.chunks(piece).map(|bytes| Ok(Bytes::copy_from_slice(bytes))))
}

/// A peer that reads everything; how much that was.
fn reader() -> (Rc<Cell<usize>>, impl Sink<Bytes, Error = io::Error> + Unpin) {
    let n_sent = Rc::new(Cell::new(0));
    let counted = Rc::clone(&n_sent);
    let sent = sink::unfold((), move |(), bytes: Bytes| {
        counted.set(counted.get() + bytes.len());

        ready(io::Result::Ok(()))
    });

    (n_sent, sent)
}

/// The side that takes streams, before a peer that keeps to nothing.
async fn taken(data: &[u8], piece: usize, begins: bool) -> Taken {
    let (n_sent, outgoing) = reader();
    let (mut incoming, moving) = taking(messages(data, piece), outgoing, MOST);
    if begins {
        incoming.begin();
    }
    let reading = async {
        let mut taken = Taken::default();
        while let Some(mut stream) = incoming.next().await {
            taken.streams += 1;
            taken.bytes += copy(&mut stream, &mut tokio::io::sink())
                .await
                .unwrap_or_default();
        }

        taken
    };
    let (_, taken) = join(moving, reading).await;

    // Nothing is made of nothing, and who sends little is not answered with much.
    assert!(taken.bytes <= data.len() as u64);
    assert!(taken.streams <= data.len() / HEADER);
    assert!(
        n_sent.get() <= 4 * data.len() + 4 * HEADER,
        "{} for {}",
        n_sent.get(),
        data.len()
    );

    taken
}

/// The side that opens streams, before the same peer.
async fn opened(data: &[u8], piece: usize) {
    let (_, outgoing) = reader();
    let (opener, moving) = opening(messages(data, piece), outgoing, MOST);
    let using = async {
        let mut n_read = 0;
        for _ in 0..2 {
            if let Ok(mut stream) = opener.open().await {
                let _ = stream.write_all(b"who is there?").await;
                let _ = stream.shutdown().await;
                n_read += copy(&mut stream, &mut tokio::io::sink())
                    .await
                    .unwrap_or_default();
            }
        }
        drop(opener);

        n_read
    };
    let (_, n_read) = join(moving, using).await;

    assert!(n_read <= data.len() as u64);
}

/// Two true sides: what one writes the other sends back.
async fn carried(data: &[u8], piece: usize) {
    let data = data.get(..MOST_CARRIED).unwrap_or(data);
    let (here, there) = duplex(piece);
    let ((from_there, to_there), (from_here, to_here)) = (split(here), split(there));
    let (opener, one) = opening(
        received(from_there),
        FramedWrite::new(to_there, BytesCodec::new()),
        MOST,
    );
    let (mut incoming, other) = taking(
        received(from_here),
        FramedWrite::new(to_here, BytesCodec::new()),
        MOST,
    );
    let echo = async {
        if let Some(stream) = incoming.next().await {
            let (mut read, mut write) = split(stream);
            let _ = copy(&mut read, &mut write).await;
            let _ = write.shutdown().await;
        }
        // Dropped, it would close what the rest is on its way through.
        incoming
    };
    let talk = async {
        let (mut read, mut write) = split(opener.open().await?);
        let writing = async {
            write.write_all(data).await?;
            write.shutdown().await
        };
        let reading = async {
            let mut back = Vec::new();
            read.read_to_end(&mut back).await?;

            io::Result::Ok(back)
        };
        let (written, back) = join(writing, reading).await;
        written?;

        back
    };
    let (moving, talking) = (pin!(join(one, other)), pin!(join(echo, talk)));

    let back = match select(talking, moving).await {
        Either::Left(((_, back), _)) => back.ok(),
        Either::Right(_) => None,
    };

    assert_eq!(back.as_deref(), Some(data));
}

fn received(half: impl tokio::io::AsyncRead + Unpin) -> impl Stream<Item = io::Result<Bytes>> + Unpin {
    FramedRead::new(half, BytesCodec::new()).map(|message| message.map(bytes::BytesMut::freeze))
}
