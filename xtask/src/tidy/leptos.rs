//! Leptos.toml and the cargo-leptos metadata in Cargo.toml say the same where both speak.

use anyhow::{Context, Result};
use toml::{Table, Value};

use super::Finding;

pub(super) fn check(cargo: &str, leptos: &str) -> Result<Vec<Finding>> {
    let build = options(cargo).context("Cargo.toml")?;
    let runtime = options(leptos).context("Leptos.toml")?;

    let mut findings = Vec::new();
    for (key, value) in &runtime {
        let Some(other) = build.get(key) else {
            continue;
        };
        if value != other {
            findings.push(Finding::new(
                "Leptos.toml",
                format!("`{key}` is {value} here and {other} in Cargo.toml"),
            ));
        }
    }
    Ok(findings)
}

/// The first table of `[[workspace.metadata.leptos]]`: that is what leptos reads of either file.
fn options(manifest: &str) -> Result<Table> {
    let manifest: Table = toml::from_str(manifest)?;
    let entries = manifest
        .get("workspace")
        .and_then(|workspace| workspace.get("metadata"))
        .and_then(|metadata| metadata.get("leptos"))
        .and_then(Value::as_array);
    let entry = entries
        .and_then(|entries| entries.first())
        .and_then(Value::as_table);
    Ok(entry.context("has no [[workspace.metadata.leptos]]")?.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    const CARGO: &str =
        "[[workspace.metadata.leptos]]\noutput-name = \"postern\"\nlib-package = \"hydrate\"\n";

    #[test]
    fn what_only_one_file_says_is_its_own_matter() {
        let leptos = "[[workspace.metadata.leptos]]\noutput-name = \"postern\"\nenv = \"PROD\"\n";

        assert_eq!(check(CARGO, leptos).unwrap(), []);
    }

    #[test]
    fn what_both_say_is_equal() {
        let leptos = "[[workspace.metadata.leptos]]\noutput-name = \"other\"\n";

        assert_eq!(check(CARGO, leptos).unwrap().len(), 1);
    }
}
