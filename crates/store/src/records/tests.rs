//! Records from the first save to the last, on both databases.

use protocol::ids::FolderId;
use protocol::people::Role;
use protocol::vault::{ConfigurationDraft, DatabaseDraft, RecordKind, UserDraft};
use vault::authorize::{self, Password};
use vault::people::Person;
use vault::record::{Body, Stored, UserContent};

use super::*;
use crate::db::Db;
use crate::testing::{on_both, person};

const NOW: Timestamp = Timestamp(1_000_000);
const LATER: Timestamp = Timestamp(2_000_000);

pub(crate) fn id(number: u8) -> RecordId {
    RecordId::from_random([number; 16])
}

fn sealed(text: &str) -> Sealed {
    Sealed {
        wrapped_key: "v1.key".to_owned(),
        ciphertext: text.to_owned(),
    }
}

fn database(title: &str, host: &str) -> Content {
    let draft = DatabaseDraft {
        title: title.to_owned(),
        host: host.to_owned(),
        ..DatabaseDraft::default()
    };

    Content::of_database(&draft).unwrap()
}

fn user(title: &str, login: &str) -> Content {
    let draft = UserDraft {
        title: title.to_owned(),
        login: login.to_owned(),
        ..UserDraft::default()
    };

    UserContent::of(draft, &Stored::default()).unwrap().content
}

fn configuration(title: &str) -> Content {
    let draft = ConfigurationDraft {
        title: title.to_owned(),
        ..ConfigurationDraft::default()
    };

    Content::of_configuration(&draft).unwrap()
}

/// Adds a database (1), an administrative (2) and a launch credential (3) and a configuration (4).
pub(crate) async fn furnish(db: &Db, administrator: &Person) -> anyhow::Result<()> {
    let create = authorize::create(administrator)?;
    let mut tx = db.write().await?;
    add(
        &mut tx,
        &create,
        &id(1),
        database("Orders", "db.example.org"),
        vec![],
        NOW,
    )
    .await?;
    for (number, login) in [(2, "orders_admin"), (3, "orders_ro")] {
        let secrets = vec![(SecretField::Password, Some(sealed(login)))];
        add(&mut tx, &create, &id(number), user(login, login), secrets, NOW).await?;
    }
    add(&mut tx, &create, &id(4), configuration("Production"), vec![], NOW).await?;
    tx.commit().await?;

    Ok(())
}

async fn edit(tx: &mut Tx, person: &Person, number: u8) -> anyhow::Result<(Record, Authorized<Edit>)> {
    let record = lookup(tx, &id(number)).await?.unwrap();
    let held = shares::held(tx, &person.id, &record.location()).await?;
    let edit = authorize::edit(person, &record.location(), &held)?;

    Ok((record, edit))
}

async fn configure(tx: &mut Tx, person: &Person, number: u8) -> anyhow::Result<Authorized<Configure>> {
    let record = lookup(tx, &id(number)).await?.unwrap();

    Ok(authorize::configure(person, &record.location(), &[])?)
}

async fn change(tx: &mut Tx, person: &Person, number: u8, after: &Content) -> anyhow::Result<Saved> {
    let (record, edit) = edit(tx, person, number).await?;
    let change = Change::between(&edit, &record.content, after, &[], &[], |folder| {
        folder.to_string()
    })?;

    Ok(save(tx, &edit, after, &change, vec![], record.version, LATER).await?)
}

fn titles(list: Vec<protocol::vault::RecordSummary>) -> Vec<String> {
    list.into_iter().map(|summary| summary.title).collect()
}

#[tokio::test]
async fn a_record_comes_back_as_it_was_saved() -> anyhow::Result<()> {
    on_both(async |db: Db| {
        let owner = person(&db, 1, "owner", Role::Administrator).await?;
        furnish(&db, &owner).await?;

        let mut tx = db.write().await?;
        assert_eq!(
            lookup(&mut tx, &id(1)).await?.unwrap().content,
            database("Orders", "db.example.org")
        );
        assert_eq!(
            lookup(&mut tx, &id(3)).await?.unwrap().content,
            user("orders_ro", "orders_ro")
        );
        assert_eq!(
            lookup(&mut tx, &id(4)).await?.unwrap().content,
            configuration("Production")
        );
        assert_eq!(lookup(&mut tx, &id(9)).await?, None);

        let after = database("Orders, live", "db2.example.org");
        assert_eq!(change(&mut tx, &owner, 1, &after).await?, Saved::Done(2));

        let record = lookup(&mut tx, &id(1)).await?.unwrap();
        assert_eq!(
            (record.content, record.version, record.updated.at),
            (after, 2, LATER)
        );

        Ok(())
    })
    .await
}

#[tokio::test]
async fn who_saves_second_is_told_so() -> anyhow::Result<()> {
    on_both(async |db: Db| {
        let owner = person(&db, 1, "owner", Role::Administrator).await?;
        furnish(&db, &owner).await?;
        let mut tx = db.write().await?;
        let (record, edit) = edit(&mut tx, &owner, 1).await?;
        let after = database("Second", "db");
        let second = Change::between(&edit, &record.content, &after, &[], &[], |_| String::new())?;
        change(&mut tx, &owner, 1, &database("First", "db")).await?;

        let saved = save(&mut tx, &edit, &after, &second, vec![], record.version, LATER).await?;

        assert_eq!(saved, Saved::Conflict);
        assert_eq!(lookup(&mut tx, &id(1)).await?.unwrap().title(), "First");

        Ok(())
    })
    .await
}

#[tokio::test]
async fn secrets_are_replaced_and_removed_by_the_form_only() -> anyhow::Result<()> {
    on_both(async |db: Db| {
        let owner = person(&db, 1, "owner", Role::Administrator).await?;
        furnish(&db, &owner).await?;
        let mut tx = db.write().await?;
        let (record, edit) = edit(&mut tx, &owner, 3).await?;
        let nothing = Change::between(&edit, &record.content, &record.content, &[], &[], |_| {
            String::new()
        })?;

        let replaced = vec![
            (SecretField::Password, Some(sealed("new"))),
            (SecretField::PrivateKey, None),
        ];
        save(&mut tx, &edit, &record.content, &nothing, replaced, 1, LATER).await?;
        let stored = secrets::for_edit(&mut tx, &edit).await?;
        assert_eq!(stored, [(SecretField::Password, sealed("new"))]);

        let removed = vec![(SecretField::Password, None)];
        save(&mut tx, &edit, &record.content, &nothing, removed, 2, LATER).await?;
        assert_eq!(secrets::for_edit(&mut tx, &edit).await?, []);

        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_secret_is_revealed_to_who_holds_the_proof() -> anyhow::Result<()> {
    on_both(async |db: Db| {
        let owner = person(&db, 1, "owner", Role::Administrator).await?;
        furnish(&db, &owner).await?;
        let mut tx = db.write().await?;
        let configure = configure(&mut tx, &owner, 3).await?;
        let all = protocol::vault::Permissions::shared(false, false, true);
        shares::grant(&mut tx, &configure, &owner.id, all, NOW).await?;

        let location = lookup(&mut tx, &id(3)).await?.unwrap().location();
        let held = shares::held(&mut tx, &owner.id, &location).await?;
        let reveal = authorize::reveal(&owner, &location, &held, Password::GivenAgain)?;

        let revealed = secrets::for_reveal(&mut tx, &reveal, SecretField::Password).await?;
        assert_eq!(revealed, Some(sealed("orders_ro")));
        assert_eq!(
            secrets::for_reveal(&mut tx, &reveal, SecretField::PrivateKey).await?,
            None
        );

        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_list_shows_what_is_shared_and_finds_it() -> anyhow::Result<()> {
    on_both(async |db: Db| {
        let owner = person(&db, 1, "owner", Role::Administrator).await?;
        let ada = person(&db, 2, "ada", Role::User).await?;
        furnish(&db, &owner).await?;
        let mut tx = db.write().await?;
        let configure = configure(&mut tx, &owner, 1).await?;
        let launch = protocol::vault::Permissions::shared(false, true, false);
        shares::grant(&mut tx, &configure, &ada.id, launch, NOW).await?;
        let create = authorize::create(&owner)?;
        add(
            &mut tx,
            &create,
            &id(5),
            database("ÄRGER 100%", "other"),
            vec![],
            NOW,
        )
        .await?;
        let filter = |text: &str| RecordFilter {
            text: text.to_owned(),
            ..RecordFilter::default()
        };

        let all = list(&mut tx, &owner, &RecordFilter::default()).await?;
        assert_eq!(
            titles(all),
            ["Orders", "Production", "orders_admin", "orders_ro", "ÄRGER 100%"].map(str::to_owned)
        );
        let shared = list(&mut tx, &ada, &RecordFilter::default()).await?;
        assert_eq!(shared.len(), 1);
        assert_eq!(shared[0].subtitle, "db.example.org:5432");
        assert_eq!(shared[0].permissions, launch);

        for (text, found) in [
            ("ORDER", 3),
            ("example.org", 1),
            ("ärger", 1),
            ("100%", 1),
            ("%", 1),
            ("nothing", 0),
        ] {
            assert_eq!(list(&mut tx, &owner, &filter(text)).await?.len(), found, "{text}");
        }
        assert_eq!(list(&mut tx, &ada, &filter("orders_ro")).await?.len(), 0);
        let users = RecordFilter {
            kind: Some(RecordKind::User),
            ..RecordFilter::default()
        };
        assert_eq!(list(&mut tx, &owner, &users).await?.len(), 2);
        assert_eq!(
            options(&mut tx, &owner, RecordKind::Configuration).await?.len(),
            1
        );
        assert_eq!(options(&mut tx, &ada, RecordKind::Configuration).await?.len(), 0);
        assert_eq!(
            kinds(&mut tx, &ada, &[id(1), id(2), id(99)]).await?,
            [(id(1), RecordKind::Database)].into()
        );

        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_changed_host_makes_a_test_count_no_longer() -> anyhow::Result<()> {
    on_both(async |db: Db| {
        let owner = person(&db, 1, "owner", Role::Administrator).await?;
        furnish(&db, &owner).await?;
        let mut tx = db.write().await?;
        let (record, edit) = edit(&mut tx, &owner, 1).await?;
        let view = authorize::view(&owner, &record.location(), &[])?;
        let verified = Tested::Verified { at: NOW };

        assert!(add_test(&mut tx, &edit, 1, TestedCredential::Launch, &verified).await?);
        assert_eq!(tested(&mut tx, &view, TestedCredential::Launch).await?, verified);
        change(&mut tx, &owner, 1, &database("Another title", "db.example.org")).await?;
        assert_eq!(tested(&mut tx, &view, TestedCredential::Launch).await?, verified);

        change(&mut tx, &owner, 1, &database("Another title", "evil.example.org")).await?;

        assert_eq!(
            tested(&mut tx, &view, TestedCredential::Launch).await?,
            Tested::Never
        );
        let late = add_test(&mut tx, &edit, 1, TestedCredential::Launch, &verified).await?;
        assert!(!late, "the test was of the host before");

        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_duplicate_has_the_fields_but_not_the_secrets() -> anyhow::Result<()> {
    on_both(async |db: Db| {
        let owner = person(&db, 1, "owner", Role::Administrator).await?;
        furnish(&db, &owner).await?;
        let mut tx = db.write().await?;
        let source = lookup(&mut tx, &id(3)).await?.unwrap();
        let view = authorize::view(&owner, &source.location(), &[])?;

        let copy = duplicate(&mut tx, &authorize::create(&owner)?, &view, &source, &id(6), NOW).await?;

        assert_eq!(copy.title(), "Copy of orders_ro");
        assert_eq!(copy.content.body, source.content.body);
        let (_, edit) = edit(&mut tx, &owner, 6).await?;
        assert_eq!(secrets::for_edit(&mut tx, &edit).await?, []);
        assert_eq!(
            history::list(&mut tx, &edit).await?[0].action,
            HistoryAction::Duplicated
        );

        Ok(())
    })
    .await
}

#[tokio::test]
async fn the_history_tells_before_and_after_but_no_secret() -> anyhow::Result<()> {
    on_both(async |db: Db| {
        let owner = person(&db, 1, "owner", Role::Administrator).await?;
        furnish(&db, &owner).await?;
        let mut tx = db.write().await?;
        change(&mut tx, &owner, 3, &user("orders_ro", "Orders_RO")).await?;
        let (_, edit) = edit(&mut tx, &owner, 3).await?;

        let history = history::list(&mut tx, &edit).await?;

        let lines: Vec<String> = history
            .iter()
            .flat_map(|entry| entry.changes.iter().map(move |change| (entry, change)))
            .map(|(entry, change)| {
                let (before, after) = (change.before.as_deref(), change.after.as_deref());
                format!(
                    "{} {} by {}: {} {} → {}",
                    entry.number,
                    entry.action.label(),
                    entry.person_name,
                    change.field,
                    before.unwrap_or("–"),
                    after.unwrap_or("–")
                )
            })
            .collect();
        expect_test::expect![[r#"
            2 Changed by owner: login orders_ro → Orders_RO
            1 Created by owner: title – → orders_ro
            1 Created by owner: login – → orders_ro
            1 Created by owner: password – → set"#]]
        .assert_eq(&lines.join("\n"));

        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_page_has_everything_but_secrets() -> anyhow::Result<()> {
    on_both(async |db: Db| {
        let owner = person(&db, 1, "owner", Role::Administrator).await?;
        furnish(&db, &owner).await?;
        let mut tx = db.write().await?;
        let record = lookup(&mut tx, &id(3)).await?.unwrap();
        let proof = authorize::view(&owner, &record.location(), &[])?;

        let page = view(&mut tx, &owner, &proof, NOW).await?.unwrap();

        assert_eq!(page.created_by_name, "owner");
        let protocol::vault::Body::User(user) = &page.body else {
            panic!("{page:?}")
        };
        assert!(user.has_password && !user.has_private_key);
        assert!(matches!(record.content.body, Body::User(_)));

        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_personal_credential_is_in_the_list_of_its_owner_alone() -> anyhow::Result<()> {
    on_both(async |db: Db| {
        let administrator = person(&db, 1, "owner", Role::Administrator).await?;
        let ada = person(&db, 2, "ada", Role::User).await?;
        furnish(&db, &administrator).await?;
        let mut tx = db.write().await?;
        let keep = authorize::keep_personal(&ada)?;
        let secrets = vec![(SecretField::Password, Some(sealed("mine")))];
        let kept = add_personal(&mut tx, &keep, &id(20), user("Mine", "ada"), secrets, NOW).await?;
        add_personal(
            &mut tx,
            &keep,
            &id(21),
            user("Without a password", "ada"),
            vec![],
            NOW,
        )
        .await?;

        assert_eq!(kept.owner, Some(ada.id.clone()));
        assert_eq!(lookup(&mut tx, &id(20)).await?, Some(kept));
        assert_eq!(
            titles(list(&mut tx, &ada, &RecordFilter::default()).await?),
            ["Mine", "Without a password"]
        );
        let all = list(&mut tx, &administrator, &RecordFilter::default()).await?;
        assert!(
            all.iter()
                .all(|record| !record.is_personal && record.title != "Mine")
        );
        // Something to sign in with has one of the two.
        let usable = personal(&mut tx, &ada.id).await?;
        assert_eq!(usable.iter().map(Record::title).collect::<Vec<_>>(), ["Mine"]);
        assert!(personal(&mut tx, &administrator.id).await?.is_empty());
        // Nobody links to one.
        assert!(options(&mut tx, &ada, RecordKind::User).await?.is_empty());
        assert!(kinds(&mut tx, &ada, &[id(20)]).await?.is_empty());

        // The database itself keeps it out of folders.
        let folder = FolderId::from_random([9; 16]);
        let placed = Content {
            folder: Some(folder),
            ..user("Placed", "ada")
        };
        drop(tx);
        let mut tx = db.write().await?;
        let refused = add_personal(&mut tx, &keep, &id(22), placed, vec![], NOW).await;
        assert!(refused.is_err(), "{refused:?}");
        drop(tx);

        let mut tx = db.write().await?;
        let keep = authorize::keep_personal(&ada)?;
        add_personal(&mut tx, &keep, &id(20), user("Mine", "ada"), vec![], NOW).await?;
        let delete = authorize::delete(&ada, &lookup(&mut tx, &id(20)).await?.unwrap().location(), &[])?;
        assert_eq!(remove(&mut tx, &delete, LATER).await?, Removed::Done);
        assert_eq!(lookup(&mut tx, &id(20)).await?, None);

        Ok(())
    })
    .await
}
