//! Reading and writing the fields of a message body.

use bytes::{Buf, BufMut, Bytes, BytesMut};

use crate::{Malformed, Text};

/// Reads a body front to back; every step checks what is left.
pub(crate) struct Body {
    tag: u8,
    rest: Bytes,
}

impl Body {
    pub(crate) fn new(tag: u8, rest: Bytes) -> Self {
        Self { tag, rest }
    }

    pub(crate) fn u8(&mut self) -> Result<u8, Malformed> {
        self.rest.try_get_u8().map_err(|_| self.truncated())
    }

    pub(crate) fn i16(&mut self) -> Result<i16, Malformed> {
        self.rest.try_get_i16().map_err(|_| self.truncated())
    }

    pub(crate) fn u16(&mut self) -> Result<u16, Malformed> {
        self.rest.try_get_u16().map_err(|_| self.truncated())
    }

    pub(crate) fn i32(&mut self) -> Result<i32, Malformed> {
        self.rest.try_get_i32().map_err(|_| self.truncated())
    }

    pub(crate) fn u32(&mut self) -> Result<u32, Malformed> {
        self.rest.try_get_u32().map_err(|_| self.truncated())
    }

    pub(crate) fn text(&mut self) -> Result<Text, Malformed> {
        let Some(nul) = self.rest.iter().position(|&byte| byte == 0) else {
            return Err(self.truncated());
        };
        let text = self.rest.split_to(nul);
        self.rest.advance(1);

        Ok(Text::new(text))
    }

    pub(crate) fn bytes(&mut self, len: usize) -> Result<Bytes, Malformed> {
        if self.rest.len() < len {
            return Err(self.truncated());
        }
        Ok(self.rest.split_to(len))
    }

    /// A value with a length in front, where -1 stands for NULL.
    pub(crate) fn value(&mut self) -> Result<Option<Bytes>, Malformed> {
        match self.i32()? {
            -1 => Ok(None),
            len => {
                let len = usize::try_from(len).map_err(|_| self.wrong())?;
                Ok(Some(self.bytes(len)?))
            }
        }
    }

    /// A list with a 16-bit count in front. Grows with what is read, not with what the count promises.
    pub(crate) fn list<T>(
        &mut self,
        mut item: impl FnMut(&mut Self) -> Result<T, Malformed>,
    ) -> Result<Vec<T>, Malformed> {
        let n_items = self.u16()?;
        let mut items = Vec::new();
        for _ in 0..n_items {
            items.push(item(self)?);
        }
        Ok(items)
    }

    pub(crate) fn rest(&mut self) -> Bytes {
        std::mem::take(&mut self.rest)
    }

    pub(crate) fn finish(self) -> Result<(), Malformed> {
        if self.rest.is_empty() {
            Ok(())
        } else {
            Err(Malformed::Trailing(self.tag))
        }
    }

    pub(crate) fn truncated(&self) -> Malformed {
        Malformed::Truncated(self.tag)
    }

    pub(crate) fn wrong(&self) -> Malformed {
        Malformed::Value(self.tag)
    }
}

/// Writes a message: its tag, the length of what `body` appends, and that.
pub(crate) fn message(out: &mut BytesMut, tag: u8, body: impl FnOnce(&mut BytesMut)) {
    out.put_u8(tag);
    sized(out, body);
}

/// Writes a length that counts itself, and what `body` appends.
pub(crate) fn sized(out: &mut BytesMut, body: impl FnOnce(&mut BytesMut)) {
    let start = out.len();
    out.put_i32(0);
    body(out);
    let len = i32::try_from(out.len() - start).unwrap_or(i32::MAX);
    if let Some(field) = out.get_mut(start..start + 4) {
        field.copy_from_slice(&len.to_be_bytes());
    }
}

pub(crate) fn put_text(out: &mut BytesMut, text: &Text) {
    out.put_slice(text.as_bytes());
    out.put_u8(0);
}

pub(crate) fn put_value(out: &mut BytesMut, value: Option<&[u8]>) {
    match value {
        None => out.put_i32(-1),
        Some(value) => {
            out.put_i32(i32::try_from(value.len()).unwrap_or(i32::MAX));
            out.put_slice(value);
        }
    }
}

/// Writes a 16-bit count and the items; what a 16-bit count cannot count is not written.
pub(crate) fn put_list<T>(out: &mut BytesMut, items: &[T], mut item: impl FnMut(&mut BytesMut, &T)) {
    let n_items = u16::try_from(items.len()).unwrap_or(u16::MAX);
    out.put_u16(n_items);
    for each in items.iter().take(usize::from(n_items)) {
        item(out, each);
    }
}
