//! Who may depend on whom: the drawing in ARCHITECTURE.md as a table.

use super::{Arrow, Crate, Finding};

/// Crates without IO, clock or randomness of their own.
pub(super) const CORES: &[&str] = &["protocol", "recording", "terminal", "pg-proto", "vault"];

/// What no core may be built from, alone or as the first word of a name (`tokio-util`).
const BANNED_IN_CORES: &[&str] = &["tokio", "axum", "sqlx", "leptos"];

/// Each crate and those of ours it may use. A new crate needs a row, here and in ARCHITECTURE.md.
const ALLOWED: &[(&str, &[&str])] = &[
    ("hydrate", &["app"]),
    (
        "server",
        &[
            "app",
            "gateway",
            "pg-proto",
            "protocol",
            "proxy",
            "recording",
            "store",
            "terminal",
            "vault",
        ],
    ),
    ("cli", &["gateway", "protocol", "recording"]),
    ("app", &["protocol", "recording", "store", "vault"]),
    ("gateway", &["protocol"]),
    ("store", &["protocol", "vault"]),
    ("proxy", &["pg-proto", "recording", "vault"]),
    ("vault", &["protocol"]),
    ("terminal", &["pg-proto"]),
    ("recording", &[]),
    ("pg-proto", &[]),
    ("protocol", &[]),
    ("testkit", &[]),
    // For the table of widths, which the site holds too; for the session the demo records.
    ("xtask", &["protocol", "terminal"]),
];

/// Arrows that exist on the server only, so that the wasm module never carries what they lead to.
const SERVER_ONLY: &[(&str, &str)] = &[("app", "store"), ("app", "vault")];

pub(super) fn check(crates: &[Crate]) -> Vec<Finding> {
    let ours: Vec<&str> = crates.iter().map(|krate| krate.name.as_str()).collect();
    let mut findings = Vec::new();
    for Crate { name, arrows } in crates {
        let Some((_, allowed)) = ALLOWED.iter().find(|(row, _)| row == name) else {
            findings.push(Finding::new(
                name,
                "has no row in xtask/src/tidy/arrows.rs: say what it may depend on",
            ));
            continue;
        };
        let arrows = arrows.iter().filter(|arrow| ours.contains(&arrow.to.as_str()));
        findings.extend(arrows.filter_map(|arrow| check_arrow(name, allowed, arrow)));
    }
    findings
}

fn check_arrow(from: &str, allowed: &[&str], arrow: &Arrow) -> Option<Finding> {
    let to = arrow.to.as_str();
    let is_test_tool = to == "testkit" && (arrow.is_dev || arrow.is_optional);
    // A crate names itself to test with a feature of its own.
    let is_itself = arrow.is_dev && to == from;
    if !is_test_tool && !is_itself && !allowed.contains(&to) {
        let says = format!("may not depend on {to}: ARCHITECTURE.md draws no such arrow");
        return Some(Finding::new(from, says));
    }
    if SERVER_ONLY.contains(&(from, to)) && !arrow.is_optional {
        let says = format!("depends on {to} in the browser too: make it optional, in the feature `ssr`");
        return Some(Finding::new(from, says));
    }
    None
}

/// `tree` names everything the core is built from.
pub(super) fn check_core(core: &str, tree: &[String]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for name in tree {
        let first_word = name.split(['-', '_']).next().unwrap_or_default();
        if BANNED_IN_CORES.contains(&first_word) {
            findings.push(Finding::new(
                core,
                format!("is a core, yet is built from {name}: see `cargo tree -i {name}`"),
            ));
        }
    }
    findings.dedup();
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn krate(name: &str, arrows: &[(&str, bool, bool)]) -> Crate {
        let arrows = arrows.iter().map(|&(to, is_dev, is_optional)| Arrow {
            to: to.to_owned(),
            is_dev,
            is_optional,
        });
        Crate {
            name: name.to_owned(),
            arrows: arrows.collect(),
        }
    }

    fn places(crates: &[Crate]) -> Vec<String> {
        check(crates).into_iter().map(|finding| finding.place).collect()
    }

    #[test]
    fn arrows_go_down_only() {
        let protocol = krate("protocol", &[]);

        assert_eq!(
            places(&[krate("vault", &[("protocol", false, false)]), protocol]),
            [""; 0]
        );
        assert_eq!(
            places(&[krate("vault", &[]), krate("protocol", &[("vault", false, false)])]),
            ["protocol"]
        );
    }

    #[test]
    fn the_test_kit_is_for_tests_and_features_for_tests() {
        let testkit = || krate("testkit", &[]);

        assert_eq!(
            places(&[krate("store", &[("testkit", true, false)]), testkit()]),
            [""; 0]
        );
        assert_eq!(
            places(&[krate("store", &[("testkit", false, true)]), testkit()]),
            [""; 0]
        );
        assert_eq!(
            places(&[krate("store", &[("testkit", false, false)]), testkit()]),
            ["store"]
        );
    }

    #[test]
    fn the_browser_gets_neither_store_nor_vault() {
        let vault = || krate("vault", &[]);

        assert_eq!(
            places(&[krate("app", &[("vault", false, true)]), vault()]),
            [""; 0]
        );
        assert_eq!(
            places(&[krate("app", &[("vault", false, false)]), vault()]),
            ["app"]
        );
    }

    #[test]
    fn a_crate_without_a_row_is_found() {
        assert_eq!(places(&[krate("helpers", &[])]), ["helpers"]);
    }

    #[test]
    fn a_core_is_free_of_runtimes() {
        let tree = ["vault", "serde", "tokio-util"].map(str::to_owned);

        let findings = check_core("vault", &tree);

        assert_eq!(findings.len(), 1);
    }
}
