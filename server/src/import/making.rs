//! What a file describes, made with the same steps and the same events as by the forms. What is there already is compared.

use std::collections::HashMap;

use app::ctx::Client;
use protocol::audit::{EventName, Outcome};
use protocol::errors::{Code, Refusal};
use protocol::ids::{FolderId, PersonId, RecordId};
use protocol::import::{ImportVerdict, ImportedObject, ObjectKind, Problem};
use protocol::people::PersonState;
use protocol::time::Timestamp;
use protocol::vault::RecordKind;
use store::records::{self, SecretWrites};
use store::{Tx, audit, folders, people, settings, shares};
use subtle::ConstantTimeEq as _;
use tracing::error;
use vault::audit::Event;
use vault::authorize::{self, Authorized, Create, Edit};
use vault::envelope::{OpenError, SealRandom, SecretField, open, seal};
use vault::import::{Ids, Place, Plan, PlannedDatabase, PlannedFolder};
use vault::people::{Email, Person};
use vault::record::{Change, Content, Record, Rewrite};
use vault::settings::{Names, Settings};

use crate::access_tokens::Holder;
use crate::clock;
use crate::people::sign_in::event;
use crate::people::store_failed;
use crate::state::AppState;

/// One transaction of a person who may create records.
pub(super) struct Making<'a> {
    state: &'a AppState,
    holder: &'a Holder,
    client: &'a Client,
    tx: Tx,
    person: Person,
    create: Authorized<Create>,
    now: Timestamp,
}

/// What stands where a record is to be made.
enum Found {
    Nothing(RecordId),
    /// These of its fields are not what the file says.
    Record {
        id: RecordId,
        differs: Vec<String>,
    },
}

impl Found {
    fn id(&self) -> &RecordId {
        match self {
            Self::Nothing(id) | Self::Record { id, .. } => id,
        }
    }

    fn verdict(self) -> ImportVerdict {
        match self {
            Self::Nothing(_) => ImportVerdict::Create,
            Self::Record { differs, .. } if differs.is_empty() => ImportVerdict::Skip,
            Self::Record { differs, .. } => ImportVerdict::Conflict { fields: differs },
        }
    }
}

/// Records of one kind in one folder, by title.
type Titles = HashMap<String, Vec<Record>>;

impl<'a> Making<'a> {
    pub(super) async fn begin(
        state: &'a AppState,
        holder: &'a Holder,
        client: &'a Client,
    ) -> Result<Self, Refusal> {
        let mut tx = state.db.write().await.map_err(store_failed)?;
        // As they are in this transaction: since the request came their role may have been taken away.
        let person = people::hold(&mut tx, &holder.person.id)
            .await
            .map_err(store_failed)?
            .filter(Person::is_active)
            .ok_or_else(Refusal::signed_out)?;
        let create = authorize::create(&person)?;

        Ok(Self {
            state,
            holder,
            client,
            tx,
            person,
            create,
            now: clock::now(),
        })
    }

    /// Takes back what was made and begins anew.
    pub(super) async fn again(self) -> Result<Self, Refusal> {
        let Self {
            state,
            holder,
            client,
            tx,
            ..
        } = self;
        drop(tx);

        Self::begin(state, holder, client).await
    }

    /// Something that went well in this request.
    pub(super) fn event(&self, name: EventName) -> Event {
        event(name, Outcome::Ok, self.client, self.now).by(&self.person)
    }

    /// Keeps what was made, with what the log says of all of it.
    pub(super) async fn end(mut self, event: Event) -> Result<(), store::Error> {
        audit::append(&mut self.tx, event).await?;

        self.tx.commit().await
    }

    /// Who the addresses belong to; of whom something can be shared with nobody is a problem.
    pub(super) async fn people(
        &mut self,
        people: &[(Email, Place)],
        problems: &mut Vec<Problem>,
    ) -> Result<HashMap<Email, PersonId>, store::Error> {
        let mut known = HashMap::new();
        for (email, place) in people {
            match people::find(&mut self.tx, email).await? {
                Some(person) if person.state != PersonState::Off => {
                    known.insert(email.clone(), person.id);
                }
                Some(_) => problems.push(
                    place.problem("This person is switched off. Switch them on under People, or take them out of the file."),
                ),
                None => problems.push(
                    place.problem("Nobody here has this address. Add the person under People first, or take them out of the file."),
                ),
            }
        }

        Ok(known)
    }

    /// Makes everything a plan says.
    pub(super) async fn all(
        &mut self,
        plan: &Plan,
        known: &HashMap<Email, PersonId>,
        problems: &mut Vec<Problem>,
    ) -> Result<Vec<ImportedObject>, Refusal> {
        let mut objects = Vec::new();
        let resources = self.folder(&plan.resources, known, &mut objects).await?;
        let users_folder = self.folder(&plan.users_folder, known, &mut objects).await?;
        let there = self.there(RecordKind::Configuration, None).await?;
        let content = plan.configuration.clone();
        let place = &plan.configuration_place;
        let found = self.record(content, &[], place, &there, problems).await?;
        let configuration = found.id().clone();
        objects.push(object(
            ObjectKind::Configuration,
            &plan.configuration.title,
            place,
            found.verdict(),
        ));

        let there = self.there(RecordKind::User, Some(&users_folder)).await?;
        let mut users = Vec::new();
        for user in &plan.users {
            let content = placed(&user.content, &users_folder);
            let found = self
                .record(content, &user.secrets, &user.place, &there, problems)
                .await?;
            users.push(found.id().clone());
            objects.push(object(
                ObjectKind::User,
                &user.content.title,
                &user.place,
                found.verdict(),
            ));
        }

        let there = self.there(RecordKind::Database, Some(&resources)).await?;
        let ids = Ids {
            configuration: &configuration,
            users: &users,
        };
        for database in &plan.databases {
            let content = placed(&database.content, &resources);
            let found = self
                .record(content, &[], &database.place, &there, problems)
                .await?;
            let found = self.settings(plan, database, &ids, found, problems).await?;
            objects.push(object(
                ObjectKind::Database,
                &database.content.title,
                &database.place,
                found.verdict(),
            ));
        }

        Ok(objects)
    }

    /// A folder with its shares.
    async fn folder(
        &mut self,
        planned: &PlannedFolder,
        known: &HashMap<Email, PersonId>,
        objects: &mut Vec<ImportedObject>,
    ) -> Result<FolderId, Refusal> {
        let folders = folders::list(&mut self.tx, &self.person)
            .await
            .map_err(store_failed)?;
        let there = folders.into_iter().find(|folder| folder.name == planned.name);
        let verdict = match &there {
            Some(_) => ImportVerdict::Skip,
            None => ImportVerdict::Create,
        };
        objects.push(object(ObjectKind::Folder, &planned.name, &planned.place, verdict));
        let id = match there {
            Some(folder) => folder.id,
            None => self.add_folder(&planned.name).await.map_err(store_failed)?,
        };

        let configure = authorize::configure_folder(&self.person, &id)?;
        let held = shares::list_folder(&mut self.tx, &configure)
            .await
            .map_err(store_failed)?;
        for share in &planned.shares {
            let Some(person) = known.get(&share.email) else {
                continue;
            };
            let title = format!(
                "{}: {} ({})",
                planned.name,
                share.email,
                share.permissions.words()
            );
            let held = held.iter().find(|held| held.person == *person);
            let verdict = match held {
                Some(held) if held.permissions == share.permissions => ImportVerdict::Skip,
                Some(_) => ImportVerdict::Conflict {
                    fields: vec!["permissions".to_owned()],
                },
                None => ImportVerdict::Create,
            };
            if verdict == ImportVerdict::Create {
                let event = self
                    .event(EventName::FolderShared)
                    .with("folder", id.to_string())
                    .with("name", planned.name.clone())
                    .with("person", share.email.to_string())
                    .with("person_id", person.to_string())
                    .with("permissions", share.permissions.words());
                shares::grant(&mut self.tx, &configure, person, share.permissions, self.now)
                    .await
                    .map_err(store_failed)?;
                audit::append(&mut self.tx, event).await.map_err(store_failed)?;
            }
            objects.push(object(ObjectKind::Share, &title, &share.place, verdict));
        }

        Ok(id)
    }

    async fn add_folder(&mut self, name: &str) -> Result<FolderId, store::Error> {
        let id = FolderId::from_random(clock::draw());
        folders::add(&mut self.tx, &self.create, &id, name, self.now).await?;
        let event = self
            .event(EventName::FolderCreated)
            .with("folder", id.to_string())
            .with("name", name);
        audit::append(&mut self.tx, event).await?;

        Ok(id)
    }

    async fn there(&mut self, kind: RecordKind, folder: Option<&FolderId>) -> Result<Titles, Refusal> {
        let records = records::placed(&mut self.tx, &self.create, kind, folder)
            .await
            .map_err(store_failed)?;
        let mut titles = Titles::new();
        for record in records {
            titles
                .entry(record.content.title.clone())
                .or_default()
                .push(record);
        }

        Ok(titles)
    }

    /// A record, made if there is none of its title.
    async fn record(
        &mut self,
        content: Content,
        secrets: &[(SecretField, Rewrite)],
        place: &Place,
        there: &Titles,
        problems: &mut Vec<Problem>,
    ) -> Result<Found, Refusal> {
        let namesakes = there.get(&content.title).map(Vec::as_slice).unwrap_or_default();
        match namesakes {
            [] => self.add(content, secrets).await.map(Found::Nothing),
            [record] => self.compare(record, &content, secrets).await,
            [record, ..] => {
                problems.push(place.problem(format!(
                    "{} records of the title \"{}\" are there already, and which is meant cannot be told. Give all but one another title.",
                    namesakes.len(),
                    content.title,
                )));

                Ok(Found::Record {
                    id: record.id.clone(),
                    differs: Vec::new(),
                })
            }
        }
    }

    async fn add(
        &mut self,
        content: Content,
        secrets: &[(SecretField, Rewrite)],
    ) -> Result<RecordId, Refusal> {
        let id = RecordId::from_random(clock::draw());
        let secrets = self.sealed(&id, secrets)?;
        let event = self
            .event(vault::audit::created(content.body.kind()))
            .about(&id, content.title.clone())
            .with_changes(&content.described(secrets.iter().map(|(field, _)| *field)));
        records::add(&mut self.tx, &self.create, &id, content, secrets, self.now)
            .await
            .map_err(store_failed)?;
        audit::append(&mut self.tx, event).await.map_err(store_failed)?;

        Ok(id)
    }

    fn sealed(&self, id: &RecordId, secrets: &[(SecretField, Rewrite)]) -> Result<SecretWrites, Refusal> {
        secrets
            .iter()
            .map(|(field, rewrite)| match rewrite {
                Rewrite::Clear => Ok((*field, None)),
                Rewrite::Set(secret) => {
                    let random = SealRandom::new(clock::draw(), clock::draw(), clock::draw());
                    let sealed = seal(&self.state.master, id, *field, secret, random)
                        .map_err(|error| unreadable(&error))?;

                    Ok((*field, Some(sealed)))
                }
            })
            .collect()
    }

    async fn compare(
        &mut self,
        record: &Record,
        content: &Content,
        secrets: &[(SecretField, Rewrite)],
    ) -> Result<Found, Refusal> {
        let edit = authorize::edit(&self.person, &record.location(), &[])?;
        let change = Change::between(&edit, &record.content, content, &[], &[], FolderId::to_string)?;
        let mut differs: Vec<String> = change
            .fields()
            .iter()
            .map(|change| change.field.clone())
            .collect();
        for (field, rewrite) in secrets {
            if !self.is_stored(&edit, *field, rewrite).await? {
                differs.push(field.name().to_owned());
            }
        }

        Ok(Found::Record {
            id: record.id.clone(),
            differs,
        })
    }

    /// Whether what a secret would become is what it is.
    async fn is_stored(
        &mut self,
        edit: &Authorized<Edit>,
        field: SecretField,
        rewrite: &Rewrite,
    ) -> Result<bool, Refusal> {
        let stored = records::secrets::for_edit(&mut self.tx, edit)
            .await
            .map_err(store_failed)?;
        let stored = stored.iter().find(|(stored, _)| *stored == field);
        match (rewrite, stored) {
            (Rewrite::Clear, stored) => Ok(stored.is_none()),
            (Rewrite::Set(_), None) => Ok(false),
            (Rewrite::Set(secret), Some((_, sealed))) => {
                let stored = open(&self.state.master, edit.record(), field, sealed)
                    .map_err(|error| unreadable(&error))?;

                Ok(bool::from(
                    stored.expose().as_bytes().ct_eq(secret.expose().as_bytes()),
                ))
            }
        }
    }

    /// PAM settings of a database: saved for one that is new, compared for one that is there.
    async fn settings(
        &mut self,
        plan: &Plan,
        database: &PlannedDatabase,
        ids: &Ids<'_>,
        found: Found,
        problems: &mut Vec<Problem>,
    ) -> Result<Found, Refusal> {
        let wanted = match plan.settings(database, ids) {
            Ok(Some(settings)) => settings,
            Ok(None) => return Ok(found),
            Err(told) => {
                problems.extend(told);
                return Ok(found);
            }
        };

        match found {
            Found::Nothing(id) => {
                self.add_settings(&id, &wanted).await?;

                Ok(Found::Nothing(id))
            }
            Found::Record { id, mut differs } => {
                let (stored, _version) = settings::lookup(&mut self.tx, &id).await.map_err(store_failed)?;
                let titles = UserTitles { plan, ids };
                let changes = stored.changes(&wanted, &titles);
                differs.extend(changes.into_iter().map(|change| change.field));

                Ok(Found::Record { id, differs })
            }
        }
    }

    async fn add_settings(&mut self, id: &RecordId, wanted: &Settings) -> Result<(), Refusal> {
        let Some(record) = records::lookup(&mut self.tx, id).await.map_err(store_failed)? else {
            return Err(Refusal::not_found());
        };
        let configure = authorize::configure(&self.person, &record.location(), &[])?;
        let changes = Settings::default().changes(wanted, &vault::settings::Ids);
        settings::save(&mut self.tx, &configure, wanted, 0, self.now)
            .await
            .map_err(store_failed)?;
        let event = self
            .event(EventName::PamSettingsUpdated)
            .about(id, record.title())
            .with_changes(&changes);
        audit::append(&mut self.tx, event).await.map_err(store_failed)?;

        Ok(())
    }
}

/// Names of a plan's users, as far as an account is one of them.
struct UserTitles<'a> {
    plan: &'a Plan,
    ids: &'a Ids<'a>,
}

impl Names for UserTitles<'_> {
    fn record(&self, id: &RecordId) -> String {
        let users = self.ids.users.iter().zip(&self.plan.users);

        users
            .filter(|(user, _)| *user == id)
            .map(|(_, user)| user.content.title.clone())
            .next()
            .unwrap_or_else(|| id.to_string())
    }

    fn person(&self, id: &PersonId) -> String {
        id.to_string()
    }
}

fn object(kind: ObjectKind, title: &str, place: &Place, verdict: ImportVerdict) -> ImportedObject {
    ImportedObject {
        kind,
        title: title.to_owned(),
        line: place.line,
        verdict,
    }
}

fn placed(content: &Content, folder: &FolderId) -> Content {
    Content {
        folder: Some(folder.clone()),
        ..content.clone()
    }
}

fn unreadable(error: &OpenError) -> Refusal {
    error!(error = error as &dyn std::error::Error, "secret");

    Refusal::new(
        Code::Internal,
        "A stored secret could not be read or written with this server's master key. Tell an administrator.",
    )
}
