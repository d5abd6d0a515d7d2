//! What the process asks of the operating system before it does anything.

use anyhow::Context;
use rustix::fs::Mode;
use rustix::process::{Resource, getrlimit, setrlimit, umask};

/// Whatever is made from here on is the server's alone: the store with its journal, recordings, keys. And as many files
/// may be open as the administrator of the machine allows: a session takes four, and shells start programs with room
/// for fewer.
pub fn prepare() -> anyhow::Result<()> {
    umask(Mode::RWXG | Mode::RWXO);
    let mut files = getrlimit(Resource::Nofile);
    files.current = files.maximum;

    setrlimit(Resource::Nofile, files).context("the number of open files cannot be raised")
}
