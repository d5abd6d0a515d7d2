//! Statements typed, pasted and split: the same text in two ways.

use std::time::Instant;

use terminal::{Engine, Settings};

pub fn run(data: &[u8]) {
    #[expect(clippy::disallowed_methods, reason = "any instant will do")]
    let now = Instant::now();
    let settings = Settings {
        standard_conforming_strings: data.len().is_multiple_of(2),
        ..Settings::default()
    };
    let mut typed = Engine::new(settings.clone(), now);
    for line in data.split(|byte| *byte == b'\n') {
        typed.handle_input(line, now);
        typed.handle_input(b"\r", now);
        while typed.poll_action().is_some() {}
    }
    let mut pasted = Engine::new(settings, now);
    pasted.handle_input(b"\x1b[200~", now);
    pasted.handle_input(data, now);
    pasted.handle_input(b"\x1b[201~\r", now);
    while pasted.poll_action().is_some() {}
}
