//! The session of a tunnel: opened with it, and ended with it.

use std::sync::Arc;
use std::time::Duration;

use app::ctx::Client;
use protocol::errors::{Code, Refusal};
use protocol::ids::TokenId;
use protocol::sessions::SessionKind;
use protocol::terminal::{EndReason, Ended, LaunchDraft};
use protocol::tunnel::{DURATION, Ready, TunnelDraft};
use protocol::vault::{Source, length_of_time};
use proxy::Upstream;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tracing::{Instrument, info_span};
use vault::Secret;
use vault::authorize::{Authorized, Launch};
use vault::effective::Effective;

use crate::access_tokens::Holder;
use crate::launch::names::{self, Named};
use crate::sessions::ends::ended;
use crate::sessions::native::Hall;
use crate::sessions::native::task::{self, Kept, Owner, Rope};
use crate::sessions::open::{Opening, Reached, reach};
use crate::sessions::{Place, open};
use crate::state::AppState;
use crate::target::Aim;
use crate::{clock, launch, target};

/// Warnings that wait to be read.
const WARNINGS: usize = 8;

/// A session that stands as long as its tunnel.
pub struct Standing {
    terms: Arc<Terms>,
    rope: Option<oneshot::Sender<Ended>>,
    task: JoinHandle<()>,
    is_over: bool,
}

/// A tunnel that was opened.
pub struct Open {
    pub standing: Standing,
    /// What its person is to read.
    pub warnings: mpsc::Receiver<String>,
    pub ready: Ready,
}

/// What every connection of a tunnel goes by.
pub struct Terms {
    pub hall: Hall,
    /// The access token the tunnel was opened with.
    pub holder: TokenId,
    pub launch: LaunchDraft,
    pub address: String,
    pub entry: Entry,
}

/// What lets a client in.
pub enum Entry {
    /// The tunnel's own token for a password.
    Token(Secret),
    /// Whoever reaches the local port.
    Open,
    /// The database's own users, with their passwords.
    Own,
}

impl Standing {
    pub fn terms(&self) -> Arc<Terms> {
        Arc::clone(&self.terms)
    }

    /// Ends the session.
    pub fn cut(&mut self, ended: Ended) {
        if let Some(rope) = self.rope.take() {
            // One that is over has ended for another reason.
            let _ = rope.send(ended);
        }
    }

    /// Waits for the end of the session.
    pub async fn over(&mut self) {
        if !self.is_over {
            // It does not panic, and nobody aborts it.
            let _ = (&mut self.task).await;
            self.is_over = true;
        }
    }

    /// Why it is over.
    pub fn ended(&self) -> Ended {
        self.terms
            .hall
            .ended()
            .unwrap_or_else(|| ended(EndReason::Goodbye, "The tunnel was closed."))
    }
}

/// Opens the session a tunnel is wanted for.
///
/// # Errors
/// What forbids it, or the database that is not reached.
pub async fn open(
    state: &AppState,
    holder: &Holder,
    client: &Client,
    draft: &TunnelDraft,
) -> Result<Open, Refusal> {
    let launch = authorize(state, holder, client, draft).await?;
    let aim = target::aim_at(state, &launch).await?;
    let opening = Opening {
        person: &holder.person,
        client,
        launch: &launch,
        aim: &aim,
        screen: None,
    };
    let effective = launch.effective().clone();
    let opened = open::open(state, opening, probe(&aim, effective.inject_credentials.value))
        .await
        .map_err(|not_opened| not_opened.refusal)?;
    let session = opened.id.clone();
    let hall = Hall::new(
        opened.closing,
        opened.tape.clone(),
        opened.effective,
        target::Aimed::of(&aim),
        aim.target.database.clone(),
    );
    let (started_at, lasts) = (clock::now(), wanted(draft));
    let most = effective.max_session_duration();
    let entry = entry(&effective, draft);
    let token = match &entry {
        Entry::Token(token) => Some(token.expose().to_owned()),
        Entry::Open | Entry::Own => None,
    };
    let ready = Ready {
        session: session.clone(),
        record: launch.record().clone(),
        record_title: aim.record_title.clone(),
        account: aim.account.clone(),
        injects: effective.inject_credentials.value,
        database: aim.target.database.clone(),
        token,
        ends_at: Some(started_at + most.map_or(lasts, |most| most.min(lasts))),
        now: started_at,
        shortened: most.filter(|most| *most < lasts).map(shortened),
        max_connections: effective.max_connections_per_session(),
        is_recorded: effective.records(),
        reuses_port: effective.reuse_port.value,
    };
    let terms = Arc::new(Terms {
        hall: hall.clone(),
        holder: holder.token.id.clone(),
        launch: launch::draft_of(&launch),
        address: client.address.clone(),
        entry,
    });
    let (rope, cut) = oneshot::channel();
    let (warn, warnings) = mpsc::channel(WARNINGS);
    let owner = Owner {
        token: holder.token.id.clone(),
        launch: launch::draft_of(&launch),
        kept: Kept::ByTunnel(Rope {
            cut,
            warnings: warn,
            is_unguarded: wants_unguarded(&effective, draft),
        }),
        lasts: Some(lasts),
        place: Place {
            kind: SessionKind::Tunnel,
            person: holder.person.id.clone(),
            record: launch.record().clone(),
            record_title: aim.record_title,
            account: aim.account,
            started_at,
        },
    };
    let (of_task, tape) = (state.clone(), opened.tape);
    let keeping = async move { task::run(&of_task, hall, tape, owner).await };
    let task = state
        .tasks
        .spawn(keeping.instrument(info_span!("session", session.id = %session)));

    let standing = Standing {
        terms,
        rope: Some(rope),
        task,
        is_over: false,
    };

    Ok(Open {
        standing,
        warnings,
        ready,
    })
}

async fn authorize(
    state: &AppState,
    holder: &Holder,
    client: &Client,
    draft: &TunnelDraft,
) -> Result<Authorized<Launch>, Refusal> {
    let whole = draft
        .account
        .as_ref()
        .map(|account| format!("{}/{account}", draft.record));
    let name = whole.as_ref().unwrap_or(&draft.record);
    let named = Named {
        name,
        folder: draft.folder.as_deref(),
        to: &draft.to,
    };
    let launch = names::launch(state, holder, SessionKind::Tunnel, named, client).await?;
    match unguarded(launch.effective(), draft) {
        Ok(()) => Ok(launch),
        Err(refusal) => launch::deny(state, &holder.person, client, name, refusal).await,
    }
}

/// Whether the tunnel goes without a token where one would be needed, or is open to other machines.
fn wants_unguarded(effective: &Effective, draft: &TunnelDraft) -> bool {
    goes_without(effective, draft) || draft.is_open_to_others
}

fn goes_without(effective: &Effective, draft: &TunnelDraft) -> bool {
    draft.goes_without_token && effective.inject_credentials.value
}

/// Whether that may be, where it is wanted.
fn unguarded(effective: &Effective, draft: &TunnelDraft) -> Result<(), Refusal> {
    if effective.unguarded_tunnels.value || !wants_unguarded(effective, draft) {
        return Ok(());
    }
    let what = if goes_without(effective, draft) {
        "Tunnels without a token"
    } else {
        "Tunnels that other machines can reach"
    };
    let sentence = match &effective.unguarded_tunnels.source {
        Source::Configuration(title) => format!("{what} are turned off in PAM Configuration \"{title}\"."),
        Source::Record | Source::Default => format!("{what} are turned off."),
    };

    Err(Refusal::new(Code::PamConfigDenied, sentence))
}

fn entry(effective: &Effective, draft: &TunnelDraft) -> Entry {
    if !effective.inject_credentials.value {
        Entry::Own
    } else if draft.goes_without_token {
        Entry::Open
    } else {
        Entry::Token(vault::tokens::text(clock::draw()))
    }
}

/// How long the tunnel is to stand.
fn wanted(draft: &TunnelDraft) -> Duration {
    draft
        .duration
        .map_or(DURATION, |seconds| Duration::from_secs(seconds.into()))
}

fn shortened(most: Duration) -> String {
    let seconds = u32::try_from(most.as_secs()).unwrap_or(u32::MAX);

    format!("Duration limited to {} by policy.", length_of_time::show(seconds))
}

/// Whether the database is reached and takes the credential is known before anybody starts a client. Without a credential
/// there is nothing to try.
async fn probe(aim: &Aim, injects: bool) -> Reached<()> {
    if !injects {
        return Ok(((), String::new()));
    }
    let (upstream, version): (Upstream, String) = reach(aim).await?;
    upstream.close().await;

    Ok(((), version))
}
