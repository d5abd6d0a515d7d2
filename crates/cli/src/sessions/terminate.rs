//! `postern sessions terminate`.

use std::io::{BufRead as _, IsTerminal as _, Write as _, stderr, stdin};

use clap::Args as Group;
use http::Method;
use protocol::cli::TerminateOrder;
use serde_json::json;

use super::named::Named;
use crate::args::AccessArgs;
use crate::exit::{Exit, Failure};
use crate::{account, print};

#[derive(Debug, Group)]
pub struct TerminateArgs {
    /// Its id, as postern sessions list shows it, or enough of its beginning.
    session: Named,
    /// Why: its person reads it. Asked for where it is not given.
    #[arg(long, value_name = "SENTENCE")]
    reason: Option<String>,
}

pub async fn run(access: &AccessArgs, wanted: TerminateArgs, wants_json: bool) -> Result<(), Failure> {
    let server = account::open(access)?;
    let TerminateArgs { session, reason } = wanted;
    let reason = match reason {
        Some(reason) => reason,
        None => ask_why()?,
    };
    let session = session.find(&server).await?;
    let order = serde_json::to_vec(&TerminateOrder { reason })
        .map_err(|error| Failure::new(Exit::Failed, format!("The question cannot be written: {error}.")))?;
    let path = format!("/cli/sessions/{session}/terminate");
    server.ask::<()>(Method::POST, &path, Some(order)).await?;
    if wants_json {
        return print::json(&json!({ "session": session, "terminated": true }));
    }

    print::line("The session has ended.")
}

fn ask_why() -> Result<String, Failure> {
    let needed = || {
        Failure::new(
            Exit::Usage,
            "A reason is needed, which its person reads: say --reason.",
        )
    };
    if !stdin().is_terminal() {
        return Err(needed());
    }
    let mut line = String::new();
    write!(stderr(), "Reason, which its person reads: ")
        .and_then(|()| stdin().lock().read_line(&mut line).map(drop))
        .map_err(|_| needed())?;

    Ok(line.trim().to_owned())
}
