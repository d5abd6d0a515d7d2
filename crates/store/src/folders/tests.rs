//! Folders and what sharing one does, on both databases.

use protocol::vault::DatabaseDraft;
use vault::authorize;
use vault::record::Content;

use super::*;
use crate::db::Db;
use crate::testing::{on_both, person};
use crate::{records, shares};

const NOW: Timestamp = Timestamp(1_000_000);

fn id(number: u8) -> FolderId {
    FolderId::from_random([number; 16])
}

#[tokio::test]
async fn a_shared_folder_shares_what_is_in_it() -> anyhow::Result<()> {
    on_both(async |db: Db| {
        let owner = person(&db, 1, "owner", Role::Administrator).await?;
        let ada = person(&db, 2, "ada", Role::User).await?;
        let mut tx = db.write().await?;
        let create = authorize::create(&owner)?;
        add(&mut tx, &create, &id(1), "Shop", NOW).await?;
        add(&mut tx, &create, &id(2), "Accounting", NOW).await?;
        let draft = DatabaseDraft {
            title: "Orders".to_owned(),
            host: "db".to_owned(),
            folder: Some(id(1)),
            ..DatabaseDraft::default()
        };
        let content = Content::of_database(&draft).unwrap();
        records::add(&mut tx, &create, &records::tests::id(1), content, vec![], NOW).await?;
        assert_eq!(list(&mut tx, &ada).await?, []);

        let configure = authorize::configure_folder(&owner, &id(1))?;
        let launch = Permissions::shared(false, true, false);
        shares::grant(&mut tx, &configure, &ada.id, launch, NOW).await?;

        let folders = list(&mut tx, &ada).await?;
        assert_eq!(
            (folders.len(), folders[0].name.as_str(), folders[0].n_records),
            (1, "Shop", 1)
        );
        let found = records::list(&mut tx, &ada, &records::RecordFilter::default()).await?;
        assert_eq!(
            (found.len(), found[0].permissions, found[0].folder_name.as_deref()),
            (1, launch, Some("Shop"))
        );
        assert_eq!(list(&mut tx, &owner).await?.len(), 2);
        assert_eq!(shares::list_folder(&mut tx, &configure).await?.len(), 1);

        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_name_is_taken_once_and_a_folder_with_records_stays() -> anyhow::Result<()> {
    on_both(async |db: Db| {
        let owner = person(&db, 1, "owner", Role::Administrator).await?;
        let create = authorize::create(&owner)?;
        let configure = authorize::configure_folder(&owner, &id(1))?;
        let mut tx = db.write().await?;
        add(&mut tx, &create, &id(1), "Shop", NOW).await?;
        tx.commit().await?;

        let mut tx = db.write().await?;
        assert!(matches!(
            add(&mut tx, &create, &id(2), "Shop", NOW).await,
            Err(Error::Taken)
        ));
        drop(tx);

        let mut tx = db.write().await?;
        assert!(rename(&mut tx, &configure, "Shops").await?);
        assert_eq!(name(&mut tx, &id(1)).await?.as_deref(), Some("Shops"));
        assert_eq!(remove(&mut tx, &configure).await?, Removed::Done);
        assert_eq!(remove(&mut tx, &configure).await?, Removed::Nothing);

        Ok(())
    })
    .await
}
