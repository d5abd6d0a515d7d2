//! Terminal sessions over real sockets on a real PostgreSQL: lost and found again, watched, ended, flooded.

mod desk;
mod endings;
mod floods;
mod resuming;
mod watching;
