//! Who works in the demo and with what: made through Postern's own forms, as an administrator would.

use std::fs;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::browser::Browser;
use super::folder::Folder;
use super::gateway::DATABASE;
use super::postern::ADMINISTRATOR;

pub(super) const USER: &str = "ben@postern.example";
pub(super) const AUDITOR: &str = "cleo@postern.example";

/// Adds a user, an auditor, and the sample database with its three credentials; ready to launch.
pub(super) fn make(folder: &Folder, url: &str) -> Result<()> {
    let mut ada = Browser::open(url);
    ada.sign_in(ADMINISTRATOR, folder.password("administrator")?)?;
    add_person(
        &mut ada,
        url,
        USER,
        "Ben Brandt",
        "user",
        folder.password("user")?,
    )?;
    add_person(
        &mut ada,
        url,
        AUDITOR,
        "Cleo Castro",
        "auditor",
        folder.password("auditor")?,
    )?;
    let (ada_id, ben_id) = (person(&mut ada, ADMINISTRATOR)?, person(&mut ada, USER)?);

    let shelf = ada.send("create-folder", &[("draft[name]", "Shop")])?.id()?;
    let configuration = add_configuration(&mut ada, "Local databases", "direct")?;
    let mut user = |title, login| add_user(&mut ada, &shelf, title, login, folder.password(login)?, "shop");
    let reading = user("shop, reading", "app_ro")?;
    let writing = user("shop, writing", "app_rw")?;
    let administration = user("shop, administration", "postern_admin")?;
    let notes = "A shop: catalogue, people, sales, logistics, support, web. A million order lines.";
    let database = add_database(&mut ada, folder, &shelf, "shop", notes)?;
    share(&mut ada, &database, &[&ada_id, &ben_id])?;
    let version = settings_version(&mut ada, &database)?;
    ada.send(
        "save-general",
        &[
            ("id", &database),
            ("version", &version),
            ("draft[configuration]", &configuration),
            ("draft[administrative_credential]", &administration),
            ("draft[accounts][0][user]", &writing),
            ("draft[accounts][0][may_launch]", "persons"),
            ("draft[accounts][0][persons][0]", &ben_id),
        ],
    )?;
    let version = settings_version(&mut ada, &database)?;
    launch_with(&mut ada, &database, &version, &reading)?;

    test(&mut ada, &database, "administrative")?;
    test(&mut ada, &database, "launch")
}

/// Adds the database behind the gateway, ready to launch. What an interrupted run left has another name by then, or none.
pub(super) fn make_behind(ada: &mut Browser, folder: &Folder, gateway: &str) -> Result<()> {
    let shelf = shelf(ada, "Warehouse")?;
    let configuration = add_configuration(ada, "Warehouse network", gateway)?;
    let mut user = |title, login| add_user(ada, &shelf, title, login, folder.password(login)?, DATABASE);
    let reading = user("warehouse, reading", "app_ro")?;
    let administration = user("warehouse, administration", "postern_admin")?;
    let notes = "Lets in one address alone, from which a gateway connects.";
    let database = add_database(ada, folder, &shelf, DATABASE, notes)?;
    let (ada_id, ben_id) = (person(ada, ADMINISTRATOR)?, person(ada, USER)?);
    share(ada, &database, &[&ada_id, &ben_id])?;
    let version = settings_version(ada, &database)?;
    ada.send(
        "save-general",
        &[
            ("id", &database),
            ("version", &version),
            ("draft[configuration]", &configuration),
            ("draft[administrative_credential]", &administration),
        ],
    )?;
    let version = settings_version(ada, &database)?;
    launch_with(ada, &database, &version, &reading)?;

    test(ada, &database, "launch")
}

/// The folder of a name, which is made where there is none.
pub(super) fn shelf(ada: &mut Browser, name: &str) -> Result<String> {
    let folders = ada.send("folders", &[])?;
    let mut folders = folders.value.as_array().into_iter().flatten();
    let found = folders.find(|folder| folder.get("name").and_then(Value::as_str) == Some(name));
    match found.and_then(|folder| folder.get("id")).and_then(Value::as_str) {
        Some(id) => Ok(id.to_owned()),
        None => ada.send("create-folder", &[("draft[name]", name)])?.id(),
    }
}

fn share(ada: &mut Browser, database: &str, people: &[&str]) -> Result<()> {
    for person in people {
        ada.send(
            "share-record",
            &[
                ("id", database),
                ("draft[person]", person),
                ("draft[launch]", "true"),
            ],
        )?;
    }
    Ok(())
}

fn launch_with(ada: &mut Browser, database: &str, version: &str, credential: &str) -> Result<()> {
    ada.send(
        "save-connection",
        &[
            ("id", database),
            ("version", version),
            ("draft[connections]", "on"),
            ("draft[launch_credential]", credential),
        ],
    )?;
    Ok(())
}

/// Invites somebody, who then chooses a password behind the link.
fn add_person(
    ada: &mut Browser,
    url: &str,
    email: &str,
    name: &str,
    role: &str,
    password: &str,
) -> Result<()> {
    let invited = ada.send(
        "invite",
        &[
            ("draft[email]", email),
            ("draft[name]", name),
            ("draft[role]", role),
        ],
    )?;
    let (_, token) = invited
        .text("/link")?
        .rsplit_once('/')
        .context("a link ends with its token")?;
    Browser::open(url).send(
        "use-link",
        &[
            ("draft[token]", token),
            ("draft[new]", password),
            ("draft[repeat]", password),
        ],
    )?;
    Ok(())
}

fn person(ada: &mut Browser, email: &str) -> Result<String> {
    let people = ada.send("people", &[])?;
    let mut people = people.value.as_array().into_iter().flatten();
    let found = people.find(|person| person.get("handle").and_then(Value::as_str) == Some(email));
    let id = found.and_then(|person| person.get("id")).and_then(Value::as_str);
    Ok(id
        .with_context(|| format!("{email} is not among the people"))?
        .to_owned())
}

fn add_configuration(ada: &mut Browser, title: &str, gateway: &str) -> Result<String> {
    let mut fields = vec![("draft[title]", title), ("draft[gateway]", gateway)];
    for allowed in [
        "draft[connections]",
        "draft[tunneling]",
        "draft[graphical_session_recording]",
        "draft[text_session_recording]",
        "draft[can_export]",
        "draft[can_import]",
        "draft[can_copy]",
        "draft[can_paste]",
    ] {
        fields.push((allowed, "true"));
    }
    ada.send("create-configuration", &fields)?.id()
}

fn add_user(
    ada: &mut Browser,
    folder: &str,
    title: &str,
    login: &str,
    password: &str,
    database: &str,
) -> Result<String> {
    let user = ada.send(
        "create-user",
        &[
            ("draft[title]", title),
            ("draft[folder]", folder),
            ("draft[login]", login),
            ("draft[password]", password),
            ("draft[connect_database]", database),
        ],
    )?;
    user.id()
}

fn add_database(ada: &mut Browser, folder: &Folder, shelf: &str, name: &str, notes: &str) -> Result<String> {
    let authority = folder.path().join("postgres/ca.crt");
    let authority =
        fs::read_to_string(&authority).with_context(|| format!("cannot read {}", authority.display()))?;
    let database = ada.send(
        "create-database",
        &[
            ("draft[title]", name),
            ("draft[folder]", shelf),
            ("draft[host]", "localhost"),
            ("draft[port]", &folder.postgres_port()?.to_string()),
            ("draft[database]", name),
            ("draft[tls_mode]", "verify-full"),
            ("draft[trusted_ca]", &authority),
            ("draft[notes]", notes),
        ],
    )?;
    database.id()
}

fn settings_version(ada: &mut Browser, database: &str) -> Result<String> {
    let settings = ada.send("settings", &[("id", database)])?;
    let version = settings
        .value
        .pointer("/settings/version")
        .and_then(Value::as_i64);
    Ok(version.context("PAM settings have no version")?.to_string())
}

/// *Test connection*, so that the record says it is verified.
fn test(ada: &mut Browser, database: &str, credential: &str) -> Result<()> {
    let report = ada.send("test-connection", &[("id", database), ("credential", credential)])?;
    if report.value.get("version").is_none_or(Value::is_null) {
        bail!(
            "the {credential} credential does not reach the database: {}",
            report.value
        );
    }
    Ok(())
}
