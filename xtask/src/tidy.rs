//! The rules of the tree that no compiler knows. Each rule is a function from text to findings.

mod arrows;
mod files;
mod leptos;
mod manifests;

use std::fs;
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::say;
use crate::workspace::{Workspace, output};

/// A rule that does not hold: where, what, and what to do about it.
#[derive(Debug, PartialEq, Eq)]
struct Finding {
    place: String,
    says: String,
}

impl Finding {
    fn new(place: &str, says: impl Into<String>) -> Self {
        Self {
            place: place.to_owned(),
            says: says.into(),
        }
    }
}

/// A file of the checkout that holds text. `path` is relative to its root, with `/`.
struct Source {
    path: String,
    text: String,
}

/// A crate of ours, as `cargo metadata` tells it.
struct Crate {
    name: String,
    arrows: Vec<Arrow>,
}

/// A dependency of one of our crates.
struct Arrow {
    to: String,
    is_dev: bool,
    is_optional: bool,
}

/// Tells every rule that does not hold; an error if there is one.
pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    let findings = findings(workspace)?;
    for finding in &findings {
        say(&format!("{}: {}", finding.place, finding.says));
    }
    if !findings.is_empty() {
        bail!("tidy: {} to mend", findings.len());
    }
    say("tidy: every rule holds");
    Ok(())
}

fn findings(workspace: &Workspace) -> Result<Vec<Finding>> {
    let sources = sources(workspace)?;
    let crates = crates(workspace)?;
    let read =
        |path: &str| fs::read_to_string(workspace.root.join(path)).with_context(|| format!("no {path}"));

    let mut findings = Vec::new();
    for source in &sources {
        findings.extend(files::check(source));
    }
    findings.extend(arrows::check(&crates));
    for core in arrows::CORES {
        findings.extend(arrows::check_core(core, &dependency_tree(workspace, core)?));
    }
    findings.extend(manifests::check_comments(&read("Cargo.toml")?));
    findings.extend(manifests::check_code_map(
        &read("ARCHITECTURE.md").unwrap_or_default(),
        &crates,
    ));
    findings.extend(manifests::check_cargo_lock(&read("Cargo.lock")?));
    for lock in ["package-lock.json", "bench/package-lock.json"] {
        findings.extend(manifests::check_package_lock(lock, &read(lock)?));
    }
    findings.extend(leptos::check(&read("Cargo.toml")?, &read("Leptos.toml")?)?);
    Ok(findings)
}

/// What git tracks or would track, as far as it is text.
fn sources(workspace: &Workspace) -> Result<Vec<Source>> {
    let mut git = Command::new("git");
    git.current_dir(&workspace.root)
        .args(["ls-files", "--cached", "--others", "--exclude-standard"]);
    let mut sources = Vec::new();
    for path in output(&mut git)?.lines() {
        // A picture is no text; a file just removed is still in the index.
        let Ok(text) = fs::read_to_string(workspace.root.join(path)) else {
            continue;
        };
        sources.push(Source {
            path: path.to_owned(),
            text,
        });
    }
    Ok(sources)
}

fn crates(workspace: &Workspace) -> Result<Vec<Crate>> {
    let metadata = output(
        workspace
            .cargo()
            .args(["metadata", "--no-deps", "--format-version=1"]),
    )?;
    let metadata: Value = serde_json::from_str(&metadata)?;
    let packages = metadata
        .get("packages")
        .and_then(Value::as_array)
        .context("cargo metadata has no packages")?;

    let mut crates = Vec::new();
    for package in packages {
        let name = package
            .get("name")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned();
        let dependencies = package.get("dependencies").and_then(Value::as_array);
        let arrows = dependencies.into_iter().flatten().map(|dependency| Arrow {
            to: dependency
                .get("name")
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned(),
            is_dev: dependency.get("kind").and_then(Value::as_str) == Some("dev"),
            is_optional: dependency
                .get("optional")
                .and_then(Value::as_bool)
                .unwrap_or_default(),
        });
        crates.push(Crate {
            name,
            arrows: arrows.collect(),
        });
    }
    Ok(crates)
}

/// Names of everything a crate is built from, with all its features.
fn dependency_tree(workspace: &Workspace, name: &str) -> Result<Vec<String>> {
    let mut cargo = workspace.cargo();
    cargo.args([
        "tree",
        "--package",
        name,
        "--all-features",
        "--edges=normal",
        "--prefix=none",
        "--format={p}",
    ]);
    let tree = output(&mut cargo)?;
    Ok(tree
        .lines()
        .filter_map(|line| line.split(' ').next())
        .map(str::to_owned)
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_holds_for_this_checkout() {
        let workspace = Workspace::locate().unwrap();

        let findings = findings(&workspace).unwrap();

        let lines: Vec<String> = findings
            .iter()
            .map(|Finding { place, says }| format!("{place}: {says}"))
            .collect();
        assert!(lines.is_empty(), "\n{}", lines.join("\n"));
    }
}
