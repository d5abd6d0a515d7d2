//! The way in, as clients take it.

use proptest::prelude::*;

use super::*;
use crate::backend;
use crate::frontend;

fn startup(minor: u16, parameters: &[(&str, &str)]) -> Bytes {
    Opening::Startup {
        major: 3,
        minor,
        parameters: parameters
            .iter()
            .map(|(name, value)| ((*name).into(), (*value).into()))
            .collect(),
    }
    .to_bytes()
}

fn password(text: &[u8]) -> Bytes {
    let mut out = BytesMut::new();
    frontend::Message::Password(Password::new(&[text, b"\0"].concat())).encode(&mut out);
    out.freeze()
}

/// Gives the bytes over in pieces, plays the caller, and tells what happened.
fn talk(tls: Tls, alpn: Option<&[u8]>, sent: &[Bytes], piece: usize) -> String {
    let mut reception = Reception::new(tls);
    let mut story = Vec::new();
    for message in sent {
        let mut message = &message[..];
        while !message.is_empty() {
            let space = reception.space();
            let n_bytes = piece.min(message.len()).min(space.len());
            space[..n_bytes].copy_from_slice(&message[..n_bytes]);
            reception.filled(n_bytes);
            message = &message[n_bytes..];
            loop {
                let mut out = BytesMut::new();
                let event = reception.poll_event(&mut out);
                story.extend(words(&out));
                match event {
                    Ok(None) => break,
                    Ok(Some(event)) => {
                        if let Err(refusal) = act(&mut reception, event, alpn, &mut story) {
                            return story.join(", ") + &format!(", {refusal}");
                        }
                    }
                    Err(refusal) => {
                        story.push(refusal.to_string());
                        return story.join(", ");
                    }
                }
            }
        }
    }
    let rest = reception.into_rest();
    if !rest.is_empty() {
        story.push(format!("{} ahead", rest.len()));
    }
    story.join(", ")
}

fn act(
    reception: &mut Reception,
    event: Event,
    alpn: Option<&[u8]>,
    story: &mut Vec<String>,
) -> Result<(), Refusal> {
    let mut out = BytesMut::new();
    match event {
        Event::StartTls { read } => {
            story.push(format!("tls({})", read.len()));
            reception.secured(alpn)?;
        }
        Event::Cancel(key) => story.push(format!("cancel {}", key.process_id)),
        Event::Startup(startup) => {
            let database = startup.database.as_ref().map_or("-".into(), Text::to_str);
            story.push(format!(
                "{} at {database} by 3.{}",
                startup.user.to_str(),
                startup.minor
            ));
            reception.ask_password(&mut out);
        }
        Event::Password(password) => {
            story.push(String::from_utf8_lossy(password.expose()).into_owned());
            let key = CancelKey {
                process_id: 7,
                secret: Bytes::from_static(b"1234"),
            };
            let parameters = [("a", "1"), ("b", "2")].map(|(name, value)| (name.into(), value.into()));
            reception.welcome(&parameters, Some(&key), &[], TransactionStatus::Idle, &mut out);
        }
    }
    story.extend(words(&out));
    Ok(())
}

fn words(mut out: &[u8]) -> Vec<String> {
    let mut words = Vec::new();
    while let [answer @ (b'N' | b'S'), ..] = out
        && out.len() < 5
    {
        words.push(char::from(*answer).to_string());
        out = &out[1..];
    }
    let mut out = BytesMut::from(out);
    while let Some(message) = backend::decode(&mut out, 1000).unwrap() {
        let shown = format!("{message:?}");
        words.push(shown.split(['(', ' ', '{']).next().unwrap().to_owned());
    }
    words
}

/// The same story in whole messages and byte by byte.
fn check(tls: Tls, alpn: Option<&[u8]>, sent: &[Bytes], expected: &str) {
    assert_eq!(talk(tls, alpn, sent, usize::MAX), expected);
    assert_eq!(talk(tls, alpn, sent, 1), expected);
}

const LET_IN: &str = "Authentication, secret, Authentication, ParameterStatus, ParameterStatus, \
                      BackendKeyData, ReadyForQuery";

#[test]
fn clients_come_in_by_every_door() {
    let gss = Opening::GssEncRequest.to_bytes();
    let ssl = Opening::SslRequest.to_bytes();
    let ann = startup(0, &[("user", "ann"), ("database", "shop")]);
    let secret = password(b"secret");

    check(
        Tls::NotOffered,
        None,
        &[ann.clone(), secret.clone()],
        &format!("ann at shop by 3.0, {LET_IN}"),
    );
    check(
        Tls::NotOffered,
        None,
        &[gss.clone(), ssl.clone(), ann.clone(), secret.clone()],
        &format!("N, N, ann at shop by 3.0, {LET_IN}"),
    );
    check(
        Tls::Offered,
        None,
        &[gss.clone(), ssl.clone(), ann.clone(), secret.clone()],
        &format!("N, S, tls(0), ann at shop by 3.0, {LET_IN}"),
    );
    check(
        Tls::Offered,
        Some(ALPN),
        &[ssl, gss, ann, secret],
        &format!("S, tls(0), N, ann at shop by 3.0, {LET_IN}"),
    );
}

#[test]
fn tls_without_a_request_has_to_say_what_it_is_for() {
    let hello = Bytes::from_static(&[TLS_HANDSHAKE]);
    let ann = startup(2, &[("user", "ann")]);

    check(
        Tls::Offered,
        Some(ALPN),
        &[hello.clone(), ann],
        "tls(1), ann at - by 3.2, Authentication",
    );
    let refused = "tls(1), 08P01: the client does not ask for postgresql by ALPN";
    check(Tls::Offered, None, std::slice::from_ref(&hello), refused);
    check(
        Tls::Offered,
        Some(b"http/1.1"),
        std::slice::from_ref(&hello),
        refused,
    );
    check(
        Tls::NotOffered,
        None,
        &[hello],
        "08P01: TLS is not available here",
    );
}

#[test]
fn what_is_read_beyond_a_request_for_tls_is_never_used() {
    let ann = startup(0, &[("user", "ann")]);
    for (opening, asked) in [
        (Opening::SslRequest, "TLS"),
        (Opening::GssEncRequest, "GSSAPI encryption"),
    ] {
        for tls in [Tls::Offered, Tls::NotOffered] {
            let both = Bytes::from([&opening.to_bytes()[..], &ann].concat());

            assert_eq!(
                talk(tls, None, &[both], usize::MAX),
                format!("08P01: received unencrypted data after a request for {asked}")
            );
        }
    }
}

#[test]
fn nobody_asks_twice() {
    let gss = Opening::GssEncRequest.to_bytes();
    let ssl = Opening::SslRequest.to_bytes();

    check(
        Tls::NotOffered,
        None,
        &[ssl.clone(), ssl.clone()],
        "N, 08P01: TLS was asked for twice",
    );
    check(
        Tls::Offered,
        None,
        &[ssl.clone(), ssl],
        "S, tls(0), 08P01: TLS was asked for twice",
    );
    check(
        Tls::NotOffered,
        None,
        &[gss.clone(), gss],
        "N, 08P01: GSSAPI encryption was asked for twice",
    );
}

#[test]
fn a_cancel_is_told_with_its_key() {
    let cancel = |n_bytes| {
        Opening::Cancel(CancelKey {
            process_id: 42,
            secret: vec![1; n_bytes].into(),
        })
        .to_bytes()
    };

    check(Tls::NotOffered, None, &[cancel(4)], "cancel 42");
    check(Tls::NotOffered, None, &[cancel(256)], "cancel 42");
    check(
        Tls::NotOffered,
        None,
        &[cancel(257)],
        "08P01: the client does not speak PostgreSQL's protocol",
    );
}

#[test]
fn a_newer_protocol_is_talked_down() {
    let check = |minor, parameters: &[(&str, &str)], expected: &str| {
        check(Tls::NotOffered, None, &[startup(minor, parameters)], expected);
    };
    let ann = ("user", "ann");

    check(2, &[ann], "ann at - by 3.2, Authentication");
    check(
        9999,
        &[ann],
        "NegotiateProtocolVersion, ann at - by 3.2, Authentication",
    );
    check(
        1,
        &[ann],
        "NegotiateProtocolVersion, ann at - by 3.0, Authentication",
    );
    check(
        0,
        &[ann, ("_pq_.new", "1")],
        "NegotiateProtocolVersion, ann at - by 3.0, Authentication",
    );
    check(0, &[("database", "shop")], "28000: no user name was given");
}

#[test]
fn what_a_client_asks_for_is_told_by_name() {
    let mut out = BytesMut::new();
    let parameters = [
        ("user", "ann"),
        ("replication", "Database"),
        ("options", "-c geqo=off"),
        ("search_path", "x"),
        ("application_name", "psql"),
        ("client_encoding", "UTF8"),
    ];
    let parameters = parameters.map(|(name, value)| (name.into(), value.into()));

    let mut startup = Startup::new(3, 0, parameters.to_vec(), &mut out).unwrap();

    assert!(startup.asks_for_replication());
    assert_eq!(startup.settings, [("search_path".into(), "x".into())]);
    assert_eq!(startup.options, Some("-c geqo=off".into()));
    assert_eq!(startup.application_name, Some("psql".into()));
    assert_eq!(startup.client_encoding, Some("UTF8".into()));
    for no in ["off", "FALSE", "0", " no "] {
        startup.replication = Some(no.into());
        assert!(!startup.asks_for_replication(), "{no}");
    }
    assert!(Startup::new(2, 0, Vec::new(), &mut out).is_err());
}

#[test]
fn a_password_is_taken_whole_and_wiped() {
    let mut reception = Reception::new(Tls::NotOffered);
    reception.ask_password(&mut BytesMut::new());
    let sent = [&password(b"hunter2")[..], b"Q..."].concat();
    reception.space()[..sent.len()].copy_from_slice(&sent);
    reception.filled(sent.len());

    let event = reception.poll_event(&mut BytesMut::new()).unwrap();

    assert!(matches!(event, Some(Event::Password(password)) if password.expose() == b"hunter2"));
    assert!(!reception.buffer.windows(7).any(|bytes| bytes == b"hunter2"));
    assert_eq!(&reception.into_rest()[..], b"Q...");

    let mut long = Reception::new(Tls::NotOffered);
    long.ask_password(&mut BytesMut::new());
    let sent = password(&[b'x'; 5000]);
    long.space()[..5].copy_from_slice(&sent[..5]);
    long.filled(5);
    assert!(long.poll_event(&mut BytesMut::new()).is_err());
}

#[test]
fn a_password_sent_ahead_is_not_copied_with_what_comes_before() {
    let mut reception = Reception::new(Tls::NotOffered);
    let mut sent = BytesMut::new();
    Opening::SslRequest.encode(&mut sent);
    let n_opening = sent.len();
    sent.extend_from_slice(&password(b"hunter2"));

    for n_filled in 0..=sent.len() {
        reception.space()[..n_filled].copy_from_slice(&sent[..n_filled]);
        reception.n_filled = n_filled;
        let whole = (n_filled >= n_opening).then_some(&sent[..n_opening]);
        assert_eq!(reception.whole_opening(), whole, "{n_filled}");
        reception.n_filled = 0;
    }
}

proptest! {
    #[test]
    fn any_bytes_are_refused_waited_for_or_understood(
        bytes in prop::collection::vec(any::<u8>(), 1..100),
        piece in 1usize..50,
    ) {
        let _story = talk(Tls::Offered, None, &[bytes.into()], piece);
    }
}
