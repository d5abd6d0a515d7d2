//! Launching, condition by condition.

use protocol::gateways::targets::Targets;
use protocol::ids::{FolderId, GatewayId};
use protocol::people::PersonState;
use protocol::time::Timestamp;
use protocol::vault::{ConfigurationDraft, DatabaseDraft, Permissions, Route, Tri};

use super::*;
use crate::authorize::tests::{person, share};
use crate::record::{Body, Configuration, Content, Stamp};
use crate::settings::{Account, Connection, Launchers};

const LAUNCH: Permissions = Permissions {
    view: true,
    edit: false,
    launch: true,
    reveal: false,
};
const NONE_LIVE: LiveSessions = LiveSessions {
    of_person: 0,
    of_record: 0,
};

fn id(byte: u8) -> RecordId {
    RecordId::from_random([byte; 16])
}

fn record(byte: u8, content: Content) -> Record {
    let stamp = Stamp {
        by: person(0, Role::Administrator).id,
        at: Timestamp(0),
    };

    Record {
        id: id(byte),
        owner: None,
        content,
        version: 1,
        created: stamp.clone(),
        updated: stamp,
    }
}

/// A record that can be launched by person 7 with account 4, and what each test changes about it.
struct World {
    person: Person,
    record: Record,
    configuration: Record,
    gateway: Option<Gateway>,
    settings: Settings,
    shares: Vec<Share>,
    kind: SessionKind,
    account: Option<RecordId>,
    personal: Vec<Record>,
    host: Asked<'static>,
    live: LiveSessions,
}

impl World {
    fn new() -> Self {
        let person = person(7, Role::User);
        let database = DatabaseDraft {
            title: "Orders".to_owned(),
            host: "db".to_owned(),
            ..DatabaseDraft::default()
        };
        let configuration = ConfigurationDraft {
            title: "Prod".to_owned(),
            ..ConfigurationDraft::default()
        };

        Self {
            record: record(1, Content::of_database(&database).unwrap()),
            configuration: record(2, Content::of_configuration(&configuration).unwrap()),
            settings: Settings {
                configuration: Some(id(2)),
                administrative: Some(id(3)),
                accounts: vec![Account {
                    user: id(4),
                    launchers: Launchers::Everyone,
                }],
                connection: Connection {
                    connections: Tri::On,
                    launch_credential: Some(id(4)),
                    ..Connection::default()
                },
                ..Settings::default()
            },
            shares: vec![share(&person, LAUNCH)],
            gateway: None,
            kind: SessionKind::Terminal,
            account: None,
            personal: Vec::new(),
            host: Asked::Nothing,
            live: NONE_LIVE,
            person,
        }
    }

    fn facts(&self) -> LaunchFacts<'_> {
        LaunchFacts {
            record: &self.record,
            shares: &self.shares,
            settings: &self.settings,
            configuration: Some(&self.configuration),
            gateway: self.gateway.as_ref(),
            kind: self.kind,
            account: self.account.as_ref(),
            personal: &self.personal,
            host: self.host,
        }
    }

    fn launch(&self) -> Result<Authorized<Launch>, Refusal> {
        launch(&self.person, self.facts(), self.live)
    }

    fn refusal(&self) -> String {
        let refusal = self.launch().unwrap_err();

        format!("{:?}: {}", refusal.code, refusal.sentence)
    }

    fn configuration_mut(&mut self) -> &mut Configuration {
        match &mut self.configuration.content.body {
            Body::Configuration(configuration) => configuration,
            Body::Database(_) | Body::User(_) => unreachable!(),
        }
    }
}

/// A gateway for these folders, which the configuration names.
fn through(world: &mut World, folders: Vec<FolderId>) {
    let gateway = Gateway {
        id: GatewayId::from_random([9; 16]),
        name: "Berlin".to_owned(),
        folders,
        targets: Targets::default(),
        address_lock: true,
        max_instances: 1,
    };
    let Body::Configuration(configuration) = &mut world.configuration.content.body else {
        panic!("no configuration");
    };
    configuration.gateway = Route::Gateway(gateway.id.clone());
    world.gateway = Some(gateway);
}

#[test]
fn a_record_is_reached_through_a_gateway_that_may_serve_its_folder() {
    let shop = FolderId::from_random([1; 16]);
    let mut world = World::new();
    assert_eq!(world.launch().unwrap().via(), None);

    world.record.content.folder = Some(shop.clone());
    through(&mut world, vec![shop]);

    assert_eq!(world.launch().unwrap().via().unwrap().name, "Berlin");
}

#[test]
fn a_record_outside_is_not_reached_by_any_other_way() {
    let shop = FolderId::from_random([1; 16]);
    let data = FolderId::from_random([2; 16]);
    let mut world = World::new();
    through(&mut world, vec![shop]);

    assert_eq!(
        world.refusal(),
        "PamPrereq: Not reachable by any gateway: \"Berlin\" is the one of its PAM Configuration, and the record is in none \
         of the folders it may serve."
    );
    world.record.content.folder = Some(data);
    assert!(world.refusal().contains("is not one of those it may serve"));
    // One that was removed, or another, serves nothing.
    world.gateway = None;
    assert!(world.refusal().contains("was removed"));
}

#[test]
fn with_everything_in_place_the_launch_credential_is_used() {
    let world = World::new();

    let authorized = world.launch().unwrap();

    assert_eq!(authorized.record(), &id(1));
    assert_eq!(authorized.account(), &id(4));
    assert_eq!(authorized.person(), &world.person.id);
}

#[test]
fn each_missing_condition_has_its_own_refusal_in_order() {
    let mut refusals = Vec::new();
    let mut world = World::new();
    // From the last condition to the first: each earlier one that fails hides the later ones.
    world.live = LiveSessions {
        of_person: 5,
        of_record: 9,
    };
    refusals.push(world.refusal());
    world.settings.accounts[0].launchers = Launchers::nobody();
    refusals.push(world.refusal());
    world.settings.connection.launch_credential = None;
    refusals.push(world.refusal());
    world.settings.connection.connections = Tri::Off;
    refusals.push(world.refusal());
    world.configuration_mut().connections = false;
    refusals.push(world.refusal());
    world.settings.administrative = None;
    refusals.push(world.refusal());
    world.shares[0].permissions = Permissions::VIEW;
    refusals.push(world.refusal());
    world.person.role = Role::Auditor;
    refusals.push(world.refusal());
    world.shares.clear();
    refusals.push(world.refusal());
    world.person.state = PersonState::Off;
    refusals.push(world.refusal());

    expect_test::expect![[r#"
        PamLimitSessions: You have reached the maximum of 5 active sessions on this record. Close an existing session and try again.
        PamNoCredential: No account of this record is open to you, or not the chosen one. Ask an administrator to put you on its list.
        PamNoCredential: This record has no launch credential. Ask an administrator to select one.
        PamDisabledOnRecord: Connections are not enabled on this record.
        PamConfigDenied: Connections are turned off in PAM Configuration "Prod".
        PamPrereq: Select a PAM configuration and an administrative credential first.
        PamPolicyDenied: Launching takes a share with launch on this record or its folder. An administrator can give you one.
        PamPolicyDenied: Your role does not allow launching connections.
        PamNotFound: Record not found.
        SignedOut: Your account is switched off. Ask an administrator to switch it on again."#]]
    .assert_eq(&refusals.join("\n"));
}

#[test]
fn an_administrator_needs_a_launch_share_too() {
    let mut world = World::new();
    world.person.role = Role::Administrator;
    assert!(world.launch().is_ok());

    world.shares.clear();

    assert_eq!(world.launch().unwrap_err().code, Code::PamPolicyDenied);
}

#[test]
fn an_account_is_open_to_its_list_only() {
    let mut world = World::new();
    let listed = Launchers::Persons([world.person.id.clone()].into());
    world.settings.accounts.push(Account {
        user: id(5),
        launchers: listed,
    });
    world.settings.accounts.push(Account {
        user: id(6),
        launchers: Launchers::nobody(),
    });

    assert_eq!(
        offer(&world.person, world.facts()).unwrap().accounts,
        [id(4), id(5)]
    );
    for (chosen, allowed) in [(4, true), (5, true), (6, false), (3, false), (99, false)] {
        world.account = Some(id(chosen));

        assert_eq!(world.launch().is_ok(), allowed, "account {chosen}");
    }
}

#[test]
fn who_may_not_use_the_launch_credential_uses_the_only_other_or_chooses() {
    let mut world = World::new();
    let listed = || Launchers::Persons([person(7, Role::User).id].into());
    world.settings.accounts = vec![
        Account {
            user: id(4),
            launchers: Launchers::nobody(),
        },
        Account {
            user: id(5),
            launchers: listed(),
        },
    ];
    assert_eq!(world.launch().unwrap().account(), &id(5));

    world.settings.accounts.push(Account {
        user: id(6),
        launchers: listed(),
    });

    assert_eq!(
        world.refusal(),
        "PamNoCredential: Choose the account to launch with."
    );
}

#[test]
fn a_live_session_whose_account_is_taken_away_does_not_get_another() {
    let mut world = World::new();
    world.account = Some(id(5));
    world.live = LiveSessions {
        of_person: 99,
        of_record: 99,
    };
    let listed = Launchers::Persons([world.person.id.clone()].into());
    world.settings.accounts.push(Account {
        user: id(5),
        launchers: listed,
    });
    assert!(stay(&world.person, world.facts()).is_ok());

    world.settings.accounts[1].launchers = Launchers::nobody();

    assert_eq!(
        stay(&world.person, world.facts()).unwrap_err().code,
        Code::PamNoCredential
    );
}

#[test]
fn limits_count_the_persons_and_the_records_sessions() {
    let mut world = World::new();
    world.settings.connection.limits.max_sessions_per_resource = Some(2);
    for (of_person, of_record, allowed) in [(0, 0, true), (1, 1, true), (0, 2, false), (5, 0, false)] {
        world.live = LiveSessions { of_person, of_record };

        assert_eq!(world.launch().is_ok(), allowed, "{of_person} {of_record}");
    }
    world.settings.connection.limits.max_sessions_per_user = Some(0);
    world.live = LiveSessions {
        of_person: 500,
        of_record: 0,
    };
    assert!(world.launch().is_ok());
}

#[test]
fn a_configuration_that_is_not_the_linked_one_does_not_count() {
    let mut world = World::new();
    world.settings.configuration = Some(id(42));

    assert_eq!(world.launch().unwrap_err().code, Code::PamPrereq);
}

#[test]
fn only_a_database_is_launched() {
    let mut world = World::new();
    world.record = Record {
        id: id(1),
        ..world.configuration.clone()
    };

    assert!(
        world
            .refusal()
            .starts_with("PamPrereq: A PAM Configuration cannot be launched")
    );
}

/// A PAM User of somebody's own.
fn personal(byte: u8, owner: u8) -> Record {
    let draft = protocol::vault::UserDraft {
        title: "Mine".to_owned(),
        login: "ada".to_owned(),
        ..protocol::vault::UserDraft::default()
    };
    let user = crate::record::UserContent::of(draft, &crate::record::Stored::default()).unwrap();

    Record {
        owner: Some(person(owner, Role::User).id),
        ..record(byte, user.content)
    }
}

#[test]
fn a_personal_credential_is_launched_with_where_the_record_lets_people_choose_one() {
    let mut world = World::new();
    world.personal = vec![personal(8, 7)];
    world.account = Some(id(8));

    assert!(world.refusal().starts_with("PamNoCredential: No account"));
    world.settings.connection.allow_supply_user = true;
    let launch = world.launch().unwrap();
    assert!(launch.is_personal());
    assert_eq!(launch.account(), &id(8));
    assert_eq!(
        offer(&world.person, world.facts()).unwrap().accounts,
        [id(4), id(8)]
    );

    // Nobody said: the launch credential.
    world.account = None;
    let launch = world.launch().unwrap();
    assert!(!launch.is_personal());
    assert_eq!(launch.account(), &id(4));
}

#[test]
fn a_personal_credential_of_somebody_else_is_none() {
    let mut world = World::new();
    world.settings.connection.allow_supply_user = true;
    world.personal = vec![personal(8, 9)];
    world.account = Some(id(8));

    assert!(world.refusal().starts_with("PamNoCredential: No account"));
    let nobodys = Record {
        owner: None,
        ..personal(8, 7)
    };
    world.personal = vec![nobodys];
    assert!(world.refusal().starts_with("PamNoCredential: No account"));
}

#[test]
fn a_record_without_a_launch_credential_is_launched_with_ones_own() {
    let mut world = World::new();
    world.settings.accounts.clear();
    world.settings.connection.launch_credential = None;
    world.settings.connection.allow_supply_user = true;

    assert!(
        world
            .refusal()
            .ends_with("Keep a personal credential in your vault to launch with it.")
    );
    world.personal = vec![personal(8, 7)];
    assert_eq!(world.launch().unwrap().account(), &id(8));
    world.personal.push(personal(9, 7));
    assert_eq!(
        world.refusal(),
        "PamNoCredential: Choose the account to launch with."
    );
}

#[test]
fn a_template_is_launched_to_the_host_that_was_given() {
    let mut world = World::new();
    let Body::Database(database) = &mut world.record.content.body else {
        unreachable!()
    };
    database.host.clear();
    world.settings.connection.allow_supply_host = true;
    world.settings.connection.supplied_hosts = vec!["10.0.0.0/8".to_owned()];

    assert!(offer(&world.person, world.facts()).unwrap().asks_host);
    assert_eq!(world.refusal(), "Validation: Host is required for this template.");
    world.host = Asked::Host("10.0.0.7:5433");
    let launch = world.launch().unwrap();
    let supplied = launch.supplied().unwrap();
    assert_eq!((supplied.host(), supplied.port()), ("10.0.0.7", Some(5433)));
    world.host = Asked::Host("192.0.2.1");
    assert!(world.refusal().starts_with("PamTargetDenied"));
}
