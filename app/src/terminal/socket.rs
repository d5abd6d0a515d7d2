//! The terminal's WebSocket: frames as Rust values, the ticket in a subprotocol and so in no URL and no log.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::Uint8Array;
use protocol::terminal::{ClientFrame, SUBPROTOCOL, ServerFrame, TICKET_PREFIX};
use wasm_bindgen::JsValue;

use super::xterm::Size;
use crate::ui::socket;

/// Longest head of a frame that is bytes and nothing else: its variant and their number, in bytes.
const HEAD: usize = 11;

/// What comes out of a socket. Bytes in bulk stay JavaScript's: they are not copied on their way.
pub(super) enum Arrived {
    /// Of [`ServerFrame::Output`].
    Output(Uint8Array),
    /// Of [`ServerFrame::File`].
    File(Uint8Array),
    Frame(ServerFrame),
    /// The end of the socket, whoever closed it.
    Closed,
}

/// An open socket. Dropping it closes it.
pub(super) struct Socket {
    socket: socket::Socket,
    inbox: Inbox,
}

/// Where what comes out of a socket goes: it waits until somebody listens. The server sends no more than a window of
/// output before it is acknowledged.
#[derive(Clone, Default)]
pub(super) struct Inbox(Rc<RefCell<Listening>>);

enum Listening {
    NotYet(Vec<Arrived>),
    To(Rc<dyn Fn(Arrived)>),
}

impl Default for Listening {
    fn default() -> Self {
        Self::NotYet(Vec::new())
    }
}

impl Inbox {
    /// Hands over what waits, then what comes.
    pub(super) fn listen(&self, listener: impl Fn(Arrived) + 'static) {
        let listener: Rc<dyn Fn(Arrived)> = Rc::new(listener);
        // Who listens may send, and close, so that nothing is borrowed meanwhile.
        let before = self.0.replace(Listening::To(listener.clone()));
        if let Listening::NotYet(waiting) = before {
            waiting.into_iter().for_each(|arrived| listener(arrived));
        }
    }

    fn put(&self, arrived: Arrived) {
        let listener = match &mut *self.0.borrow_mut() {
            Listening::To(listener) => listener.clone(),
            Listening::NotYet(waiting) => return waiting.push(arrived),
        };

        listener(arrived);
    }
}

impl Socket {
    /// Redeems the ticket; what comes waits in the [`Inbox`]. What is no frame of ours arrives as the end: the conversation
    /// cannot go on after it.
    pub(super) fn open(token: &str, size: Size) -> Result<Self, JsValue> {
        let Size { cols, rows } = size;
        let path = format!("/terminal?cols={cols}&rows={rows}");
        let ticket = format!("{TICKET_PREFIX}{token}");
        let inbox = Inbox::default();
        let arrivals = inbox.clone();
        let socket = socket::Socket::open(&path, &[SUBPROTOCOL, &ticket], move |bytes| {
            let arrived = bytes.and_then(|bytes| arrived(&bytes));
            arrivals.put(arrived.unwrap_or(Arrived::Closed));
        })?;

        Ok(Self { socket, inbox })
    }

    /// What has come out of it and what will.
    pub(super) fn inbox(&self) -> Inbox {
        self.inbox.clone()
    }

    /// Bytes it was given and has not sent.
    pub(super) fn held(&self) -> u32 {
        self.socket.held()
    }

    /// Sends if the socket is open, and says whether it was.
    pub(super) fn send(&self, frame: &ClientFrame) -> bool {
        self.socket.send(frame)
    }
}

/// `None` for what is no frame of ours.
fn arrived(bytes: &Uint8Array) -> Option<Arrived> {
    let head = bytes.subarray(0, HEAD as u32).to_vec();
    if let Some(start) = start_of_bytes(&head, &ServerFrame::Output(Vec::new())) {
        return Some(Arrived::Output(bytes.subarray(start, bytes.length())));
    }
    if let Some(start) = start_of_bytes(&head, &ServerFrame::File(Vec::new())) {
        return Some(Arrived::File(bytes.subarray(start, bytes.length())));
    }

    postcard::from_bytes(&bytes.to_vec()).ok().map(Arrived::Frame)
}

/// Where the bytes start in a frame that begins with `head`, if it is of the same variant as `empty`, which has none.
fn start_of_bytes(head: &[u8], empty: &ServerFrame) -> Option<u32> {
    let empty = postcard::to_allocvec(empty).ok()?;
    let (_number, variant) = empty.split_last()?;
    let number = head.strip_prefix(variant)?;
    let continued = number.iter().take_while(|byte| **byte >= 0x80).count();

    u32::try_from(variant.len() + continued + 1).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_before_anybody_listens_is_handed_over_first() {
        let inbox = Inbox::default();
        let heard = Rc::new(RefCell::new(Vec::new()));
        let (ear, echo) = (heard.clone(), inbox.clone());
        let warning = |words: &str| Arrived::Frame(ServerFrame::Warning(words.to_owned()));

        inbox.put(warning("first"));
        inbox.put(warning("second"));
        inbox.listen(move |arrived| {
            if let Arrived::Frame(ServerFrame::Warning(words)) = arrived {
                // Who listens may cause more to come.
                if words == "second" {
                    echo.put(Arrived::Frame(ServerFrame::Warning("third".to_owned())));
                }
                ear.borrow_mut().push(words);
            }
        });
        inbox.put(warning("fourth"));

        assert_eq!(*heard.borrow(), ["first", "third", "second", "fourth"]);
    }

    #[test]
    fn bytes_in_bulk_are_found_without_decoding() {
        for len in [0, 1, 127, 128, 16_384, 70_000] {
            let bytes = vec![7; len];
            let frame = postcard::to_allocvec(&ServerFrame::Output(bytes.clone())).unwrap();
            let head = &frame[..frame.len().min(HEAD)];

            let start = start_of_bytes(head, &ServerFrame::Output(Vec::new())).unwrap();

            assert_eq!(&frame[start as usize..], &bytes);
            assert_eq!(start_of_bytes(head, &ServerFrame::File(Vec::new())), None);
        }
    }
}
