//! How gateways and their instances live and end, on both databases.

use std::time::Duration;

use protocol::ids::InstanceId;
use protocol::people::Role;
use vault::authorize;
use vault::people::Person;

use super::*;
use crate::db::Db;
use crate::folders;
use crate::testing::{on_both, person};
use crate::tokens::TokenHash;

const NOW: Timestamp = Timestamp(1_000_000_000_000);
const HOUR: Duration = Duration::from_secs(60 * 60);

fn gateway(number: u8, name: &str, folders: Vec<FolderId>) -> Gateway {
    Gateway {
        id: GatewayId::from_random([number; 16]),
        name: name.to_owned(),
        folders,
        targets: Targets::new(vec!["10.0.0.0/24".parse().unwrap()]),
        address_lock: true,
        max_instances: 1,
    }
}

async fn folder(tx: &mut Tx, ada: &Person, number: u8, name: &str) -> anyhow::Result<FolderId> {
    let id = FolderId::from_random([number; 16]);
    folders::add(tx, &authorize::create(ada)?, &id, name, NOW).await?;

    Ok(id)
}

fn newcomer<'a>(id: &'a InstanceId, gateway: &'a GatewayId, public_key: &'a str) -> NewInstance<'a> {
    NewInstance {
        id,
        gateway,
        public_key,
        machine: "bastion",
        version: "0.1.0",
        address: "10.0.0.4",
    }
}

#[tokio::test]
async fn a_gateway_is_kept_changed_and_removed_with_all_it_has() -> anyhow::Result<()> {
    on_both(async |db: Db| {
        let ada = person(&db, 1, "ada", Role::Administrator).await?;
        let manage = authorize::manage_gateways(&ada)?;
        let mut tx = db.write().await?;
        let (shop, data) = (
            folder(&mut tx, &ada, 1, "Shop").await?,
            folder(&mut tx, &ada, 2, "Data").await?,
        );
        let mut berlin = gateway(1, "Berlin", vec![shop.clone(), data.clone()]);
        berlin.folders.sort();
        add(&mut tx, &manage, &berlin, NOW).await?;
        assert_eq!(lookup(&mut tx, &berlin.id).await?, Some(berlin.clone()));

        berlin.name = "Munich".to_owned();
        berlin.folders = vec![data];
        berlin.targets = Targets::default();
        berlin.address_lock = false;
        assert!(save(&mut tx, &manage, &berlin).await?);
        assert_eq!(list(&mut tx).await?, [berlin.clone()]);

        let hash = TokenHash::of("pgw_1");
        add_token(&mut tx, &manage, &berlin.id, &hash, NOW + HOUR, NOW).await?;
        let id = InstanceId::from_random([1; 16]);
        assert!(add_instance(&mut tx, newcomer(&id, &berlin.id, "aa"), 1, NOW).await?);
        assert!(remove(&mut tx, &manage, &berlin.id).await?);
        assert_eq!(list(&mut tx).await?, []);
        assert_eq!(instance(&mut tx, &id).await?, None);
        assert!(!remove(&mut tx, &manage, &berlin.id).await?);
        assert!(!save(&mut tx, &manage, &berlin).await?);

        Ok(())
    })
    .await
}

#[tokio::test]
async fn two_gateways_do_not_have_one_name() -> anyhow::Result<()> {
    on_both(async |db: Db| {
        let ada = person(&db, 1, "ada", Role::Administrator).await?;
        let manage = authorize::manage_gateways(&ada)?;
        let mut tx = db.write().await?;
        add(&mut tx, &manage, &gateway(1, "Berlin", Vec::new()), NOW).await?;

        let second = add(&mut tx, &manage, &gateway(2, "Berlin", Vec::new()), NOW).await;

        assert!(matches!(second, Err(Error::Taken)), "{second:?}");

        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_token_is_good_once_and_for_its_time() -> anyhow::Result<()> {
    on_both(async |db: Db| {
        let ada = person(&db, 1, "ada", Role::Administrator).await?;
        let manage = authorize::manage_gateways(&ada)?;
        let berlin = gateway(1, "Berlin", Vec::new());
        let (good, late) = (TokenHash::of("pgw_1"), TokenHash::of("pgw_2"));
        let mut tx = db.write().await?;
        add(&mut tx, &manage, &berlin, NOW).await?;
        add_token(&mut tx, &manage, &berlin.id, &good, NOW + HOUR, NOW).await?;
        add_token(&mut tx, &manage, &berlin.id, &late, NOW + HOUR, NOW).await?;

        assert_eq!(redeem(&mut tx, &good, NOW).await?, Some(berlin.id.clone()));
        assert_eq!(redeem(&mut tx, &good, NOW).await?, None);
        assert_eq!(redeem(&mut tx, &late, NOW + HOUR).await?, None);
        assert_eq!(redeem(&mut tx, &TokenHash::of("pgw_3"), NOW).await?, None);

        assert_eq!(
            look_at_token(&mut tx, &good).await?,
            Token::Used(berlin.id.clone())
        );
        assert_eq!(look_at_token(&mut tx, &late).await?, Token::Expired(berlin.id));
        assert_eq!(
            look_at_token(&mut tx, &TokenHash::of("pgw_3")).await?,
            Token::Unknown
        );
        assert_eq!(remove_old_tokens(&mut tx, NOW + HOUR).await?, 2);

        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_gateway_has_so_many_instances_and_a_revoked_one_makes_room() -> anyhow::Result<()> {
    on_both(async |db: Db| {
        let ada = person(&db, 1, "ada", Role::Administrator).await?;
        let manage = authorize::manage_gateways(&ada)?;
        let berlin = gateway(1, "Berlin", Vec::new());
        let (first, second) = (InstanceId::from_random([1; 16]), InstanceId::from_random([2; 16]));
        let mut tx = db.write().await?;
        add(&mut tx, &manage, &berlin, NOW).await?;

        assert!(add_instance(&mut tx, newcomer(&first, &berlin.id, "aa"), 1, NOW).await?);
        assert!(!add_instance(&mut tx, newcomer(&second, &berlin.id, "bb"), 1, NOW).await?);

        touch(&mut tx, &first, "host", "0.2.0", NOW + HOUR).await?;
        let found = instance(&mut tx, &first).await?.unwrap();
        assert_eq!(
            (found.machine.as_str(), found.version.as_str()),
            ("host", "0.2.0")
        );
        assert_eq!(found.last_seen, NOW + HOUR);
        assert_eq!(instances(&mut tx, &berlin.id).await?, [found]);

        let other = GatewayId::from_random([9; 16]);
        assert_eq!(revoke(&mut tx, &manage, &other, &first, NOW).await?, None);
        assert!(revoke(&mut tx, &manage, &berlin.id, &first, NOW).await?.is_some());
        assert_eq!(revoke(&mut tx, &manage, &berlin.id, &first, NOW).await?, None);
        assert!(instance(&mut tx, &first).await?.unwrap().is_revoked);
        assert_eq!(instances(&mut tx, &berlin.id).await?, []);
        assert!(add_instance(&mut tx, newcomer(&second, &berlin.id, "bb"), 1, NOW).await?);

        Ok(())
    })
    .await
}
