//! Terminal sessions over real sockets on a real PostgreSQL: lost and found again, watched, ended, flooded.

mod desk;
mod endings;
mod files;
mod floods;
mod resuming;
mod watching;
