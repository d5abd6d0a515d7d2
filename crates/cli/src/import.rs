//! `postern import`: a file goes to the server as it is; what became of it comes back as a table, or as complaints by line.

use std::fs::File;
use std::io::{Read as _, Write as _, stderr};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use bytes::Bytes;
use http::Method;
use protocol::import::{ImportOutcome, ImportReport, ImportVerdict, ImportedObject, MAX_FILE, PATH, Problem};
use zeroize::Zeroizing;

use crate::args::{AccessArgs, ImportArgs};
use crate::exit::{Exit, Failure};
use crate::{account, print};

/// How long the server may take: thousands of records are made one by one.
const PATIENCE: Duration = Duration::from_secs(10 * 60);

pub async fn run(access: &AccessArgs, wanted: &ImportArgs, wants_json: bool) -> Result<ExitCode, Failure> {
    let server = account::open(access)?;
    let file = read(&wanted.file)?;
    let path = format!("{PATH}?dry_run={}", wanted.dry_run);
    let report: ImportReport = server
        .ask_within(PATIENCE, Method::POST, &path, Some(Bytes::from_owner(file)))
        .await?;
    let name = shown(&wanted.file.display().to_string());
    if wants_json {
        print::json(&report)?;
    } else {
        tell(&name, &report)?;
    }

    match end(&name, &report) {
        None => Ok(ExitCode::SUCCESS),
        Some(failure) => {
            print::failure(&failure, wants_json);

            Ok(ExitCode::from(failure.exit.code()))
        }
    }
}

/// The file, in memory that is wiped.
fn read(file: &Path) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let wrong = |problem: String| {
        Failure::new(
            Exit::Usage,
            format!("{}: {problem}.", shown(&file.display().to_string())),
        )
    };
    let opened = File::open(file).map_err(|error| wrong(error.to_string()))?;
    let length = opened.metadata().map_err(|error| wrong(error.to_string()))?.len();
    let too_long = || {
        wrong(format!(
            "it is longer than {} MiB; import it in several files",
            MAX_FILE / 1024 / 1024
        ))
    };
    let length = usize::try_from(length).map_err(|_| too_long())?;
    if length > MAX_FILE {
        return Err(too_long());
    }

    // With room for all of it and a byte that says it has grown.
    let mut bytes = Zeroizing::new(Vec::with_capacity(length + 1));
    let most = u64::try_from(MAX_FILE).unwrap_or(u64::MAX);
    opened
        .take(most + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| wrong(error.to_string()))?;
    if bytes.len() > MAX_FILE {
        return Err(too_long());
    }

    Ok(bytes)
}

/// What became of each thing to standard output, complaints and remarks to standard error.
fn tell(name: &str, report: &ImportReport) -> Result<(), Failure> {
    for line in table(&report.objects) {
        print::line(&line)?;
    }
    for problem in report.problems.iter().chain(&report.remarks) {
        // There is nobody else to tell.
        let _ = writeln!(stderr(), "{}", told(name, problem));
    }
    if let Some(sentence) = summary(report) {
        print::line(&sentence)?;
    }

    Ok(())
}

fn table(objects: &[ImportedObject]) -> Vec<String> {
    objects
        .iter()
        .map(|object| {
            let differs = match &object.verdict {
                ImportVerdict::Create | ImportVerdict::Skip => String::new(),
                ImportVerdict::Conflict { fields } => format!(": {}", fields.join(", ")),
            };

            format!(
                "{:<9} {:<18} {}{}",
                object.verdict.word(),
                object.kind.label(),
                shown(&object.title),
                shown(&differs)
            )
        })
        .collect()
}

/// A place of the file as compilers write it.
fn told(name: &str, problem: &Problem) -> String {
    let Problem { line, path, sentence } = problem;
    if path.is_empty() {
        return format!("{name}:{line}: {}", shown(sentence));
    }

    format!("{name}:{line}: {}: {}", shown(path), shown(sentence))
}

/// The last line of what went well.
fn summary(report: &ImportReport) -> Option<String> {
    let n_created = report
        .objects
        .iter()
        .filter(|object| object.verdict == ImportVerdict::Create)
        .count();
    let n_there = report.objects.len() - n_created;
    match report.outcome {
        ImportOutcome::Imported => Some(format!("{n_created} created, {n_there} there already.")),
        ImportOutcome::WouldImport => Some(format!(
            "{n_created} would be created, {n_there} there already. Nothing was written: this is a dry run."
        )),
        ImportOutcome::Conflicts | ImportOutcome::Problems => None,
    }
}

/// What a file that was not imported ends the program with.
fn end(name: &str, report: &ImportReport) -> Option<Failure> {
    match report.outcome {
        ImportOutcome::Imported | ImportOutcome::WouldImport => None,
        ImportOutcome::Conflicts => Some(Failure::new(
            Exit::Denied,
            format!(
                "What is marked as conflict is there already and differs, and nothing was written. Change {name} or the records, so that both say the same."
            ),
        )),
        ImportOutcome::Problems => {
            let n_problems = match report.problems.len() {
                1 => "one problem".to_owned(),
                n => format!("{n} problems"),
            };

            Some(Failure::new(
                Exit::Usage,
                format!("{name} has {n_problems}, and nothing was written."),
            ))
        }
    }
}

/// Text of a file or a server without what would move the cursor.
fn shown(text: &str) -> String {
    text.chars()
        .map(|letter| if letter.is_control() { '\u{fffd}' } else { letter })
        .collect()
}

#[cfg(test)]
mod tests {
    use protocol::import::ObjectKind;

    use super::*;

    fn report(outcome: ImportOutcome) -> ImportReport {
        let object = |kind, title: &str, verdict| ImportedObject {
            kind,
            title: title.to_owned(),
            line: 3,
            verdict,
        };

        ImportReport {
            outcome,
            objects: vec![
                object(ObjectKind::Folder, "Acme - Users", ImportVerdict::Skip),
                object(ObjectKind::User, "orders\u{1b}[2J", ImportVerdict::Create),
                object(
                    ObjectKind::Database,
                    "orders-pg",
                    ImportVerdict::Conflict {
                        fields: vec!["host".to_owned(), "port".to_owned()],
                    },
                ),
            ],
            problems: vec![Problem {
                line: 7,
                path: "pam_data.resources[0].port".to_owned(),
                sentence: "A number is expected here.".to_owned(),
            }],
            remarks: Vec::new(),
        }
    }

    #[test]
    fn a_table_says_what_becomes_of_each_thing_and_moves_no_cursor() {
        let report = report(ImportOutcome::WouldImport);

        assert_eq!(
            table(&report.objects),
            [
                "skip      folder             Acme - Users",
                "create    PAM User           orders\u{fffd}[2J",
                "conflict  PAM Database       orders-pg: host, port",
            ]
        );
        assert_eq!(
            summary(&report).as_deref(),
            Some("1 would be created, 2 there already. Nothing was written: this is a dry run.")
        );
    }

    #[test]
    fn a_problem_is_told_as_compilers_tell_them() {
        let report = report(ImportOutcome::Problems);

        assert_eq!(
            told("acme.json", &report.problems[0]),
            "acme.json:7: pam_data.resources[0].port: A number is expected here."
        );
        let failure = end("acme.json", &report).unwrap();
        assert_eq!(
            (failure.exit, failure.sentence.as_str()),
            (Exit::Usage, "acme.json has one problem, and nothing was written.")
        );
    }

    #[test]
    fn conflicts_are_a_no() {
        let failure = end("acme.json", &report(ImportOutcome::Conflicts)).unwrap();

        assert_eq!(failure.exit, Exit::Denied);
        assert!(end("acme.json", &report(ImportOutcome::Imported)).is_none());
    }
}
