//! Bytes of one direction on their way: what was read, what of it goes on as it is, what is put in between.

use std::future::poll_fn;
use std::io;
use std::mem::{self, MaybeUninit};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use bytes::{Buf, BytesMut};
use pg_proto::{Header, Malformed, header};
use tokio::io::{AsyncRead, AsyncReadExt, ReadBuf};

use super::ledger::Fate;

/// Bytes asked for in one read of a connection that has little to say.
const LEAST: usize = 8 * 1024;

/// Bytes asked for in one read of a connection in full flow.
const MOST: usize = 64 * 1024;

/// Read and not yet written.
#[derive(Debug)]
pub(super) struct Flow {
    /// Bytes to ask for in the next read.
    room: usize,
    /// A turn of the conversation is over: it may take long until something comes.
    rests: bool,
    /// What was read; its first `passed` bytes are to be written as they are.
    unread: BytesMut,
    passed: usize,
    /// What is to be written before those.
    out: BytesMut,
    /// Bytes still to come of the message that streams, and what becomes of them.
    body: usize,
    fate: Fate,
}

impl Flow {
    pub(super) fn new(unread: BytesMut) -> Self {
        Self {
            room: LEAST,
            rests: true,
            unread,
            passed: 0,
            out: BytesMut::new(),
            body: 0,
            fate: Fate::Pass,
        }
    }

    /// Reads what comes next; gives the number of bytes, 0 at the end of the stream. Nothing is lost when
    /// the future is dropped.
    pub(super) async fn fill<R: AsyncRead + Unpin>(&mut self, from: &mut R) -> io::Result<usize> {
        let n_bytes = poll_fn(|context| {
            let read = self.poll_fill(Pin::new(from), context);
            // Who waits for long holds no buffer. In full flow to let go of it would cost more than the reads.
            if read.is_pending() && self.unread.is_empty() && (self.rests || self.is_quiet()) {
                self.unread = BytesMut::new();
            }

            read
        })
        .await?;
        self.rests = false;
        self.filled(n_bytes);

        Ok(n_bytes)
    }

    /// What was read last ends a turn of the conversation.
    pub(super) fn rest(&mut self) {
        self.rests = true;
    }

    /// The header of the next message; `None` when it has not come, or the one before has not come whole.
    pub(super) fn header(&self) -> Result<Option<Header>, Malformed> {
        if self.body > 0 {
            return Ok(None);
        }
        Header::peek(self.ahead())
    }

    /// The first `len` bytes of the next message's body; `None` when they have not come.
    pub(super) fn look(&self, len: usize) -> Option<&[u8]> {
        self.ahead().get(header::LEN..header::LEN + len)
    }

    /// What has come of the next message's body, and perhaps more.
    pub(super) fn look_far(&self) -> &[u8] {
        self.ahead().get(header::LEN..).unwrap_or_default()
    }

    /// Lets the next message pass, or drops it, with a body of so many bytes; gives what has come of it and passes.
    pub(super) fn begin(&mut self, body: usize, fate: Fate) -> &[u8] {
        if fate == Fate::Drop {
            // What is dropped is at the front then.
            self.take_passed();
        }
        self.fate = fate;
        self.body = header::LEN + body;

        self.stream()
    }

    /// Goes on with the message under way; gives the bytes of it that pass.
    pub(super) fn stream(&mut self) -> &[u8] {
        let n_bytes = self.body.min(self.unread.len() - self.passed);
        self.body -= n_bytes;
        match self.fate {
            Fate::Pass => {
                let start = self.passed;
                self.passed += n_bytes;
                self.unread.get(start..self.passed).unwrap_or_default()
            }
            Fate::Drop => {
                self.unread.advance(n_bytes);
                &[]
            }
        }
    }

    /// Whether a message is under way.
    pub(super) fn is_streaming(&self) -> bool {
        self.body > 0
    }

    /// Whether the other side is in the middle of a message.
    pub(super) fn is_awaited(&self) -> bool {
        match Header::peek(self.ahead()) {
            _ if self.body > 0 => true,
            Ok(Some(Header { body, .. })) => self.look(body).is_none(),
            Ok(None) => !self.ahead().is_empty(),
            Err(_) => false,
        }
    }

    /// Whether what was passed on ends with a whole message.
    pub(super) fn is_whole(&self) -> bool {
        self.body == 0 || self.fate == Fate::Drop
    }

    /// Puts something between the message before and the next one.
    pub(super) fn insert(&mut self) -> &mut BytesMut {
        self.take_passed();
        &mut self.out
    }

    /// What is to be written now.
    pub(super) fn outgoing(&mut self) -> &[u8] {
        self.take_passed();
        &self.out
    }

    /// It is written.
    pub(super) fn written(&mut self) {
        // Not `clear`: the buffer goes back to where it was split from.
        self.out = BytesMut::new();
    }

    /// Whether the connection has little to say.
    fn is_quiet(&self) -> bool {
        self.room == LEAST
    }

    /// What is little comes by way of the stack, into a buffer of its own size.
    fn poll_fill<R: AsyncRead + Unpin>(
        &mut self,
        from: Pin<&mut R>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        if !self.is_quiet() {
            self.unread.reserve(self.room);
            return pin!(from.get_mut().read_buf(&mut self.unread)).poll(context);
        }
        let mut space = [MaybeUninit::uninit(); LEAST];
        let mut read = ReadBuf::uninit(&mut space);
        ready!(from.poll_read(context, &mut read))?;
        self.unread.extend_from_slice(read.filled());

        Poll::Ready(Ok(read.filled().len()))
    }

    /// So many bytes were read: reads that fill their room get more of it.
    fn filled(&mut self, n_bytes: usize) {
        if n_bytes >= self.room {
            self.room = MOST.min(2 * self.room);
        } else if n_bytes < LEAST {
            self.room = LEAST;
        }
    }

    fn ahead(&self) -> &[u8] {
        self.unread.get(self.passed..).unwrap_or_default()
    }

    /// Without a copy when nothing is before it.
    fn take_passed(&mut self) {
        if self.passed == 0 {
            return;
        }
        let passed = if self.passed == self.unread.len() && self.is_quiet() {
            // The buffer goes with it, and is not shared with what comes next.
            mem::take(&mut self.unread)
        } else {
            self.unread.split_to(self.passed)
        };
        self.passed = 0;
        if self.out.is_empty() {
            self.out = passed;
        } else {
            self.out.extend_from_slice(&passed);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use tokio::io::{AsyncWriteExt, DuplexStream, duplex};

    use super::*;

    /// A message of one byte.
    const READY: &[u8] = b"Z\0\0\0\x05I";

    #[tokio::test]
    async fn who_waits_holds_no_buffer() {
        for fate in [Fate::Pass, Fate::Drop] {
            let (mut ours, mut theirs) = duplex(1024);
            let mut flow = Flow::new(BytesMut::new());
            theirs.write_all(READY).await.unwrap();

            flow.fill(&mut ours).await.unwrap();
            let passed = hand_on(&mut flow, fate);

            assert_eq!(passed.is_empty(), fate == Fate::Drop);
            assert_eq!(held_while_it_waits(&mut flow, &mut ours), 0, "{fate:?}");
        }
    }

    #[tokio::test]
    async fn who_rests_after_much_holds_no_buffer_either() {
        let (mut ours, mut theirs) = duplex(1024 * 1024);
        let mut flow = Flow::new(BytesMut::new());
        let row = row(256 * 1024);
        theirs.write_all(&row).await.unwrap();

        flow.fill(&mut ours).await.unwrap();
        let mut passed = hand_on(&mut flow, Fate::Pass);
        let mut largest = 0;
        while flow.is_streaming() {
            largest = flow.fill(&mut ours).await.unwrap().max(largest);
            flow.stream();
            passed.extend_from_slice(flow.outgoing());
            flow.written();
        }

        assert!(passed == row);
        assert!(largest >= MOST, "{largest}");
        assert!(held_while_it_waits(&mut flow, &mut ours) > 0);
        flow.rest();
        assert_eq!(held_while_it_waits(&mut flow, &mut ours), 0);
    }

    fn row(body: usize) -> Vec<u8> {
        let mut row = vec![b'D'];
        row.extend_from_slice(&u32::try_from(body + 4).unwrap().to_be_bytes());
        row.resize(header::LEN + body, b'x');

        row
    }

    /// Decides over the next message and writes what is to be written.
    fn hand_on(flow: &mut Flow, fate: Fate) -> Vec<u8> {
        let header = flow.header().unwrap().unwrap();
        flow.begin(header.body, fate);
        let passed = flow.outgoing().to_vec();
        if !passed.is_empty() {
            flow.written();
        }

        passed
    }

    /// Room that is held while nothing comes.
    fn held_while_it_waits(flow: &mut Flow, stream: &mut DuplexStream) -> usize {
        let mut context = Context::from_waker(Waker::noop());
        assert!(pin!(flow.fill(stream)).poll(&mut context).is_pending());

        flow.unread.capacity() + flow.out.capacity()
    }
}
