//! How a connection begins, on both sides: what a client may send first, and what a server may answer to a login.

use bytes::BytesMut;
use pg_proto::backend::decode;
use pg_proto::client::{Channel, Handshake, Login, Method};
use pg_proto::frontend::{Opening, Password};
use pg_proto::server::{Event, Reception, Tls};

/// Longest body that is read.
const LIMIT: usize = 64 * 1024;

/// What a login may send at most, whatever it is asked.
const MOST_SENT: usize = 16 * 1024;

/// Reports a server may make before it is ready.
const MOST_REPORTS: usize = 1_000;

const PASSWORD: &[u8] = b"a lighthouse keeps no secrets";

/// How much of an input was understood, for tests that the corpus still is.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Understood {
    pub openings: usize,
    pub logins: usize,
}

/// The first byte says what protects a login; the rest comes from whoever is there.
pub fn run(data: &[u8]) -> Understood {
    let Some((&first, data)) = data.split_first() else {
        return Understood::default();
    };
    arrived(data);

    Understood {
        openings: openings(data),
        logins: login(data, channel(first)),
    }
}

fn channel(byte: u8) -> Channel {
    match byte {
        b'p' => Channel::Plain,
        b'v' => Channel::Tls {
            verified: true,
            end_point: None,
        },
        _ => Channel::Tls {
            verified: false,
            end_point: Some(vec![byte; 32]),
        },
    }
}

/// What is understood is written as it was read.
fn openings(data: &[u8]) -> usize {
    let mut bytes = BytesMut::from(data);
    let mut n_openings = 0;
    while let Ok(Some(opening)) = Opening::decode(&mut bytes) {
        let mut again = BytesMut::from(&*opening.to_bytes());
        assert_eq!(Opening::decode(&mut again), Ok(Some(opening)));
        assert!(again.is_empty());
        n_openings += 1;
    }

    n_openings
}

/// A startup or cancel is the same in one piece and byte by byte. What asks for TLS is not: nothing may come behind it.
fn arrived(data: &[u8]) {
    let mut first = BytesMut::from(data);
    if let Ok(Some(Opening::Startup { .. } | Opening::Cancel(_))) = Opening::decode(&mut first) {
        assert_eq!(met(data, 1), met(data, data.len()));
    }
}

/// What a server knows of who comes, in words.
fn met(data: &[u8], piece: usize) -> String {
    let mut reception = Reception::new(Tls::NotOffered);
    let mut rest = data;
    loop {
        let mut out = BytesMut::new();
        match reception.poll_event(&mut out) {
            Ok(None) => {}
            Ok(Some(event)) => {
                if let Event::Startup(startup) = &event {
                    assert!(!startup.user.is_empty());
                    assert!(startup.replication.is_some() || !startup.asks_for_replication());
                }

                return format!("{event:?} {out:?}");
            }
            Err(refusal) => return format!("{refusal:?} {out:?}"),
        }
        let space = reception.space();
        let n_bytes = piece.min(rest.len()).min(space.len());
        let (now, later) = rest.split_at(n_bytes);
        for (to, from) in space.iter_mut().zip(now) {
            *to = *from;
        }
        reception.filled(n_bytes);
        rest = later;
        if n_bytes == 0 {
            return "waits".to_owned();
        }
    }
}

/// Whoever answers gets no password without being known, and is not believed to know it.
fn login(data: &[u8], channel: Channel) -> usize {
    let is_verified = matches!(channel, Channel::Tls { verified: true, .. });
    let login = Login {
        user: "ada".into(),
        database: "books".into(),
        ..Login::default()
    };
    let mut sent = BytesMut::new();
    let mut handshake = Handshake::start(&login, Some(Password::new(PASSWORD)), channel, &mut sent);
    assert_eq!(openings(&sent), 1);

    let mut bytes = BytesMut::from(data);
    let mut n_logins = 0;
    while let Ok(Some(message)) = decode(&mut bytes, LIMIT) {
        match handshake.handle(message, &mut sent) {
            Ok(None) => {}
            Ok(Some(established)) => {
                assert!(match established.method {
                    Method::None => true,
                    Method::Cleartext | Method::Md5 => is_verified,
                    // Who has never seen the password proves nothing.
                    Method::ScramSha256 | Method::ScramSha256Plus => false,
                });
                assert!(established.parameters.len() <= MOST_REPORTS);
                assert!(established.notices.len() <= MOST_REPORTS);
                n_logins += 1;
                break;
            }
            Err(_) => break,
        }
    }
    assert!(sent.len() <= MOST_SENT);
    assert!(is_verified || !sent.windows(PASSWORD.len()).any(|part| part == PASSWORD));

    n_logins
}
