//! The drafts of gateways: what they need, and how they come from forms.

use super::*;

fn draft() -> GatewayDraft {
    GatewayDraft {
        name: "Berlin".to_owned(),
        folders: vec![FolderId::from_random([1; 16])],
        ..GatewayDraft::default()
    }
}

#[test]
fn a_gateway_needs_a_name_and_a_folder() {
    assert_eq!(draft().check(), []);

    let fields: Vec<String> = GatewayDraft::default()
        .check()
        .into_iter()
        .map(|error| error.field)
        .collect();
    assert_eq!(fields, ["name", "folders"]);
}

#[test]
fn a_line_that_is_no_rule_is_named() {
    let wrong = GatewayDraft {
        targets: "10.0.0.0/24\n\n10.0.0.300\n".to_owned(),
        ..draft()
    };

    let errors = wrong.check();

    assert_eq!(errors.len(), 1);
    assert_eq!(errors[0].field, "targets");
    assert!(
        errors[0].message.contains("\"10.0.0.300\""),
        "{}",
        errors[0].message
    );
}

#[test]
fn numbers_stay_within_bounds() {
    for (given, is_good) in [
        ("1", true),
        ("20", true),
        ("0", false),
        ("21", false),
        ("", false),
        ("x", false),
    ] {
        let draft = GatewayDraft {
            max_instances: given.to_owned(),
            ..draft()
        };
        assert_eq!(draft.check().is_empty(), is_good, "{given}");
    }
    for (given, is_good) in [
        ("1", true),
        ("1440", true),
        ("0", false),
        ("1441", false),
        ("", false),
    ] {
        let draft = EnrolDraft {
            minutes: given.to_owned(),
        };
        assert_eq!(draft.check().is_empty(), is_good, "{given}");
    }
}

#[test]
fn an_absent_checkbox_is_off_and_folders_come_as_a_list() {
    let id = FolderId::from_random([1; 16]);
    let draft: GatewayDraft =
        serde_qs::from_str(&format!("name=Berlin&folders[]={id}&max_instances=2")).unwrap();

    assert!(!draft.address_lock);
    assert_eq!(draft.folders, [id]);
    assert_eq!(draft.instances(), 2);
}
