//! A server on either store, an administrator's token for it, and a file that is imported.

use std::path::PathBuf;
use std::process::Stdio;

use expect_test::Expect;
use http::{Method, header};
use protocol::audit::{AuditFilter, EventName, EventView};
use protocol::ids::{PersonId, TokenId};
use protocol::people::Role;
use server::clock;
use store::records::RecordFilter;
use store::tokens::TokenHash;
use store::{access_tokens, people, records};
use tempfile::TempDir;
use testkit::Cluster;
use testkit::cluster::{PASSWORD, SUPERUSER};
use vault::authorize::{self, Password, Wanted};
use vault::envelope::{SecretField, open};
use vault::people::Person;
use vault::record::Record;

use crate::house::{Answer, Call, House, Served};
use crate::program;

/// The page with the example.
pub const PAGE: &str = include_str!("../../../docs/import.md");

/// In no answer, no log and no row.
pub const CANARY: &str = "the-password-of-";

/// The example of the page.
pub fn example() -> &'static str {
    let (_, rest) = PAGE.split_once("```json\n").unwrap();

    rest.split_once("```").unwrap().0
}

/// A server, an administrator's token for it, and a file.
pub struct Desk {
    pub served: Served,
    pub token: String,
    folder: TempDir,
    /// What the store stands on.
    _cluster: Option<Cluster>,
}

/// What the program said.
pub struct Ran {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

/// Runs a test on both stores.
pub async fn on_both(test: impl AsyncFn(Desk)) {
    test(Desk::open(None).await).await;

    let cluster = Cluster::start().unwrap();
    cluster.sql("CREATE DATABASE postern").unwrap();
    test(Desk::open(Some(cluster)).await).await;
}

impl Desk {
    pub async fn open(cluster: Option<Cluster>) -> Self {
        let url = cluster.as_ref().map(|cluster| {
            format!(
                "postgres://{SUPERUSER}:{PASSWORD}@127.0.0.1:{}/postern?sslmode=disable",
                cluster.port()
            )
        });
        let served = House::serve(|config| config.store.url = url).await;
        for name in ["dev", "lead"] {
            invite(&served.house, name).await;
        }
        let token = token(&served.house, Role::Administrator, Wanted::CommandLine).await;

        Self {
            served,
            token,
            folder: tempfile::tempdir().unwrap(),
            _cluster: cluster,
        }
    }

    pub fn house(&self) -> &House {
        &self.served.house
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("acme.json")
    }

    /// Imports a text.
    pub async fn import(&self, text: &str, arguments: &[&str]) -> Ran {
        std::fs::write(self.file(), text).unwrap();
        let output = program::postern()
            .current_dir(self.folder.path())
            .env("POSTERN_URL", format!("http://localhost:{}", self.served.port))
            .env("POSTERN_TOKEN", &self.token)
            .args(["import", "acme.json"])
            .args(arguments)
            .stdin(Stdio::null())
            .output()
            .await
            .unwrap();
        let ran = Ran {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        };
        assert!(
            !ran.out.contains(CANARY) && !ran.err.contains(CANARY),
            "{}{}",
            ran.out,
            ran.err
        );

        ran
    }

    pub async fn check(&self, text: &str, arguments: &[&str], code: i32, expected: Expect) {
        let ran = self.import(text, arguments).await;

        expected.assert_eq(&format!("{}--\n{}", ran.out, ran.err));
        assert_eq!(ran.code, Some(code));
    }

    pub async fn administrator(&self) -> Person {
        self.house().person(Role::Administrator).await
    }

    /// Titles of all records.
    pub async fn titles(&self) -> Vec<String> {
        let person = self.administrator().await;
        let mut snapshot = self.house().state.db.read().await.unwrap();
        let list = records::list(&mut snapshot, &person, &RecordFilter::default())
            .await
            .unwrap();

        list.into_iter().map(|record| record.title).collect()
    }

    pub async fn record(&self, title: &str) -> Record {
        let person = self.administrator().await;
        let mut snapshot = self.house().state.db.read().await.unwrap();
        let list = records::list(&mut snapshot, &person, &RecordFilter::default())
            .await
            .unwrap();
        let id = list.into_iter().find(|record| record.title == title).unwrap().id;

        records::lookup(&mut snapshot, &id).await.unwrap().unwrap()
    }

    pub async fn password(&self, title: &str) -> String {
        let (person, record) = (self.administrator().await, self.record(title).await);
        let edit = authorize::edit(&person, &record.location(), &[]).unwrap();
        let mut snapshot = self.house().state.db.read().await.unwrap();
        let stored = records::secrets::for_edit(&mut snapshot, &edit).await.unwrap();
        let [(SecretField::Password, sealed)] = stored.as_slice() else {
            panic!("{stored:?}")
        };
        let master = &self.house().state.master;

        open(master, &record.id, SecretField::Password, sealed)
            .unwrap()
            .expose()
            .to_owned()
    }

    /// The log of these events, oldest first.
    pub async fn events(&self, names: &[EventName]) -> Vec<EventView> {
        let mut events = Vec::new();
        for name in names {
            let filter = AuditFilter {
                event: name.as_str().to_owned(),
                ..AuditFilter::default()
            };
            let mut snapshot = self.house().state.db.read().await.unwrap();
            events.extend(store::audit::list(&mut snapshot, &filter).await.unwrap().events);
        }
        events.sort_by_key(|event| event.seq);

        events
    }

    /// How many rows there are of what an import makes.
    pub async fn n_made(&self) -> usize {
        let person = self.administrator().await;
        let mut snapshot = self.house().state.db.read().await.unwrap();
        let folders = store::folders::list(&mut snapshot, &person).await.unwrap();

        folders.len() + self.titles().await.len()
    }

    /// What the door itself answers.
    pub async fn post(&self, token: &str, query: &str, body: &str) -> Answer {
        self.house().call(self.call(token, query, body)).await
    }

    pub fn call(&self, token: &str, query: &str, body: &str) -> Call {
        let public_url = &self.house().state.config.http.public_url;

        Call::new(Method::POST, &format!("/cli/import{query}"), body)
            .with(header::ORIGIN, public_url)
            .with(header::AUTHORIZATION, &format!("Bearer {token}"))
    }
}

async fn invite(house: &House, name: &str) {
    let (id, email) = (
        PersonId::from_random(clock::draw()),
        format!("{name}@example.org"),
    );
    let mut tx = house.state.db.write().await.unwrap();
    people::invite(
        &mut tx,
        &id,
        &email.parse().unwrap(),
        name,
        Role::User,
        clock::now(),
    )
    .await
    .unwrap();
    tx.commit().await.unwrap();
}

pub async fn token(house: &House, role: Role, wanted: Wanted<'_>) -> String {
    let person = house.person(role).await;
    let take = authorize::take_token(&person, wanted, Password::GivenAgain).unwrap();
    let text = vault::tokens::text(clock::draw());
    let (id, now) = (TokenId::from_random(clock::draw()), clock::now());
    let ends = now + std::time::Duration::from_secs(3600);
    let mut tx = house.state.db.write().await.unwrap();
    access_tokens::add(
        &mut tx,
        &take,
        &id,
        &TokenHash::of(text.expose()),
        "import",
        ends,
        now,
    )
    .await
    .unwrap();
    tx.commit().await.unwrap();

    text.expose().to_owned()
}
