//! Names people and programs call a record by, and an account of it: which they mean.

use std::collections::BTreeSet;

use app::ctx::Client;
use protocol::errors::{Code, Refusal};
use protocol::ids::{FolderId, RecordId};
use protocol::sessions::SessionKind;
use protocol::terminal::{LaunchDraft, To};
use store::{Snapshot, folders, launching, records};
use vault::authorize::{self, Authorized, Launch};
use vault::people::Person;

use super::{authorize_connection, authorize_holder, deny, draft_of};
use crate::access_tokens::Holder;
use crate::people::store_failed;
use crate::state::AppState;

/// Accounts that are named to who named none of them.
const SHOWN: usize = 10;

/// What somebody says they mean.
#[derive(Debug, Clone, Copy)]
pub struct Named<'a> {
    /// `record` or `record/account`, each by its title or id, an account by its login too.
    pub name: &'a str,
    /// The title or id of the folder the record is in.
    pub folder: Option<&'a str>,
    /// The host, where the record is a connection template.
    pub to: &'a To,
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
    let host_record = match &named.to.record {
        Some(name) => match hosts(&mut snapshot, person, name).await?.as_slice() {
            [only] => Some(only.clone()),
            [] => return deny(state, person, client, name, no_host()).await,
            [_, _, ..] => return deny(state, person, client, name, several(name)).await,
        },
        None => None,
    };
    let search = Search {
        person,
        kind,
        folder: named.folder,
        host: named.to.host.as_deref().unwrap_or_default(),
        host_record,
    };
    let mut meant = Meant::default();
    search.look(&mut snapshot, &mut meant, name, None).await?;
    if meant.drafts.is_empty()
        && let Some((record, account)) = name.rsplit_once('/')
    {
        search
            .look(&mut snapshot, &mut meant, record, Some(account))
            .await?;
    }
    drop(snapshot);

    match meant.drafts.as_slice() {
        [only] if holder.token.is_for(&only.record) => {
            let authorized = authorize_connection(state, person, kind, only, client).await;

            authorized.map_err(|refusal| with_way(refusal, kind, named.to))
        }
        [_other] => deny(state, person, client, name, other_record()).await,
        [] => deny(state, person, client, "", meant.unknown()).await,
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

/// What a name can mean, and how far what can mean nothing came.
#[derive(Default)]
struct Meant {
    drafts: Vec<LaunchDraft>,
    /// A record of the name is in another folder than was said.
    is_elsewhere: bool,
    /// The accounts one may choose where a record was found and the account not.
    accounts: BTreeSet<String>,
}

/// Among what is looked for.
struct Search<'a> {
    person: &'a Person,
    kind: SessionKind,
    folder: Option<&'a str>,
    host: &'a str,
    host_record: Option<RecordId>,
}

impl Search<'_> {
    /// All that a record's name and an account's can mean, among what the person may see.
    async fn look(
        &self,
        snapshot: &mut Snapshot,
        meant: &mut Meant,
        record: &str,
        account: Option<&str>,
    ) -> Result<(), Refusal> {
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
                meant.is_elsewhere = true;
                continue;
            }
            let draft = |account| LaunchDraft {
                record: id.clone(),
                account,
                host: self.host.to_owned(),
                host_record: self.host_record.clone(),
            };
            match (account, offer) {
                (Some(name), Ok(offer)) => {
                    for (id, login) in named_accounts(snapshot, &offer.accounts, name).await? {
                        match id {
                            Some(account) => meant.drafts.push(draft(Some(account))),
                            None => drop(meant.accounts.insert(login)),
                        }
                    }
                }
                // What forbids it is told when it is weighed.
                (None, _) | (Some(_), Err(_)) => meant.drafts.push(draft(None)),
            }
        }

        Ok(())
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

/// The accounts that are open to the person, each with its login; the id where it is meant, by that, its title or its
/// login.
async fn named_accounts(
    snapshot: &mut Snapshot,
    offered: &[RecordId],
    name: &str,
) -> Result<Vec<(Option<RecordId>, String)>, Refusal> {
    let mut named = Vec::new();
    for id in offered {
        let Some(account) = records::lookup(snapshot, id).await.map_err(store_failed)? else {
            continue;
        };
        let login = account
            .user()
            .map_or_else(|| account.title().to_owned(), |user| user.login.clone());
        let is_meant = login == name || account.title() == name || id.as_str() == name;
        named.push((is_meant.then(|| id.clone()), login));
    }

    Ok(named)
}

impl Meant {
    /// Without the name that was tried: however many are, it is the same refusal. What is said beyond that is of records
    /// the person may see.
    fn unknown(&self) -> Refusal {
        let sentence = if !self.accounts.is_empty() {
            let accounts: Vec<&str> = self.accounts.iter().map(String::as_str).take(SHOWN).collect();
            let more = if self.accounts.len() > SHOWN {
                " and others"
            } else {
                ""
            };

            format!(
                "the record has no account of that name that is open to you: say record/account with one of {}{more}",
                accounts.join(", ")
            )
        } else if self.is_elsewhere {
            "a record of this name is shared with you, but not in that folder: leave the folder out, or name it by its \
             name or id"
                .to_owned()
        } else {
            "no record of this name is shared with you: name a record by its title or id, or record/account; your vault \
             in the browser lists them"
                .to_owned()
        };

        Refusal::new(Code::PamNotFound, sentence)
    }
}

/// The records of this name that the person may see and that have a host.
async fn hosts(snapshot: &mut Snapshot, person: &Person, name: &str) -> Result<Vec<RecordId>, Refusal> {
    let mut hosts = Vec::new();
    for id in launching::named(snapshot, name).await.map_err(store_failed)? {
        let Some(known) = launching::lookup(snapshot, &id, &person.id)
            .await
            .map_err(store_failed)?
        else {
            continue;
        };
        let has_host = known
            .record
            .database()
            .is_some_and(|database| !database.is_template());
        if has_host && authorize::permissions(person, &known.record.location(), &known.shares).view {
            hosts.push(id);
        }
    }

    Ok(hosts)
}

/// Who has named a connection template without a host hears how one is given: nothing else of a launch by name can be
/// invalid.
fn with_way(refusal: Refusal, kind: SessionKind, to: &To) -> Refusal {
    if refusal.code != Code::Validation || *to != To::default() {
        return refusal;
    }
    let way = match kind {
        SessionKind::Listener => "A user name has no place for one: use postern tunnel with --to HOST.",
        SessionKind::Terminal | SessionKind::Tunnel => "Say --to HOST, or --to-record RECORD.",
    };

    Refusal::new(refusal.code, format!("{} {way}", refusal.sentence))
}

fn no_host() -> Refusal {
    Refusal::new(
        Code::PamNotFound,
        "no record of this name that you may see has a host: name it by its title or id",
    )
}

fn several(name: &str) -> Refusal {
    Refusal::new(
        Code::PamConflict,
        format!(
            "several records or accounts are named \"{name}\": say the id of the one you mean, which ends the address of its \
             page, or the title of an account whose login two have"
        ),
    )
}

fn other_record() -> Refusal {
    Refusal::new(Code::PamPolicyDenied, "this access token is for another record")
}
