//! Keys that are the page's and not the database's, and the sizes letters can have.

use leptos::ev;
use protocol::vault::settings::FONT_SIZES;

/// What a key asks of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Command {
    /// Out of the terminal, to the first action of the bar.
    Leave,
    Copy,
    /// Left to the browser, which pastes; xterm.js would send it as ^V.
    Paste,
    Find,
    Larger,
    Smaller,
    /// Letters as large as the record says.
    Usual,
}

impl Command {
    pub(super) fn of(event: &ev::KeyboardEvent) -> Option<Self> {
        // Of a letter that is typed no more is asked: its echo waits for it.
        if !event.ctrl_key() && !event.meta_key() && event.key_code() != F6 {
            return None;
        }
        let held = Held {
            ctrl: event.ctrl_key(),
            shift: event.shift_key(),
            alt: event.alt_key(),
            meta: event.meta_key(),
        };

        command(held, &event.key(), &event.code())
    }
}

/// The number browsers give F6.
const F6: u32 = 117;

/// The modifiers of a key.
#[derive(Debug, Clone, Copy, Default)]
struct Held {
    ctrl: bool,
    shift: bool,
    alt: bool,
    meta: bool,
}

/// Letters by the key's place, so that they are found with every alphabet; signs by what they are.
fn command(held: Held, key: &str, code: &str) -> Option<Command> {
    if key == "F6" {
        return Some(Command::Leave);
    }
    if held.alt || held.ctrl == held.meta {
        return None;
    }

    match (code, key) {
        ("KeyC", _) if held.ctrl && held.shift => Some(Command::Copy),
        ("KeyF", _) if held.shift || held.meta => Some(Command::Find),
        ("KeyV", _) => Some(Command::Paste),
        (_, "+" | "=") => Some(Command::Larger),
        (_, "-") => Some(Command::Smaller),
        ("Digit0" | "Numpad0", _) if !held.shift => Some(Command::Usual),
        _ => None,
    }
}

/// The size `steps` away from `usual` among [`FONT_SIZES`], and how many steps it really is.
pub(super) fn stepped(usual: u16, steps: i8) -> (u16, i8) {
    let last = FONT_SIZES.len().saturating_sub(1);
    let home = FONT_SIZES.partition_point(|size| *size < usual).min(last);
    let idx = home.saturating_add_signed(steps.into()).min(last);
    let taken = i8::try_from(idx).unwrap_or(0) - i8::try_from(home).unwrap_or(0);
    let size = match taken {
        0 => usual,
        _ => FONT_SIZES.get(idx).copied().unwrap_or(usual),
    };

    (size, taken)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CTRL: Held = Held {
        ctrl: true,
        shift: false,
        alt: false,
        meta: false,
    };
    const CTRL_SHIFT: Held = Held { shift: true, ..CTRL };
    const META: Held = Held {
        ctrl: false,
        meta: true,
        ..CTRL
    };

    #[test]
    fn keys_of_the_page_are_told_from_keys_of_the_database() {
        for (held, key, code, expected) in [
            (Held::default(), "F6", "F6", Some(Command::Leave)),
            (CTRL, "c", "KeyC", None),
            (CTRL_SHIFT, "C", "KeyC", Some(Command::Copy)),
            (META, "c", "KeyC", None),
            (CTRL, "f", "KeyF", None),
            (CTRL_SHIFT, "F", "KeyF", Some(Command::Find)),
            (META, "f", "KeyF", Some(Command::Find)),
            (CTRL, "v", "KeyV", Some(Command::Paste)),
            (CTRL, "м", "KeyV", Some(Command::Paste)),
            (CTRL_SHIFT, "+", "Equal", Some(Command::Larger)),
            (CTRL, "=", "Equal", Some(Command::Larger)),
            (CTRL, "-", "Slash", Some(Command::Smaller)),
            (CTRL, "0", "Digit0", Some(Command::Usual)),
            (Held::default(), "v", "KeyV", None),
            (Held { alt: true, ..CTRL }, "v", "KeyV", None),
        ] {
            assert_eq!(command(held, key, code), expected, "{held:?} {key}");
        }
    }

    #[test]
    fn letters_step_through_the_sizes_of_the_settings_and_stop_at_the_ends() {
        for (usual, steps, expected) in [
            (12, 0, (12, 0)),
            (12, 1, (14, 1)),
            (12, -2, (10, -2)),
            (12, -100, (8, -4)),
            (12, 100, (96, 9)),
            (13, 0, (13, 0)),
        ] {
            assert_eq!(stepped(usual, steps), expected);
        }
    }
}
