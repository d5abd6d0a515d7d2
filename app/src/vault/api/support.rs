//! What several server functions of the vault do alike.

mod editing;
mod setting_up;

use std::collections::HashMap;

use protocol::audit::EventName;
use protocol::errors::{Code, Refusal};
use protocol::forms::FieldError;
use protocol::ids::{FolderId, PersonId, RecordId};
use protocol::people::PersonState;
use protocol::sessions::SessionKind;
use protocol::time::Timestamp;
use protocol::vault::database::PastedCredential;
use protocol::vault::{
    ConnectionDraft, DatabaseDraft, FieldChange, FolderView, GeneralDraft, HistoryEntry, Link, LinkKind,
    RecordKind, SettingsView, ShareDraft, ShareView, TestedCredential, TunnelingDraft, UserDraft,
};
use store::records::{Saved, SecretWrites};
use store::shares::Granted;
use store::{Snapshot, Tx};
use vault::Secret;
use vault::audit::Event;
use vault::authorize::{self, Authorized, Configure, Create, Edit, KeepPersonal, Reveal};
use vault::effective::{Effective, Parent};
use vault::envelope::{SealRandom, Sealed, SecretField, open, seal};
use vault::people::Person;
use vault::record::{Body, Content, Record, Rewrite};
use vault::share::Share;

pub(super) use editing::Editing;
pub(super) use setting_up::SettingUp;

use crate::ctx::RequestCtx;
use crate::errors::AppError;
use crate::vault::Revealed;

/// The answer to who saves second.
const CONFLICT: &str = "Somebody else saved this record after you opened the form. Open it again, look at what changed, and make your change there.";

/// A record and the person's shares that reach it: what the vault weighs.
pub(super) async fn found(
    snapshot: &mut Snapshot,
    person: &Person,
    id: &RecordId,
) -> Result<(Record, Vec<Share>), AppError> {
    let record = store::records::lookup(snapshot, id)
        .await?
        .ok_or_else(Refusal::not_found)?;
    let shares = store::shares::held(snapshot, &person.id, &record.location()).await?;

    Ok((record, shares))
}

/// The form's folder must be one the person sees.
pub(super) async fn check_folder(
    snapshot: &mut Snapshot,
    person: &Person,
    folder: Option<&FolderId>,
) -> Result<Vec<FolderView>, AppError> {
    let folders = store::folders::list(snapshot, person).await?;
    if let Some(folder) = folder
        && !folders.iter().any(|known| known.id == *folder)
    {
        return Err(invalid(FieldError::new(
            "folder",
            "This folder is gone. Choose another one.",
        )));
    }

    Ok(folders)
}

/// Whether the gateway a configuration names is there.
pub(super) async fn check_gateway(snapshot: &mut Snapshot, body: &Body) -> Result<(), AppError> {
    let gateway = match body {
        Body::Configuration(configuration) => configuration.gateway.gateway(),
        Body::Database(_) | Body::User(_) => None,
    };
    if let Some(gateway) = gateway
        && store::gateways::lookup(snapshot, gateway).await?.is_none()
    {
        return Err(invalid(FieldError::new(
            "gateway",
            "This gateway is gone. Choose another way there.",
        )));
    }

    Ok(())
}

/// The history with gateways by their names, as far as they are still there.
pub(super) async fn with_gateways(
    snapshot: &mut Snapshot,
    mut entries: Vec<HistoryEntry>,
) -> Result<Vec<HistoryEntry>, AppError> {
    let names: HashMap<String, String> = store::gateways::list(snapshot)
        .await?
        .into_iter()
        .map(|gateway| (gateway.id.to_string(), gateway.name))
        .collect();
    let changes = entries
        .iter_mut()
        .flat_map(|entry| &mut entry.changes)
        .filter(|change| change.field == "gateway");
    for change in changes {
        for side in [&mut change.before, &mut change.after] {
            if let Some(name) = side.as_ref().and_then(|id| names.get(id)) {
                *side = Some(name.clone());
            }
        }
    }

    Ok(entries)
}

/// Names of folders for the history.
pub(super) fn folder_names(folders: Vec<FolderView>) -> impl Fn(&FolderId) -> String {
    let names: HashMap<FolderId, String> = folders
        .into_iter()
        .map(|folder| (folder.id, folder.name))
        .collect();

    move |id| names.get(id).cloned().unwrap_or_default()
}

/// Whom something may be shared with: everybody who is not switched off, by address or name.
pub(super) async fn people(snapshot: &mut Snapshot) -> Result<Vec<(PersonId, String)>, AppError> {
    let people = store::people::list(snapshot).await?;

    Ok(people
        .into_iter()
        .filter(|person| person.state != PersonState::Off)
        .map(|person| {
            if person.is_service_account() {
                return (person.id, person.name);
            }
            let shown = format!(
                "{} ({}, {})",
                person.name,
                person.handle,
                person.role.label().to_lowercase()
            );
            (person.id, shown)
        })
        .collect())
}

/// Seals what a form set; the master key and the randomness are the request's.
pub(super) fn sealed(
    ctx: &RequestCtx,
    record: &RecordId,
    secrets: Vec<(SecretField, Rewrite)>,
) -> Result<SecretWrites, AppError> {
    secrets
        .into_iter()
        .map(|(field, rewrite)| match rewrite {
            Rewrite::Clear => Ok((field, None)),
            Rewrite::Set(secret) => {
                let random = SealRandom::new(ctx.shared.draw(), ctx.shared.draw(), ctx.shared.draw());
                let sealed = seal(&ctx.shared.master, record, field, &secret, random).map_err(unreadable)?;

                Ok((field, Some(sealed)))
            }
        })
        .collect()
}

/// Opens one of the secrets of a record.
pub(super) fn opened(
    ctx: &RequestCtx,
    record: &RecordId,
    field: SecretField,
    sealed: Option<&Sealed>,
) -> Result<Option<Secret>, AppError> {
    sealed
        .map(|sealed| open(&ctx.shared.master, record, field, sealed).map_err(unreadable))
        .transpose()
}

fn unreadable(error: vault::envelope::OpenError) -> AppError {
    tracing::error!(error = &error as &dyn std::error::Error, "secret");

    AppError(Refusal::new(
        Code::Internal,
        "The stored secret could not be read or written with this server's master key. Tell an administrator.",
    ))
}

/// Whether the person may open a tunnel, as far as it does not depend on the moment.
pub(super) async fn may_tunnel(
    snapshot: &mut Snapshot,
    person: &Person,
    id: &RecordId,
) -> Result<bool, AppError> {
    let launching = store::launching::lookup(snapshot, id, &person.id).await?;
    let offered = launching.map(|known| authorize::offer(person, known.facts(SessionKind::Tunnel, None)));

    Ok(matches!(offered, Some(Ok(_))))
}

/// What is in force, for who may see the record but not its settings.
pub(super) async fn in_force(
    snapshot: &mut Snapshot,
    person: &Person,
    id: &RecordId,
) -> Result<Option<SettingsView>, AppError> {
    let Some(launching) = store::launching::lookup(snapshot, id, &person.id).await? else {
        return Ok(None);
    };
    let Some(database) = launching.record.database() else {
        return Ok(None);
    };
    let governing = launching.configuration.as_ref().and_then(parent);
    let resolved = Effective::of(&launching.settings, database, governing).resolved();

    Ok(Some(SettingsView {
        version: 0,
        general: GeneralDraft::default(),
        connection: ConnectionDraft::default(),
        tunneling: TunnelingDraft::default(),
        configuration: None,
        administrative: None,
        launch: None,
        accounts: Vec::new(),
        resolved,
    }))
}

/// A PAM Configuration as the rules take it.
pub(super) fn parent(record: &Record) -> Option<Parent<'_>> {
    Some(Parent {
        title: record.title(),
        configuration: record.configuration()?,
    })
}

/// The answer to a save that came second.
pub(super) fn unless_conflict(saved: Saved) -> Result<(), AppError> {
    match saved {
        Saved::Done(_) => Ok(()),
        Saved::Conflict => Err(AppError(Refusal::new(Code::PamConflict, CONFLICT))),
    }
}

/// What a changed record is in the audit log.
fn changed(kind: RecordKind, changes: &[FieldChange]) -> EventName {
    match (kind, changes) {
        (_, [only]) if only.field == "folder" => EventName::RecordMoved,
        (RecordKind::Configuration, _) => EventName::PamConfigurationUpdated,
        (RecordKind::Database | RecordKind::User, _) => EventName::RecordUpdated,
    }
}

/// What a deleted record is in the audit log.
pub(super) fn deleted(kind: RecordKind) -> EventName {
    match kind {
        RecordKind::Configuration => EventName::PamConfigurationDeleted,
        RecordKind::Database | RecordKind::User => EventName::RecordDeleted,
    }
}

/// Adds a record with its event. The right to, by which a form is checked at all, is weighed once more.
pub(super) async fn add(
    ctx: &RequestCtx,
    _create: &Authorized<Create>,
    content: Content,
    secrets: Vec<(SecretField, Rewrite)>,
) -> Result<RecordId, AppError> {
    let (id, secrets, event) = made(ctx, &content, secrets, &content.title)?;
    let mut tx = ctx.shared.db.write().await?;
    let person = ctx.held(&mut tx).await?;
    let create = authorize::create(&person)?;
    check_folder(&mut tx, &person, content.folder.as_ref()).await?;
    check_gateway(&mut tx, &content.body).await?;
    store::records::add(&mut tx, &create, &id, content, secrets, ctx.now()).await?;
    store::audit::append(&mut tx, event).await?;
    tx.commit().await?;

    Ok(id)
}

/// Personal credentials one person has at most.
const MAX_PERSONAL: u64 = 100;

/// What the audit log calls a personal credential: its title is its owner's.
const PERSONAL: &str = "Personal credential";

/// What the audit log calls a record of this title.
pub(super) fn logged(record: &Record, title: &str) -> String {
    match record.owner {
        None => title.to_owned(),
        Some(_) => PERSONAL.to_owned(),
    }
}

/// Adds a personal credential with its event. The right to is weighed once more.
pub(super) async fn add_personal(
    ctx: &RequestCtx,
    _keep: &Authorized<KeepPersonal>,
    content: Content,
    secrets: Vec<(SecretField, Rewrite)>,
) -> Result<RecordId, AppError> {
    let (id, secrets, event) = made(ctx, &content, secrets, PERSONAL)?;
    let mut tx = ctx.shared.db.write().await?;
    let person = ctx.held(&mut tx).await?;
    let keep = authorize::keep_personal(&person)?;
    if store::records::count_personal(&mut tx, &keep).await? >= MAX_PERSONAL {
        return Err(AppError(Refusal::new(
            Code::PamConflict,
            format!(
                "You have {MAX_PERSONAL} personal credentials, which is as many as one person may have. Delete one you do \
                 not use."
            ),
        )));
    }
    store::records::add_personal(&mut tx, &keep, &id, content, secrets, ctx.now()).await?;
    store::audit::append(&mut tx, event).await?;
    tx.commit().await?;

    Ok(id)
}

/// A new record's id, its sealed secrets, and the event, in which it is called `title`.
fn made(
    ctx: &RequestCtx,
    content: &Content,
    secrets: Vec<(SecretField, Rewrite)>,
    title: &str,
) -> Result<(RecordId, SecretWrites, Event), AppError> {
    let id = RecordId::from_random(ctx.shared.draw());
    let secrets = sealed(ctx, &id, secrets)?;
    let event = ctx
        .event(vault::audit::created(content.body.kind()))
        .about(&id, title)
        .with_changes(&content.described(secrets.iter().map(|(field, _)| *field)));

    Ok((id, secrets, event))
}

/// Spreads a connection string pasted into Host over the fields; the answer is what the next page is told of it.
pub(super) fn spread(mut draft: DatabaseDraft) -> Result<(DatabaseDraft, &'static str), AppError> {
    draft.trusted_ca = plain_lines(&draft.trusted_ca);
    draft.notes = plain_lines(&draft.notes);
    let pasted = match draft.spread_connection_string().map_err(invalid)? {
        Some(PastedCredential {
            login: None,
            password: None,
        })
        | None => "",
        Some(_) => "?pasted=credential",
    };

    Ok((draft, pasted))
}

/// Gives a person what a form says, and adds it to the event.
pub(super) async fn grant(
    tx: &mut Tx,
    configure: &Authorized<Configure>,
    draft: &ShareDraft,
    event: Event,
    now: Timestamp,
) -> Result<Event, AppError> {
    let nobody = || {
        invalid(FieldError::new(
            "person",
            "This person is gone or switched off. Choose another one.",
        ))
    };
    let person = draft.person.as_ref().ok_or_else(nobody)?;
    let known = store::people::lookup(tx, person).await?.ok_or_else(nobody)?;
    let errors = vault::share::check_for(&known, draft.permissions());
    if !errors.is_empty() {
        return Err(Refusal::invalid(errors).into());
    }
    let event = with_person(tx, event, person)
        .await?
        .with("permissions", draft.permissions().words());

    match store::shares::grant(tx, configure, person, draft.permissions(), now).await? {
        Granted::Done => Ok(event),
        Granted::Nobody => Err(nobody()),
    }
}

/// Adds to an event whom it is about.
pub(super) async fn with_person(tx: &mut Tx, event: Event, person: &PersonId) -> Result<Event, AppError> {
    let known = store::people::lookup(tx, person).await?;
    let email = known.map(|person| person.handle.to_string()).unwrap_or_default();

    Ok(event.with("person", email).with("person_id", person.to_string()))
}

/// Everybody with a launch share, each once.
pub(super) fn launchers(shares: Vec<ShareView>) -> Vec<(PersonId, String)> {
    let mut launchers: Vec<(PersonId, String)> = shares
        .into_iter()
        .filter(|share| share.permissions.launch)
        .map(|share| (share.person, share.person_name))
        .collect();
    launchers.dedup_by(|one, other| one.0 == other.0);

    launchers
}

/// The records a *General* tab links to.
pub(super) fn general_links(draft: &GeneralDraft) -> Vec<RecordId> {
    let accounts = draft.accounts.iter().filter_map(|account| account.user.clone());

    draft
        .configuration
        .iter()
        .chain(&draft.administrative_credential)
        .cloned()
        .chain(accounts)
        .collect()
}

/// A folder, if the person sees it.
pub(super) async fn visible_folder(
    snapshot: &mut Snapshot,
    person: &Person,
    id: &FolderId,
) -> Result<FolderView, AppError> {
    let folders = store::folders::list(snapshot, person).await?;

    folders
        .into_iter()
        .find(|folder| folder.id == *id)
        .ok_or_else(|| AppError(Refusal::new(Code::PamNotFound, "Folder not found.")))
}

/// The answer to deleting a folder that holds records.
pub(super) fn unless_full(removed: store::folders::Removed) -> Result<(), AppError> {
    match removed {
        store::folders::Removed::Done => Ok(()),
        store::folders::Removed::NotEmpty(_) => Err(AppError(Refusal::new(
            Code::PamConflict,
            "Only an empty folder can be deleted. Move or delete its records first.",
        ))),
        store::folders::Removed::Nothing => {
            Err(AppError(Refusal::new(Code::PamNotFound, "Folder not found.")))
        }
    }
}

/// Names what keeps a record from being deleted.
pub(super) fn linked(links: &[(LinkKind, Link)]) -> AppError {
    let named: Vec<String> = links
        .iter()
        .map(|(kind, link)| format!("“{}” (as {})", link.title, kind.label()))
        .collect();

    AppError(Refusal::new(
        Code::PamConflict,
        format!(
            "Records link to this one: {}. Unlink it there before you delete it.",
            named.join(", ")
        ),
    ))
}

/// A form with one wrong field.
pub(super) fn invalid(error: FieldError) -> AppError {
    AppError(Refusal::invalid(vec![error]))
}

/// A form with several wrong fields.
pub(super) fn invalid_fields(errors: Vec<FieldError>) -> AppError {
    AppError(Refusal::invalid(errors))
}

/// Line ends as they were typed: a browser sends CRLF for a form without JavaScript and LF with it.
pub(super) fn plain_lines(text: &str) -> String {
    text.replace("\r\n", "\n")
}

/// The texts of a PAM User's form with plain line ends.
pub(super) fn plain_user(draft: UserDraft) -> UserDraft {
    UserDraft {
        certificate: plain_lines(&draft.certificate),
        description: plain_lines(&draft.description),
        ..draft
    }
}

/// The answer to a name that is in use.
pub(super) fn unless_taken(error: store::Error) -> AppError {
    match error {
        store::Error::Taken => invalid(FieldError::new(
            "name",
            "There is a folder of this name. Choose another one.",
        )),
        store::Error::Unavailable(_)
        | store::Error::Inconsistent { .. }
        | store::Error::Address
        | store::Error::Migration(_)
        | store::Error::Copy(_)
        | store::Error::NotACopy(_)
        | store::Error::Internal(_) => error.into(),
    }
}

/// The credentials of a database that may be tested, by who may edit it.
pub(super) async fn tests(
    snapshot: &mut Snapshot,
    edit: Option<Authorized<Edit>>,
) -> Result<Vec<TestedCredential>, AppError> {
    let Some(edit) = edit else {
        return Ok(Vec::new());
    };
    let (settings, _) = store::settings::lookup(snapshot, edit.record()).await?;
    let administrative = settings.administrative.map(|_| TestedCredential::Administrative);
    let launch = settings
        .connection
        .launch_credential
        .map(|_| TestedCredential::Launch);

    Ok(administrative.into_iter().chain(launch).collect())
}

/// Every secret a record has, in clear.
pub(super) async fn revealed(
    ctx: &RequestCtx,
    snapshot: &mut Snapshot,
    proof: &Authorized<Reveal>,
) -> Result<Revealed, AppError> {
    let password = store::records::secrets::for_reveal(snapshot, proof, SecretField::Password).await?;
    let private_key = store::records::secrets::for_reveal(snapshot, proof, SecretField::PrivateKey).await?;
    let password = opened(ctx, proof.record(), SecretField::Password, password.as_ref())?;
    let private_key = opened(ctx, proof.record(), SecretField::PrivateKey, private_key.as_ref())?;
    let shown = |secret: Option<Secret>| secret.map(|secret| secret.expose().to_owned());

    Ok(Revealed {
        password: shown(password),
        private_key: shown(private_key),
    })
}
