//! Parse, Bind, Describe, Execute and Close: who stands for what, and what an Execute runs.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use pg_proto::frontend::{
    BindNames, ExecuteView, FunctionCall, NamedView, ParseView, Values, ValuesReader, tag,
};
use pg_proto::read_only::Verdict;
use pg_proto::{Malformed, header};
use recording::{Parameter, ParameterValue, Statement, StatementKind};
use tokio::io::{AsyncRead, AsyncWrite};

use super::read_only::only_verdict;
use super::{NEXT, Need, SMALL, Step, ToServer, small};
use crate::pump::Ending;
use crate::pump::known::{self, Portal, Prepared, VALUE, VALUES, Words};
use crate::pump::ledger::{Expected, Fate, Ledger};
use crate::pump::names::{self, Look};

const DOUBTFUL: &str = "[the text this name had; SQL may have given it another] ";
const CONTINUED: &str = "[continued, with the same values] ";
const UNKNOWN_STATEMENT: &str = "[a statement made by SQL, or on record where it was prepared]";
const UNKNOWN_PORTAL: &str = "made by SQL, or on record where it was bound";

/// The unnamed portal.
const UNNAMED: &[u8] = b"";

/// A Bind that has not told its two names within so many bytes has longer ones than the server takes.
const NAMES: usize = 2 * SMALL;

/// A Bind under way.
pub(super) struct Binding {
    portal: Box<[u8]>,
    statement: Option<Arc<Prepared>>,
    is_doubtful: bool,
    /// `None` where statements are not kept.
    reader: Option<ValuesReader>,
}

/// What an Execute runs, as it is recorded.
struct Execution {
    sql: String,
    parameters: Vec<Parameter>,
    words: Words,
}

impl<R: AsyncRead + Unpin, W: AsyncWrite + Unpin> ToServer<R, W> {
    pub(super) fn parse(&mut self, body: usize, ledger: &mut Ledger, now: i64) -> Step {
        if !ledger.may_send() {
            return Ok(Some(Need::Answer));
        }
        let Some(message) = self.statement_body(body)? else {
            return Ok(Some(Need::Bytes));
        };
        let mut expected = Expected::Parse {
            name: Box::default(),
            prepared: None,
            recorded: None,
        };
        let mut verdict = Verdict::Permitted;
        if self.shared.read_only.is_some() {
            let view = ParseView::read(message).map_err(Ending::ClientMalformed)?;
            verdict = self.weigh(view.statement, view.sql);
            if verdict == Verdict::Refused {
                let name = view.statement.to_vec();
                let sql = super::shown(view.sql).into_owned();
                return self.block(Some(&name), statement(sql, Vec::new()), body, ledger, now);
            }
            expected = Expected::Parse {
                name: names::key(view.statement),
                prepared: only_verdict(ledger, verdict),
                recorded: None,
            };
        }
        if self.shared.keeps {
            let view = ParseView::read(message).map_err(Ending::ClientMalformed)?;
            let sql = super::shown(view.sql);
            let types: Box<[u32]> = view.types().collect();
            let room = ledger.room(sql.len() + size_of_val(&*types));
            // SQL runs it by its name.
            let mut recorded = None;
            if !view.statement.is_empty() || room.is_none() {
                let sql = format!("[only prepared, as {}] {sql}", quoted(view.statement));
                let ticket = self.record(statement(sql, Vec::new()), now)?;
                recorded = Some(self.running(&ticket, Words::default(), now));
            }
            let prepared = room.map(|room| {
                let words = Words::of(view.sql);
                let number = ledger.next_number();

                Arc::new(Prepared::new(sql.into(), types, words, verdict, number, room))
            });
            expected = Expected::Parse {
                name: names::key(view.statement),
                prepared,
                recorded,
            };
        }
        ledger.send(expected, now);
        self.unflushed = true;

        self.pass(body)
    }

    pub(super) fn bind(&mut self, body: usize, ledger: &mut Ledger, now: i64) -> Step {
        if !ledger.may_send() {
            return Ok(Some(Need::Answer));
        }
        let mut binding = Binding {
            portal: Box::default(),
            statement: None,
            is_doubtful: false,
            reader: None,
        };
        let mut leads_to = None;
        if self.shared.reads() {
            let start = self.flow.look_far();
            let start = start.get(..body).unwrap_or(start);
            let Some(names) = BindNames::read(start) else {
                if start.len() < body.min(NAMES) {
                    return Ok(Some(Need::Bytes));
                }
                return Err(Ending::ClientMalformed(Malformed::Truncated(tag::BIND)));
            };
            let found = ledger.look_prepared(names.statement);
            leads_to = self.leads_to(names.statement, &found);
            match found {
                Look::Undecided => return Ok(Some(Need::Answer)),
                Look::Unknown => (),
                Look::Known(prepared) => {
                    binding.is_doubtful = ledger.is_doubtful(names.statement, &prepared);
                    binding.statement = Some(prepared);
                }
            }
            binding.portal = names::key(names.portal);
            binding.reader = self.shared.keeps.then(|| ValuesReader::new(VALUE, VALUES));
        }
        if self.blocks_bind() {
            let sql = text(binding.statement.as_deref(), binding.is_doubtful);
            return self.block(None, statement(sql, Vec::new()), body, ledger, now);
        }
        if let Some(leads_to) = leads_to {
            self.batch.bind(&binding.portal, leads_to);
        }
        if self.flow.look(body).is_none() {
            // Nobody knows when the rest of it comes, and nothing can be put in between meanwhile.
            self.ask_for_answers();
        }
        self.unflushed = true;
        let message = self.flow.begin(body, Fate::Pass);
        let start = message.get(header::LEN..).unwrap_or_default();
        if let Err(malformed) = binding.feed(start) {
            self.torn = true;
            return Err(Ending::ClientMalformed(malformed));
        }
        if self.flow.is_streaming() {
            self.binding = Some(binding);
            ledger.bind_begins();
            return NEXT;
        }
        self.bound(binding, ledger, now)?;

        NEXT
    }

    /// A Bind has passed; what is wrong with it keeps the end of it from being sent.
    pub(super) fn bound(&mut self, binding: Binding, ledger: &mut Ledger, now: i64) -> Result<(), Ending> {
        let bound = self.note_bound(binding, ledger, now);
        self.torn |= bound.is_err();

        bound
    }

    fn note_bound(&mut self, binding: Binding, ledger: &mut Ledger, now: i64) -> Result<(), Ending> {
        let Binding {
            portal: name,
            statement: prepared,
            is_doubtful,
            reader,
        } = binding;
        let (mut portal, mut recorded) = (None, None);
        if let Some(reader) = reader {
            let values = reader.finish().map_err(Ending::ClientMalformed)?;
            let room = ledger.room(values.size());
            if !name.is_empty() || room.is_none() {
                // SQL reads it by its name.
                let bound = only_bound(&name, prepared.as_deref(), is_doubtful, &values);
                let ticket = self.record(bound, now)?;
                let mut running = self.running(&ticket, Words::default(), now);
                running.follows(0, prepared.as_deref().map_or(0, |prepared| prepared.number));
                recorded = Some(running);
            }
            portal = room.map(|room| {
                Arc::new(Portal {
                    statement: prepared,
                    values,
                    is_doubtful,
                    number: ledger.next_number(),
                    is_told: AtomicBool::new(false),
                    _room: room,
                })
            });
            if name.is_empty() {
                self.unrecorded.extend(portal.clone());
            }
        }
        let expected = Expected::Bind {
            name,
            portal,
            recorded,
        };
        ledger.send(expected, now);

        Ok(())
    }

    /// Puts on record what was bound and is not executed with what is sent now: planning it runs functions on its
    /// values, and a Sync keeps what they did.
    pub(super) fn record_bound(&mut self, ledger: &mut Ledger, now: i64) -> Result<(), Ending> {
        for portal in std::mem::take(&mut self.unrecorded) {
            let prepared = portal.statement.as_deref();
            let bound = only_bound(UNNAMED, prepared, portal.is_doubtful, &portal.values);
            let ticket = match self.record(bound, now) {
                Ok(ticket) => ticket,
                Err(ending) => {
                    self.torn = true;
                    return Err(ending);
                }
            };
            let mut running = self.running(&ticket, Words::default(), now);
            running.follows(0, prepared.map_or(0, |prepared| prepared.number));
            ledger.note_recorded(&portal, running, now);
        }
        Ok(())
    }

    pub(super) fn describe(&mut self, body: usize, ledger: &mut Ledger, now: i64) -> Step {
        let Some(message) = self.flow.look(small(body)?) else {
            return Ok(Some(Need::Bytes));
        };
        if !ledger.may_send() {
            return Ok(Some(Need::Answer));
        }
        let named = NamedView::read(tag::DESCRIBE, message).map_err(Ending::ClientMalformed)?;
        let expected = match named {
            NamedView::Statement(name) => Expected::DescribeStatement(match ledger.look_prepared(name) {
                Look::Known(prepared) => Some(prepared),
                Look::Unknown | Look::Undecided => None,
            }),
            NamedView::Portal(_) => Expected::DescribePortal,
        };
        ledger.send(expected, now);
        self.unflushed = true;

        self.pass(body)
    }

    /// Records what a portal runs and forwards the Execute; what cannot be recorded is not run.
    pub(super) fn execute(&mut self, body: usize, ledger: &mut Ledger, now: i64) -> Step {
        let Some(message) = self.flow.look(small(body)?) else {
            return Ok(Some(Need::Bytes));
        };
        if !ledger.may_send() {
            return Ok(Some(Need::Answer));
        }
        let view = ExecuteView::read(message).map_err(Ending::ClientMalformed)?;
        let is_unnamed = view.portal.is_empty();
        let mut executed = None;
        let (words, statement) = if self.shared.keeps {
            let execution = match ledger.look_portal(view.portal) {
                Look::Undecided => return Ok(Some(Need::Answer)),
                Look::Unknown => Execution {
                    sql: format!("[the portal {}, {UNKNOWN_PORTAL}]", quoted(view.portal)),
                    parameters: Vec::new(),
                    words: Words::any(),
                },
                Look::Known(portal) => {
                    executed = Some(Arc::clone(&portal));
                    let mut execution = execution(&portal);
                    if ledger.is_doubtful_portal(view.portal, &portal) {
                        execution.sql.insert_str(0, DOUBTFUL);
                    }
                    execution
                }
            };
            (execution.words, statement(execution.sql, execution.parameters))
        } else {
            (Words::default(), statement(String::new(), Vec::new()))
        };
        let recorded = self.record_run(statement, now)?;
        let mut running = self.running(&recorded, words, now);
        if let Some(portal) = executed {
            self.unrecorded.retain(|bound| !Arc::ptr_eq(bound, &portal));
            let statement = portal.statement.as_ref();
            running.follows(portal.number, statement.map_or(0, |prepared| prepared.number));
        }
        ledger.send(Expected::Execute(running), now);
        self.batch.execute(is_unnamed);
        self.unflushed = true;

        self.pass(body)
    }

    pub(super) fn close_named(&mut self, body: usize, ledger: &mut Ledger, now: i64) -> Step {
        let Some(message) = self.flow.look(small(body)?) else {
            return Ok(Some(Need::Bytes));
        };
        if !ledger.may_send() {
            return Ok(Some(Need::Answer));
        }
        let named = NamedView::read(tag::CLOSE, message).map_err(Ending::ClientMalformed)?;
        let expected = match named {
            NamedView::Statement(name) => Expected::CloseStatement(names::key(name)),
            NamedView::Portal(name) => Expected::ClosePortal(names::key(name)),
        };
        ledger.send(expected, now);
        self.unflushed = true;

        self.pass(body)
    }
}

impl Binding {
    pub(super) fn feed(&mut self, piece: &[u8]) -> Result<(), Malformed> {
        match &mut self.reader {
            Some(reader) => reader.feed(piece),
            None => Ok(()),
        }
    }
}

fn execution(portal: &Portal) -> Execution {
    let prepared = portal.statement.as_deref();
    let text = text(prepared, portal.is_doubtful);
    let (sql, parameters) = if portal.values.is_empty() || portal.tell() {
        (text, known::parameters(&portal.values, prepared))
    } else {
        ([CONTINUED, &text].concat(), Vec::new())
    };

    Execution {
        sql,
        parameters,
        words: prepared.map_or_else(Words::any, |prepared| prepared.words),
    }
}

fn only_bound(name: &[u8], prepared: Option<&Prepared>, is_doubtful: bool, values: &Values) -> Statement {
    let sql = text(prepared, is_doubtful);

    statement(
        format!("[only bound, as {}] {sql}", quoted(name)),
        known::parameters(values, prepared),
    )
}

fn text(prepared: Option<&Prepared>, is_doubtful: bool) -> String {
    let Some(prepared) = prepared else {
        return UNKNOWN_STATEMENT.to_owned();
    };
    let before = if is_doubtful { DOUBTFUL } else { "" };

    [before, &prepared.text].concat()
}

fn statement(sql: String, parameters: Vec<Parameter>) -> Statement {
    Statement {
        kind: StatementKind::Extended,
        parameters,
        ..Statement::simple(sql)
    }
}

/// What a FunctionCall is called with.
pub(super) fn arguments(call: &FunctionCall) -> Vec<Parameter> {
    let is_binary = |n: usize| match call.formats.as_slice() {
        [] => false,
        [all] => *all != 0,
        each => each.get(n).is_some_and(|format| *format != 0),
    };
    let arguments = call.values.iter().enumerate().map(|(n, value)| Parameter {
        type_oid: 0,
        value: match value {
            None => ParameterValue::Null,
            Some(value) if is_binary(n) => ParameterValue::Binary(value.to_vec()),
            Some(value) => ParameterValue::Text(String::from_utf8_lossy(value).into_owned()),
        },
    });
    arguments.collect()
}

fn quoted(name: &[u8]) -> String {
    format!("\"{}\"", String::from_utf8_lossy(name))
}
