//! The person's own terminal: raw while the session has it, and as it was before on every way out.

use std::io::{self, IsTerminal, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, Once, PoisonError};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcgetwinsize, tcsetattr};
use tokio::sync::mpsc::{Receiver, channel};

/// Bytes of keys read at once, and how many of such pieces wait: a paste is taken no faster than it is sent.
const KEYS: usize = 4096;
const WAITING: usize = 4;

/// How the terminal was; there only while it is raw.
static BEFORE: Mutex<Option<Termios>> = Mutex::new(None);

/// Ends what psql's engine asks of a terminal: marked pastes.
const LEAVE: &[u8] = b"\x1b[?2004l";

/// Asks for it again.
const ENTER: &[u8] = b"\x1b[?2004h";

/// The terminal while it is raw.
pub struct Raw(());

impl Raw {
    /// Makes the terminal pass every key on.
    pub fn enter() -> io::Result<Self> {
        let stdin = io::stdin();
        let before = tcgetattr(&stdin)?;
        let mut raw = before.clone();
        raw.make_raw();
        *BEFORE.lock().unwrap_or_else(PoisonError::into_inner) = Some(before);
        restore_on_panic();
        tcsetattr(&stdin, OptionalActions::Now, &raw)?;

        Ok(Self(()))
    }

    /// Takes the terminal back from a program that had it.
    pub fn again(&self) -> io::Result<()> {
        io::stdout().write_all(ENTER)?;
        io::stdout().flush()?;
        std::mem::forget(Self::enter()?);

        Ok(())
    }

    /// Gives the terminal to a program.
    pub fn lend(&self) {
        restore();
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        restore();
    }
}

/// Puts the terminal back as it was, if it is raw.
fn restore() {
    let before = BEFORE.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(before) = before {
        // Where the terminal is gone there is nothing to put back.
        let _left = io::stdout().write_all(LEAVE).and_then(|()| io::stdout().flush());
        let _restored = tcsetattr(io::stdin(), OptionalActions::Drain, &before);
    }
}

fn restore_on_panic() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let hook = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            restore();
            hook(panic);
        }));
    });
}

/// Whether somebody looks.
pub fn shows() -> bool {
    io::stdout().is_terminal()
}

/// Whether somebody types and somebody looks.
pub fn is_there() -> bool {
    io::stdin().is_terminal() && io::stdout().is_terminal()
}

/// Columns and rows of the terminal results are shown on; 0 where there is none.
pub fn size() -> (u16, u16) {
    match tcgetwinsize(io::stdout()) {
        Ok(size) => (size.ws_col, size.ws_row),
        Err(_) => (0, 0),
    }
}

/// The keys of the terminal, read by a thread of its own, which ends with the process.
pub struct Keys {
    typed: Receiver<Vec<u8>>,
    gate: Arc<Gate>,
}

/// Whether the thread may read: while an editor has the terminal, the keys are the editor's.
#[derive(Default)]
struct Gate {
    is_shut: Mutex<bool>,
    opened: Condvar,
}

impl Keys {
    pub fn new() -> Self {
        let (to_session, typed) = channel(WAITING);
        let gate = Arc::new(Gate::default());
        let of_thread = Arc::clone(&gate);
        std::thread::spawn(move || {
            while let Ok(keys) = of_thread.read() {
                if keys.is_empty() || to_session.blocking_send(keys).is_err() {
                    return;
                }
            }
        });

        Self { typed, gate }
    }

    /// The next keys; `None` when the terminal is gone. Nothing is lost when the future is dropped.
    pub async fn read(&mut self) -> Option<Vec<u8>> {
        self.typed.recv().await
    }

    /// From here on no key is read.
    pub fn shut(&self) {
        *self.gate.lock() = true;
    }

    pub fn open(&self) {
        *self.gate.lock() = false;
        self.gate.opened.notify_all();
    }
}

impl Gate {
    fn lock(&self) -> MutexGuard<'_, bool> {
        self.is_shut.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for keys and reads them; none are left when the terminal is gone.
    fn read(&self) -> io::Result<Vec<u8>> {
        let stdin = io::stdin();
        let mut keys = vec![0; KEYS];
        loop {
            match poll(&mut [PollFd::new(&stdin, PollFlags::IN)], None) {
                Ok(_) => {}
                Err(Errno::INTR) => continue,
                Err(error) => return Err(error.into()),
            }
            let mut is_shut = self.lock();
            if *is_shut {
                while *is_shut {
                    is_shut = self.opened.wait(is_shut).unwrap_or_else(PoisonError::into_inner);
                }
                continue;
            }
            // Under the lock, so that an editor that is started now gets every key after these.
            let n_read = rustix::io::read(&stdin, &mut keys)?;
            keys.truncate(n_read);

            return Ok(keys);
        }
    }
}
