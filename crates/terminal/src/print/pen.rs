//! Writing in small pieces: long runs of blanks and lines are owed and paid as the reader takes output.

use std::collections::VecDeque;

/// Runs up to this length are written at once.
const SHORT: usize = 1024;

/// What is still to be written before anything else.
#[derive(Debug)]
enum Owed {
    Run(&'static str, usize),
    Text(String),
}

/// Output of a table: what the reader has, and what is owed to it.
#[derive(Debug, Default)]
pub(super) struct Debts {
    owed: VecDeque<Owed>,
}

/// Writes to `out` while nothing is owed, else behind what is.
pub(super) struct Pen<'a> {
    pub(super) out: &'a mut String,
    debts: &'a mut Debts,
}

impl Debts {
    /// Bytes that are owed.
    pub(super) fn len(&self) -> usize {
        let lens = self.owed.iter().map(|owed| match owed {
            Owed::Run(text, n) => text.len() * n,
            Owed::Text(text) => text.len(),
        });

        lens.sum()
    }

    /// Pays until `out` holds `limit` bytes; true when nothing is owed.
    pub(super) fn pay(&mut self, out: &mut String, limit: usize) -> bool {
        while let Some(owed) = self.owed.pop_front() {
            match owed {
                Owed::Text(text) => out.push_str(&text),
                Owed::Run(text, n) => {
                    let now = n.min(limit.saturating_sub(out.len()) / text.len().max(1) + 1);
                    repeat(out, text, now);
                    if now < n {
                        self.owed.push_front(Owed::Run(text, n - now));
                        return false;
                    }
                }
            }
            if out.len() >= limit {
                return self.owed.is_empty();
            }
        }
        true
    }
}

impl<'a> Pen<'a> {
    pub(super) fn new(out: &'a mut String, debts: &'a mut Debts) -> Self {
        Self { out, debts }
    }

    pub(super) fn text(&mut self, text: &str) {
        if self.debts.owed.is_empty() {
            self.out.push_str(text);
        } else {
            self.debts.owed.push_back(Owed::Text(text.to_owned()));
        }
    }

    /// Writes `text` `n` times.
    pub(super) fn run(&mut self, text: &'static str, n: usize) {
        if self.debts.owed.is_empty() && n <= SHORT {
            repeat(self.out, text, n);
        } else if n > 0 {
            self.debts.owed.push_back(Owed::Run(text, n));
        }
    }

    pub(super) fn blanks(&mut self, n: usize) {
        self.run(" ", n);
    }

    pub(super) fn newline(&mut self) {
        self.text("\r\n");
    }

    /// Whether what is written to [`Self::out`] itself would come too early.
    pub(super) fn owes(&self) -> bool {
        !self.debts.owed.is_empty()
    }
}

fn repeat(out: &mut String, text: &str, n: usize) {
    for _ in 0..n {
        out.push_str(text);
    }
}
