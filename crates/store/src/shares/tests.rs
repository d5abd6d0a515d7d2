//! Granting and revoking, on both databases.

use protocol::people::Role;
use vault::authorize;
use vault::people::Person;

use super::*;
use crate::db::Db;
use crate::testing::{administering, on_both, person};
use crate::{people, records};

const NOW: Timestamp = Timestamp(1_000_000);

fn launch() -> Permissions {
    Permissions::shared(false, true, false)
}

async fn proof(tx: &mut Tx, owner: &Person) -> anyhow::Result<(Location, Authorized<Configure>)> {
    let location = records::lookup(tx, &records::tests::id(1))
        .await?
        .unwrap()
        .location();
    let configure = authorize::configure(owner, &location, &[])?;

    Ok((location, configure))
}

#[tokio::test]
async fn a_share_is_granted_replaced_listed_and_revoked() -> anyhow::Result<()> {
    on_both(async |db: Db| {
        let owner = person(&db, 1, "owner", Role::Administrator).await?;
        let ada = person(&db, 2, "ada", Role::User).await?;
        records::tests::furnish(&db, &owner).await?;
        let mut tx = db.write().await?;
        let (location, configure) = proof(&mut tx, &owner).await?;

        assert_eq!(
            grant(&mut tx, &configure, &ada.id, Permissions::VIEW, NOW).await?,
            Granted::Done
        );
        assert_eq!(
            grant(&mut tx, &configure, &ada.id, launch(), NOW).await?,
            Granted::Done
        );
        let all = list(&mut tx, &configure, &location).await?;
        let words: Vec<String> = all
            .iter()
            .map(|share| format!("{}: {}", share.person_name, share.permissions.words()))
            .collect();
        assert_eq!(words, ["ada: view, launch", "owner: view, edit, launch"]);
        assert_eq!(held(&mut tx, &ada.id, &location).await?.len(), 1);

        assert!(revoke(&mut tx, &configure, &ada.id, NOW).await?);
        assert!(!revoke(&mut tx, &configure, &ada.id, NOW).await?);
        assert_eq!(held(&mut tx, &ada.id, &location).await?, []);

        let edit = authorize::edit(&owner, &location, &[])?;
        let history = history::list(&mut tx, &edit).await?;
        assert_eq!(history[0].action, HistoryAction::Unshared);
        assert_eq!(history[0].changes[0].before.as_deref(), Some("view, launch"));

        Ok(())
    })
    .await
}

#[tokio::test]
async fn nothing_is_shared_with_who_is_switched_off() -> anyhow::Result<()> {
    on_both(async |db: Db| {
        let owner = person(&db, 1, "owner", Role::Administrator).await?;
        let ada = person(&db, 2, "ada", Role::User).await?;
        records::tests::furnish(&db, &owner).await?;
        let mut tx = db.write().await?;
        people::switch_off(&mut tx, &administering()?, &ada.id).await?;
        let (_, configure) = proof(&mut tx, &owner).await?;

        assert_eq!(
            grant(&mut tx, &configure, &ada.id, launch(), NOW).await?,
            Granted::Nobody
        );
        let stranger = PersonId::from_random([99; 16]);
        assert_eq!(
            grant(&mut tx, &configure, &stranger, launch(), NOW).await?,
            Granted::Nobody
        );

        Ok(())
    })
    .await
}
