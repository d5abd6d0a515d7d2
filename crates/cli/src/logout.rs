//! `postern logout`: the token is revoked at the server and forgotten here.

use http::Method;
use serde_json::json;

use crate::args::AccessArgs;
use crate::credentials;
use crate::exit::{Exit, Failure};
use crate::server::Server;
use crate::{account, print};

pub async fn run(access: &AccessArgs, wants_json: bool) -> Result<(), Failure> {
    let kept = account::kept()?.ok_or_else(|| {
        Failure::new(
            Exit::Authentication,
            "Nobody is signed in here. A token of POSTERN_TOKEN is revoked under Account in Postern.",
        )
    })?;
    let server = account::of(access, &kept)?;
    match revoke(&server).await {
        Ok(()) => {}
        // It was revoked before, or has expired.
        Err(failure) if failure.exit == Exit::Authentication => {}
        Err(failure) => return Err(failure),
    }
    credentials::remove(&account::folder()?)?;
    if wants_json {
        return print::json(&json!({ "url": kept.url, "email": kept.email }));
    }

    print::line(&format!("Signed out at {}; the token is revoked.", kept.url))
}

/// Revokes the token the server is shown.
///
/// # Errors
/// The server is not reached, or does not know the token.
pub async fn revoke(server: &Server) -> Result<(), Failure> {
    server.ask(Method::POST, "/cli/logout", None).await
}
