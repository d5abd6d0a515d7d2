//! A scripted server: what a real one never does, and the plain ways in. SCRAM against real servers is
//! tested in `proxy`.

use bytes::Bytes;

use super::*;

const SECRET: &[u8] = b"correct horse";

struct Case {
    handshake: Handshake,
    out: BytesMut,
}

#[test]
fn startup_names_user_database_and_encoding() {
    let mut case = start(Channel::Plain);

    let opening = Opening::decode(&mut case.out).unwrap().unwrap();

    let Opening::Startup {
        major,
        minor,
        parameters,
    } = opening
    else {
        panic!("not a startup")
    };
    assert_eq!((major, minor), (3, 0));
    let shown: Vec<_> = parameters
        .iter()
        .map(|(n, v)| format!("{}={}", n.to_str(), v.to_str()))
        .collect();
    assert_eq!(
        shown,
        [
            "user=ann",
            "database=shop",
            "application_name=postern",
            "client_encoding=UTF8",
            "options=-c work_mem=1MB"
        ]
    );
}

#[test]
fn a_server_that_trusts_lets_in_and_reports() {
    let mut case = start(Channel::Plain);
    let key = CancelKey {
        process_id: 7,
        secret: Bytes::from_static(b"abcd"),
    };

    case.takes(Authentication::Ok);
    case.takes_message(Message::ParameterStatus {
        name: "TimeZone".into(),
        value: "UTC".into(),
    });
    case.takes_message(Message::BackendKeyData(key.clone()));
    case.takes_message(Message::NoticeResponse(Fields::new("NOTICE", "00000", "hello")));
    let session = case.ready();

    assert_eq!(session.method, Method::None);
    assert_eq!(session.parameters, [("TimeZone".into(), "UTC".into())]);
    assert_eq!(session.cancel_key, Some(key));
    assert_eq!(session.notices.len(), 1);
}

#[test]
fn a_clear_password_goes_only_into_verified_tls() {
    for channel in [Channel::Plain, tls(false)] {
        let mut case = start(channel);
        let error = case.refuses(Authentication::CleartextPassword);
        assert!(matches!(error, HandshakeError::CleartextRefused), "{error}");
        assert!(!case.has_sent(SECRET));
    }
    let mut case = start(tls(true));
    case.takes(Authentication::CleartextPassword);
    assert!(case.has_sent(SECRET));
    case.takes(Authentication::Ok);
    assert_eq!(case.ready().method, Method::Cleartext);
}

#[test]
fn md5_sends_the_salted_hash_into_verified_tls_only() {
    for channel in [Channel::Plain, tls(false)] {
        let mut case = start(channel);
        let error = case.refuses(Authentication::Md5Password { salt: *b"salt" });
        assert!(matches!(error, HandshakeError::Md5Refused), "{error}");
        assert!(!case.has_sent(b"md5"));
    }
    let mut case = start(tls(true));

    case.takes(Authentication::Md5Password { salt: *b"salt" });

    assert!(!case.has_sent(SECRET));
    assert!(case.has_sent(md5_hash(b"ann", SECRET, *b"salt").as_bytes()));
    case.takes(Authentication::Ok);
    assert_eq!(case.ready().method, Method::Md5);
}

#[test]
fn scram_binds_the_channel_when_both_can() {
    let plain = Channel::Plain;
    let tls = Channel::Tls {
        verified: true,
        end_point: Some(vec![7; 32]),
    };

    let check = |channel: &Channel, offer: &[&str], mechanism: &str, flag: &str| {
        let mut case = start(channel.clone());
        case.takes(sasl(offer));
        assert!(case.has_sent(format!("{mechanism}\0").as_bytes()), "{mechanism}");
        assert!(case.has_sent(flag.as_bytes()), "{flag}");
    };

    check(&plain, &["SCRAM-SHA-256"], "SCRAM-SHA-256", "n,,n=,r=");
    check(
        &plain,
        &["SCRAM-SHA-256-PLUS", "SCRAM-SHA-256"],
        "SCRAM-SHA-256",
        "n,,n=,r=",
    );
    check(
        &tls,
        &["SCRAM-SHA-256-PLUS", "SCRAM-SHA-256"],
        "SCRAM-SHA-256-PLUS",
        "p=tls-server-end-point,,",
    );
    check(&tls, &["SCRAM-SHA-256"], "SCRAM-SHA-256", "y,,n=,r=");
}

#[test]
fn a_server_that_skips_its_signature_is_refused() {
    let mut case = start(Channel::Plain);
    case.takes(sasl(&["SCRAM-SHA-256"]));
    let first = case.server_first("4096");
    case.takes(Authentication::SaslContinue(first));

    let error = case.refuses(Authentication::Ok);

    assert!(matches!(error, HandshakeError::ServerNotProven(_)), "{error}");
}

#[test]
fn a_wrong_signature_is_refused() {
    let mut case = start(Channel::Plain);
    case.takes(sasl(&["SCRAM-SHA-256"]));
    let first = case.server_first("4096");
    case.takes(Authentication::SaslContinue(first));

    let error = case.refuses(Authentication::SaslFinal(Bytes::from_static(
        b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
    )));

    assert!(matches!(error, HandshakeError::ServerNotProven(_)), "{error}");
}

#[test]
fn an_iteration_count_out_of_bounds_is_refused_before_it_is_run() {
    for count in ["0", "100001", "4000000000", "many", ""] {
        let mut case = start(Channel::Plain);
        case.takes(sasl(&["SCRAM-SHA-256"]));
        let first = case.server_first(count);

        let error = case.refuses(Authentication::SaslContinue(first));

        let named = matches!(
            error,
            HandshakeError::Iterations(_) | HandshakeError::ServerNotProven(_)
        );
        assert!(named, "{count}: {error}");
    }
}

#[test]
fn few_iterations_are_answered_where_the_server_is_verified_only() {
    for channel in [Channel::Plain, tls(false)] {
        for count in ["1", "4095"] {
            let mut case = start(channel.clone());
            case.takes(sasl(&["SCRAM-SHA-256"]));
            let first = case.server_first(count);

            let error = case.refuses(Authentication::SaslContinue(first));

            assert!(matches!(error, HandshakeError::WeakScramRefused(_)), "{error}");
            assert!(!case.has_sent(b",p="), "no proof");
        }
    }
    for (channel, count) in [(Channel::Plain, "4096"), (tls(true), "1")] {
        let mut case = start(channel);
        case.takes(sasl(&["SCRAM-SHA-256"]));
        let first = case.server_first(count);

        case.takes(Authentication::SaslContinue(first));

        assert!(case.has_sent(b",p="));
    }
}

#[test]
fn requests_out_of_order_are_refused() {
    let mut case = start(tls(true));
    case.takes(Authentication::Md5Password { salt: *b"salt" });
    case.refuses(Authentication::Md5Password { salt: *b"tlas" });

    start(Channel::Plain).refuses(Authentication::SaslFinal(Bytes::new()));

    let mut early = start(Channel::Plain);
    let error = early
        .handshake
        .handle(Message::ReadyForQuery(TransactionStatus::Idle), &mut early.out);
    assert!(matches!(error, Err(HandshakeError::Unexpected("ReadyForQuery"))));
}

#[test]
fn what_we_cannot_do_is_named() {
    let error = start(Channel::Plain).refuses(Authentication::Other {
        code: 7,
        data: Bytes::new(),
    });

    assert_eq!(
        error.to_string(),
        "server asks for GSSAPI, which is not supported"
    );
}

#[test]
fn bytes_around_the_tls_answer_are_refused() {
    assert!(matches!(tls_answer(b"S"), Ok(TlsAnswer::Willing)));
    assert!(matches!(tls_answer(b"N"), Ok(TlsAnswer::Unwilling)));
    for wrong in [&b"E"[..], b"", b"SN", b"S\x16\x03\x01"] {
        assert!(tls_answer(wrong).is_err());
    }
}

fn tls(verified: bool) -> Channel {
    Channel::Tls {
        verified,
        end_point: None,
    }
}

fn start(channel: Channel) -> Case {
    let login = Login {
        user: "ann".into(),
        database: "shop".into(),
        application_name: "postern".into(),
        options: vec![("options".into(), "-c work_mem=1MB".into())],
    };
    let mut out = BytesMut::new();
    let handshake = Handshake::start(&login, Some(Password::new(SECRET)), channel, &mut out);
    Case { handshake, out }
}

fn sasl(mechanisms: &[&str]) -> Authentication {
    Authentication::Sasl {
        mechanisms: mechanisms.iter().map(|name| Text::from(*name)).collect(),
    }
}

impl Case {
    fn takes(&mut self, request: Authentication) {
        self.takes_message(Message::Authentication(request));
    }

    fn takes_message(&mut self, message: Message) {
        assert!(
            self.handshake
                .handle(message, &mut self.out)
                .expect("accepted")
                .is_none()
        );
    }

    fn refuses(&mut self, request: Authentication) -> HandshakeError {
        self.handshake
            .handle(Message::Authentication(request), &mut self.out)
            .expect_err("refused")
    }

    fn ready(mut self) -> Established {
        let ready = Message::ReadyForQuery(TransactionStatus::Idle);
        self.handshake
            .handle(ready, &mut self.out)
            .expect("accepted")
            .expect("established")
    }

    fn has_sent(&self, bytes: &[u8]) -> bool {
        self.out.windows(bytes.len()).any(|window| window == bytes)
    }

    /// A server-first message that carries on the client's nonce.
    fn server_first(&self, iterations: &str) -> Bytes {
        let sent = String::from_utf8_lossy(&self.out).into_owned();
        let (_, nonce) = sent.rsplit_once("r=").expect("a nonce");
        Bytes::from(format!(
            "r={nonce}server,s=W22ZaJ0SNY7soEsUEjb6gQ==,i={iterations}"
        ))
    }
}
