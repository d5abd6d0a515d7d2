//! `postern whoami`.

use http::Method;
use protocol::dates;
use protocol::service_accounts::in_words;
use protocol::tokens::{HolderView, Scope};

use crate::args::AccessArgs;
use crate::exit::Failure;
use crate::{account, print};

pub async fn run(access: &AccessArgs, wants_json: bool) -> Result<(), Failure> {
    let server = account::open(access)?;
    let holder: HolderView = server.ask(Method::GET, "/cli/whoami", None).await?;
    if wants_json {
        return print::json(&holder);
    }

    print::line(&format!(
        "{} at {}, by the token \"{}\" for {}, good until {}",
        in_words(&holder.email),
        server.url(),
        holder.token,
        reach(holder.scope),
        dates::rfc3339(holder.expires_at),
    ))
}

/// What a token is for, within a sentence.
fn reach(scope: Scope) -> &'static str {
    match scope {
        Scope::Launch => "database clients",
        Scope::CommandLine => "the command line",
    }
}
