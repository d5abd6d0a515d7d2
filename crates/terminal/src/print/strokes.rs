//! What tables are drawn with: the rules, separators and marks of psql's three line styles.

use super::options::{LineStyle, Options, Unicode};

/// The strokes of one table.
#[derive(Debug, Clone, Copy)]
pub(super) struct Strokes {
    pub(super) top: Rule,
    pub(super) middle: Rule,
    pub(super) bottom: Rule,
    /// Between the cells of a line; its `line` is unused.
    pub(super) data: Rule,
    /// Instead of `data.cross` in front of a cell that goes on behind a newline, goes on in a wrapped line, or is
    /// finished.
    pub(super) cross_newline: &'static str,
    pub(super) cross_wrap: &'static str,
    pub(super) cross_blank: &'static str,
    pub(super) header_newline: Marks,
    pub(super) newline: Marks,
    pub(super) wrap: Marks,
    /// Whether marks stand behind what they mark, in the old style they stand before its continuation.
    pub(super) marks_right: bool,
}

/// A horizontal line and where verticals meet it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rule {
    pub(super) line: &'static str,
    pub(super) left: &'static str,
    pub(super) cross: &'static str,
    pub(super) right: &'static str,
}

/// The mark before a continued line and the one behind the line it continues.
#[derive(Debug, Clone, Copy)]
pub(super) struct Marks {
    pub(super) before: &'static str,
    pub(super) behind: &'static str,
}

const ASCII_RULE: Rule = Rule {
    line: "-",
    left: "+",
    cross: "+",
    right: "+",
};

const ASCII_DATA: Rule = Rule {
    line: "",
    left: "|",
    cross: "|",
    right: "|",
};

const ASCII: Strokes = Strokes {
    top: ASCII_RULE,
    middle: ASCII_RULE,
    bottom: ASCII_RULE,
    data: ASCII_DATA,
    cross_newline: "|",
    cross_wrap: "|",
    cross_blank: "|",
    header_newline: Marks {
        before: " ",
        behind: "+",
    },
    newline: Marks {
        before: " ",
        behind: "+",
    },
    wrap: Marks {
        before: ".",
        behind: ".",
    },
    marks_right: true,
};

const OLD_ASCII: Strokes = Strokes {
    cross_newline: ":",
    cross_wrap: ";",
    cross_blank: " ",
    header_newline: Marks {
        before: "+",
        behind: " ",
    },
    newline: Marks {
        before: " ",
        behind: " ",
    },
    wrap: Marks {
        before: " ",
        behind: " ",
    },
    marks_right: false,
    ..ASCII
};

impl Strokes {
    pub(super) fn new(options: &Options) -> Self {
        match options.line_style {
            LineStyle::Ascii => ASCII,
            LineStyle::OldAscii => OLD_ASCII,
            LineStyle::Unicode => unicode(options),
        }
    }
}

fn unicode(options: &Options) -> Strokes {
    let (border, column, header) = (
        options.unicode_border,
        options.unicode_column,
        options.unicode_header,
    );
    let arrow = Marks {
        before: " ",
        behind: "↵",
    };
    let vertical = pick(column, "│", "║");
    Strokes {
        top: Rule {
            line: pick(border, "─", "═"),
            left: pick(border, "┌", "╔"),
            cross: cross(column, border, ["┬", "╤", "╥", "╦"]),
            right: pick(border, "┐", "╗"),
        },
        middle: Rule {
            line: pick(header, "─", "═"),
            left: cross(border, header, ["├", "╞", "╟", "╠"]),
            cross: cross(column, header, ["┼", "╪", "╫", "╬"]),
            right: cross(border, header, ["┤", "╡", "╢", "╣"]),
        },
        bottom: Rule {
            line: pick(border, "─", "═"),
            left: pick(border, "└", "╚"),
            cross: cross(column, border, ["┴", "╧", "╨", "╩"]),
            right: pick(border, "┘", "╝"),
        },
        data: Rule {
            line: "",
            left: pick(border, "│", "║"),
            cross: vertical,
            right: pick(border, "│", "║"),
        },
        cross_newline: vertical,
        cross_wrap: vertical,
        cross_blank: vertical,
        header_newline: arrow,
        newline: arrow,
        wrap: Marks {
            before: "…",
            behind: "…",
        },
        marks_right: true,
    }
}

fn pick(style: Unicode, single: &'static str, double: &'static str) -> &'static str {
    match style {
        Unicode::Single => single,
        Unicode::Double => double,
    }
}

/// Where lines meet; `shapes` are both single, horizontal double, vertical double, both double.
fn cross(vertical: Unicode, horizontal: Unicode, shapes: [&'static str; 4]) -> &'static str {
    let [single, horizontal_double, vertical_double, double] = shapes;
    match (vertical, horizontal) {
        (Unicode::Single, Unicode::Single) => single,
        (Unicode::Single, Unicode::Double) => horizontal_double,
        (Unicode::Double, Unicode::Single) => vertical_double,
        (Unicode::Double, Unicode::Double) => double,
    }
}
