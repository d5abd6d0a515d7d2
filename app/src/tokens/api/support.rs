//! What the server functions of access tokens share: whose they are, what they open, making and revoking one.

use protocol::audit::EventName;
use protocol::dates::rfc3339;
use protocol::errors::{Code, Refusal};
use protocol::forms::FieldError;
use protocol::ids::{PersonId, RecordId, TokenId};
use protocol::time::Timestamp;
use protocol::tokens::{LastUse, Reach, Scope, TokenDraft, TokenView};
use protocol::vault::{Link, RecordKind};
use store::access_tokens::{AccessToken, Standing};
use store::records::RecordFilter;
use store::tokens::TokenHash;
use store::{Snapshot, Tx};
use vault::audit::Event;
use vault::authorize::{self, Authorized, Password, TakeToken, Wanted};
use vault::people::Person;
use vault::record::Record;
use vault::share::Share;

use crate::ctx::RequestCtx;
use crate::errors::AppError;
use crate::tokens::NewToken;

/// Whose token is asked for.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    by: &'a Person,
    /// A service account; for oneself otherwise.
    account: Option<&'a Person>,
}

impl<'a> Asked<'a> {
    pub(super) fn of(by: &'a Person, account: Option<&'a Person>) -> Self {
        Self { by, account }
    }

    fn whose(self) -> &'a Person {
        self.account.unwrap_or(self.by)
    }

    pub(super) fn weigh(
        self,
        wanted: Wanted<'_>,
        password: Password,
    ) -> Result<Authorized<TakeToken>, Refusal> {
        match self.account {
            Some(account) => authorize::take_token_for(self.by, account, wanted, password),
            None => authorize::take_token(self.by, wanted, password),
        }
    }
}

/// A person's tokens, with the titles of the records whoever asks may see.
pub(super) async fn listed(
    ctx: &RequestCtx,
    snapshot: &mut Snapshot,
    whose: &PersonId,
) -> Result<Vec<TokenView>, AppError> {
    let viewer = &ctx.signed_in()?.person;
    let tokens = store::access_tokens::list(snapshot, whose).await?;
    let mut views = Vec::with_capacity(tokens.len());
    for token in tokens {
        let reach = match &token.record {
            None => Reach::Everything,
            Some(record) => reach(snapshot, viewer, record).await?,
        };
        views.push(view(token, reach, ctx.now()));
    }

    Ok(views)
}

async fn reach(snapshot: &mut Snapshot, viewer: &Person, id: &RecordId) -> Result<Reach, AppError> {
    let Some((record, shares)) = found(snapshot, viewer, id).await? else {
        return Ok(Reach::Hidden);
    };
    let permissions = authorize::permissions(viewer, &record.location(), &shares);
    if !permissions.view {
        return Ok(Reach::Hidden);
    }

    Ok(Reach::Record {
        id: id.clone(),
        title: record.title().to_owned(),
    })
}

fn view(token: AccessToken, reach: Reach, now: Timestamp) -> TokenView {
    TokenView {
        is_expired: token.standing(now) == Standing::Expired,
        id: token.id,
        name: token.name,
        scope: token.scope,
        reach,
        created_at: token.created_at,
        expires_at: token.expires_at,
        last_use: token.last_use.map(|(at, address)| LastUse { at, address }),
    }
}

async fn found(
    snapshot: &mut Snapshot,
    person: &Person,
    id: &RecordId,
) -> Result<Option<(Record, Vec<Share>)>, AppError> {
    let Some(record) = store::records::lookup(snapshot, id).await? else {
        return Ok(None);
    };
    let shares = store::shares::held(snapshot, &person.id, &record.location()).await?;

    Ok(Some((record, shares)))
}

/// The databases a person may launch, by title.
pub(super) async fn launchable(snapshot: &mut Snapshot, person: &Person) -> Result<Vec<Link>, AppError> {
    let filter = RecordFilter {
        kind: Some(RecordKind::Database),
        ..RecordFilter::default()
    };
    let records = store::records::list(snapshot, person, &filter).await?;

    Ok(records
        .into_iter()
        .filter(|record| record.permissions.launch)
        .map(|record| Link {
            id: record.id,
            title: record.title,
            subtitle: record.subtitle,
        })
        .collect())
}

/// Who has this id; whether it is a service account is weighed with the token.
pub(super) async fn somebody(snapshot: &mut Snapshot, id: &PersonId) -> Result<Person, AppError> {
    let person = store::people::lookup(snapshot, id).await?;

    person.ok_or_else(nobody)
}

/// Whether there may be such a token, but for the password of who asks.
pub(super) async fn may_take(
    snapshot: &mut Snapshot,
    asked: Asked<'_>,
    draft: &TokenDraft,
) -> Result<(), AppError> {
    match weigh(snapshot, asked, draft, Password::NotGiven).await {
        Err(AppError(refusal)) if refusal.code == Code::PamPasswordRequired => Ok(()),
        Err(refused) => Err(refused),
        Ok(_) => Ok(()),
    }
}

async fn weigh(
    snapshot: &mut Snapshot,
    asked: Asked<'_>,
    draft: &TokenDraft,
    password: Password,
) -> Result<Authorized<TakeToken>, AppError> {
    let all = match draft.scope {
        Scope::Launch => Wanted::Everything,
        Scope::CommandLine => Wanted::CommandLine,
    };
    let Some(id) = &draft.record else {
        return Ok(asked.weigh(all, password)?);
    };
    // The role first: an auditor is not told which records there are.
    asked.weigh(Wanted::Everything, Password::GivenAgain)?;
    let (record, shares) = found(snapshot, asked.whose(), id)
        .await?
        .ok_or_else(Refusal::not_found)?;

    Ok(asked.weigh(Wanted::Record(&record.location(), &shares), password)?)
}

/// Makes a token, of a service account where one is given, and writes who made which for whom into the log; its text is in
/// the answer and nowhere else.
pub(super) async fn make(
    ctx: &RequestCtx,
    account: Option<&PersonId>,
    draft: &TokenDraft,
    expires_at: Timestamp,
) -> Result<NewToken, AppError> {
    let text = vault::tokens::text(ctx.shared.draw());
    let hash = TokenHash::of(text.expose());
    let mut tx = ctx.shared.db.write().await?;
    let person = ctx.held(&mut tx).await?;
    // With the sign-in goes what was asked for through it: a reset under way is not outlived.
    let sign_in = &ctx.signed_in()?.sign_in;
    if !store::sign_ins::hold(&mut tx, sign_in, &person.id).await? {
        return Err(Refusal::signed_out().into());
    }
    let account = match account {
        Some(id) => Some(somebody(&mut tx, id).await?),
        None => None,
    };
    let asked = Asked::of(&person, account.as_ref());
    let take = weigh(&mut tx, asked, draft, Password::GivenAgain).await?;
    let n_good = store::access_tokens::count_good(&mut tx, take.whose(), ctx.now()).await?;
    vault::tokens::check_room(n_good)?;
    let id = TokenId::from_random(ctx.shared.draw());
    let token =
        store::access_tokens::add(&mut tx, &take, &id, &hash, &draft.name, expires_at, ctx.now()).await?;
    let event = created(ctx, &mut tx, asked.whose(), &token).await?;
    store::audit::append(&mut tx, event).await?;
    tx.commit().await?;

    Ok(NewToken {
        name: token.name,
        scope: token.scope,
        token: text.expose().to_owned(),
    })
}

/// What a new token is in the audit log.
async fn created(
    ctx: &RequestCtx,
    tx: &mut Tx,
    whose: &Person,
    token: &AccessToken,
) -> Result<Event, AppError> {
    let event = ctx
        .event(EventName::AccessTokenCreated)
        .with("email", whose.handle.to_string())
        .with("token", token.id.to_string())
        .with("name", token.name.clone())
        .with("scope", token.scope.as_str())
        .with("expires", rfc3339(token.expires_at));
    let Some(id) = &token.record else {
        return Ok(event);
    };
    let record = store::records::lookup(tx, id).await?;
    let title = record.map(|record| record.title().to_owned()).unwrap_or_default();

    Ok(event.about(id, title))
}

/// Revokes a token of a person; sessions opened with it look again at once.
pub(super) async fn revoke(
    ctx: &RequestCtx,
    mut tx: Tx,
    whose: &Person,
    id: &TokenId,
) -> Result<(), AppError> {
    let token = store::access_tokens::revoke(&mut tx, id, &whose.id, ctx.now())
        .await?
        .ok_or_else(|| {
            Refusal::new(
                Code::PamNotFound,
                "There is no such token, or it was revoked already.",
            )
        })?;
    let event = ctx
        .event(EventName::AccessTokenRevoked)
        .with("email", whose.handle.to_string())
        .with("token", token.id.to_string())
        .with("name", token.name);
    store::audit::append(&mut tx, event).await?;
    tx.commit().await?;
    ctx.shared.operations.rights_changed();

    Ok(())
}

fn nobody() -> AppError {
    AppError(Refusal::new(Code::PamNotFound, "There is no such person."))
}

pub(super) fn invalid(error: FieldError) -> AppError {
    AppError(Refusal::invalid(vec![error]))
}
