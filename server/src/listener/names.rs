//! The user name of a native client: which record it means, and which account.

use app::ctx::Client;
use pg_proto::Text;
use pg_proto::server::Refusal;
use protocol::errors::Code;
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
    let mut meant = meant(&mut snapshot, person, &user, None).await?;
    if meant.is_empty()
        && let Some((record, account)) = user.rsplit_once('/')
    {
        meant = self::meant(&mut snapshot, person, record, Some(account)).await?;
    }
    drop(snapshot);
    let draft = match meant.as_slice() {
        [only] => only,
        [] => return Err(unknown(&user)),
        [_, _, ..] => {
            return Err(Refusal::new(
                "28000",
                format!("several records are named \"{user}\": use the record's id, which its page shows"),
            ));
        }
    };
    if !token.is_for(&draft.record) {
        return Err(Refusal::new("28000", "this access token is for another record"));
    }

    launch::authorize_connection(state, person, draft, client)
        .await
        .map_err(|refusal| denied(&refusal))
}

/// What a record's name and an account's mean, among what the person may see.
async fn meant(
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
        // What else forbids it is told when it is weighed.
        let offered = offer.map(|offer| offer.accounts).unwrap_or_default();
        let account = match account {
            Some(name) => match chosen(snapshot, &offered, name).await? {
                Some(account) => Some(account),
                None => continue,
            },
            None => None,
        };
        meant.push(LaunchDraft { record: id, account });
    }

    Ok(meant)
}

/// The account of this login, title or id among those that are open to the person.
async fn chosen(
    snapshot: &mut Snapshot,
    offered: &[RecordId],
    name: &str,
) -> Result<Option<RecordId>, Refusal> {
    for id in offered {
        let Some(account) = records::lookup(snapshot, id).await.map_err(failed)? else {
            continue;
        };
        let is_login = account.user().is_some_and(|user| user.login == name);
        if is_login || account.title() == name || id.as_str() == name {
            return Ok(Some(id.clone()));
        }
    }

    Ok(None)
}

fn unknown(user: &str) -> Refusal {
    Refusal::new(
        "28000",
        format!(
            "no record \"{user}\" is shared with you, or not with that account: the user name is a record's title or id, \
             or record/account"
        ),
    )
}
