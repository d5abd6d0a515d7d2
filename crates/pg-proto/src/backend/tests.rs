//! Round trips, hostile bytes, and the fields a person reads.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::*;

const LIMIT: usize = 1 << 20;

fn check(message: Message) {
    let mut wire = BytesMut::new();
    message.encode(&mut wire);
    wire.put_u8(b'!');

    let back = decode(&mut wire, LIMIT).expect("decodes").expect("is whole");

    assert_eq!(back, message);
    assert_eq!(&wire[..], b"!", "what follows a message is left alone");
}

fn text() -> impl Strategy<Value = Text> {
    vec(1_u8.., 0..12).prop_map(Text::new)
}

fn name() -> impl Strategy<Value = Text> {
    vec(1_u8.., 1..12).prop_map(Text::new)
}

fn data() -> impl Strategy<Value = Bytes> {
    vec(any::<u8>(), 0..24).prop_map(Bytes::from)
}

fn column() -> impl Strategy<Value = Column> {
    (text(), any::<(u32, i16, u32, i16, i32, i16)>()).prop_map(|(name, rest)| Column {
        name,
        table_oid: rest.0,
        table_column: rest.1,
        type_oid: rest.2,
        type_size: rest.3,
        type_modifier: rest.4,
        format: rest.5,
    })
}

fn message() -> impl Strategy<Value = Message> {
    let formats = || {
        (any::<u8>(), vec(any::<i16>(), 0..5)).prop_map(|(overall, columns)| CopyFormats { overall, columns })
    };
    let fields = || vec((1_u8.., text()), 0..6).prop_map(Fields::from_raw);
    let row = vec(option::of(vec(any::<u8>(), 0..9)), 0..6)
        .prop_map(|columns| DataRow::new(columns.iter().map(Option::as_deref)));
    let authentication = prop_oneof![
        Just(Authentication::Ok),
        Just(Authentication::CleartextPassword),
        any::<[u8; 4]>().prop_map(|salt| Authentication::Md5Password { salt }),
        vec(name(), 0..3).prop_map(|mechanisms| Authentication::Sasl { mechanisms }),
        data().prop_map(Authentication::SaslContinue),
        data().prop_map(Authentication::SaslFinal),
        (13..99, data()).prop_map(|(code, data)| Authentication::Other { code, data }),
    ];
    prop_oneof![
        authentication.prop_map(Message::Authentication),
        (any::<i32>(), data())
            .prop_map(|(process_id, secret)| Message::BackendKeyData(CancelKey { process_id, secret })),
        text().prop_map(|tag| Message::CommandComplete { tag }),
        formats().prop_map(Message::CopyBothResponse),
        formats().prop_map(Message::CopyInResponse),
        formats().prop_map(Message::CopyOutResponse),
        data().prop_map(Message::CopyData),
        row.prop_map(Message::DataRow),
        fields().prop_map(Message::ErrorResponse),
        fields().prop_map(Message::NoticeResponse),
        option::of(data()).prop_map(Message::FunctionCallResponse),
        (any::<i32>(), vec(text(), 0..3)).prop_map(|(newest_minor, unrecognized)| {
            Message::NegotiateProtocolVersion {
                newest_minor,
                unrecognized,
            }
        }),
        (any::<i32>(), text(), text()).prop_map(|(process_id, channel, payload)| {
            Message::NotificationResponse {
                process_id,
                channel,
                payload,
            }
        }),
        vec(any::<u32>(), 0..5).prop_map(Message::ParameterDescription),
        (text(), text()).prop_map(|(name, value)| Message::ParameterStatus { name, value }),
        vec(column(), 0..5).prop_map(Message::RowDescription),
        prop_oneof![
            Just(TransactionStatus::Idle),
            Just(TransactionStatus::InTransaction),
            Just(TransactionStatus::Failed)
        ]
        .prop_map(Message::ReadyForQuery),
        prop_oneof![
            Just(Message::BindComplete),
            Just(Message::CloseComplete),
            Just(Message::CopyDone),
            Just(Message::EmptyQueryResponse),
            Just(Message::NoData),
            Just(Message::ParseComplete),
            Just(Message::PortalSuspended)
        ],
    ]
}

proptest! {
    #[test]
    fn a_message_survives_the_wire(message in message()) {
        check(message);
    }

    #[test]
    fn any_bytes_decode_without_a_panic(tag in any::<u8>(), body in vec(any::<u8>(), 0..200)) {
        let _ = decode_body(tag, Bytes::from(body.clone()));
        let _ = decode(&mut BytesMut::from(&body[..]), LIMIT);
    }

    #[test]
    fn a_damaged_message_decodes_without_a_panic(message in message(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut wire = BytesMut::new();
        message.encode(&mut wire);
        let at = at.index(wire.len());
        wire[at] = byte;

        let _ = decode(&mut wire, LIMIT);
    }

    #[test]
    fn the_columns_of_a_row_are_what_it_was_made_of(columns in vec(option::of(vec(any::<u8>(), 0..9)), 0..6)) {
        let row = DataRow::new(columns.iter().map(Option::as_deref));

        prop_assert_eq!(row.columns().map(|c| c.map(<[u8]>::to_vec)).collect::<Vec<_>>(), columns);
    }
}

#[test]
fn a_message_longer_than_the_limit_is_refused_at_its_header() {
    let mut wire = BytesMut::from(&b"D\x7f\xff\xff\xff"[..]);

    assert_eq!(
        decode(&mut wire, 100),
        Err(Malformed::TooLong {
            len: 0x7fff_fffb,
            limit: 100
        })
    );
}

#[test]
fn a_length_that_does_not_count_itself_is_refused() {
    assert_eq!(
        decode(&mut BytesMut::from(&b"Z\0\0\0\x03"[..]), 100),
        Err(Malformed::Length(3))
    );
    assert_eq!(
        decode(&mut BytesMut::from(&b"Z\xff\xff\xff\xff"[..]), 100),
        Err(Malformed::Length(-1))
    );
}

#[test]
fn half_a_message_waits_for_the_rest() {
    let mut wire = BytesMut::from(&b"Z\0\0\0\x05"[..]);
    assert_eq!(decode(&mut wire, 100), Ok(None));

    wire.put_u8(b'T');

    assert_eq!(
        decode(&mut wire, 100),
        Ok(Some(Message::ReadyForQuery(TransactionStatus::InTransaction)))
    );
}

#[test]
fn an_errors_fields_are_found_by_name() {
    let fields = Fields::new("ERROR", "42601", "syntax error at or near \"selec\"")
        .with(Field::Position, "1")
        .with(Field::Hint, "Look again.");

    assert_eq!(fields.code(), "42601");
    assert_eq!(fields.position(), Some(1));
    assert_eq!(fields.hint().as_deref(), Some("Look again."));
    assert_eq!(fields.detail(), None);
    assert!(!fields.is_fatal());
    assert!(Fields::new("FATAL", "57P01", "bye").is_fatal());
}

#[test]
fn the_fields_at_the_start_of_a_long_error_are_read() {
    let prefix = Bytes::from_static(b"SERROR\0C22000\0Mhalf a mess\xC3");

    let fields = Fields::from_prefix(prefix);

    assert_eq!(fields.code(), "22000");
    assert_eq!(fields.message(), "half a mess…");
}

#[test]
fn an_error_of_more_fields_than_any_server_sends_is_refused() {
    let error = |n_fields: usize| {
        let body = [&b"M\0".repeat(n_fields)[..], b"\0"].concat();
        decode_body(tag::ERROR_RESPONSE, Bytes::from(body))
    };

    assert!(error(64).is_ok());
    assert_eq!(error(65), Err(Malformed::Value(tag::ERROR_RESPONSE)));
    let prefix = Bytes::from(b"M\0".repeat(100_000));
    assert_eq!(Fields::from_prefix(prefix).iter().count(), 64);
}

#[test]
fn a_tag_tells_its_rows() {
    let check = |tag: &str, rows| assert_eq!(tag_rows(tag.as_bytes()), rows, "{tag}");

    check("SELECT 3", Some(3));
    check("INSERT 0 7", Some(7));
    check("COPY 12", Some(12));
    check("CREATE TABLE", None);
    check("BEGIN", None);
}

#[test]
fn a_cancel_key_is_not_shown() {
    let key = CancelKey {
        process_id: 7,
        secret: Bytes::from_static(b"hush"),
    };

    let shown = format!("{:?}", Message::BackendKeyData(key));

    assert_eq!(shown, "BackendKeyData(CancelKey { process_id: 7, .. })");
}
