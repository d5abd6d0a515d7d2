//! Results larger than what may be held: the driver keeps their rows until the widths of all columns are known, and
//! gives them back as they are printed.

use bytes::Bytes;

use super::{Action, Engine};
use crate::print::{Packed, Table};

/// Why the driver keeps no more rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shortage {
    /// Other sessions keep as much as the server has for all.
    Server,
    /// The disk is full, or does not take them.
    Disk,
}

const LOST: &str = "The rest of the result was lost: it could not be read back from the server's disk.\r\n";

impl Engine {
    /// The rows of [`Action::Spool`] are kept.
    pub fn handle_spooled(&mut self) {
        if let Some(table) = self.away_table() {
            table.spooled();
        }
    }

    /// The rows of [`Action::Spool`] are not kept: they come back, and no more are to be.
    pub fn handle_spool_refused(&mut self, chunk: Bytes, shortage: Shortage) {
        // One that has ended meanwhile has its widths.
        let is_collected = self.result.as_ref().is_some_and(Table::is_away);
        if let Some(table) = self.away_table() {
            table.spool_refused(chunk);
        }
        if is_collected {
            self.stream(match shortage {
                Shortage::Server => "this server keeps no more of large results at the moment",
                Shortage::Disk => "the server's disk keeps no more of this result",
            });
        }
    }

    /// Takes what was given first to [`Action::Spool`] and asked for by [`Action::Unspool`]; `None` when it is lost.
    pub fn handle_unspooled(&mut self, chunk: Option<Bytes>) {
        let table = self.away_table();
        if table.is_some_and(|table| table.unspooled(chunk).is_err()) {
            self.say(LOST);
        }
    }

    /// The result is larger than what may be held.
    pub(super) fn outgrow(&mut self) {
        let has_spool = self.result_spool > 0 && self.output.away_table().is_none();
        match &mut self.result {
            Some(table) if table.is_spooling() => {}
            Some(table) if table.needs_widths() && has_spool => table.begin_spooling(),
            Some(table) if table.needs_widths() => {
                let reason = format!("larger than {}", size(self.result_memory));
                self.stream(&reason);
            }
            Some(_) => self.print_result(),
            None => {}
        }
    }

    /// What there is to do about rows that are kept elsewhere.
    pub(super) fn poll_spool(&mut self) -> Option<Action> {
        if self.has_spool && self.away_table().is_none() {
            self.has_spool = false;
            return Some(Action::DropSpool);
        }
        match self.result.as_mut()?.pack(self.result_spool) {
            Packed::Nothing => None,
            Packed::Chunk(chunk) => {
                self.has_spool = true;
                Some(Action::Spool(chunk))
            }
            Packed::Full => {
                let reason = format!("larger than {}", size(self.result_spool.max(self.result_memory)));
                self.stream(&reason);
                None
            }
        }
    }

    /// Asks for rows that are to be printed next.
    pub(super) fn poll_unspool(&mut self) -> Option<Action> {
        let table = self.output.away_table()?;

        table.wants_unspooled().then_some(Action::Unspool)
    }

    /// Prints the result while it comes, with the widths found so far, and says why.
    fn stream(&mut self, reason: &str) {
        let Some(table) = &self.result else {
            return;
        };
        let note = format!(
            "({reason}: columns are as wide as their first {} rows need)\r\n",
            table.n_rows()
        );
        self.say(&note);
        self.print_result();
    }

    fn print_result(&mut self) {
        if let Some(table) = self.result.take() {
            self.output.push_table(table);
        }
    }

    /// The one table of which rows are elsewhere.
    fn away_table(&mut self) -> Option<&mut Table> {
        match &mut self.result {
            Some(table) if table.is_away() => Some(table),
            Some(_) | None => self.output.away_table(),
        }
    }
}

fn size(bytes: usize) -> String {
    const MIB: usize = 1024 * 1024;
    const GIB: usize = 1024 * MIB;
    match bytes {
        GIB.. if bytes.is_multiple_of(GIB) => format!("{} GiB", bytes / GIB),
        MIB.. if bytes.is_multiple_of(MIB) => format!("{} MiB", bytes / MIB),
        _ => format!("{bytes} bytes"),
    }
}
