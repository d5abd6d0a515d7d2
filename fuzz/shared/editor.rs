//! Keys in any order. A byte 0xff resizes the screen to the two bytes after it; all else is typed.

use std::time::Instant;

use terminal::{Engine, Settings, Size};

pub fn run(data: &[u8]) {
    #[expect(clippy::disallowed_methods, reason = "any instant will do")]
    let now = Instant::now();
    let mut engine = Engine::new(Settings::default(), now);
    let mut rest = data;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        match (byte, after) {
            (0xff, [cols, rows, after @ ..]) => {
                rest = after;
                engine.handle_resize(Size {
                    cols: u16::from(*cols).max(1),
                    rows: u16::from(*rows).max(1),
                });
            }
            _ => {
                engine.handle_input(&[byte], now);
            }
        }
        while engine.poll_action().is_some() {}
    }
}
