//! Launching: what may be launched, the ticket for it, and the right to it, checked when a ticket is issued, when
//! it is redeemed, and while the session lives.

pub mod names;

use app::ctx::{Actor, Client};
use protocol::audit::{EventName, Outcome};
use protocol::errors::{Code, Refusal};
use protocol::ids::{PersonId, RecordId, SessionId, SignInId, TokenId};
use protocol::sessions::SessionKind;
use protocol::terminal::{LaunchChoice, LaunchDraft, LaunchTicket, LaunchView};
use protocol::time::Timestamp;
use store::access_tokens::{self, Standing};
use store::launching::{self, Launching};
use store::{Snapshot, audit, people, records, sessions, sign_ins};
use tracing::warn;
use vault::authorize::{self, Authorized, Launch, LiveSessions};
use vault::people::Person;
use vault::supplied::Supplied;

use crate::access_tokens::Holder;
use crate::clock;
use crate::people::sign_in::event;
use crate::people::store_failed;
use crate::state::AppState;
use crate::terminal::tickets::{Purpose, Ticket};
use crate::viewer::{Means, Viewer};

/// The accounts the person may launch with.
pub async fn look_at(state: &AppState, actor: &Actor, record: &RecordId) -> Result<LaunchView, Refusal> {
    let mut snapshot = state.db.read().await.map_err(store_failed)?;
    let known = load(&mut snapshot, record, &actor.person).await?;
    let offer = authorize::offer(&actor.person, known.facts(SessionKind::Terminal, None))?;
    let launch_credential = known.settings.connection.launch_credential.as_ref();
    let mut choices = Vec::with_capacity(offer.accounts.len());
    for account in offer.accounts {
        let user = records::lookup(&mut snapshot, &account)
            .await
            .map_err(store_failed)?;
        let Some(user) = user else {
            continue;
        };
        choices.push(LaunchChoice {
            is_launch_credential: launch_credential == Some(&account),
            is_personal: user.owner.is_some(),
            login: user.user().map(|user| user.login.clone()).unwrap_or_default(),
            title: user.title().to_owned(),
            account,
        });
    }

    let hosts = match offer.asks_host {
        true => Some(
            records::hosts(&mut snapshot, &actor.person)
                .await
                .map_err(store_failed)?,
        ),
        false => None,
    };

    Ok(LaunchView {
        hosts,
        record: record.clone(),
        record_title: known.record.title().to_owned(),
        choices,
        live: state.sessions.own(&actor.person.id, record),
        look: offer.look,
    })
}

/// A ticket, if the person may launch at this moment.
pub async fn issue(
    state: &AppState,
    actor: &Actor,
    draft: &LaunchDraft,
    client: &Client,
) -> Result<LaunchTicket, Refusal> {
    let authorized = authorize(state, &actor.person, SessionKind::Terminal, draft, client).await?;

    hand_out(state, actor, client, Purpose::Launch(draft_of(&authorized)))
}

/// A ticket to come back to a session; that of somebody else does not exist.
pub fn issue_to_resume(
    state: &AppState,
    actor: &Actor,
    session: SessionId,
    client: &Client,
) -> Result<LaunchTicket, Refusal> {
    match state.sessions.place(&session) {
        Some(place) if place.person == actor.person.id => {
            hand_out(state, actor, client, Purpose::Resume(session))
        }
        Some(_) | None => Err(not_there()),
    }
}

fn hand_out(
    state: &AppState,
    actor: &Actor,
    client: &Client,
    good_for: Purpose,
) -> Result<LaunchTicket, Refusal> {
    let ticket = Ticket {
        person: actor.person.id.clone(),
        sign_in: actor.sign_in.clone(),
        address: client.address.clone(),
        good_for,
    };
    let token = state.tickets.issue(ticket, clock::instant()).ok_or_else(|| {
        Refusal::new(
            Code::TooMany,
            "Too many launches are waiting to be opened. Try again in half a minute.",
        )
    })?;

    Ok(LaunchTicket {
        token: token.expose().to_owned(),
    })
}

/// The right to open one more session; a denial is audited.
pub async fn authorize(
    state: &AppState,
    person: &Person,
    kind: SessionKind,
    draft: &LaunchDraft,
    client: &Client,
) -> Result<Authorized<Launch>, Refusal> {
    let weighed = weigh(state, person, kind, draft).await;

    unless_denied(state, person, draft, client, weighed).await
}

/// What an authorization is for, so that it can be asked for again.
pub fn draft_of(launch: &Authorized<Launch>) -> LaunchDraft {
    LaunchDraft {
        record: launch.record().clone(),
        account: Some(launch.account().clone()),
        host: match launch.supplied() {
            Some(supplied) if supplied.record().is_none() => supplied.typed(),
            Some(_) | None => String::new(),
        },
        host_record: launch.supplied().and_then(Supplied::record).cloned(),
    }
}

/// The same for who comes with an access token: it is asked for last, since who waited to get here may have lost it.
pub async fn authorize_holder(
    state: &AppState,
    holder: &Holder,
    kind: SessionKind,
    draft: &LaunchDraft,
    client: &Client,
) -> Result<Authorized<Launch>, Refusal> {
    let launch = authorize(state, &holder.person, kind, draft, client).await?;
    may_stay_with_token(state, &holder.token.id, kind, draft).await?;

    Ok(launch)
}

/// The right to another connection of a session that may be open: how many sessions there are does not count. A denial
/// is audited.
pub async fn authorize_connection(
    state: &AppState,
    person: &Person,
    kind: SessionKind,
    draft: &LaunchDraft,
    client: &Client,
) -> Result<Authorized<Launch>, Refusal> {
    let weighed = async {
        let mut snapshot = state.db.read().await.map_err(store_failed)?;
        let known = load_for(&mut snapshot, draft, person).await?;

        authorize::stay(person, known.facts_of(kind, draft))
    };

    unless_denied(state, person, draft, client, weighed.await).await
}

/// What was weighed; where it is a denial, on the trail.
async fn unless_denied(
    state: &AppState,
    person: &Person,
    draft: &LaunchDraft,
    client: &Client,
    weighed: Result<Authorized<Launch>, Refusal>,
) -> Result<Authorized<Launch>, Refusal> {
    match weighed {
        Ok(authorized) => Ok(authorized),
        // Any id may be asked for that is no record of theirs: it is the same refusal.
        Err(refusal) if refusal.code == Code::PamNotFound => {
            note_denial(state, person, client, draft.record.as_str(), "", &refusal).await?;

            Err(refusal)
        }
        Err(refusal) => deny(state, person, client, draft.record.as_str(), refusal).await,
    }
}

/// Refuses to launch what somebody has named, with the denial on the trail: once, where it is repeated.
pub async fn deny<T>(
    state: &AppState,
    person: &Person,
    client: &Client,
    named: &str,
    refusal: Refusal,
) -> Result<T, Refusal> {
    note_denial(state, person, client, named, named, &refusal).await?;

    Err(refusal)
}

/// `subject` is what makes two refusals the same beside person and sentence.
async fn note_denial(
    state: &AppState,
    person: &Person,
    client: &Client,
    named: &str,
    subject: &str,
    refusal: &Refusal,
) -> Result<(), Refusal> {
    let denied = event(EventName::ConnectionDenied, Outcome::Denied, client, clock::now())
        .by(person)
        .with("record", named)
        .with("reason", refusal.sentence.clone());
    let subject = format!("launch {} {subject} {}", person.id, refusal.sentence);
    let mut tx = state.db.write().await.map_err(store_failed)?;
    audit::append_unless_repeated(&mut tx, &subject, denied)
        .await
        .map_err(store_failed)?;
    tx.commit().await.map_err(store_failed)?;

    Ok(())
}

async fn weigh(
    state: &AppState,
    person: &Person,
    kind: SessionKind,
    draft: &LaunchDraft,
) -> Result<Authorized<Launch>, Refusal> {
    let mut snapshot = state.db.read().await.map_err(store_failed)?;
    let known = load_for(&mut snapshot, draft, person).await?;
    let live = LiveSessions {
        of_person: count(sessions::count_open_of_person(&mut snapshot, &draft.record, &person.id).await)?,
        of_record: count(sessions::count_open_of_record(&mut snapshot, &draft.record).await)?,
    };

    authorize::launch(person, known.facts_of(kind, draft), live)
}

/// Whether an open session may go on: the person as they are now, with everything else as it is now.
pub async fn may_stay(
    state: &AppState,
    actor: &Actor,
    draft: &LaunchDraft,
) -> Result<Authorized<Launch>, Refusal> {
    let mut snapshot = state.db.read().await.map_err(store_failed)?;
    let person = signed_in(state, &mut snapshot, &actor.person.id, &actor.sign_in).await?;

    stays(&mut snapshot, &person, SessionKind::Terminal, draft).await
}

/// The same for a session whose connections come with an access token.
pub async fn may_stay_with_token(
    state: &AppState,
    token: &TokenId,
    kind: SessionKind,
    draft: &LaunchDraft,
) -> Result<Authorized<Launch>, Refusal> {
    let mut snapshot = state.db.read().await.map_err(store_failed)?;
    let person = holding(&mut snapshot, token).await?;

    stays(&mut snapshot, &person, kind, draft).await
}

/// The person as they are now, if the access token is still good.
async fn holding(snapshot: &mut Snapshot, token: &TokenId) -> Result<Person, Refusal> {
    let found = access_tokens::lookup(snapshot, token)
        .await
        .map_err(store_failed)?;
    match found {
        Some((token, person)) if token.standing(clock::now()) == Standing::Good => Ok(person),
        Some(_) | None => Err(Refusal::new(
            Code::SignedOut,
            "The access token has expired or was revoked.",
        )),
    }
}

async fn stays(
    snapshot: &mut Snapshot,
    person: &Person,
    kind: SessionKind,
    draft: &LaunchDraft,
) -> Result<Authorized<Launch>, Refusal> {
    let known = load_for(snapshot, draft, person).await.map_err(taken_away)?;

    authorize::stay(person, known.facts_of(kind, draft)).map_err(taken_away)
}

/// Whose session is open knows that the record is there: to them it is not hidden, it was taken away.
fn taken_away(refusal: Refusal) -> Refusal {
    if refusal.code != Code::PamNotFound {
        return refusal;
    }

    Refusal::new(
        Code::PamNotFound,
        "Your access to this record was taken away. Ask an administrator to share it again.",
    )
}

/// Whether somebody who watches a session may go on watching.
pub async fn may_watch(state: &AppState, viewer: &Viewer) -> Result<(), Refusal> {
    let mut snapshot = state.db.read().await.map_err(store_failed)?;
    let person = match &viewer.by {
        Means::SignIn(sign_in) => signed_in(state, &mut snapshot, &viewer.person.id, sign_in).await?,
        Means::Token(token) => holding(&mut snapshot, token).await?,
    };
    authorize::audit(&person)?;

    Ok(())
}

/// The person as they are now, if the sign-in the session was opened with is still good.
async fn signed_in(
    state: &AppState,
    snapshot: &mut Snapshot,
    person: &PersonId,
    by: &SignInId,
) -> Result<Person, Refusal> {
    let person = people::lookup(snapshot, person)
        .await
        .map_err(store_failed)?
        .ok_or_else(signed_out)?;
    let idle = state.config.sign_in.idle();
    let open = sign_ins::list(snapshot, &person.id, idle, clock::now())
        .await
        .map_err(store_failed)?;
    if open.iter().any(|sign_in| sign_in.id == *by) {
        return Ok(person);
    }

    Err(signed_out())
}

/// A session that is open keeps the sign-in it was opened with from going idle.
pub async fn keep_signed_in(state: &AppState, actor: &Actor, now: Timestamp) {
    let touched = async {
        let mut tx = state.db.write().await?;
        sign_ins::touch(&mut tx, &actor.sign_in, now).await?;

        tx.commit().await
    };
    if let Err(error) = touched.await {
        warn!(
            error = &error as &dyn std::error::Error,
            "sign-in not marked as seen"
        );
    }
}

async fn load(snapshot: &mut Snapshot, record: &RecordId, person: &Person) -> Result<Launching, Refusal> {
    launching::lookup(snapshot, record, &person.id)
        .await
        .map_err(store_failed)?
        .ok_or_else(Refusal::not_found)
}

async fn load_for(
    snapshot: &mut Snapshot,
    draft: &LaunchDraft,
    person: &Person,
) -> Result<Launching, Refusal> {
    launching::lookup_for(snapshot, draft, &person.id)
        .await
        .map_err(store_failed)?
        .ok_or_else(Refusal::not_found)
}

fn count(counted: Result<u64, store::Error>) -> Result<u32, Refusal> {
    counted
        .map(|n| u32::try_from(n).unwrap_or(u32::MAX))
        .map_err(store_failed)
}

/// What a session that has ended is, and one of somebody else.
pub fn not_there() -> Refusal {
    Refusal::new(Code::PamNotFound, "This session has ended. Start a new one.")
}

fn signed_out() -> Refusal {
    Refusal::new(Code::SignedOut, "Your sign-in has ended.")
}
