//! How results look: `\pset`'s formats, column widths, control characters made visible.
//!
//! A table of the database's is made by [`Table::of_result`] and fed rows as they come. A table of our own (`\d`
//! and its relatives) is made whole by [`Table::of_strings`] and handed to `Engine::show_table`:
//!
//! ```text
//! let table = Table::of_strings(
//!     engine.print_options(),
//!     "Table \"public.t\"",
//!     &headings,                             // each a name and an alignment
//!     rows,                                  // each a Vec<Option<Bytes>>, None is NULL
//!     Footers::Lines(vec!["Indexes:".to_owned()]),
//! );
//! engine.show_table(table);
//! ```

mod aligned;
mod cell;
pub(crate) mod escape;
pub(crate) mod options;
mod pen;
mod ranges;
pub(crate) mod settings;
mod squeeze;
mod strokes;
pub(crate) mod table;
mod unaligned;
mod vertical;
mod width;

pub(crate) use table::{Align, Footers, Heading, Packed, ROW_OVERHEAD, Table};
pub use width::{char_width, wide_ranges, width, zero_width_ranges};
