//! What a file describes, made with the same steps and the same events as by the forms. What is there already is compared.

mod records;

use std::collections::HashMap;

use app::ctx::Client;
use protocol::audit::{EventName, Outcome};
use protocol::errors::Refusal;
use protocol::ids::{FolderId, PersonId, RecordId};
use protocol::import::{ImportVerdict, ImportedObject, ObjectKind, Problem};
use protocol::people::PersonState;
use protocol::time::Timestamp;
use protocol::vault::{RecordKind, Route};
use store::access_tokens::{self, Standing};
use store::{Tx, audit, folders, gateways, people, settings, shares};
use vault::audit::Event;
use vault::authorize::{self, Authorized, Create};
use vault::gateway::Gateway;
use vault::import::{Ids, Place, Plan, PlannedDatabase, PlannedFolder, PlannedGateway};
use vault::people::{Email, Person};
use vault::record::{Body, Configuration, Content};
use vault::settings::{Names, Settings};

use self::records::Found;
use crate::access_tokens::Holder;
use crate::clock;
use crate::people::sign_in::event;
use crate::people::store_failed;
use crate::routes::no_token;
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

impl<'a> Making<'a> {
    pub(super) async fn begin(
        state: &'a AppState,
        holder: &'a Holder,
        client: &'a Client,
    ) -> Result<Self, Refusal> {
        let mut tx = state.db.write().await.map_err(store_failed)?;
        let now = clock::now();
        // As they are in this transaction: since the request came their role may have been taken away, or the token.
        let person = people::hold(&mut tx, &holder.person.id)
            .await
            .map_err(store_failed)?
            .filter(Person::is_active)
            .ok_or_else(no_token)?;
        let token = access_tokens::lookup(&mut tx, &holder.token.id)
            .await
            .map_err(store_failed)?;
        if !token.is_some_and(|(token, _)| token.standing(now) == Standing::Good) {
            return Err(no_token());
        }
        let create = authorize::create(&person)?;

        Ok(Self {
            state,
            holder,
            client,
            tx,
            person,
            create,
            now,
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
        gateway: Option<(Gateway, Place)>,
        problems: &mut Vec<Problem>,
    ) -> Result<Vec<ImportedObject>, Refusal> {
        let mut objects = Vec::new();
        let resources = self.folder(&plan.resources, known, &mut objects).await?;
        let users_folder = self.folder(&plan.users_folder, known, &mut objects).await?;
        let route = self
            .route(gateway, (&resources, &plan.resources.name), &mut objects)
            .await?;
        let there = self.there(RecordKind::Configuration, None).await?;
        let content = routed(&plan.configuration, route);
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

    /// The gateway a file names, if there is one of this name.
    pub(super) async fn gateway(
        &mut self,
        planned: &PlannedGateway,
        problems: &mut Vec<Problem>,
    ) -> Result<Option<(Gateway, Place)>, store::Error> {
        let gateways = gateways::list(&mut self.tx).await?;
        let found = gateways.into_iter().find(|gateway| gateway.name == planned.name);
        if found.is_none() {
            problems.push(planned.place.problem(
                "There is no gateway of this name. Make it under Gateways first, or leave \"gateway_name\" empty: then this server connects itself.",
            ));
        }

        Ok(found.map(|gateway| (gateway, planned.place.clone())))
    }

    /// How the configuration reaches its targets: a gateway is given the resources' folder to serve.
    async fn route(
        &mut self,
        gateway: Option<(Gateway, Place)>,
        resources: (&FolderId, &str),
        objects: &mut Vec<ImportedObject>,
    ) -> Result<Route, Refusal> {
        let Some((mut gateway, place)) = gateway else {
            return Ok(Route::Direct);
        };
        let (folder, name) = resources;
        let route = Route::Gateway(gateway.id.clone());
        let title = format!("{}: {name}", gateway.name);
        if gateway.folders.contains(folder) {
            objects.push(object(ObjectKind::Gateway, &title, &place, ImportVerdict::Skip));
            return Ok(route);
        }

        let manage = authorize::manage_gateways(&self.person)?;
        gateway.folders.push(folder.clone());
        gateways::save(&mut self.tx, &manage, &gateway)
            .await
            .map_err(store_failed)?;
        let event = self
            .event(EventName::GatewayUpdated)
            .with("gateway", gateway.name)
            .with("added_folder", name);
        audit::append(&mut self.tx, event).await.map_err(store_failed)?;
        objects.push(object(ObjectKind::Gateway, &title, &place, ImportVerdict::Create));

        Ok(route)
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
        let Some(record) = store::records::lookup(&mut self.tx, id)
            .await
            .map_err(store_failed)?
        else {
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

/// A configuration that goes out this way.
fn routed(content: &Content, route: Route) -> Content {
    let body = match &content.body {
        Body::Configuration(configuration) => Body::Configuration(Configuration {
            gateway: route,
            ..configuration.clone()
        }),
        body @ (Body::Database(_) | Body::User(_)) => body.clone(),
    };

    Content {
        body,
        ..content.clone()
    }
}

fn placed(content: &Content, folder: &FolderId) -> Content {
    Content {
        folder: Some(folder.clone()),
        ..content.clone()
    }
}
