//! Words of people.
