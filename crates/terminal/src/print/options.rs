//! How tables are to look: the state of `\pset`, which every table is printed with.

/// psql's print options. A table takes a copy when it begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Options {
    pub(crate) format: Format,
    pub(crate) expanded: Expanded,
    /// 0: spaces between columns; 1: lines between columns; 2: a frame as well.
    pub(crate) border: u16,
    pub(crate) line_style: LineStyle,
    /// `\pset unicode_border_linestyle` and its two companions.
    pub(crate) unicode_border: Unicode,
    pub(crate) unicode_column: Unicode,
    pub(crate) unicode_header: Unicode,
    /// `\pset columns`: the width the wrapped and the `auto` expanded format aim at; 0 is the terminal's.
    pub(crate) columns: u32,
    /// Columns of the terminal; 0 when unknown.
    pub(crate) screen: u16,
    /// What stands for NULL.
    pub(crate) null: String,
    /// No headings, titles and footers.
    pub(crate) tuples_only: bool,
    /// Whether `(n rows)` is printed where a table has no footers of its own.
    pub(crate) footer: bool,
    /// Printed above results, not above the tables of `\d` and its relatives, which bring their own.
    pub(crate) title: Option<String>,
    pub(crate) field_sep: Separator,
    pub(crate) record_sep: Separator,
    pub(crate) csv_field_sep: char,
    /// Groups of thousands are set apart.
    pub(crate) numeric_locale: bool,
    /// Of HTML; kept for `\pset` to show.
    pub(crate) table_attributes: Option<String>,
    /// `\pset pager` and `pager_min_lines`; kept for `\pset` to show, no pager is run.
    pub(crate) pager: Pager,
    pub(crate) pager_min_lines: u32,
    /// The formats without padding are for a program, not for a terminal: control characters pass.
    pub(crate) verbatim: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Aligned,
    Wrapped,
    Unaligned,
    Csv,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Expanded {
    Off,
    On,
    /// When the table is wider than the terminal.
    Auto,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LineStyle {
    Ascii,
    OldAscii,
    Unicode,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unicode {
    Single,
    Double,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pager {
    Off,
    On,
    Always,
}

/// What stands between fields or records of the unaligned format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Separator {
    Text(String),
    Zero,
}

impl Options {
    /// The columns a table should fit into.
    pub(super) fn aim(&self) -> Option<usize> {
        let aim = match self.columns {
            0 => u32::from(self.screen),
            columns => columns,
        };
        usize::try_from(aim).ok().filter(|aim| *aim > 0)
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            format: Format::Aligned,
            expanded: Expanded::Off,
            border: 1,
            line_style: LineStyle::Ascii,
            unicode_border: Unicode::Single,
            unicode_column: Unicode::Single,
            unicode_header: Unicode::Single,
            columns: 0,
            screen: 0,
            null: String::new(),
            tuples_only: false,
            footer: true,
            title: None,
            field_sep: Separator::Text("|".to_owned()),
            record_sep: Separator::Text("\n".to_owned()),
            csv_field_sep: ',',
            numeric_locale: false,
            table_attributes: None,
            pager: Pager::Off,
            pager_min_lines: 0,
            verbatim: false,
        }
    }
}
