//! Bytes of a terminal to keys: UTF-8, control characters, the sequences xterm sends, bracketed paste.

/// Longest run of parameters in a sequence that is still looked at.
const MAX_PARAMETERS: usize = 16;

/// Most bytes of one paste that are kept; the rest of it is dropped.
pub(crate) const MAX_PASTE: usize = 256 * 1024;

/// What ends a bracketed paste.
const PASTE_END: &[u8] = b"\x1b[201~";

/// One key, or one paste.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Key {
    Char(char),
    /// A control key by its letter in lower case: Ctrl-A is `Ctrl('a')`.
    Ctrl(char),
    /// Alt or Escape, then a character.
    Alt(char),
    Enter,
    Tab,
    Backspace,
    AltBackspace,
    Delete,
    Left,
    Right,
    Up,
    Down,
    Home,
    End,
    WordLeft,
    WordRight,
    /// Text pasted at once, without control characters but newline and tab.
    Paste {
        text: String,
        /// Longer than [`MAX_PASTE`].
        cut: bool,
    },
    /// A key nobody has given a meaning.
    Unknown,
}

/// Turns bytes into keys, whatever the boundaries at which they arrive. Holds at most [`MAX_PASTE`] bytes.
#[derive(Debug, Default)]
pub(crate) struct Keys {
    state: State,
}

#[derive(Debug, Default)]
enum State {
    #[default]
    Ground,
    Utf8 {
        bytes: Vec<u8>,
        len: usize,
    },
    Escape,
    /// After `ESC O`.
    Ss3,
    /// After `ESC [`.
    Csi(Vec<u8>),
    Paste {
        bytes: Vec<u8>,
        /// How many bytes of [`PASTE_END`] have been seen.
        end: usize,
        cut: bool,
    },
}

impl Keys {
    pub(crate) fn push(&mut self, byte: u8) -> Option<Key> {
        match std::mem::take(&mut self.state) {
            State::Ground => self.ground(byte),
            State::Utf8 { bytes, len } => self.utf8(bytes, len, byte),
            State::Escape => self.escape(byte),
            State::Ss3 => Some(final_byte(&[], byte)),
            State::Csi(parameters) => self.csi(parameters, byte),
            State::Paste { bytes, end, cut } => self.paste(bytes, end, cut, byte),
        }
    }

    fn ground(&mut self, byte: u8) -> Option<Key> {
        match byte {
            b'\r' | b'\n' => Some(Key::Enter),
            b'\t' => Some(Key::Tab),
            0x08 | 0x7F => Some(Key::Backspace),
            0x1B => {
                self.state = State::Escape;
                None
            }
            1..=26 => Some(Key::Ctrl(char::from(byte - 1 + b'a'))),
            0 | 27..=31 => Some(Key::Unknown),
            32..=126 => Some(Key::Char(char::from(byte))),
            0x80..=0xFF => {
                let len = match byte {
                    0xC2..=0xDF => 2,
                    0xE0..=0xEF => 3,
                    0xF0..=0xF4 => 4,
                    _ => return Some(Key::Unknown),
                };
                self.state = State::Utf8 {
                    bytes: vec![byte],
                    len,
                };
                None
            }
        }
    }

    fn utf8(&mut self, mut bytes: Vec<u8>, len: usize, byte: u8) -> Option<Key> {
        if !(0x80..0xC0).contains(&byte) {
            return self.ground(byte);
        }
        bytes.push(byte);
        if bytes.len() < len {
            self.state = State::Utf8 { bytes, len };
            return None;
        }
        let c = std::str::from_utf8(&bytes)
            .ok()
            .and_then(|text| text.chars().next());
        match c {
            Some(c) if !c.is_control() => Some(Key::Char(c)),
            Some(_) | None => Some(Key::Unknown),
        }
    }

    fn escape(&mut self, byte: u8) -> Option<Key> {
        match byte {
            b'[' => {
                self.state = State::Csi(Vec::new());
                None
            }
            b'O' => {
                self.state = State::Ss3;
                None
            }
            0x1B => {
                self.state = State::Escape;
                None
            }
            0x08 | 0x7F => Some(Key::AltBackspace),
            0x20..=0x7E => Some(Key::Alt(char::from(byte).to_ascii_lowercase())),
            0..=0x1F => self.ground(byte),
            0x80..=0xFF => self.ground(byte),
        }
    }

    fn csi(&mut self, mut parameters: Vec<u8>, byte: u8) -> Option<Key> {
        match byte {
            0x40..=0x7E => {
                if byte == b'~' && parameters == b"200" {
                    self.state = State::Paste {
                        bytes: Vec::new(),
                        end: 0,
                        cut: false,
                    };
                    return None;
                }
                Some(final_byte(&parameters, byte))
            }
            0x20..=0x3F => {
                if parameters.len() < MAX_PARAMETERS {
                    parameters.push(byte);
                }
                self.state = State::Csi(parameters);
                None
            }
            0..=0x1F | 0x7F..=0xFF => self.ground(byte),
        }
    }

    fn paste(&mut self, mut bytes: Vec<u8>, mut end: usize, mut cut: bool, byte: u8) -> Option<Key> {
        // A paste whose end got lost must not hold the terminal for ever.
        if byte == 0x03 {
            return Some(Key::Ctrl('c'));
        }
        if PASTE_END.get(end) == Some(&byte) {
            end += 1;
            if end == PASTE_END.len() {
                let text = pasted_text(&bytes);
                return Some(Key::Paste { text, cut });
            }
        } else {
            // What looked like the end and was not is dropped with its ESC: it types nothing.
            end = usize::from(byte == 0x1B);
            if end == 0 {
                if bytes.len() < MAX_PASTE {
                    bytes.push(byte);
                } else {
                    cut = true;
                }
            }
        }
        self.state = State::Paste { bytes, end, cut };
        None
    }
}

fn final_byte(parameters: &[u8], byte: u8) -> Key {
    // Modifiers come as `1;5C` for Ctrl, `1;3C` for Alt.
    let by_word = parameters.ends_with(b";5") || parameters.ends_with(b";3") || parameters == b"5";
    match (byte, parameters) {
        (b'A', _) => Key::Up,
        (b'B', _) => Key::Down,
        (b'C', _) if by_word => Key::WordRight,
        (b'D', _) if by_word => Key::WordLeft,
        (b'C', _) => Key::Right,
        (b'D', _) => Key::Left,
        (b'H', _) | (b'~', b"1" | b"7") => Key::Home,
        (b'F', _) | (b'~', b"4" | b"8") => Key::End,
        (b'M', _) => Key::Enter,
        (b'~', b"3") => Key::Delete,
        (_, _) => Key::Unknown,
    }
}

fn pasted_text(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    text.replace("\r\n", "\n")
        .chars()
        .map(|c| if c == '\r' { '\n' } else { c })
        .filter(|&c| c == '\n' || c == '\t' || !c.is_control())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(bytes: &[u8]) -> Vec<Key> {
        let mut keys = Keys::default();
        bytes.iter().filter_map(|&byte| keys.push(byte)).collect()
    }

    #[test]
    fn sequences_of_xterm_are_keys() {
        let cases: [(&[u8], Key); 19] = [
            (b"\x1b[A", Key::Up),
            (b"\x1bOB", Key::Down),
            (b"\x1b[C", Key::Right),
            (b"\x1b[D", Key::Left),
            (b"\x1b[H", Key::Home),
            (b"\x1bOF", Key::End),
            (b"\x1b[1~", Key::Home),
            (b"\x1b[3~", Key::Delete),
            (b"\x1b[1;5C", Key::WordRight),
            (b"\x1b[1;3D", Key::WordLeft),
            (b"\x1bb", Key::Alt('b')),
            (b"\x1b\x7f", Key::AltBackspace),
            (b"\x01", Key::Ctrl('a')),
            (b"\x7f", Key::Backspace),
            (b"\x08", Key::Backspace),
            (b"\r", Key::Enter),
            (b"\x1b[15;2~", Key::Unknown),
            ("é".as_bytes(), Key::Char('é')),
            ("😀".as_bytes(), Key::Char('😀')),
        ];
        for (bytes, key) in cases {
            assert_eq!(keys(bytes), [key], "{bytes:?}");
        }
    }

    #[test]
    fn a_paste_is_one_key_and_brings_no_control_characters() {
        let text = "select 1;\n\tselect 2;31m".to_owned();

        assert_eq!(
            keys(b"\x1b[200~select 1;\r\n\tselect 2;\x07\x1b[31m\x1b[201~x"),
            [Key::Paste { text, cut: false }, Key::Char('x')]
        );
    }

    #[test]
    fn a_paste_is_bounded() {
        let mut bytes = b"\x1b[200~".to_vec();
        bytes.extend(vec![b'a'; MAX_PASTE + 10]);
        bytes.extend(PASTE_END);

        let [Key::Paste { text, cut }] = &keys(&bytes)[..] else {
            panic!("one paste");
        };
        assert_eq!((text.len(), cut), (MAX_PASTE, &true));
    }

    #[test]
    fn broken_utf8_types_nothing_and_loses_nothing_after_it() {
        assert_eq!(keys(b"\xe6a"), [Key::Char('a')]);
        assert_eq!(keys(b"\xffa"), [Key::Unknown, Key::Char('a')]);
    }
}
