//! What a database server may send: messages are taken off the front until one is not whole or not ours.

use bytes::BytesMut;
use pg_proto::backend::decode;

/// Longest body that is read.
const LIMIT: usize = 64 * 1024;

pub fn run(data: &[u8]) {
    let mut bytes = BytesMut::from(data);
    while let Ok(Some(message)) = decode(&mut bytes, LIMIT) {
        let mut again = BytesMut::new();
        message.encode(&mut again);
        // What we say ourselves is what we understand.
        if !again.is_empty() {
            assert_eq!(decode(&mut again, usize::MAX), Ok(Some(message)));
        }
    }
}
