//! `postern login`: a code here, a person who approves it in their browser, and a token that is kept here.

use std::env;
use std::time::Duration;

use http::Method;
use protocol::dates;
use protocol::device::{Approved, Begun, LoginDraft, PAGE, Poll, Progress};
use rustix::system::uname;
use serde::Serialize;
use serde_json::json;
use tokio::time::{sleep, timeout};

use crate::args::AccessArgs;
use crate::credentials::{self, Credentials};
use crate::exit::{Exit, Failure};
use crate::server::Server;
use crate::{account, logout, print};

/// Longest time between two questions.
const MAX_INTERVAL: Duration = Duration::from_secs(60);

/// What is added to it where the server says that it was too short.
const SLOWER: Duration = Duration::from_secs(5);

pub async fn run(access: &AccessArgs, wants_json: bool) -> Result<(), Failure> {
    let folder = account::folder()?;
    // A file that cannot be read is written anew.
    let last = credentials::load(&folder).ok().flatten();
    let server = account::stranger(access, last.as_ref())?;
    let begun: Begun = server
        .ask(Method::POST, "/cli/login", Some(body(&here())?))
        .await?;
    announce(&server, &begun, wants_json)?;
    let approved = wait(&server, &begun).await?;
    let credentials = Credentials {
        url: server.url(),
        email: approved.email,
        token: approved.access_token,
        expires_at: approved.expires_at,
    };
    if let Err(error) = credentials::save(&folder, &credentials) {
        // Nobody holds it then.
        logout::revoke(&account::of(access, &credentials)?).await?;

        return Err(error.into());
    }
    if let Some(last) = &last {
        replace(access, last, &credentials).await;
    }
    if account::has_token() {
        print::remark("POSTERN_TOKEN is set, and used in place of this sign-in.");
    }

    tell(&credentials, wants_json)
}

/// This place, in words its person knows.
fn here() -> LoginDraft {
    let uname = uname();
    let machine = uname.nodename().to_string_lossy();
    let user = env::var_os("USER")
        .or_else(|| env::var_os("LOGNAME"))
        .unwrap_or_default();

    LoginDraft::of(&machine, &user.to_string_lossy())
}

fn body(question: &impl Serialize) -> Result<Vec<u8>, Failure> {
    serde_json::to_vec(question)
        .map_err(|error| Failure::new(Exit::Failed, format!("The question cannot be written: {error}.")))
}

fn announce(server: &Server, begun: &Begun, wants_json: bool) -> Result<(), Failure> {
    // Where to go is not the server's to say: the page is its own.
    let page = format!("{}{PAGE}", server.url());
    let (code, minutes) = (begun.user_code, begun.expires_in / 60);
    if wants_json {
        return print::json(&json!({
            "verification_uri": page,
            "verification_uri_complete": format!("{page}?code={code}"),
            "user_code": code,
            "expires_in": begun.expires_in,
        }));
    }
    print::line(&format!("Open {page}?code={code}"))?;
    print::line(&format!("or enter the code {code} at {page}"))?;

    print::line(&format!(
        "and approve it there within {minutes} minutes. Waiting for you …"
    ))
}

/// Asks until the person has decided.
async fn wait(server: &Server, begun: &Begun) -> Result<Approved, Failure> {
    let question = body(&Poll {
        device_code: begun.device_code.clone(),
    })?;
    let mut interval = Duration::from_secs(begun.interval.max(1)).min(MAX_INTERVAL);
    let asking = async {
        loop {
            sleep(interval).await;
            let answer = server
                .ask(Method::POST, "/cli/login/token", Some(question.clone()))
                .await;
            match answer.map(decision) {
                Ok(Decision::Made(made)) => return made,
                Ok(Decision::Pending) => {}
                Ok(Decision::TooSoon) => interval = (interval + SLOWER).min(MAX_INTERVAL),
                // Networks come and go.
                Err(failure) if failure.exit == Exit::Failed => {
                    print::remark(&format!("{} It is asked again.", failure.sentence));
                    interval = (interval * 2).min(MAX_INTERVAL);
                }
                Err(failure) => return Err(failure),
            }
        }
    };

    timeout(Duration::from_secs(begun.expires_in), asking)
        .await
        .unwrap_or_else(|_| Err(too_late()))
}

/// What an answer means here.
#[derive(Debug)]
enum Decision {
    Pending,
    TooSoon,
    Made(Result<Approved, Failure>),
}

fn decision(progress: Progress) -> Decision {
    match progress {
        Progress::AuthorizationPending => Decision::Pending,
        Progress::SlowDown => Decision::TooSoon,
        Progress::AccessDenied => Decision::Made(Err(Failure::new(
            Exit::Denied,
            "The login was denied, or who approved it has signed out since.",
        ))),
        Progress::ExpiredToken => Decision::Made(Err(too_late())),
        Progress::Approved(approved) => Decision::Made(Ok(approved)),
    }
}

fn too_late() -> Failure {
    Failure::new(
        Exit::Expired,
        "The login is over: nobody approved it in time, or the answer was lost. Run postern login again.",
    )
}

/// The token that was here before has nobody who holds it any more.
async fn replace(access: &AccessArgs, last: &Credentials, new: &Credentials) {
    if last.url != new.url {
        print::remark(&format!(
            "You were signed in at {} as {}: revoke that token there, under Account.",
            last.url, last.email
        ));
        return;
    }
    let revoked = match account::of(access, last) {
        Ok(server) => logout::revoke(&server).await,
        Err(failure) => Err(failure),
    };
    if let Err(failure) = revoked {
        print::remark(&format!(
            "The token you had here before could not be revoked: {}",
            failure.sentence
        ));
    }
}

fn tell(credentials: &Credentials, wants_json: bool) -> Result<(), Failure> {
    let Credentials {
        url,
        email,
        expires_at,
        token: _,
    } = credentials;
    if wants_json {
        return print::json(&json!({ "url": url, "email": email, "expires_at": expires_at }));
    }
    let until = dates::rfc3339(*expires_at);

    print::line(&format!(
        "Signed in at {url} as {email}, until {}.",
        until.get(..10).unwrap_or(&until)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exit(progress: Progress) -> Option<Exit> {
        match decision(progress) {
            Decision::Made(Err(failure)) => Some(failure.exit),
            Decision::Made(Ok(_)) | Decision::Pending | Decision::TooSoon => None,
        }
    }

    #[test]
    fn scripts_tell_a_denial_from_a_login_that_is_over() {
        assert_eq!(exit(Progress::AccessDenied).map(Exit::code), Some(4));
        assert_eq!(exit(Progress::ExpiredToken).map(Exit::code), Some(7));
        assert_eq!(exit(Progress::AuthorizationPending), None);
        assert_eq!(exit(Progress::SlowDown), None);
    }

    #[test]
    fn this_place_has_a_name() {
        assert_eq!(protocol::forms::Draft::check(&here()), []);
    }
}
