//! JSON with lines. serde_json reads it, and only as deep as somebody asks: a value is a piece of the file's text until
//! then, which also says where it stands.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// Most members of one list or object.
pub(super) const MAX_MEMBERS: usize = 10_000;

/// The file, with how many lines end before each block of it.
pub(super) struct Source<'a> {
    text: &'a str,
    before: Vec<u32>,
}

/// Bytes of a block.
const BLOCK: usize = 4096;

/// One value of the file.
#[derive(Clone, Copy)]
pub(super) struct Value<'a>(&'a RawValue);

/// What a value is, before it is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Null,
    Flag(bool),
    Number,
    Text,
    List,
    Object,
}

impl<'a> Source<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        let before = text
            .as_bytes()
            .chunks(BLOCK)
            .scan(0, |lines, block| {
                let before = *lines;
                *lines += line_ends(block);
                Some(before)
            })
            .collect();

        Self { text, before }
    }

    /// The one value the file consists of.
    ///
    /// # Errors
    /// It is no JSON: the line, and what is wrong there.
    pub(super) fn root(&self) -> Result<Value<'a>, (u32, String)> {
        serde_json::from_str::<&RawValue>(self.text)
            .map(Value)
            .map_err(|error| {
                let line = u32::try_from(error.line()).unwrap_or(u32::MAX);
                // Of broken JSON it names the place and what was expected there, never what is there.
                (line.max(1), format!("This is no JSON: {error}."))
            })
    }

    /// The line a value begins on, counted from 1.
    pub(super) fn line_of(&self, value: Value<'_>) -> u32 {
        let start = self.text.as_ptr().addr();
        let at = value.0.get().as_ptr().addr().saturating_sub(start);
        let block = at / BLOCK;
        let before = self.before.get(block).copied().unwrap_or_default();
        let rest = self.text.as_bytes().get(block * BLOCK..at).unwrap_or_default();

        before + line_ends(rest) + 1
    }
}

fn line_ends(bytes: &[u8]) -> u32 {
    let ends = bytes.iter().filter(|byte| **byte == b'\n').count();

    u32::try_from(ends).unwrap_or(u32::MAX)
}

impl<'a> Value<'a> {
    pub(super) fn shape(self) -> Shape {
        match self.0.get().as_bytes().first() {
            Some(b'{') => Shape::Object,
            Some(b'[') => Shape::List,
            Some(b'"') => Shape::Text,
            Some(b't') => Shape::Flag(true),
            Some(b'f') => Shape::Flag(false),
            Some(b'n') | None => Shape::Null,
            Some(_) => Shape::Number,
        }
    }

    /// A number as it is written, or a text; `None` for anything else.
    pub(super) fn text(self) -> Option<String> {
        match self.shape() {
            Shape::Number => Some(self.0.get().to_owned()),
            Shape::Text => serde_json::from_str(self.0.get()).ok(),
            Shape::Null | Shape::Flag(_) | Shape::List | Shape::Object => None,
        }
    }

    /// The members of an object, in their order.
    ///
    /// # Errors
    /// What keeps them from being read.
    pub(super) fn members(self) -> Result<Vec<(String, Value<'a>)>, String> {
        let Members(members) = serde_json::from_str(self.0.get()).map_err(|error| unreadable(&error))?;

        Ok(members)
    }

    /// The members of a list.
    ///
    /// # Errors
    /// What keeps them from being read.
    pub(super) fn items(self) -> Result<Vec<Value<'a>>, String> {
        let Items(items) = serde_json::from_str(self.0.get()).map_err(|error| unreadable(&error))?;

        Ok(items)
    }
}

fn unreadable(error: &serde_json::Error) -> String {
    if error.is_data() {
        return format!("This has more than {MAX_MEMBERS} members. Import it in several files.");
    }

    "This cannot be read: the name of a member is no text.".to_owned()
}

struct Members<'a>(Vec<(String, Value<'a>)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Taking<'a>(PhantomData<&'a ()>);

        impl<'de: 'a, 'a> Visitor<'de> for Taking<'a> {
            type Value = Members<'a>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Members<'a>, M::Error> {
                let mut members = Vec::new();
                while let Some((name, value)) = map.next_entry::<String, &'de RawValue>()? {
                    if members.len() == MAX_MEMBERS {
                        return Err(M::Error::custom("too many"));
                    }
                    members.push((name, Value(value)));
                }

                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(Taking(PhantomData))
    }
}

struct Items<'a>(Vec<Value<'a>>);

impl<'de: 'a, 'a> Deserialize<'de> for Items<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Taking<'a>(PhantomData<&'a ()>);

        impl<'de: 'a, 'a> Visitor<'de> for Taking<'a> {
            type Value = Items<'a>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }

            fn visit_seq<S: SeqAccess<'de>>(self, mut list: S) -> Result<Items<'a>, S::Error> {
                let mut items = Vec::new();
                while let Some(value) = list.next_element::<&'de RawValue>()? {
                    if items.len() == MAX_MEMBERS {
                        return Err(S::Error::custom("too many"));
                    }
                    items.push(Value(value));
                }

                Ok(Items(items))
            }
        }

        deserializer.deserialize_seq(Taking(PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<(String, u32)> {
        let source = Source::new(text);
        let members = source.root().unwrap().members().unwrap();

        members
            .into_iter()
            .map(|(name, value)| (name, source.line_of(value)))
            .collect()
    }

    #[test]
    fn a_value_knows_its_line_also_far_into_a_file() {
        let padding = format!("{}\n", " ".repeat(100)).repeat(200);
        let text = format!("\n{{\"a\": 1,{padding}\"b\":\n[2]}}");

        assert_eq!(lines(&text), [("a".to_owned(), 2), ("b".to_owned(), 203)]);
    }

    #[test]
    fn what_is_nested_without_end_is_not_descended_into() {
        let deep = format!("{{\"a\": {}{}}}", "[".repeat(1_000_000), "]".repeat(1_000_000));

        assert_eq!(lines(&deep), [("a".to_owned(), 1)]);
    }

    #[test]
    fn a_list_has_a_bound() {
        let list = format!("[{}0]", "0,".repeat(MAX_MEMBERS));
        let source = Source::new(&list);

        let complaint = source.root().unwrap().items().err().unwrap();

        assert!(complaint.contains("more than 10000"), "{complaint}");
    }

    #[test]
    fn broken_json_is_told_by_its_line_and_not_repeated() {
        let source = Source::new("{\n\"password\": \"s3cret\" \"x\"}");

        let (line, complaint) = source.root().err().unwrap();

        assert_eq!(line, 2);
        assert!(!complaint.contains("s3cret"), "{complaint}");
    }
}
