//! Importing a project: the file's keys, and what they mean here.
//!
//! The keys are those of Keeper Commander's project files, as far as they speak of PostgreSQL (spec §28). Reading is pure
//! and finds every problem at once. What comes out is what forms make: contents of records their rules have accepted,
//! settings that can be made once the records have ids. Nobody decides here who may import.

mod configuration;
mod databases;
mod fields;
mod folders;
mod json;
mod problems;
mod users;

use protocol::ids::RecordId;
use protocol::import::{MAX_FILE, Problem};

pub use configuration::PlannedGateway;
pub use databases::{Ids, PlannedDatabase, PlannedSettings};
pub use folders::{PlannedFolder, PlannedShare};
pub use problems::Place;
pub use users::PlannedUser;

use crate::effective::Parent;
use crate::import::configuration::ReadConfiguration;
use crate::import::fields::Fields;
use crate::import::json::{Shape, Source};
use crate::import::problems::Problems;
use crate::people::Email;
use crate::record::{Body, Content};
use crate::settings::Settings;

/// Most PAM Databases and PAM Users of one file together: while they are made, on SQLite nobody else writes.
const MAX_RECORDS: usize = 2_000;

/// A file that was read.
#[derive(Debug)]
pub struct Reading {
    /// The project's name, as far as it can be read.
    pub project: String,
    /// Everybody the file names, and where: whether there is such a person is for the store to say.
    pub people: Vec<(Email, Place)>,
    /// The gateway the configuration goes out through, and which is to serve the resources: whether there is one of this
    /// name is for the store to say, too.
    pub gateway: Option<PlannedGateway>,
    /// What to make; none of a file with problems.
    pub plan: Option<Plan>,
    pub problems: Vec<Problem>,
    pub remarks: Vec<Problem>,
}

/// What a file describes, in the order it is made. Contents are in no folder yet.
#[derive(Debug)]
pub struct Plan {
    pub resources: PlannedFolder,
    pub users_folder: PlannedFolder,
    pub configuration: Content,
    pub configuration_place: Place,
    pub users: Vec<PlannedUser>,
    pub databases: Vec<PlannedDatabase>,
}

/// Reads a file.
pub fn read(file: &[u8]) -> Reading {
    let mut problems = Problems::default();
    let whole = Place {
        line: 1,
        path: String::new(),
    };
    let mut reading = match text_of(file) {
        Ok(text) => read_text(text, whole, &mut problems),
        Err((line, sentence)) => {
            problems.add(&Place { line, ..whole }, sentence);

            Reading::nothing()
        }
    };
    problems.problems.sort_by_key(|problem| problem.line);
    problems.remarks.sort_by_key(|remark| remark.line);
    reading.problems = problems.problems;
    reading.remarks = problems.remarks;
    if !reading.problems.is_empty() {
        reading.plan = None;
    }

    reading
}

impl Reading {
    fn nothing() -> Self {
        Self {
            project: String::new(),
            people: Vec::new(),
            gateway: None,
            plan: None,
            problems: Vec::new(),
            remarks: Vec::new(),
        }
    }
}

fn text_of(file: &[u8]) -> Result<&str, (u32, String)> {
    if file.len() > MAX_FILE {
        let most = MAX_FILE / 1024 / 1024;
        return Err((
            1,
            format!("The file is larger than {most} MiB. Import it in several."),
        ));
    }
    let text = str::from_utf8(file).map_err(|error| {
        let before = file.get(..error.valid_up_to()).unwrap_or_default();
        let ends = before.iter().filter(|byte| **byte == b'\n').count();
        let line = u32::try_from(ends).unwrap_or(u32::MAX).saturating_add(1);

        (
            line,
            "This is no text in UTF-8. Save the file in that encoding.".to_owned(),
        )
    })?;

    // What some editors put before the first character.
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}

fn read_text(text: &str, whole: Place, problems: &mut Problems) -> Reading {
    let source = Source::new(text);
    let root = match source.root() {
        Ok(root) => root,
        Err((line, sentence)) => {
            problems.add(&Place { line, ..whole }, sentence);
            return Reading::nothing();
        }
    };
    if root.shape() != Shape::Object {
        problems.add(&whole, "An object is expected here: { … }.");
        return Reading::nothing();
    }
    let mut file = Fields::of(
        &source,
        root,
        Place {
            line: source.line_of(root),
            ..whole
        },
        problems,
    );
    let project = file.text("project", problems).trim().to_owned();
    if project.is_empty() {
        problems.add(
            &file.place("project"),
            "Name the project: its folders are named by it.",
        );
    }

    let place = file.place("project");
    let resources = folders::resources(
        file.object("shared_folder_resources", problems),
        &project,
        &place,
        problems,
    );
    let users_folder = folders::users(file.object("shared_folder_users", problems), &project, problems);
    if !file.has("pam_configuration") {
        problems.add(
            &file.place("pam_configuration"),
            "There is no PAM Configuration: every project has one.",
        );
    }
    let configuration = file.object("pam_configuration", problems);
    let configuration_place = configuration.place.clone();
    let ReadConfiguration {
        content: configuration,
        gateway,
    } = configuration::read(configuration, &project, problems);
    let mut data = file.object("pam_data", problems);
    let read = databases::read(&mut data, configuration.as_ref(), problems);
    data.close(problems);
    file.close(problems);

    let people = [&resources, &users_folder]
        .into_iter()
        .flat_map(|folder| &folder.shares)
        .map(|share| (share.email.clone(), share.place.clone()))
        .collect();
    let plan = configuration.zip(read).map(|(configuration, read)| Plan {
        resources,
        users_folder,
        configuration,
        configuration_place,
        users: read.users,
        databases: read.databases,
    });

    Reading {
        project,
        people,
        gateway,
        plan,
        problems: Vec::new(),
        remarks: Vec::new(),
    }
}

impl Plan {
    /// The PAM settings of one of its databases, once its records have ids; none where the file says nothing of them.
    ///
    /// # Errors
    /// What the rules say, at the keys in question. Reading has asked them: there are no new ones.
    pub fn settings(
        &self,
        database: &PlannedDatabase,
        ids: &Ids<'_>,
    ) -> Result<Option<Settings>, Vec<Problem>> {
        let Some(settings) = &database.settings else {
            return Ok(None);
        };

        settings.with(ids, parent(&self.configuration)).map(Some)
    }
}

/// A PAM Configuration as the rules take it.
fn parent(configuration: &Content) -> Option<Parent<'_>> {
    match &configuration.body {
        Body::Configuration(body) => Some(Parent {
            title: &configuration.title,
            configuration: body,
        }),
        Body::Database(_) | Body::User(_) => None,
    }
}

/// An id for a record that has none yet, to ask the rules with.
fn placeholder(idx: usize) -> RecordId {
    let mut bytes = [0; 16];
    for (byte, of_idx) in bytes.iter_mut().zip(idx.to_be_bytes()) {
        *byte = of_idx;
    }

    RecordId::from_random(bytes)
}

#[cfg(test)]
mod tests;
