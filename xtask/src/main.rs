//! What cargo cannot do: build the site (`site`), check the rules of the tree (`tidy`), run the demo (`demo`).

mod demo;
mod site;
mod tidy;
mod workspace;

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::demo::Until;
use crate::site::Effort;
use crate::workspace::Workspace;

const USAGE: &str = "\
usage: xtask <command>

  site [--release]   wasm, stylesheet and static files into <target>/site, precompressed
  tidy               the rules of the tree that no compiler knows
  demo               a throwaway PostgreSQL and Postern, until Ctrl-C
  dev                the demo, built and started again after each change of a source file
  postgres FOLDER    the demo's PostgreSQL alone with a small sample, until Ctrl-C, for tests
";

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("xtask: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let workspace = Workspace::locate()?;

    match words.as_slice() {
        ["site"] => site::build(&workspace, Effort::Quick),
        ["site", "--release"] => site::build(&workspace, Effort::Thorough),
        ["tidy"] => tidy::run(&workspace),
        ["demo"] => demo::run(&workspace, Until::Stopped),
        ["dev"] => demo::run(&workspace, Until::Changed),
        ["postgres", folder] => demo::run_postgres(&workspace, Path::new(folder)),
        _ => bail!("{USAGE}"),
    }
}

/// Tells the person at the keyboard what happens.
fn say(line: &str) {
    // A closed pipe (`xtask site | head`) is no reason to stop a build.
    let _ = writeln!(std::io::stderr(), "{line}");
}
