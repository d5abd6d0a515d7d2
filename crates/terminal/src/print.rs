//! How results look: the aligned format, column widths, control characters made visible.

pub(crate) mod aligned;
pub(crate) mod escape;
mod ranges;
mod width;

pub use width::{char_width, wide_ranges, zero_width_ranges};
