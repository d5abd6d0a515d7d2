//! PAM settings, links and launching, on both databases.

use protocol::errors::Code;
use protocol::people::Role;
use protocol::sessions::SessionKind;
use protocol::vault::{
    ConnectionDraft, GeneralDraft, Permissions, RecordKind, Tested, TestedCredential, Tri,
};
use vault::authorize::{self, Delete, LiveSessions};
use vault::people::Person;

use super::*;
use crate::db::Db;
use crate::records::{Removed, secrets};
use crate::testing::{on_both, person};

const NOW: Timestamp = Timestamp(1_000_000);
const NONE_LIVE: LiveSessions = LiveSessions {
    of_person: 0,
    of_record: 0,
};

fn id(number: u8) -> RecordId {
    records::tests::id(number)
}

async fn proof(tx: &mut Tx, person: &Person, number: u8) -> anyhow::Result<Authorized<Configure>> {
    let record = records::lookup(tx, &id(number)).await?.unwrap();

    Ok(authorize::configure(person, &record.location(), &[])?)
}

/// Sets up database 1 with configuration 4, administrative credential 2 and launch credential 3.
async fn set_up(tx: &mut Tx, person: &Person) -> anyhow::Result<Settings> {
    let configuration = records::lookup(tx, &id(4)).await?.unwrap();
    let parent = Parent {
        title: "Production",
        configuration: configuration.configuration().unwrap(),
    };
    let linkable = |record: &RecordId| match *record == id(4) {
        true => Some(RecordKind::Configuration),
        false => Some(RecordKind::User),
    };
    let general = GeneralDraft {
        configuration: Some(id(4)),
        administrative_credential: Some(id(2)),
        accounts: vec![],
    };
    let connection = ConnectionDraft {
        connections: Tri::On,
        launch_credential: Some(id(3)),
        ..ConnectionDraft::default()
    };
    let settings = Settings::default()
        .with_general(&general, &linkable)?
        .with_connection(&connection, Some(parent), &linkable)?;
    let configure = proof(tx, person, 1).await?;
    assert_eq!(save(tx, &configure, &settings, 0, NOW).await?, Saved::Done(1));

    Ok(settings)
}

#[tokio::test]
async fn settings_come_back_as_they_were_saved_and_once() -> anyhow::Result<()> {
    on_both(async |db: Db| {
        let owner = person(&db, 1, "owner", Role::Administrator).await?;
        records::tests::furnish(&db, &owner).await?;
        let mut tx = db.write().await?;
        assert_eq!(lookup(&mut tx, &id(1)).await?, (Settings::default(), 0));

        let settings = set_up(&mut tx, &owner).await?;

        assert_eq!(lookup(&mut tx, &id(1)).await?, (settings.clone(), 1));
        let configure = proof(&mut tx, &owner, 1).await?;
        assert_eq!(
            save(&mut tx, &configure, &settings, 0, NOW).await?,
            Saved::Conflict
        );
        assert_eq!(
            save(&mut tx, &configure, &settings, 7, NOW).await?,
            Saved::Conflict
        );
        assert_eq!(
            save(&mut tx, &configure, &settings, 1, NOW).await?,
            Saved::Done(2)
        );

        Ok(())
    })
    .await
}

#[tokio::test]
async fn the_page_names_links_and_says_what_is_in_force() -> anyhow::Result<()> {
    on_both(async |db: Db| {
        let owner = person(&db, 1, "owner", Role::Administrator).await?;
        records::tests::furnish(&db, &owner).await?;
        let mut tx = db.write().await?;
        set_up(&mut tx, &owner).await?;
        let configure = proof(&mut tx, &owner, 1).await?;

        let page = view(&mut tx, &configure).await?.unwrap();

        assert_eq!(page.configuration.as_ref().unwrap().title, "Production");
        assert_eq!(page.accounts[0].user.subtitle, "orders_ro");
        assert!(page.accounts[0].is_launch_credential && page.is_general_complete());
        let recording = page.resolved("text_session_recording").unwrap();
        assert_eq!(
            (recording.in_force.as_str(), recording.source.words().as_str()),
            ("on", "from PAM Configuration \"Production\"")
        );

        Ok(())
    })
    .await
}

async fn deletion(tx: &mut Tx, person: &Person, number: u8) -> anyhow::Result<Authorized<Delete>> {
    let record = records::lookup(tx, &records::tests::id(number)).await?.unwrap();

    Ok(authorize::delete(person, &record.location(), &[])?)
}

#[tokio::test]
async fn what_is_linked_to_is_not_removed_and_the_links_are_named() -> anyhow::Result<()> {
    on_both(async |db: Db| {
        let owner = person(&db, 1, "owner", Role::Administrator).await?;
        records::tests::furnish(&db, &owner).await?;
        let mut tx = db.write().await?;
        set_up(&mut tx, &owner).await?;

        let delete = deletion(&mut tx, &owner, 3).await?;
        let Removed::Linked(links) = records::remove(&mut tx, &delete, NOW).await? else {
            panic!("removed although it is linked");
        };
        let words: Vec<String> = links
            .iter()
            .map(|(kind, link)| format!("{} of {}", kind.label(), link.title))
            .collect();
        assert_eq!(words, ["account of Orders", "launch credential of Orders"]);

        for number in [1, 3] {
            let delete = deletion(&mut tx, &owner, number).await?;
            assert_eq!(records::remove(&mut tx, &delete, NOW).await?, Removed::Done);
            assert_eq!(records::remove(&mut tx, &delete, NOW).await?, Removed::Nothing);
        }

        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_duplicate_keeps_the_settings() -> anyhow::Result<()> {
    on_both(async |db: Db| {
        let owner = person(&db, 1, "owner", Role::Administrator).await?;
        records::tests::furnish(&db, &owner).await?;
        let mut tx = db.write().await?;
        let settings = set_up(&mut tx, &owner).await?;
        let source = records::lookup(&mut tx, &id(1)).await?.unwrap();
        let seen = authorize::view(&owner, &source.location(), &[])?;

        records::duplicate(&mut tx, &authorize::create(&owner)?, &seen, &source, &id(6), NOW).await?;

        assert_eq!(lookup(&mut tx, &id(6)).await?, (settings, 1));

        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_launch_share_and_nothing_else_opens_the_launch_and_its_credential() -> anyhow::Result<()> {
    on_both(async |db: Db| {
        let owner = person(&db, 1, "owner", Role::Administrator).await?;
        let ada = person(&db, 2, "ada", Role::User).await?;
        records::tests::furnish(&db, &owner).await?;
        let mut tx = db.write().await?;
        set_up(&mut tx, &owner).await?;

        let unshared = launching::lookup(&mut tx, &id(1), &ada.id).await?.unwrap();
        let refusal =
            authorize::launch(&ada, unshared.facts(SessionKind::Terminal, None), NONE_LIVE).unwrap_err();
        assert_eq!(refusal.code, Code::PamNotFound);

        let configure = proof(&mut tx, &owner, 1).await?;
        crate::shares::grant(
            &mut tx,
            &configure,
            &ada.id,
            Permissions::shared(false, true, false),
            NOW,
        )
        .await?;
        let shared = launching::lookup(&mut tx, &id(1), &ada.id).await?.unwrap();
        let launch = authorize::launch(&ada, shared.facts(SessionKind::Terminal, None), NONE_LIVE)?;

        assert_eq!(launch.account(), &id(3));
        assert_eq!(secrets::for_launch(&mut tx, &launch).await?.len(), 1);
        records::used(&mut tx, &launch, NOW).await?;
        let listed = records::list(&mut tx, &ada, &records::RecordFilter::default()).await?;
        assert_eq!(
            (listed.len(), listed[0].launchable, listed[0].last_used),
            (1, true, Some(NOW))
        );

        Ok(())
    })
    .await
}

#[tokio::test]
async fn another_credential_makes_its_test_count_no_longer() -> anyhow::Result<()> {
    on_both(async |db: Db| {
        let owner = person(&db, 1, "owner", Role::Administrator).await?;
        records::tests::furnish(&db, &owner).await?;
        let mut tx = db.write().await?;
        let settings = set_up(&mut tx, &owner).await?;
        let location = records::lookup(&mut tx, &id(1)).await?.unwrap().location();
        let edit = authorize::edit(&owner, &location, &[])?;
        let seen = authorize::view(&owner, &location, &[])?;
        let verified = Tested::Verified { at: NOW };
        for credential in [TestedCredential::Administrative, TestedCredential::Launch] {
            assert!(records::add_test(&mut tx, &edit, 1, credential, &verified).await?);
            assert!(secrets::for_test(&mut tx, &edit, credential).await?.is_some());
        }

        let mut changed = settings.clone();
        changed.administrative = Some(id(3));
        let configure = proof(&mut tx, &owner, 1).await?;
        save(&mut tx, &configure, &changed, 1, NOW).await?;

        let administrative = records::tested(&mut tx, &seen, TestedCredential::Administrative).await?;
        assert_eq!(administrative, Tested::Never);
        assert_eq!(
            records::tested(&mut tx, &seen, TestedCredential::Launch).await?,
            verified
        );

        Ok(())
    })
    .await
}
