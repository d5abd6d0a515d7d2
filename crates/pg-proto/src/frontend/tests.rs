//! Round trips and hostile bytes, of both kinds of client message.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::*;
use crate::backend::CancelKey;

const LIMIT: usize = 1 << 20;

fn text() -> impl Strategy<Value = Text> {
    vec(1_u8.., 0..12).prop_map(Text::new)
}

fn data() -> impl Strategy<Value = Bytes> {
    vec(any::<u8>(), 0..24).prop_map(Bytes::from)
}

fn message() -> impl Strategy<Value = Message> {
    let formats = || vec(any::<i16>(), 0..4);
    let values = || vec(option::of(data()), 0..4);
    let named = || prop_oneof![text().prop_map(Named::Statement), text().prop_map(Named::Portal)];
    prop_oneof![
        (text(), text(), formats(), values(), formats()).prop_map(
            |(portal, statement, formats, values, result_formats)| Message::Bind(Bind {
                portal,
                statement,
                formats,
                values,
                result_formats
            })
        ),
        named().prop_map(Message::Close),
        named().prop_map(Message::Describe),
        data().prop_map(Message::CopyData),
        text().prop_map(|reason| Message::CopyFail { reason }),
        (text(), any::<i32>()).prop_map(|(portal, max_rows)| Message::Execute { portal, max_rows }),
        (any::<u32>(), formats(), values(), any::<i16>()).prop_map(
            |(function_oid, formats, values, result_format)| Message::FunctionCall(FunctionCall {
                function_oid,
                formats,
                values,
                result_format
            })
        ),
        (text(), text(), vec(any::<u32>(), 0..4)).prop_map(|(statement, sql, types)| Message::Parse {
            statement,
            sql,
            types
        }),
        data().prop_map(|body| Message::Password(Password::new(&body))),
        text().prop_map(|sql| Message::Query { sql }),
        prop_oneof![
            Just(Message::CopyDone),
            Just(Message::Flush),
            Just(Message::Sync),
            Just(Message::Terminate)
        ],
    ]
}

fn opening() -> impl Strategy<Value = Opening> {
    let name = vec(1_u8.., 1..8).prop_map(Text::new);
    prop_oneof![
        (0_u16..4, any::<u16>(), vec((name, text()), 0..4)).prop_map(|(major, minor, parameters)| {
            Opening::Startup {
                major,
                minor,
                parameters,
            }
        }),
        Just(Opening::SslRequest),
        Just(Opening::GssEncRequest),
        (any::<i32>(), data())
            .prop_map(|(process_id, secret)| Opening::Cancel(CancelKey { process_id, secret })),
    ]
}

proptest! {
    #[test]
    fn a_message_survives_the_wire(message in message()) {
        let mut wire = BytesMut::new();
        message.encode(&mut wire);

        prop_assert_eq!(decode(&mut wire, LIMIT), Ok(Some(message)));
        prop_assert!(wire.is_empty());
    }

    #[test]
    fn an_opening_survives_the_wire(opening in opening()) {
        let mut wire = BytesMut::from(&opening.to_bytes()[..]);

        prop_assert_eq!(Opening::decode(&mut wire), Ok(Some(opening)));
        prop_assert!(wire.is_empty());
    }

    #[test]
    fn any_bytes_decode_without_a_panic(tag in any::<u8>(), body in vec(any::<u8>(), 0..200)) {
        let _ = decode_body(tag, Bytes::from(body.clone()));
        let _ = decode(&mut BytesMut::from(&body[..]), LIMIT);
        let _ = Opening::decode(&mut BytesMut::from(&body[..]));
    }
}

#[test]
fn a_startup_message_longer_than_postgresql_takes_is_refused() {
    let mut wire = BytesMut::from(&[0, 1, 0, 0][..]);

    assert_eq!(
        Opening::decode(&mut wire),
        Err(Malformed::TooLong {
            len: 65_532,
            limit: STARTUP_LIMIT
        })
    );
}

#[test]
fn a_password_is_not_shown() {
    let shown = format!("{:?}", Message::Password(Password::new(b"correct horse\0")));

    assert_eq!(shown, "Password(Password(..))");
}

#[test]
fn sql_ends_at_its_first_nul() {
    let sql = Text::from("select 1\0; drop table t");

    assert_eq!(sql, "select 1");
}
