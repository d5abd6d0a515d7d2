//! `postern import`, the program itself, on both stores: tried, imported, imported again, and refused.

mod desk;

use std::io::Write;
use std::sync::{Arc, Mutex};

use axum::body::{Body, Bytes};
use expect_test::expect;
use futures_util::stream::poll_fn;
use protocol::audit::{EventName, EventView};
use protocol::ids::RecordId;
use protocol::people::Role;
use protocol::vault::{Permissions, RecordKind};
use server::clock;
use store::{access_tokens, people, settings, shares};
use tokio::sync::mpsc;
use vault::authorize::{self, Wanted};

use self::desk::{CANARY, Desk, PAGE, example, on_both, token};
use crate::house::Call;

/// The lines of events: name, title, and the details but ids.
fn lines(events: &[EventView]) -> String {
    events
        .iter()
        .map(|event| {
            let details: Vec<String> = event
                .details
                .iter()
                .filter(|(key, _)| !["folder", "person_id"].contains(&key.as_str()))
                .map(|(key, value)| format!("{key}={}", without_ids(value)))
                .collect();
            let title = event.record_title.clone().unwrap_or_default();

            format!("{} [{title}] {}\n", event.name.as_str(), details.join("; "))
        })
        .collect()
}

/// An account is named by the id of its user.
fn without_ids(text: &str) -> String {
    let words: Vec<&str> = text
        .split(' ')
        .map(|word| {
            if word.parse::<RecordId>().is_ok() {
                "ID"
            } else {
                word
            }
        })
        .collect();

    words.join(" ")
}

#[tokio::test]
async fn the_example_of_the_page_is_tried_and_imported_and_a_second_time_skipped() {
    on_both(async |desk: Desk| {
        // As the page shows it.
        let tried = desk.import(example(), &["--dry-run"]).await;
        let (_, shown) = PAGE.split_once("$ postern import acme.json --dry-run\n").unwrap();
        let (shown, _) = shown.split_once("```").unwrap();
        let (remarks, table): (Vec<&str>, Vec<&str>) =
            shown.lines().partition(|line| line.starts_with("acme.json:"));
        assert_eq!(tried.out.lines().collect::<Vec<_>>(), table);
        assert_eq!(tried.err.lines().collect::<Vec<_>>(), remarks);
        assert_eq!(tried.code, Some(0));
        assert_eq!(desk.n_made().await, 0);

        let imported = desk.import(example(), &[]).await;
        assert_eq!(imported.code, Some(0), "{}", imported.err);
        assert!(
            imported.out.ends_with("10 created, 0 there already.\n"),
            "{}",
            imported.out
        );
        assert_eq!(
            desk.titles().await,
            [
                "Acme",
                "Orders, application",
                "Reporting",
                "orders-admin",
                "orders-pg"
            ]
        );
        assert_eq!(desk.password("orders-admin").await, "the-password-of-pam_admin");

        let again = desk.import(example(), &[]).await;
        assert_eq!(again.code, Some(0), "{}", again.err);
        assert!(
            again.out.ends_with("0 created, 10 there already.\n"),
            "{}",
            again.out
        );
        assert_eq!(desk.n_made().await, 7);
        let tries = [EventName::ProjectImported, EventName::ProjectImportTried];
        expect![[r#"
            project_import_tried [] created=10; project=Acme DBs; result=dry run
            project_imported [] created=10; project=Acme DBs; result=imported
            project_imported [] created=0; project=Acme DBs; result=imported
        "#]]
        .assert_eq(&lines(&desk.events(&tries).await));
    })
    .await;
}

#[tokio::test]
async fn what_is_imported_is_shared_set_up_and_on_record_as_if_made_by_hand() {
    on_both(async |desk: Desk| {
        let imported = desk.import(example(), &[]).await;
        assert_eq!(imported.code, Some(0), "{}", imported.err);
        let (database, application) = (
            desk.record("orders-pg").await,
            desk.record("Orders, application").await,
        );
        let mut snapshot = desk.house().state.db.read().await.unwrap();
        let email = "dev@example.org".parse().unwrap();
        let dev = people::find(&mut snapshot, &email).await.unwrap().unwrap();

        let held = shares::held(&mut snapshot, &dev.id, &database.location())
            .await
            .unwrap();
        assert_eq!(held.len(), 1);
        assert_eq!(held[0].permissions, Permissions::shared(false, true, false));
        assert!(
            shares::held(&mut snapshot, &dev.id, &application.location())
                .await
                .unwrap()
                .is_empty()
        );
        let (settings, version) = settings::lookup(&mut snapshot, &database.id).await.unwrap();
        assert_eq!(version, 1);
        assert_eq!(
            settings.connection.launch_credential.as_ref(),
            Some(&application.id)
        );
        drop(snapshot);
        let administrator = desk.administrator().await;
        let edit = authorize::edit(&administrator, &database.location(), &[]).unwrap();
        let mut snapshot = desk.house().state.db.read().await.unwrap();
        let history = store::history::list(&mut snapshot, &edit).await.unwrap();
        let actions: Vec<&str> = history.iter().map(|entry| entry.action.name()).collect();
        assert_eq!(actions, ["settings_changed", "created"]);
        drop(snapshot);
        let made = [
            EventName::FolderCreated,
            EventName::FolderShared,
            EventName::PamConfigurationCreated,
            EventName::RecordCreated,
            EventName::PamSettingsUpdated,
        ];
        expect![[r#"
            folder_created [] name=Acme DBs - Resources
            folder_shared [] name=Acme DBs - Resources; permissions=view, launch; person=dev@example.org
            folder_shared [] name=Acme DBs - Resources; permissions=view, edit, launch; person=lead@example.org
            folder_created [] name=Acme DBs - Users
            folder_shared [] name=Acme DBs - Users; permissions=view, edit, reveal; person=lead@example.org
            pam_configuration_created [Acme] fields=title, environment, gateway, connections, tunneling, unguarded_tunnels, graphical_session_recording, text_session_recording, recording_include_keys, can_export, can_import, can_copy, can_paste
            record_created [orders-admin] fields=title, login, connect_database, distinguished_name, password
            record_created [Orders, application] fields=title, login, password
            record_created [Reporting] fields=title, login, description, password
            record_created [orders-pg] fields=title, host, port, database_type, database, tls_mode, notes; host_after=10.0.0.5; host_before=; port_after=5432; port_before=; tls_mode_after=verify-full; tls_mode_before=
            pam_settings_updated [orders-pg] fields=configuration, administrative_credential, connections, recording_include_keys, port, launch_credential, default_database, can_export, can_import, color_scheme, font_size, scrollback, tunneling, remote_port, reuse_port, account ID; port_after=5432; port_before=
        "#]].assert_eq(&lines(&desk.events(&made).await));
    })
    .await;
}

#[tokio::test]
async fn what_is_there_and_differs_is_a_conflict_and_then_nothing_is_written() {
    on_both(async |desk: Desk| {
        desk.import(example(), &[]).await;
        let other = example()
            .replace("10.0.0.5", "10.0.0.6")
            .replace("\"disable_copy\": false", "\"disable_copy\": true")
            .replace("the-password-of-reporting", "another")
            .replace(
                "{\"name\": \"dev@example.org\"}",
                "{\"name\": \"dev@example.org\", \"manage_records\": true}",
            )
            .replace(
                "\"users\": [\n      {",
                "\"users\": [\n      {\"login\": \"new\", \"password\": \"new\"},\n      {",
            );

        desk.check(&other, &[], 4, expect![[r#"
            skip      folder             Acme DBs - Resources
            conflict  share              Acme DBs - Resources: dev@example.org (view, edit, launch): permissions
            skip      share              Acme DBs - Resources: lead@example.org (view, edit, launch)
            skip      folder             Acme DBs - Users
            skip      share              Acme DBs - Users: lead@example.org (view, edit, reveal)
            skip      PAM Configuration  Acme
            skip      PAM User           orders-admin
            skip      PAM User           Orders, application
            create    PAM User           PAM User - new
            conflict  PAM User           Reporting: password
            conflict  PAM Database       orders-pg: host, can_copy
            --
            acme.json:23: pam_configuration.port_mapping: Not needed: the database type of a record says what its port speaks.
            postern: What is marked as conflict is there already and differs, and nothing was written. Change acme.json or the records, so that both say the same.
        "#]]).await;
        assert_eq!(desk.n_made().await, 7);
        assert_eq!(desk.password("Reporting").await, "the-password-of-reporting");
        let json = desk.import(&other, &["--json"]).await;
        let report: serde_json::Value = serde_json::from_str(&json.out).unwrap();
        assert_eq!(
            (report["outcome"].as_str(), json.code),
            (Some("conflicts"), Some(4))
        );
        let event = desk.events(&[EventName::ProjectImportTried]).await;
        assert!(lines(&event).contains("result=conflicts"), "{}", lines(&event));
    })
    .await;
}

#[tokio::test]
async fn what_is_missing_is_made_beside_what_is_there() {
    let desk = Desk::open(None).await;
    desk.import(example(), &[]).await;
    let longer = example().replace(
        "\"users\": [\n      {",
        "\"users\": [\n      {\"login\": \"new\", \"password\": \"new\"},\n      {",
    );

    let ran = desk.import(&longer, &[]).await;

    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(
        ran.out.contains("create    PAM User           PAM User - new\n"),
        "{}",
        ran.out
    );
    assert!(ran.out.ends_with("1 created, 10 there already.\n"), "{}", ran.out);
}

#[tokio::test]
async fn a_gateway_that_is_there_is_used_and_given_the_folder_to_serve() {
    on_both(async |desk: Desk| {
        let ada = desk.house().sign_in(Role::Administrator).await;
        let send = async |path: &str, form: &str| {
            let answer = desk.house().call(desk.house().post(path, form).by(&ada)).await;
            assert_eq!(answer.status, 200, "{path}: {}", answer.body);

            answer
                .header(http::header::LOCATION)
                .unwrap_or_default()
                .to_owned()
        };
        let folder = send("/api/create-folder", "draft[name]=Other").await;
        let folder = folder.rsplit('/').next().unwrap().to_owned();
        let form = format!("draft[name]=Berlin&draft[folders][]={folder}&draft[max_instances]=1");
        send("/api/create-gateway", &form).await;
        let named = example().replace("\"gateway_name\": \"\"", "\"gateway_name\": \"Berlin\"");

        let imported = desk.import(&named, &[]).await;
        assert_eq!(imported.code, Some(0), "{}", imported.err);
        assert!(
            imported.out.contains("Berlin: Acme DBs - Resources"),
            "{}",
            imported.out
        );
        assert!(
            imported.out.ends_with("11 created, 0 there already.\n"),
            "{}",
            imported.out
        );
        let mut snapshot = desk.house().state.db.read().await.unwrap();
        let gateway = store::gateways::list(&mut snapshot).await.unwrap().remove(0);
        drop(snapshot);
        assert_eq!(gateway.folders.len(), 2);
        let events = desk.events(&[EventName::GatewayUpdated]).await;
        assert_eq!(
            lines(&events),
            "gateway_updated [] added_folder=Acme DBs - Resources; gateway=Berlin\n"
        );

        let again = desk.import(&named, &[]).await;
        assert!(
            again.out.ends_with("0 created, 11 there already.\n"),
            "{}",
            again.out
        );
    })
    .await;
}

#[tokio::test]
async fn every_problem_is_told_with_its_line_those_of_the_store_too() {
    on_both(async |desk: Desk| {
        let wrong = example()
            .replace("dev@example.org", "nobody@example.org")
            .replace(
                "\"port\": \"5432\",\n        \"use_ssl\"",
                "\"port\": 99999,\n        \"use_ssl\"",
            )
            .replace("\"gateway_name\": \"\"", "\"gateway_name\": \"gw-1\"");

        desk.check(&wrong, &[], 2, expect![[r#"
            --
            acme.json:11: shared_folder_resources.permissions[0].name: Nobody here has this address. Add the person under People first, or take them out of the file.
            acme.json:18: pam_configuration.gateway_name: There is no gateway of this name. Make it under Gateways first, or leave "gateway_name" empty: then this server connects itself.
            acme.json:32: pam_data.resources[0].port: Port must be a whole number from 1 to 65535; PostgreSQL's own is 5432.
            acme.json:23: pam_configuration.port_mapping: Not needed: the database type of a record says what its port speaks.
            postern: acme.json has 3 problems, and nothing was written.
        "#]]).await;
        assert_eq!(desk.n_made().await, 0);
        let json = desk.import(&wrong, &["--dry-run", "--json"]).await;
        let report: serde_json::Value = serde_json::from_str(&json.out).unwrap();
        assert_eq!(
            report["problems"].as_array().map(Vec::len),
            Some(3),
            "{}",
            json.out
        );
        assert_eq!(
            (report["outcome"].as_str(), json.code),
            (Some("problems"), Some(2))
        );
    })
    .await;
}

#[tokio::test]
async fn two_records_of_one_title_leave_open_which_is_meant() {
    let desk = Desk::open(None).await;
    desk.import(example(), &[]).await;
    let cookie = desk.house().sign_in(Role::Administrator).await;
    let form = "draft[title]=Acme";
    let made = desk.house().post("/api/create-configuration", form).by(&cookie);
    assert_eq!(desk.house().call(made).await.status, 200);

    desk.check(example(), &[], 2, expect![[r#"
        --
        acme.json:15: pam_configuration: 2 records of the title "Acme" are there already, and which is meant cannot be told. Give all but one another title.
        acme.json:23: pam_configuration.port_mapping: Not needed: the database type of a record says what its port speaks.
        postern: acme.json has one problem, and nothing was written.
    "#]]).await;
}

#[tokio::test]
async fn importing_is_for_administrators_with_a_token_for_the_command_line() {
    let desk = Desk::open(None).await;
    let house = desk.house();
    for role in [Role::User, Role::Auditor] {
        let token = token(house, role, Wanted::CommandLine).await;

        let refused = desk.post(&token, "", example()).await;

        assert_eq!(
            refused.told(),
            "403 PAM_POLICY_DENIED: Your role does not allow creating records and folders."
        );
    }

    let clients = token(house, Role::Administrator, Wanted::Everything).await;
    assert_eq!(
        desk.post(&clients, "", example()).await.told(),
        "403 PAM_POLICY_DENIED: This access token is for database clients and jobs. Importing takes one for the command line: run postern login, or make one under Account."
    );
    assert_eq!(desk.post("ptn_0", "", example()).await.status, 401);
    assert_eq!(
        desk.post(&desk.token, "?dry=yes", example()).await.told(),
        "422 VALIDATION: The request is not what this server expects. Is the command line of another version than the server?"
    );
    assert_eq!(desk.n_made().await, 0);
}

#[tokio::test]
async fn a_token_that_is_revoked_while_the_file_arrives_imports_nothing() {
    let desk = Desk::open(None).await;
    let (piece, mut pieces) = mpsc::channel::<Result<Bytes, std::io::Error>>(1);
    let (begin, end) = example().split_at(100);
    let call = desk
        .call(&desk.token, "", "")
        .of(Body::from_stream(poll_fn(move |cx| pieces.poll_recv(cx))));

    let revoking = async {
        piece
            .send(Ok(Bytes::from_static(begin.as_bytes())))
            .await
            .unwrap();
        // There is room for one: when this one is taken, the file is being read.
        piece.send(Ok(Bytes::from_static(end.as_bytes()))).await.unwrap();
        let administrator = desk.administrator().await;
        let mut tx = desk.house().state.db.write().await.unwrap();
        access_tokens::revoke_all(&mut tx, &administrator.id, clock::now())
            .await
            .unwrap();
        tx.commit().await.unwrap();
        drop(piece);
    };
    let (answer, ()) = tokio::join!(desk.house().call(call), revoking);

    assert_eq!(answer.status, 401, "{}", answer.body);
    assert_eq!(desk.n_made().await, 0);
}

#[tokio::test]
async fn a_file_has_a_bound_here_and_there() {
    let desk = Desk::open(None).await;
    let long = format!("{{\"_\": \"{}\"}}", "x".repeat(16 * 1024 * 1024));

    let told = desk.post(&desk.token, "", &long).await.told();
    let ran = desk.import(&long, &[]).await;

    assert_eq!(
        told,
        "422 VALIDATION: The file is larger than 16 MiB, or was cut short."
    );
    assert_eq!(
        (ran.code, ran.err.as_str()),
        (
            Some(2),
            "postern: acme.json: it is longer than 16 MiB; import it in several files.\n"
        )
    );
}

#[tokio::test]
async fn a_distinguished_name_is_shown_and_outlives_an_edit() {
    let desk = Desk::open(None).await;
    desk.import(example(), &[]).await;
    let cookie = desk.house().sign_in(Role::Administrator).await;
    let page = async |id: &RecordId| {
        let call = Call::get(&format!("/vault/{id}")).by(&cookie);

        desk.house().call(call).await.body
    };
    let (admin, other) = (desk.record("orders-admin").await, desk.record("Reporting").await);
    assert_eq!(admin.location().kind, RecordKind::User);

    let form = format!(
        "id={}&version=1&draft[title]=orders-admin&draft[login]=pam_owner",
        admin.id
    );
    let saved = desk.house().post("/api/save-user", &form).by(&cookie);
    assert_eq!(desk.house().call(saved).await.status, 200);

    let shown = page(&admin.id).await;
    assert!(shown.contains("Imported, not used by PostgreSQL") && shown.contains("pam_owner"));
    assert!(shown.contains("CN=pam_admin"), "{shown}");
    assert!(!page(&other.id).await.contains("Imported, not used"));
}

/// What the server logs, all of it.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);

        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn no_password_of_a_file_is_in_a_log_a_row_or_an_answer() {
    let log = Log::default();
    let written = log.clone();
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || written.clone())
        .init();
    on_both(async |desk: Desk| {
        let broken = example().replace("\"project\"", "\"project\": \"x\" \"y\"");
        let wrong = example().replace("\"login\": \"reporting\"", "\"lgin\": \"reporting\"");
        let conflicting = example().replace("10.0.0.5", "10.0.0.6");
        // Each answer is looked at where it arrives.
        for text in [&broken, &wrong, example(), &conflicting, example()] {
            desk.import(text, &["--dry-run", "--json"]).await;
            desk.import(text, &[]).await;
        }

        let mut rows = Vec::new();
        let mut snapshot = desk.house().state.db.read().await.unwrap();
        store::copy::write(&mut snapshot, &mut rows).await.unwrap();
        let rows = String::from_utf8(rows).unwrap();
        assert!(rows.contains("project_imported") && rows.contains("orders-pg"));
        assert!(!rows.contains(CANARY));
    })
    .await;

    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("/cli/import"), "{log}");
    assert!(!log.contains(CANARY));
}
