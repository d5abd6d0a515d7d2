//! A psql session without IO: what a person types and what the server answers go in, what the person sees
//! and what the server must hear come out. See [`Engine`].

mod commands;
mod copy;
mod describe;
mod editor;
mod engine;
mod print;
mod report;
mod scanner;
mod variables;

pub use copy::CANCELED;
pub use engine::{
    Action, Connected, End, Engine, Files, Flag, Guarded, Reading, Script, Settings, Shortage, Size, Source,
    Status, Tls, Transaction,
};
pub use print::escape::visible;
pub use print::{char_width, wide_ranges, width, zero_width_ranges};
