//! Rules of manifests, lock files and the code map.

use super::{Crate, Finding};

/// Where the lock files may point: what cargo and npm write on a machine without a mirror.
const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";
const NPM: &str = "https://registry.npmjs.org/";

/// Every dependency of the workspace says above itself what it is for. Our own crates do so in their `//!`.
pub(super) fn check_comments(manifest: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut is_dependencies = false;
    let mut previous = "";
    for line in manifest.lines() {
        if line.starts_with('[') {
            is_dependencies = line == "[workspace.dependencies]";
        }
        let is_entry = is_dependencies && line.contains(" = ") && !line.starts_with('#');
        let is_explained = previous.starts_with("# ") && !previous.starts_with("# ---");
        if is_entry && !is_explained && !line.contains("path = ") {
            let name = line.split(' ').next().unwrap_or(line);
            findings.push(Finding::new(
                "Cargo.toml",
                format!("{name}: say in a comment above it what it is for"),
            ));
        }
        previous = line;
    }
    findings
}

/// The code map names every crate, in backticks.
pub(super) fn check_code_map(architecture: &str, crates: &[Crate]) -> Vec<Finding> {
    let is_missing = |krate: &&Crate| {
        !["`", "/`"]
            .iter()
            .any(|end| architecture.contains(&format!("{}{end}", krate.name)))
    };
    let missing = crates.iter().filter(is_missing);
    missing
        .map(|krate| Finding::new("ARCHITECTURE.md", format!("say what `{}` is", krate.name)))
        .collect()
}

pub(super) fn check_cargo_lock(lock: &str) -> Vec<Finding> {
    let elsewhere =
        |line: &&str| line.starts_with("source = ") && *line != format!("source = \"{CRATES_IO}\"");
    lock.lines()
        .filter(elsewhere)
        .map(|line| Finding::new("Cargo.lock", format!("names a host of one machine: {line}")))
        .collect()
}

pub(super) fn check_package_lock(path: &str, lock: &str) -> Vec<Finding> {
    let lines = lock.lines().map(str::trim);
    let elsewhere = |line: &&str| line.starts_with("\"resolved\": ") && !line.contains(&format!("\"{NPM}"));
    let remedy = "run `npm install --replace-registry-host=never --omit-lockfile-registry-resolved`";
    lines
        .filter(elsewhere)
        .map(|line| Finding::new(path, format!("{line} is one machine's: {remedy}")))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dependency_says_what_it_is_for() {
        let explained =
            "[workspace.dependencies]\nvault = { path = \"crates/vault\" }\n# Bytes.\nbytes = \"1\"\n";
        let unexplained = "[workspace.dependencies]\n# --- data\nbytes = \"1\"\nhex = \"0.4\"\n";

        assert_eq!(check_comments(explained), []);
        assert_eq!(check_comments(unexplained).len(), 2);
    }

    #[test]
    fn the_code_map_names_every_crate() {
        let crates = ["app", "vault"].map(|name| Crate {
            name: name.to_owned(),
            arrows: Vec::new(),
        });

        assert_eq!(
            check_code_map(
                "`app/` is what people see, `crates/vault` holds the rules",
                &crates
            ),
            []
        );
        assert_eq!(check_code_map("`app/` is what people see", &crates).len(), 1);
    }

    #[test]
    fn lock_files_name_the_public_registries_only() {
        let mirror = "registry+https://mirror.example/index";

        assert_eq!(check_cargo_lock(&format!("source = \"{CRATES_IO}\"\n")), []);
        assert_eq!(check_cargo_lock(&format!("source = \"{mirror}\"\n")).len(), 1);
        assert_eq!(
            check_package_lock(
                "package-lock.json",
                &format!("  \"resolved\": \"{NPM}a/-/a-1.0.0.tgz\",\n")
            ),
            []
        );
        assert_eq!(
            check_package_lock(
                "package-lock.json",
                "  \"resolved\": \"https://mirror.example/a.tgz\",\n"
            )
            .len(),
            1
        );
    }
}
