//! What a client may send: on its way in, in pieces; then messages, as they are decoded and as they are read in place.

use bytes::{Bytes, BytesMut};
use pg_proto::frontend::{ExecuteView, Message, ParseView, ValuesReader, decode, query, tag};
use pg_proto::masking::{MASKED, masked};
use pg_proto::server::{Event, Reception, Tls};
use pg_proto::{Header, header};

/// Longest body that is read.
const LIMIT: usize = 64 * 1024;

pub fn run(data: &[u8]) {
    let Some((&piece, data)) = data.split_first() else {
        return;
    };
    let piece = usize::from(piece).max(1);
    let rest = come_in(data, piece);
    talk(&rest, piece);
}

/// Gives what is left when nothing more is understood.
fn come_in(data: &[u8], piece: usize) -> Bytes {
    let mut reception = Reception::new(Tls::Offered);
    for (n, bytes) in data.chunks(piece).enumerate() {
        let space = reception.space();
        let n_bytes = bytes.len().min(space.len());
        for (to, from) in space.iter_mut().zip(bytes) {
            *to = *from;
        }
        reception.filled(n_bytes);
        loop {
            let mut out = BytesMut::new();
            match reception.poll_event(&mut out) {
                Ok(None) => break,
                Ok(Some(Event::StartTls { .. })) => {
                    if reception.secured(None).is_err() {
                        return Bytes::new();
                    }
                }
                Ok(Some(Event::Startup(startup))) => {
                    assert!(!startup.user.is_empty());
                    reception.ask_password(&mut out);
                }
                Ok(Some(Event::Password(_))) => {
                    let unread = data.get((n + 1) * piece..).unwrap_or_default();
                    return [&reception.into_rest(), unread].concat().into();
                }
                Ok(Some(Event::Cancel(_))) | Err(_) => return Bytes::copy_from_slice(data),
            }
        }
    }
    Bytes::copy_from_slice(data)
}

fn talk(data: &[u8], piece: usize) {
    let mut rest = BytesMut::from(data);
    while let Ok(Some(Header { tag, body })) = Header::peek(&rest)
        && let Some(body) = rest
            .get(header::LEN..header::LEN + body)
            .map(Bytes::copy_from_slice)
    {
        let decoded = decode(&mut rest, LIMIT);
        let is_read = match tag {
            tag::QUERY => query(&body).is_ok(),
            tag::PARSE => ParseView::read(&body).is_ok(),
            tag::EXECUTE => ExecuteView::read(&body).is_ok(),
            tag::BIND => {
                let mut reader = ValuesReader::new(9, 99);
                body.chunks(piece).all(|bytes| reader.feed(bytes).is_ok()) && reader.finish().is_ok()
            }
            _ => decoded.is_ok(),
        };
        if body.len() <= LIMIT {
            assert_eq!(is_read, decoded.is_ok());
        }
        match decoded {
            Ok(Some(Message::Query { sql } | Message::Parse { sql, .. })) => mask(&sql.to_str()),
            Ok(Some(_)) => (),
            Ok(None) | Err(_) => return,
        }
    }
}

/// What is shown of a text is in it, in order.
fn mask(sql: &str) {
    let mut rest = sql;
    for part in masked(sql).split(MASKED) {
        if let Some(start) = rest.find(part) {
            rest = rest.get(start + part.len()..).unwrap_or_default();
        } else {
            // The text may have the mask itself.
            assert!(sql.contains(MASKED), "{sql}");
        }
    }
}
