//! The user name of a native client: which record it means, and which account.

use app::ctx::Client;
use pg_proto::Text;
use pg_proto::server::Refusal;
use protocol::errors::{self, Code};
use protocol::ids::RecordId;
use protocol::terminal::LaunchDraft;
use store::access_tokens::AccessToken;
use store::{Snapshot, launching, records};
use vault::authorize::{self, Authorized, Launch};
use vault::people::Person;

use super::session::{denied, failed};
use crate::launch;
use crate::state::AppState;

/// The right to a connection of the record and account the user name means: `record` or `record/account`, each by its
/// title or id, an account by its login too.
///
/// # Errors
/// No such record the person may see, several, or none of their accounts; what forbids them to launch it.
pub async fn authorize(
    state: &AppState,
    token: &AccessToken,
    person: &Person,
    user: &Text,
    client: &Client,
) -> Result<Authorized<Launch>, Refusal> {
    let user = user.to_str();
    let mut snapshot = state.db.read().await.map_err(failed)?;
    let mut meant = all_meant(&mut snapshot, person, &user, None).await?;
    if meant.is_empty()
        && let Some((record, account)) = user.rsplit_once('/')
    {
        meant = all_meant(&mut snapshot, person, record, Some(account)).await?;
    }
    drop(snapshot);
    let authorized = match meant.as_slice() {
        [only] if token.is_for(&only.record) => {
            launch::authorize_connection(state, person, only, client).await
        }
        [_other] => launch::deny(state, person, client, &user, other_record()).await,
        [] => launch::deny(state, person, client, "", unknown()).await,
        [_, _, ..] => launch::deny(state, person, client, &user, several(&user)).await,
    };

    authorized.map_err(|refusal| denied(&refusal))
}

/// All that a record's name and an account's can mean, among what the person may see.
async fn all_meant(
    snapshot: &mut Snapshot,
    person: &Person,
    record: &str,
    account: Option<&str>,
) -> Result<Vec<LaunchDraft>, Refusal> {
    let mut meant = Vec::new();
    for id in launching::named(snapshot, record).await.map_err(failed)? {
        let Some(known) = launching::lookup(snapshot, &id, &person.id)
            .await
            .map_err(failed)?
        else {
            continue;
        };
        let offer = authorize::offer(person, known.facts(None));
        if offer
            .as_ref()
            .is_err_and(|refusal| refusal.code == Code::PamNotFound)
        {
            continue;
        }
        let draft = |account| LaunchDraft {
            record: id.clone(),
            account,
        };
        match (account, offer) {
            (Some(name), Ok(offer)) => {
                let named = accounts_named(snapshot, &offer.accounts, name).await?;
                meant.extend(named.into_iter().map(|account| draft(Some(account))));
            }
            // What forbids it is told when it is weighed.
            (None, _) | (Some(_), Err(_)) => meant.push(draft(None)),
        }
    }

    Ok(meant)
}

/// The accounts of this login, title or id among those that are open to the person.
async fn accounts_named(
    snapshot: &mut Snapshot,
    offered: &[RecordId],
    name: &str,
) -> Result<Vec<RecordId>, Refusal> {
    let mut named = Vec::new();
    for id in offered {
        let Some(account) = records::lookup(snapshot, id).await.map_err(failed)? else {
            continue;
        };
        let is_login = account.user().is_some_and(|user| user.login == name);
        if is_login || account.title() == name || id.as_str() == name {
            named.push(id.clone());
        }
    }

    Ok(named)
}

/// Without the name: however many are tried, it is the same refusal.
fn unknown() -> errors::Refusal {
    errors::Refusal::new(
        Code::PamNotFound,
        "no record of this name is shared with you, or not with that account: the user name is a record's title or id, or \
         record/account",
    )
}

fn several(user: &str) -> errors::Refusal {
    errors::Refusal::new(
        Code::PamConflict,
        format!(
            "several records or accounts are named \"{user}\": use their ids, which end the addresses of their pages"
        ),
    )
}

fn other_record() -> errors::Refusal {
    errors::Refusal::new(Code::PamPolicyDenied, "this access token is for another record")
}
