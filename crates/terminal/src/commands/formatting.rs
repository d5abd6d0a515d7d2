//! Commands for how results look: `\pset` and its short forms, and `\timing`.

use super::{Arguments, Outcome, bad_argument};
use crate::engine::Engine;
use crate::print::escape::visible;
use crate::print::options::Format;
use crate::print::settings;
use crate::variables::boolean;

pub(super) fn pset(engine: &mut Engine, arguments: &mut Arguments<'_>) -> Outcome {
    let name = match arguments.next() {
        Ok(Some(name)) => name,
        Ok(None) => {
            let list = settings::list(engine.print_options());
            engine.say(&visible(list.as_bytes()));
            return Outcome::Done;
        }
        Err(bad) => return bad_argument(engine, &bad),
    };
    set_to_argument(engine, &name, arguments)
}

pub(super) fn unaligned(engine: &mut Engine, _: &mut Arguments<'_>) -> Outcome {
    let format = match engine.print_options().format {
        Format::Aligned => "unaligned",
        Format::Wrapped | Format::Unaligned | Format::Csv => "aligned",
    };
    set(engine, "format", Some(format))
}

pub(super) fn title(engine: &mut Engine, arguments: &mut Arguments<'_>) -> Outcome {
    set_to_argument(engine, "title", arguments)
}

pub(super) fn field_separator(engine: &mut Engine, arguments: &mut Arguments<'_>) -> Outcome {
    set_to_argument(engine, "fieldsep", arguments)
}

pub(super) fn tuples_only(engine: &mut Engine, arguments: &mut Arguments<'_>) -> Outcome {
    set_to_argument(engine, "tuples_only", arguments)
}

pub(super) fn table_attributes(engine: &mut Engine, arguments: &mut Arguments<'_>) -> Outcome {
    set_to_argument(engine, "tableattr", arguments)
}

pub(super) fn expanded(engine: &mut Engine, arguments: &mut Arguments<'_>) -> Outcome {
    set_to_argument(engine, "expanded", arguments)
}

pub(super) fn timing(engine: &mut Engine, arguments: &mut Arguments<'_>) -> Outcome {
    let is_on = match arguments.next() {
        Ok(None) => !engine.is_timing(),
        Ok(Some(value)) => match boolean(&value) {
            Some(is_on) => is_on,
            None => {
                let value = visible(value.as_bytes());
                engine.complain(&format!(
                    "unrecognized value \"{value}\" for \"\\timing\": Boolean expected\r\n"
                ));
                // As psql has it: the state is told all the same.
                engine.is_timing()
            }
        },
        Err(bad) => return bad_argument(engine, &bad),
    };
    engine.set_timing(is_on);
    if !engine.is_quiet() {
        engine.say(if is_on {
            "Timing is on.\r\n"
        } else {
            "Timing is off.\r\n"
        });
    }
    Outcome::Done
}

fn set_to_argument(engine: &mut Engine, name: &str, arguments: &mut Arguments<'_>) -> Outcome {
    match arguments.next() {
        Ok(value) => set(engine, name, value.as_deref()),
        Err(bad) => bad_argument(engine, &bad),
    }
}

fn set(engine: &mut Engine, name: &str, value: Option<&str>) -> Outcome {
    let (text, outcome) = match settings::set(engine.print_options_mut(), name, value) {
        Ok(told) => (told, Outcome::Done),
        Err(message) => (message, Outcome::Failed),
    };
    if !text.is_empty() {
        let line = visible(text.as_bytes()) + "\r\n";
        if outcome == Outcome::Failed {
            engine.complain(&line);
        } else if !engine.is_quiet() {
            engine.say(&line);
        }
    }
    outcome
}
