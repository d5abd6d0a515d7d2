//! A session's connection to the database: the terminal's end of the stream, and the pump behind it that records
//! statements and holds policy.

use std::sync::Arc;

use bytes::BytesMut;
use proxy::Upstream;
use proxy::pump::{Clock, Control, Downstream, Gate, Policy, pump};
use recording::Tape;
use tokio::io::DuplexStream;
use tracing::Instrument;
use vault::effective::Effective;

use super::supervise;
use crate::clock;
use crate::state::AppState;

/// Bytes between the engine and the pump, in each direction.
const DUPLEX: usize = 64 * 1024;

/// A connection whose pump runs. Dropping the stream says goodbye to the server.
pub struct Joined {
    pub stream: DuplexStream,
    pub control: Control,
    pub backend_pid: Option<i32>,
}

/// Starts the pump of a connection, under the settings of its session and on its tape.
pub fn join(state: &AppState, upstream: Upstream, tape: &Tape, effective: &Effective) -> Joined {
    let backend_pid = upstream.canceller().map(proxy::Canceller::process_id);
    let (stream, theirs) = tokio::io::duplex(DUPLEX);
    let (reader, writer) = tokio::io::split(theirs);
    let client = Downstream {
        reader,
        writer,
        unread: BytesMut::new(),
    };
    let (control, to_server, to_client) = pump(client, upstream, tape.lane(0), policy(effective), time());
    state.tasks.spawn(supervise::pump(control.clone(), to_server));
    state.tasks.spawn(supervise::pump(control.clone(), to_client));
    if let Some(timeout) = effective.statement_timeout() {
        let limit = proxy::limits::statement_timeout(control.clone(), timeout);
        state.tasks.spawn(limit.in_current_span());
    }

    Joined {
        stream,
        control,
        backend_pid,
    }
}

/// What the pump of a session's connection keeps to.
pub fn policy(effective: &Effective) -> Policy {
    Policy {
        export: gate(effective.can_export.value),
        import: gate(effective.can_import.value),
        statement_limit: recording::MAX_BODY,
        budget: None,
    }
}

/// The clock of a pump.
pub fn time() -> Clock {
    Arc::new(|| clock::now().micros())
}

fn gate(is_open: bool) -> Gate {
    if is_open { Gate::Open } else { Gate::Shut }
}
