//! `postern whoami`.

use http::Method;
use protocol::dates;
use protocol::tokens::HolderView;

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
        "{} at {}, by the token \"{}\", good until {}",
        holder.email,
        server.url(),
        holder.token,
        dates::rfc3339(holder.expires_at),
    ))
}
