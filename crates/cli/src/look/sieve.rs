//! What somebody else's screen may do to one's own terminal: show text, move the cursor, colour, clear. Nothing that has
//! the terminal answer, set its title or its clipboard, or do what only its owner may ask of it: what is on record was
//! partly written by those who are looked at.
//!
//! See <https://invisible-island.net/xterm/ctlseqs/ctlseqs.html>.

use std::mem::take;

use recording::take_text;

/// Final characters of control sequences that pass: cursor, erasing, scrolling, tabs, colours.
const FINALS: &str = "@ABCDEFGHIJKLMPSTWXZ`abdefgmrsu";

/// Modes that pass: insert and line feed; of DEC's origin, wrapping, and whether the cursor is seen.
const MODES: &[&str] = &["4", "20", "?6", "?7", "?25"];

/// How tab stops are cleared, which has a mark of its own.
const TAB_STOPS: (&str, char) = ("?5", 'W');

/// Longest control sequence, in characters.
const MAX_SEQUENCE: usize = 64;

const ESC: char = '\u{1b}';

/// Lets through what is harmless; what comes in pieces is taken together.
#[derive(Debug, Default)]
pub struct Sieve {
    state: State,
    /// The sequence that is read.
    sequence: String,
    /// The beginning of a character.
    pending: Vec<u8>,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum State {
    #[default]
    Text,
    Escape,
    /// ESC and what designates a set of characters.
    Designation,
    Control,
    /// A string for the terminal, to its end.
    Ignored,
}

impl Sieve {
    /// What passes of the next bytes.
    pub fn pass(&mut self, bytes: &[u8]) -> String {
        self.pending.extend_from_slice(bytes);
        let text = take_text(&mut self.pending);
        let mut passed = String::with_capacity(text.len());
        for char in text.chars() {
            self.push(char, &mut passed);
        }

        passed
    }

    fn push(&mut self, char: char, passed: &mut String) {
        match (self.state, char) {
            // Wherever it stands it ends what was before.
            (_, ESC) => self.state = State::Escape,
            (_, '\u{18}' | '\u{1a}') => self.state = State::Text,
            (State::Text, _) => self.text(char, passed),
            (State::Escape, _) => self.escape(char, passed),
            (State::Designation, _) => {
                self.state = State::Text;
                if char.is_ascii_alphanumeric() {
                    passed.extend([ESC]);
                    passed.push_str(&self.sequence);
                    passed.push(char);
                }
            }
            (State::Control, _) => self.control(char, passed),
            (State::Ignored, '\u{7}' | '\u{9c}') => self.state = State::Text,
            (State::Ignored, _) => {}
        }
    }

    fn text(&mut self, char: char, passed: &mut String) {
        match char {
            '\r' | '\n' | '\t' | '\u{8}' | '\u{e}' | '\u{f}' => passed.push(char),
            // They begin a sequence as ESC and a letter do.
            '\u{80}'..='\u{9f}' => {
                if let Some(letter) = char::from_u32(u32::from(char) - 0x40) {
                    self.begin(letter);
                }
            }
            char if char.is_control() => {}
            char => passed.push(char),
        }
    }

    /// The character after ESC.
    fn escape(&mut self, char: char, passed: &mut String) {
        self.state = State::Text;
        match char {
            // Save and restore the cursor, index, next line, tab stop, reverse index.
            '7' | '8' | 'D' | 'E' | 'H' | 'M' => passed.extend([ESC, char]),
            '(' | ')' => {
                self.state = State::Designation;
                self.sequence = char.to_string();
            }
            char => self.begin(char),
        }
    }

    /// A letter after ESC that may begin more.
    fn begin(&mut self, letter: char) {
        match letter {
            '[' => {
                self.state = State::Control;
                self.sequence.clear();
            }
            // DCS, SOS, OSC, PM, APC; xterm's old title.
            'P' | 'X' | ']' | '^' | '_' | 'k' => self.state = State::Ignored,
            _ => {}
        }
    }

    fn control(&mut self, char: char, passed: &mut String) {
        match char {
            ' '..='?' if self.sequence.len() < MAX_SEQUENCE => self.sequence.push(char),
            ' '..='?' => {}
            '@'..='~' => {
                self.state = State::Text;
                let sequence = take(&mut self.sequence);
                if is_harmless(&sequence, char) {
                    passed.extend([ESC, '[']);
                    passed.push_str(&sequence);
                    passed.push(char);
                }
            }
            // Within a sequence it does what it does in text.
            '\r' | '\n' | '\t' | '\u{8}' => passed.push(char),
            _ => {}
        }
    }
}

fn is_harmless(parameters: &str, last: char) -> bool {
    if matches!(last, 'h' | 'l') {
        return MODES.contains(&parameters);
    }
    let is_plain = parameters
        .chars()
        .all(|char| char.is_ascii_digit() || matches!(char, ';' | ':'));

    let is_known = FINALS.contains(last) && is_plain && parameters.len() < MAX_SEQUENCE;

    is_known || (parameters, last) == TAB_STOPS
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(shown: &str, passed: &str) {
        let whole = Sieve::default().pass(shown.as_bytes());
        let mut sieve = Sieve::default();
        let crumbled: String = shown.bytes().map(|byte| sieve.pass(&[byte])).collect();

        assert_eq!(whole, passed, "{shown:?}");
        assert_eq!(crumbled, whole, "{shown:?}");
    }

    #[test]
    fn text_colours_and_the_cursor_pass() {
        for shown in [
            "books=# select 'Ä – ü €';\r\n\t\u{a0}¢ 😀\u{8}",
            "\u{1b}[1;31mred\u{1b}[0m\u{1b}[38:2::1:2:3m",
            "\u{1b}[2J\u{1b}[3;4H\u{1b}[J\u{1b}[10b\u{1b}[r",
            "\u{1b}7\u{1b}8\u{1b}M\u{1b}(0\u{e}\u{f}\u{1b}(B",
            "\u{1b}[?25l\u{1b}[?7h\u{1b}[4h",
        ] {
            check(shown, shown);
        }
    }

    #[test]
    fn what_only_the_owner_may_ask_of_a_terminal_does_not_pass() {
        for (shown, passed) in [
            // The clipboard, the title, a hyperlink.
            ("a\u{1b}]52;c;cm0gLXJmIH4K\u{7}b", "ab"),
            ("a\u{1b}]0;title\u{1b}\\b", "ab"),
            ("a\u{9d}8;;https://evil.example\u{9c}b", "ab"),
            // Questions the terminal would answer as if they were typed.
            ("a\u{1b}[c\u{1b}[6n\u{1b}[>q\u{1b}[21tb", "ab"),
            ("a\u{1b}P$q\"p\u{1b}\\b", "ab"),
            ("a\u{9b}6nb", "ab"),
            // The mouse, pastes, another screen, a reset, the keyboard, a bell.
            (
                "a\u{1b}[?1000h\u{1b}[?2004h\u{1b}[?1049h\u{1b}c\u{1b}[>4;2m\u{7}b",
                "ab",
            ),
            ("a\u{1b}_Gf=100;\u{1b}\\\u{1b}^x\u{1b}\\\u{1b}Xy\u{1b}\\b", "ab"),
            ("a\u{1b}[?25;1000hb", "ab"),
        ] {
            check(shown, passed);
        }
    }

    #[test]
    fn what_is_no_text_is_no_control_character_either() {
        assert_eq!(Sieve::default().pass(b"a\x9b6nb"), "a\u{fffd}6nb");
    }

    #[test]
    fn a_sequence_without_an_end_hides_no_more_than_itself() {
        check("a\u{1b}[12\u{1b}[31mred", "a\u{1b}[31mred");
        check("a\u{1b}]0;x\u{1b}[31mred", "a\u{1b}[31mred");
        check(&format!("a\u{1b}[{}mb", "1;".repeat(100)), "ab");
    }
}
