//! `\pset`: the options by name, what they can be, and what psql says of them.

use super::options::{Expanded, Format, LineStyle, Options, Pager, Separator, Unicode};
use crate::variables::boolean;

/// Names a bare `\pset` lists, in its order.
const NAMES: &[&str] = &[
    "border",
    "columns",
    "csv_fieldsep",
    "expanded",
    "fieldsep",
    "fieldsep_zero",
    "footer",
    "format",
    "linestyle",
    "null",
    "numericlocale",
    "pager",
    "pager_min_lines",
    "recordsep",
    "recordsep_zero",
    "tableattr",
    "title",
    "tuples_only",
    "unicode_border_linestyle",
    "unicode_column_linestyle",
    "unicode_header_linestyle",
];

/// Formats of psql; those without one of ours are not available.
const FORMATS: &[(&str, Option<Format>)] = &[
    ("aligned", Some(Format::Aligned)),
    ("asciidoc", None),
    ("csv", Some(Format::Csv)),
    ("html", None),
    ("latex", None),
    ("troff-ms", None),
    ("unaligned", Some(Format::Unaligned)),
    ("wrapped", Some(Format::Wrapped)),
];

/// Longest text an option may hold.
const MAX_TEXT: usize = 1024;

/// Sets an option, or switches it when there is no value; what psql says of it, which may be nothing.
///
/// # Errors
///
/// The message, when there is no such option or value.
pub(crate) fn set(options: &mut Options, name: &str, value: Option<&str>) -> Result<String, String> {
    if value.is_some_and(|value| value.len() > MAX_TEXT) {
        return Err(format!("\\pset: {name} is longer than {MAX_TEXT} bytes"));
    }
    let name = match name {
        "x" | "vertical" => "expanded",
        "t" => "tuples_only",
        "T" => "tableattr",
        other => other,
    };
    match (name, value) {
        ("format", Some(value)) => options.format = format(value)?,
        ("linestyle", Some(value)) => options.line_style = line_style(value)?,
        ("unicode_border_linestyle", Some(value)) => options.unicode_border = unicode("border", value)?,
        ("unicode_column_linestyle", Some(value)) => options.unicode_column = unicode("column", value)?,
        ("unicode_header_linestyle", Some(value)) => options.unicode_header = unicode("header", value)?,
        // As C would convert it: the width of an unsigned short.
        ("border", Some(value)) => options.border = (number(value) & 0xFFFF).try_into().unwrap_or(0),
        ("expanded", value) => options.expanded = expanded(options.expanded, value)?,
        ("csv_fieldsep", Some(value)) => options.csv_field_sep = csv_field_sep(value)?,
        ("numericlocale", value) => switch(&mut options.numeric_locale, name, value)?,
        ("null", Some(value)) => value.clone_into(&mut options.null),
        ("fieldsep", Some(value)) => options.field_sep = Separator::Text(value.to_owned()),
        ("fieldsep_zero", _) => options.field_sep = Separator::Zero,
        ("recordsep", Some(value)) => options.record_sep = Separator::Text(value.to_owned()),
        ("recordsep_zero", _) => options.record_sep = Separator::Zero,
        ("tuples_only", value) => switch(&mut options.tuples_only, name, value)?,
        ("title", value) => options.title = value.map(str::to_owned),
        ("tableattr", value) => options.table_attributes = value.map(str::to_owned),
        ("pager", value) => options.pager = pager(options.pager, value)?,
        ("pager_min_lines", Some(value)) => options.pager_min_lines = count(value),
        ("footer", value) => switch(&mut options.footer, name, value)?,
        ("columns", Some(value)) => options.columns = count(value),
        (_, _) if NAMES.contains(&name) => {}
        (_, _) => return Err(format!("\\pset: unknown option: {name}")),
    }
    // psql says nothing of a switch that is given its value.
    if value.is_some() && matches!(name, "footer" | "numericlocale" | "tuples_only") {
        return Ok(String::new());
    }
    Ok(told(options, name))
}

/// What a bare `\pset` prints.
pub(crate) fn list(options: &Options) -> String {
    let lines = NAMES
        .iter()
        .map(|name| format!("{name:<24} {}\n", shown(options, name)));
    lines.collect()
}

/// What psql says of an option that was asked for or set.
fn told(options: &Options, name: &str) -> String {
    let value = raw(options, name);
    match name {
        "border" => format!("Border style is {value}."),
        "columns" if options.columns == 0 => "Target width is unset.".to_owned(),
        "columns" => format!("Target width is {value}."),
        "csv_fieldsep" => format!("Field separator for CSV is \"{value}\"."),
        "expanded" if options.expanded == Expanded::Auto => {
            "Expanded display is used automatically.".to_owned()
        }
        "expanded" => format!("Expanded display is {value}."),
        "fieldsep" | "fieldsep_zero" => separator("Field", &options.field_sep),
        "recordsep" | "recordsep_zero" => separator("Record", &options.record_sep),
        "footer" => format!("Default footer is {value}."),
        "format" => format!("Output format is {value}."),
        "linestyle" => format!("Line style is {value}."),
        "null" => format!("Null display is \"{value}\"."),
        "numericlocale" => format!("Locale-adjusted numeric output is {value}."),
        "pager" => match options.pager {
            Pager::Off => "Pager usage is off.",
            Pager::On => "Pager is used for long output.",
            Pager::Always => "Pager is always used.",
        }
        .to_owned(),
        "pager_min_lines" => {
            let lines = if options.pager_min_lines == 1 {
                "line"
            } else {
                "lines"
            };
            format!("Pager won't be used for less than {value} {lines}.")
        }
        "tableattr" => match &options.table_attributes {
            Some(text) => format!("Table attributes are \"{text}\"."),
            None => "Table attributes unset.".to_owned(),
        },
        "title" => match &options.title {
            Some(text) => format!("Title is \"{text}\"."),
            None => "Title is unset.".to_owned(),
        },
        "tuples_only" => format!("Tuples only is {value}."),
        "unicode_border_linestyle" => format!("Unicode border line style is \"{value}\"."),
        "unicode_column_linestyle" => format!("Unicode column line style is \"{value}\"."),
        _ => format!("Unicode header line style is \"{value}\"."),
    }
}

fn separator(which: &str, separator: &Separator) -> String {
    match separator {
        Separator::Zero => format!("{which} separator is zero byte."),
        Separator::Text(text) if text == "\n" => format!("{which} separator is <newline>."),
        Separator::Text(text) => format!("{which} separator is \"{text}\"."),
    }
}

/// The value of an option in the list: texts are quoted.
fn shown(options: &Options, name: &str) -> String {
    let value = raw(options, name);
    match name {
        "csv_fieldsep" | "fieldsep" | "null" | "recordsep" => quoted(&value),
        "tableattr" | "title" if !value.is_empty() => quoted(&value),
        _ => value,
    }
}

fn raw(options: &Options, name: &str) -> String {
    let text = |separator: &Separator| match separator {
        Separator::Text(text) => text.clone(),
        Separator::Zero => String::new(),
    };
    match name {
        "border" => options.border.to_string(),
        "columns" => options.columns.to_string(),
        "csv_fieldsep" => options.csv_field_sep.to_string(),
        "expanded" => match options.expanded {
            Expanded::Off => "off",
            Expanded::On => "on",
            Expanded::Auto => "auto",
        }
        .to_owned(),
        "fieldsep" => text(&options.field_sep),
        "fieldsep_zero" => on_off(options.field_sep == Separator::Zero),
        "footer" => on_off(options.footer),
        "format" => FORMATS
            .iter()
            .find(|(_, format)| *format == Some(options.format))
            .map_or(String::new(), |(name, _)| (*name).to_owned()),
        "linestyle" => match options.line_style {
            LineStyle::Ascii => "ascii",
            LineStyle::OldAscii => "old-ascii",
            LineStyle::Unicode => "unicode",
        }
        .to_owned(),
        "null" => options.null.clone(),
        "numericlocale" => on_off(options.numeric_locale),
        "pager" => match options.pager {
            Pager::Off => "0",
            Pager::On => "1",
            Pager::Always => "2",
        }
        .to_owned(),
        "pager_min_lines" => options.pager_min_lines.to_string(),
        "recordsep" => text(&options.record_sep),
        "recordsep_zero" => on_off(options.record_sep == Separator::Zero),
        "tableattr" => options.table_attributes.clone().unwrap_or_default(),
        "title" => options.title.clone().unwrap_or_default(),
        "tuples_only" => on_off(options.tuples_only),
        "unicode_border_linestyle" => unicode_name(options.unicode_border),
        "unicode_column_linestyle" => unicode_name(options.unicode_column),
        _ => unicode_name(options.unicode_header),
    }
}

fn quoted(text: &str) -> String {
    let text = text.replace('\n', "\\n").replace('\'', "\\'");
    format!("'{text}'")
}

fn on_off(is_on: bool) -> String {
    if is_on { "on" } else { "off" }.to_owned()
}

fn unicode_name(style: Unicode) -> String {
    match style {
        Unicode::Single => "single",
        Unicode::Double => "double",
    }
    .to_owned()
}

fn format(value: &str) -> Result<Format, String> {
    let value = value.to_ascii_lowercase();
    let mut found = FORMATS.iter().filter(|(name, _)| name.starts_with(&value));
    let unavailable = |name: &str| format!("\\pset: the format {name} is not available in this terminal");
    match (found.next(), found.next()) {
        (Some((first, _)), Some((second, _))) => Err(format!(
            "\\pset: ambiguous abbreviation \"{value}\" matches both \"{first}\" and \"{second}\""
        )),
        (Some((_, Some(format))), None) => Ok(*format),
        (Some((name, None)), None) => Err(unavailable(name)),
        (None, _) if "latex-longtable".starts_with(&value) => Err(unavailable("latex-longtable")),
        (None, _) => Err("\\pset: allowed formats are aligned, csv, unaligned, wrapped".to_owned()),
    }
}

fn line_style(value: &str) -> Result<LineStyle, String> {
    let value = value.to_ascii_lowercase();
    let styles = [
        ("ascii", LineStyle::Ascii),
        ("old-ascii", LineStyle::OldAscii),
        ("unicode", LineStyle::Unicode),
    ];
    let found = styles.into_iter().find(|(name, _)| name.starts_with(&value));
    found
        .map(|(_, style)| style)
        .ok_or_else(|| "\\pset: allowed line styles are ascii, old-ascii, unicode".to_owned())
}

fn unicode(which: &str, value: &str) -> Result<Unicode, String> {
    let value = value.to_ascii_lowercase();
    if "single".starts_with(&value) {
        return Ok(Unicode::Single);
    }
    if "double".starts_with(&value) {
        return Ok(Unicode::Double);
    }
    Err(format!(
        "\\pset: allowed Unicode {which} line styles are single, double"
    ))
}

fn expanded(now: Expanded, value: Option<&str>) -> Result<Expanded, String> {
    match (value, value.and_then(boolean)) {
        (Some(value), _) if value.eq_ignore_ascii_case("auto") => Ok(Expanded::Auto),
        (Some(_), Some(true)) => Ok(Expanded::On),
        (Some(_), Some(false)) => Ok(Expanded::Off),
        (Some(value), None) => Err(format!(
            "unrecognized value \"{value}\" for \"expanded\"\nAvailable values are: on, off, auto."
        )),
        (None, _) if now == Expanded::Off => Ok(Expanded::On),
        (None, _) => Ok(Expanded::Off),
    }
}

fn pager(now: Pager, value: Option<&str>) -> Result<Pager, String> {
    match (value, value.and_then(boolean)) {
        (Some(value), _) if value.eq_ignore_ascii_case("always") => Ok(Pager::Always),
        (Some(_), Some(true)) => Ok(Pager::On),
        (Some(_), Some(false)) => Ok(Pager::Off),
        (Some(value), None) => Err(format!(
            "unrecognized value \"{value}\" for \"pager\"\nAvailable values are: on, off, always."
        )),
        (None, _) if now == Pager::Off => Ok(Pager::On),
        (None, _) => Ok(Pager::Off),
    }
}

fn csv_field_sep(value: &str) -> Result<char, String> {
    let mut chars = value.chars();
    match (chars.next(), chars.next()) {
        (Some('"' | '\n' | '\r'), None) => {
            Err("\\pset: csv_fieldsep cannot be a double quote, a newline, or a carriage return".to_owned())
        }
        (Some(c), None) if c.is_ascii() => Ok(c),
        (_, _) => Err("\\pset: csv_fieldsep must be a single one-byte character".to_owned()),
    }
}

fn switch(option: &mut bool, name: &str, value: Option<&str>) -> Result<(), String> {
    *option = match value {
        None => !*option,
        Some(value) => boolean(value)
            .ok_or_else(|| format!("unrecognized value \"{value}\" for \"{name}\": Boolean expected"))?,
    };
    Ok(())
}

/// C's `atoi`: the number at the start, or 0.
fn number(value: &str) -> i32 {
    let value = value.trim_start();
    let (sign, digits) = match value.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, value.strip_prefix('+').unwrap_or(value)),
    };
    let n_digits = digits.bytes().take_while(u8::is_ascii_digit).count();
    let number: i32 = digits
        .get(..n_digits)
        .and_then(|digits| digits.parse().ok())
        .unwrap_or(0);
    sign * number
}

fn count(value: &str) -> u32 {
    u32::try_from(number(value)).unwrap_or(0)
}
