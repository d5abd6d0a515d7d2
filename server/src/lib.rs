//! `posternd`.
