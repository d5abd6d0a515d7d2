//! What shells complete and what `man` shows, made from what can be said.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use clap::{Args as Group, CommandFactory as _, ValueEnum};
use clap_complete::{Generator, Shell};
use clap_mangen::Man;

use crate::args::Args;
use crate::exit::{Exit, Failure};
use crate::print;

/// Shells that complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Completing {
    Bash,
    Zsh,
    Fish,
}

#[derive(Debug, Group)]
pub struct CompletionArgs {
    /// Whose.
    shell: Completing,
}

#[derive(Debug, Group)]
pub struct ManArgs {
    /// Writes a page for each command into this folder. [default: the first page, to standard output]
    folder: Option<PathBuf>,
}

/// `postern completion`.
pub fn complete(wanted: &CompletionArgs) -> Result<(), Failure> {
    let script = script(wanted.shell)
        .map_err(|error| Failure::new(Exit::Failed, format!("Nothing can be completed: {error}.")))?;

    print::piece(&script)
}

fn script(shell: Completing) -> io::Result<Vec<u8>> {
    let shell = match shell {
        Completing::Bash => Shell::Bash,
        Completing::Zsh => Shell::Zsh,
        Completing::Fish => Shell::Fish,
    };
    let mut command = Args::command();
    command.set_bin_name("postern");
    command.build();
    let mut script = Vec::new();
    shell.try_generate(&command, &mut script)?;

    Ok(script)
}

/// `postern man`.
pub fn man(wanted: &ManArgs) -> Result<(), Failure> {
    let Some(folder) = &wanted.folder else {
        let mut page = Vec::new();
        Man::new(Args::command())
            .render(&mut page)
            .map_err(|error| unwritten(Path::new("The page"), &error))?;

        return print::piece(&page);
    };
    fs::create_dir_all(folder).map_err(|error| unwritten(folder, &error))?;
    clap_mangen::generate_to(Args::command(), folder).map_err(|error| unwritten(folder, &error))?;

    print::line(&format!(
        "The pages are in {0}: man {0}/postern.1",
        folder.display()
    ))
}

fn unwritten(place: &Path, error: &io::Error) -> Failure {
    Failure::new(
        Exit::Failed,
        format!("{} cannot be written: {error}.", place.display()),
    )
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn every_shell_completes_what_can_be_said() {
        for shell in [Completing::Bash, Completing::Zsh, Completing::Fish] {
            let script = String::from_utf8(script(shell).unwrap()).unwrap();

            for word in ["terminate", "idle-limit", "asciicast-v3", "tunnel"] {
                assert!(script.contains(word), "{shell:?}: {word}");
            }
        }
    }

    #[test]
    fn bash_completes_a_command_a_flag_and_a_format() {
        let mut bash = Command::new("bash")
            .args(["--norc", "-s"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut script = script(Completing::Bash).unwrap();
        script.extend_from_slice(
            b"\ntry() { COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); _postern postern \"${!#}\" \"${COMP_WORDS[COMP_CWORD-1]}\"; \
              echo \"${COMPREPLY[@]}\"; }\n\
              try postern sessions ter\ntry postern sessions play --sp\ntry postern recordings export --format asciicast-v\n",
        );
        bash.stdin.take().unwrap().write_all(&script).unwrap();
        let output = bash.wait_with_output().unwrap();

        assert_eq!(
            String::from_utf8(output.stdout).unwrap(),
            "terminate\n--speed\nasciicast-v3 asciicast-v2\n"
        );
    }

    #[test]
    fn every_command_has_a_page() {
        let folder = tempfile::tempdir().unwrap();
        let pages = folder.path().join("man1");

        man(&ManArgs {
            folder: Some(pages.clone()),
        })
        .unwrap();

        for (page, word) in [
            ("postern.1", "PostgreSQL without its passwords"),
            ("postern-sessions-play.1", "idle"),
            ("postern-recordings-export.1", "asciicast"),
        ] {
            let text = fs::read_to_string(pages.join(page)).unwrap();
            assert!(text.starts_with(".ie") && text.contains(word), "{page}: {text}");
        }
        assert!(!pages.join("postern-pam.1").exists());
    }
}
