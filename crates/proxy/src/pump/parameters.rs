//! Values in the binary format, as PostgreSQL would print them.
//!
//! Only what can be said without knowing the session's settings: dates in ISO style, times in UTC.
//! See <https://www.postgresql.org/docs/current/datatype.html> and the `send` functions of PostgreSQL's types.

use std::fmt::Write;

/// Types whose binary format is decoded, by their OIDs, which are the same everywhere.
mod oid {
    pub(super) const BOOL: u32 = 16;
    pub(super) const BYTEA: u32 = 17;
    pub(super) const NAME: u32 = 19;
    pub(super) const INT8: u32 = 20;
    pub(super) const INT2: u32 = 21;
    pub(super) const INT4: u32 = 23;
    pub(super) const TEXT: u32 = 25;
    pub(super) const OID: u32 = 26;
    pub(super) const JSON: u32 = 114;
    pub(super) const FLOAT4: u32 = 700;
    pub(super) const FLOAT8: u32 = 701;
    pub(super) const BPCHAR: u32 = 1042;
    pub(super) const VARCHAR: u32 = 1043;
    pub(super) const DATE: u32 = 1082;
    pub(super) const TIME: u32 = 1083;
    pub(super) const TIMESTAMP: u32 = 1114;
    pub(super) const TIMESTAMPTZ: u32 = 1184;
    pub(super) const NUMERIC: u32 = 1700;
    pub(super) const UUID: u32 = 2950;
    pub(super) const JSONB: u32 = 3802;
}

/// Groups of zeros a number may have beside its digits; one of more is left as it is, for its text would be long.
const MOST_ZEROS: usize = 32;

const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400 * SECOND;

/// The value as text; `None` for a type that is not decoded, and for bytes that are not of its format.
pub(super) fn text(type_oid: u32, value: &[u8]) -> Option<String> {
    Some(match type_oid {
        oid::BOOL => match value {
            [0] => "f".to_owned(),
            [_] => "t".to_owned(),
            _ => return None,
        },
        oid::INT2 => i16::from_be_bytes(value.try_into().ok()?).to_string(),
        oid::INT4 => i32::from_be_bytes(value.try_into().ok()?).to_string(),
        oid::INT8 => i64::from_be_bytes(value.try_into().ok()?).to_string(),
        oid::OID => u32::from_be_bytes(value.try_into().ok()?).to_string(),
        oid::FLOAT4 => {
            let number = f32::from_be_bytes(value.try_into().ok()?);
            float(number.into(), &format!("{number}"), &format!("{number:e}"), 6)
        }
        oid::FLOAT8 => {
            let number = f64::from_be_bytes(value.try_into().ok()?);
            float(number, &format!("{number}"), &format!("{number:e}"), 15)
        }
        oid::TEXT | oid::VARCHAR | oid::BPCHAR | oid::NAME | oid::JSON => utf8(value)?,
        oid::JSONB => match value.split_first()? {
            (1, json) => utf8(json)?,
            _ => return None,
        },
        oid::BYTEA => hex("\\x", value),
        oid::UUID => uuid(value.try_into().ok()?),
        oid::DATE => date(i32::from_be_bytes(value.try_into().ok()?)),
        oid::TIME => time(i64::from_be_bytes(value.try_into().ok()?))?,
        oid::TIMESTAMP => timestamp(i64::from_be_bytes(value.try_into().ok()?), "")?,
        oid::TIMESTAMPTZ => timestamp(i64::from_be_bytes(value.try_into().ok()?), "+00")?,
        oid::NUMERIC => numeric(value)?,
        _ => return None,
    })
}

fn utf8(value: &[u8]) -> Option<String> {
    String::from_utf8(value.to_vec()).ok()
}

/// Of the shortest digits as decimals and with an exponent, the form PostgreSQL takes: decimals for exponents from -4 up
/// to `digits`.
fn float(number: f64, plain: &str, scientific: &str, digits: i32) -> String {
    if number.is_nan() {
        return "NaN".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { "Infinity" } else { "-Infinity" }.to_owned();
    }
    let Some((digits_of, exponent)) = scientific.split_once('e') else {
        return plain.to_owned();
    };
    match exponent.parse::<i32>() {
        Ok(exponent) if !(-4..digits).contains(&exponent) => {
            let sign = if exponent < 0 { '-' } else { '+' };

            format!("{digits_of}e{sign}{:02}", exponent.unsigned_abs())
        }
        Ok(_) | Err(_) => plain.to_owned(),
    }
}

fn hex(before: &str, bytes: &[u8]) -> String {
    let mut out = String::with_capacity(before.len() + 2 * bytes.len());
    out.push_str(before);
    for byte in bytes {
        let _ = write!(out, "{byte:02x}");
    }
    out
}

fn uuid(bytes: [u8; 16]) -> String {
    let mut out = hex("", &bytes);
    for place in [20, 16, 12, 8] {
        out.insert(place, '-');
    }
    out
}

/// Days since 2000-01-01.
fn date(days: i32) -> String {
    match days {
        i32::MAX => "infinity".to_owned(),
        i32::MIN => "-infinity".to_owned(),
        _ => {
            let (date, era) = civil(i64::from(days));
            date + era
        }
    }
}

/// Microseconds since midnight.
fn time(micros: i64) -> Option<String> {
    if !(0..=DAY).contains(&micros) {
        return None;
    }
    let seconds = micros / SECOND;
    let mut out = format!(
        "{:02}:{:02}:{:02}",
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60
    );
    let fraction = micros % SECOND;
    if fraction > 0 {
        let digits = format!("{fraction:06}");
        out.push('.');
        out.push_str(digits.trim_end_matches('0'));
    }
    Some(out)
}

/// Microseconds since 2000-01-01.
fn timestamp(micros: i64, zone: &str) -> Option<String> {
    match micros {
        i64::MAX => Some("infinity".to_owned()),
        i64::MIN => Some("-infinity".to_owned()),
        _ => {
            let (date, era) = civil(micros.div_euclid(DAY));
            let time = time(micros.rem_euclid(DAY))?;
            Some(format!("{date} {time}{zone}{era}"))
        }
    }
}

/// Year, month and day of a day counted from 2000-01-01, and the era where it is the one before Christ.
fn civil(days: i64) -> (String, &'static str) {
    // Days since 0000-03-01, so that leap days are the last of a year.
    let days = days + 730_425;
    let (cycle, day_of_cycle) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_cycle =
        (day_of_cycle - day_of_cycle / 1_460 + day_of_cycle / 36_524 - day_of_cycle / 146_096) / 365;
    let day_of_year = day_of_cycle - (365 * year_of_cycle + year_of_cycle / 4 - year_of_cycle / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    let year = cycle * 400 + year_of_cycle + i64::from(month <= 2);
    // There is no year 0.
    if year > 0 {
        (format!("{year:04}-{month:02}-{day:02}"), "")
    } else {
        (format!("{:04}-{month:02}-{day:02}", 1 - year), " BC")
    }
}

/// Groups of four decimal digits: how many, the power of 10,000 of the first, sign, digits to show after the point.
fn numeric(value: &[u8]) -> Option<String> {
    let (head, groups) = value.split_first_chunk::<8>()?;
    let [n0, n1, w0, w1, s0, s1, d0, d1] = *head;
    let n_groups = usize::from(u16::from_be_bytes([n0, n1]));
    let weight = i16::from_be_bytes([w0, w1]);
    let scale = usize::from(u16::from_be_bytes([d0, d1]));
    let sign = match u16::from_be_bytes([s0, s1]) {
        0 => "",
        0x4000 => "-",
        0xC000 => return Some("NaN".to_owned()),
        0xD000 => return Some("Infinity".to_owned()),
        0xF000 => return Some("-Infinity".to_owned()),
        _ => return None,
    };
    let (groups, []) = groups.as_chunks::<2>() else {
        return None;
    };
    let n_digits = usize::from(weight.unsigned_abs()).max(scale / 4);
    if groups.len() != n_groups || n_digits > MOST_ZEROS + n_groups {
        return None;
    }
    let group = |power: i64| {
        let place = usize::try_from(i64::from(weight) - power).ok()?;
        groups.get(place).map(|group| u16::from_be_bytes(*group))
    };

    let mut out = sign.to_owned();
    let first = i64::from(weight).max(0);
    for power in (0..=first).rev() {
        let digits = group(power).unwrap_or(0);
        let _ = if power == first {
            write!(out, "{digits}")
        } else {
            write!(out, "{digits:04}")
        };
    }
    if scale > 0 {
        out.push('.');
        let end = out.len() + scale;
        let mut power = -1;
        while out.len() < end {
            let _ = write!(out, "{:04}", group(power).unwrap_or(0));
            power -= 1;
        }
        out.truncate(end);
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(type_oid: u32, value: &[u8], expected: &str) {
        assert_eq!(text(type_oid, value).as_deref(), Some(expected));
    }

    #[test]
    fn numbers_are_printed_as_postgresql_prints_them() {
        check(oid::BOOL, &[1], "t");
        check(oid::INT2, &(-7i16).to_be_bytes(), "-7");
        check(oid::INT4, &i32::MIN.to_be_bytes(), "-2147483648");
        check(oid::INT8, &i64::MAX.to_be_bytes(), "9223372036854775807");
        check(oid::OID, &u32::MAX.to_be_bytes(), "4294967295");
        check(oid::FLOAT4, &0.1f32.to_be_bytes(), "0.1");
        check(oid::FLOAT8, &0.1f64.to_be_bytes(), "0.1");
        check(oid::FLOAT8, &f64::NEG_INFINITY.to_be_bytes(), "-Infinity");
        check(oid::FLOAT4, &f32::NAN.to_be_bytes(), "NaN");
    }

    #[test]
    fn days_and_times_are_in_iso_style() {
        for (days, expected) in [
            (0, "2000-01-01"),
            (59, "2000-02-29"),
            (60, "2000-03-01"),
            (-1, "1999-12-31"),
            (-10_957, "1970-01-01"),
            (8_456, "2023-02-25"),
            (-730_119, "0001-01-01"),
            (-730_120, "0001-12-31 BC"),
            (i32::MAX, "infinity"),
        ] {
            check(oid::DATE, &i32::to_be_bytes(days), expected);
        }
        check(
            oid::TIME,
            &(45_296_000_000i64 + 789_000).to_be_bytes(),
            "12:34:56.789",
        );
        check(
            oid::TIMESTAMP,
            &(-1i64).to_be_bytes(),
            "1999-12-31 23:59:59.999999",
        );
        check(oid::TIMESTAMPTZ, &0i64.to_be_bytes(), "2000-01-01 00:00:00+00");
        check(oid::TIMESTAMPTZ, &i64::MIN.to_be_bytes(), "-infinity");
        assert_eq!(text(oid::TIME, &(-1i64).to_be_bytes()), None);
    }

    #[test]
    fn decimals_have_the_digits_they_were_sent_with() {
        let numeric = |weight: i16, sign: u16, scale: u16, groups: &[u16]| {
            let mut value = Vec::new();
            value.extend((groups.len() as u16).to_be_bytes());
            value.extend(weight.to_be_bytes());
            value.extend(sign.to_be_bytes());
            value.extend(scale.to_be_bytes());
            value.extend(groups.iter().flat_map(|group| group.to_be_bytes()));
            text(oid::NUMERIC, &value)
        };

        assert_eq!(numeric(0, 0, 0, &[]).as_deref(), Some("0"));
        assert_eq!(numeric(1, 0, 2, &[1, 2345, 6700]).as_deref(), Some("12345.67"));
        assert_eq!(numeric(-1, 0x4000, 6, &[12]).as_deref(), Some("-0.001200"));
        assert_eq!(numeric(-2, 0, 6, &[3400]).as_deref(), Some("0.000034"));
        assert_eq!(numeric(2, 0, 0, &[7]).as_deref(), Some("700000000"));
        assert_eq!(numeric(0, 0xC000, 0, &[]).as_deref(), Some("NaN"));
        assert_eq!(numeric(0, 1, 0, &[]), None);
        assert_eq!(numeric(i16::MAX, 0, 0, &[1]), None);
    }

    #[test]
    fn the_rest_is_text_of_its_kind() {
        check(oid::TEXT, "zażółć".as_bytes(), "zażółć");
        check(oid::JSONB, b"\x01{}", "{}");
        check(oid::BYTEA, &[0, 255], "\\x00ff");
        check(
            oid::UUID,
            &std::array::from_fn::<u8, 16, _>(|n| n as u8),
            "00010203-0405-0607-0809-0a0b0c0d0e0f",
        );
        assert_eq!(text(oid::TEXT, &[0xff]), None);
        assert_eq!(text(600, &[0; 16]), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_decoded_or_left(
            type_oid in prop::sample::select(vec![16, 17, 19, 20, 21, 23, 25, 26, 114, 700, 701, 1042, 1043, 1082, 1083, 1114, 1184, 1700, 2950, 3802]),
            value in prop::collection::vec(any::<u8>(), 0..24),
        ) {
            let _text = text(type_oid, &value);
        }
    }
}
