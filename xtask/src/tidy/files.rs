//! Rules each file keeps on its own.

use super::{Finding, Source};

/// Lines of a file written by hand. From 400 on it is worth a thought where it splits.
const MAX_LINES: usize = 600;

/// Written by tools, as long as they need to be.
const BY_TOOLS: &[&str] = &["Cargo.lock", "package-lock.json"];

/// Folders that exist on the machines this is built on and mean nothing elsewhere. Split, so that this file
/// does not break its own rule.
const MACHINE_PATHS: &[&str] = &[
    concat!("/wo", "rk/"),
    concat!("/tmp", "/t/"),
    concat!("/ro", "ot/"),
];

/// What would put a secret into a page, a log or a file by accident.
const SECRET_LEAKS: &[&str] = &[
    concat!("Serialize for ", "Secret"),
    concat!("Display for ", "Secret"),
];

pub(super) fn check(source: &Source) -> Vec<Finding> {
    let Source { path, text } = source;
    let mut findings = Vec::new();
    let mut find = |says: String| findings.push(Finding::new(path, says));

    let n_lines = text.lines().count();
    if n_lines > MAX_LINES && is_source(path) {
        find(format!(
            "{n_lines} lines, {MAX_LINES} are the limit: split it by what it talks about"
        ));
    }
    if path.ends_with("/mod.rs") {
        find("rename it to the folder's name with .rs, beside the folder".to_owned());
    }
    if path.ends_with(".rs") && !text.starts_with("//! ") {
        find("begin it with a `//!` line that says what lives there".to_owned());
    }
    for machine_path in MACHINE_PATHS {
        if let Some(line_idx) = text.lines().position(|line| line.contains(machine_path)) {
            find(format!(
                "line {} names a folder of one machine, {machine_path}",
                line_idx + 1
            ));
        }
    }
    if path.ends_with(".rs") {
        for leak in SECRET_LEAKS {
            if text.contains(leak) {
                find(format!(
                    "`{leak}`: a secret is shown by nothing; take what you need with `expose`"
                ));
            }
        }
        if derives_a_leak(text) {
            find(
                "`Secret` derives Serialize: a secret is written by nothing but the vault's envelope"
                    .to_owned(),
            );
        }
    }
    findings
}

fn is_source(path: &str) -> bool {
    let file = path.rsplit('/').next().unwrap_or(path);
    let endings = [".rs", ".ts", ".js", ".mjs", ".css", ".sql", ".sh", ".toml"];
    !BY_TOOLS.contains(&file) && endings.iter().any(|ending| file.ends_with(ending))
}

/// Whether the attributes right above `struct Secret` derive `Serialize`.
fn derives_a_leak(text: &str) -> bool {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let is_definition =
        |line: &&str| line.starts_with("pub struct Secret(") || line.starts_with("pub struct Secret ");
    let Some(line_idx) = lines.iter().position(is_definition) else {
        return false;
    };
    let above = lines
        .iter()
        .take(line_idx)
        .rev()
        .take_while(|line| line.starts_with('#'));
    above.into_iter().any(|line| line.contains("Serialize"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, text: &str) -> usize {
        super::check(&Source {
            path: path.to_owned(),
            text: text.to_owned(),
        })
        .len()
    }

    #[test]
    fn a_file_says_what_lives_there() {
        assert_eq!(check("app/src/people.rs", "//! People.\n"), 0);
        assert_eq!(check("app/src/people.rs", "use std::fmt;\n"), 1);
        assert_eq!(check("style/people.css", "main {}\n"), 0);
    }

    #[test]
    fn a_long_file_is_split_unless_a_tool_wrote_it() {
        let text = format!("//! Long.\n{}", "\n".repeat(600));

        assert_eq!(check("server/src/long.rs", &text), 1);
        assert_eq!(check("Cargo.lock", &text), 0);
    }

    #[test]
    fn a_module_is_named_by_its_file() {
        assert_eq!(check("server/src/audit/mod.rs", "//! Audit.\n"), 1);
    }

    #[test]
    fn a_machine_is_not_named() {
        assert_eq!(check("README.md", concat!("cd /wo", "rk/main\n")), 1);
        assert_eq!(check("README.md", "make demo\n"), 0);
    }

    #[test]
    fn a_secret_is_shown_by_nothing() {
        assert_eq!(
            check(
                "a.rs",
                "//! A.\n#[derive(Clone, Zeroize)]\npub struct Secret(String);\n"
            ),
            0
        );
        assert_eq!(
            check(
                "a.rs",
                "//! A.\n#[derive(Serialize)]\npub struct Secret(String);\n"
            ),
            1
        );
        assert_eq!(
            check("a.rs", concat!("//! A.\nimpl fmt::Display for ", "Secret {}\n")),
            1
        );
    }
}
