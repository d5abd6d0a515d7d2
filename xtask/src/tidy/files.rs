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
    if path.starts_with("app/src/") && path.ends_with(".rs") {
        for line in unescaped(text) {
            find(format!(
                "line {line}: leptos writes the text of <title> and <textarea> into the page as it is; wrap it in `raw_text(..)`"
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

/// Lines of elements whose text leptos does not escape, where nothing else does: `raw_text(..)` stands inside each.
fn unescaped(text: &str) -> Vec<usize> {
    let elements = [
        (concat!("<Tit", "le "), "/>"),
        (concat!("<text", "area"), concat!("</text", "area>")),
    ];
    let mut lines = Vec::new();
    for (opening, closing) in elements {
        for (start, _) in text.match_indices(opening) {
            let rest = text.get(start..).unwrap_or_default();
            let element = rest.split(closing).next().unwrap_or(rest);
            let is_code = text.get(..start).is_some_and(|before| !is_comment(before));
            if is_code && !element.contains("raw_text(") && !names_escaped(element, text) {
                lines.push(text.get(..start).unwrap_or_default().matches('\n').count() + 1);
            }
        }
    }

    lines
}

/// Whether an element's text is a variable that is bound to escaped text.
fn names_escaped(element: &str, text: &str) -> bool {
    let variable = element
        .split_once("text=")
        .and_then(|(_, rest)| rest.split_whitespace().next());

    variable.is_some_and(|variable| text.contains(&format!("let {variable} = raw_text(")))
}

/// Whether a text ends inside a line that is a comment.
fn is_comment(before: &str) -> bool {
    let line = before.rsplit('\n').next().unwrap_or(before);

    line.trim_start().starts_with("//")
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
    fn text_that_could_end_its_element_is_escaped() {
        for (view, expected) in [
            ("<Title text=raw_text(&title) />", 0),
            ("<Title text=title />", 1),
            ("let title = raw_text(&name); <Title text=title />", 0),
            ("<TitleAndFolder title />", 0),
            ("<textarea id=id>{raw_text(&notes)}</textarea>", 0),
            ("<textarea id=id>{notes}</textarea>", 1),
            ("<textarea id=id>{notes}</textarea><p>{raw_text(&notes)}</p>", 1),
            ("// <textarea> is written as it is", 0),
        ] {
            let text = format!("//! A page.\n{view}\n");

            assert_eq!(check("app/src/page.rs", &text), expected, "{view}");
            assert_eq!(check("xtask/src/page.rs", &text), 0);
        }
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
