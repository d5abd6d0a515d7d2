//! What the process asks of the operating system before it does anything.

use anyhow::Context;
use rustix::fs::Mode;
use rustix::process::{Resource, getrlimit, setrlimit, umask};

/// Whatever is made from here on is the server's alone: the store with its journal, recordings, keys. Memory comes from
/// one heap, which has to be said before there are threads. And as many files may be open as the administrator of the
/// machine allows: a session takes four, and shells start programs with room for fewer.
pub fn prepare() -> anyhow::Result<()> {
    share_memory();
    umask(Mode::RWXG | Mode::RWXO);
    let mut files = getrlimit(Resource::Nofile);
    files.current = files.maximum;

    setrlimit(Resource::Nofile, files).context("the number of open files cannot be raised")
}

/// One heap for all threads. glibc gives threads heaps of their own; a session's buffers are made on one and freed on
/// another, and what is free in each stays with it: a server that streamed one large result grew by half a mebibyte a
/// second. Threads keep small pieces in caches of their own all the same.
#[cfg(target_env = "gnu")]
#[expect(
    unsafe_code,
    reason = "an integer set before there are threads, by a function of the C library"
)]
fn share_memory() {
    // SAFETY: `mallopt` takes two integers and touches nothing of ours.
    unsafe {
        libc::mallopt(libc::M_ARENA_MAX, 1);
    }
}

#[cfg(not(target_env = "gnu"))]
fn share_memory() {}
