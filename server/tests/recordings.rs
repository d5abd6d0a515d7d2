//! Recordings a server that was killed left behind, or that somebody changed since.

mod command;
mod evidence;
mod keys;
mod made;
mod recovery;
mod without_screen;
