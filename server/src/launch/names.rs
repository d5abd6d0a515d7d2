//! Names people and programs call a record by, and an account of it: which they mean.

use app::ctx::Client;
use protocol::errors::{Code, Refusal};
use protocol::ids::{FolderId, RecordId};
use protocol::sessions::SessionKind;
use protocol::terminal::LaunchDraft;
use store::{Snapshot, folders, launching, records};
use vault::authorize::{self, Authorized, Launch};
use vault::people::Person;

use super::{authorize_connection, authorize_holder, deny, draft_of};
use crate::access_tokens::Holder;
use crate::people::store_failed;
use crate::state::AppState;

/// What somebody says they mean.
#[derive(Debug, Clone, Copy)]
pub struct Named<'a> {
    /// `record` or `record/account`, each by its title or id, an account by its login too.
    pub name: &'a str,
    /// The title or id of the folder the record is in.
    pub folder: Option<&'a str>,
}

/// The right to a connection of the record and account that are meant.
///
/// # Errors
/// No such record the person may see, several, or none of their accounts; what forbids them to launch it.
pub async fn authorize(
    state: &AppState,
    holder: &Holder,
    kind: SessionKind,
    named: Named<'_>,
    client: &Client,
) -> Result<Authorized<Launch>, Refusal> {
    let (person, name) = (&holder.person, named.name);
    let mut snapshot = state.db.read().await.map_err(store_failed)?;
    let search = Search {
        person,
        kind,
        folder: named.folder,
    };
    let mut meant = search.all_meant(&mut snapshot, name, None).await?;
    if meant.is_empty()
        && let Some((record, account)) = name.rsplit_once('/')
    {
        meant = search.all_meant(&mut snapshot, record, Some(account)).await?;
    }
    drop(snapshot);

    match meant.as_slice() {
        [only] if holder.token.is_for(&only.record) => {
            authorize_connection(state, person, kind, only, client).await
        }
        [_other] => deny(state, person, client, name, other_record()).await,
        [] => deny(state, person, client, "", unknown()).await,
        [_, _, ..] => deny(state, person, client, name, several(name)).await,
    }
}

/// The right to a session of what is meant: of one more session, by a token that is still good.
///
/// # Errors
/// As [`authorize`], and what forbids one more session.
pub async fn launch(
    state: &AppState,
    holder: &Holder,
    kind: SessionKind,
    named: Named<'_>,
    client: &Client,
) -> Result<Authorized<Launch>, Refusal> {
    let meant = draft_of(&authorize(state, holder, kind, named, client).await?);

    authorize_holder(state, holder, kind, &meant, client).await
}

/// Among what is looked for.
struct Search<'a> {
    person: &'a Person,
    kind: SessionKind,
    folder: Option<&'a str>,
}

impl Search<'_> {
    /// All that a record's name and an account's can mean, among what the person may see.
    async fn all_meant(
        &self,
        snapshot: &mut Snapshot,
        record: &str,
        account: Option<&str>,
    ) -> Result<Vec<LaunchDraft>, Refusal> {
        let mut meant = Vec::new();
        for id in launching::named(snapshot, record).await.map_err(store_failed)? {
            let Some(known) = launching::lookup(snapshot, &id, &self.person.id)
                .await
                .map_err(store_failed)?
            else {
                continue;
            };
            let offer = authorize::offer(self.person, known.facts(self.kind, None));
            if offer
                .as_ref()
                .is_err_and(|refusal| refusal.code == Code::PamNotFound)
            {
                continue;
            }
            if !self
                .is_in_folder(snapshot, known.record.content.folder.as_ref())
                .await?
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

    async fn is_in_folder(
        &self,
        snapshot: &mut Snapshot,
        folder: Option<&FolderId>,
    ) -> Result<bool, Refusal> {
        let Some(wanted) = self.folder else {
            return Ok(true);
        };
        let Some(folder) = folder else {
            return Ok(false);
        };
        if folder.as_str() == wanted {
            return Ok(true);
        }
        let name = folders::name(snapshot, folder).await.map_err(store_failed)?;

        Ok(name.as_deref() == Some(wanted))
    }
}

/// The accounts of this login, title or id among those that are open to the person.
async fn accounts_named(
    snapshot: &mut Snapshot,
    offered: &[RecordId],
    name: &str,
) -> Result<Vec<RecordId>, Refusal> {
    let mut named = Vec::new();
    for id in offered {
        let Some(account) = records::lookup(snapshot, id).await.map_err(store_failed)? else {
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
fn unknown() -> Refusal {
    Refusal::new(
        Code::PamNotFound,
        "no record of this name is shared with you, or not with that account: name a record by its title or id, or \
         record/account",
    )
}

fn several(name: &str) -> Refusal {
    Refusal::new(
        Code::PamConflict,
        format!(
            "several records or accounts are named \"{name}\": use their ids, which end the addresses of their pages"
        ),
    )
}

fn other_record() -> Refusal {
    Refusal::new(Code::PamPolicyDenied, "this access token is for another record")
}
