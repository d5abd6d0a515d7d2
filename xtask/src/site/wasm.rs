//! `hydrate` as the browser loads it: cargo, cut into parts, wasm-bindgen as a library, wasm-opt.
//!
//! The module every page loads and the module that loads the parts import each other. Both names are bare: the import
//! map of a page leads to the addresses with the hashes of the contents.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use wasm_bindgen_cli_support::Bindgen;
use wasm_split_cli_support::{Options, transform};

use super::Effort;
use super::folder::short_hash;
use crate::say;
use crate::workspace::{Workspace, run};

/// The name of everything in `pkg/`, also told to leptos at compile time.
const OUTPUT_NAME: &str = "postern";

/// The script that loads the parts.
const PARTS: &str = "postern-parts";

/// Which files each part is made of, without their ending: a page asks for them ahead.
const PART_FILES: &str = "parts.json";

/// The features rustc uses, one by one: with `--all-features` wasm-opt makes a module Chromium rejects.
const WASM_OPT: &[&str] = &[
    "-Oz",
    "--enable-bulk-memory",
    "--enable-nontrapping-float-to-int",
    "--enable-sign-ext",
    "--enable-mutable-globals",
    "--enable-reference-types",
    "--enable-multivalue",
];

impl Effort {
    /// The cargo profile of the module, by the workspace's `Cargo.toml`.
    fn profile(self) -> &'static str {
        match self {
            Self::Quick => "wasm-quick",
            Self::Thorough => "wasm-release",
        }
    }
}

/// Builds the module and returns the folder that holds it with its JavaScript.
pub(super) fn build(workspace: &Workspace, effort: Effort) -> Result<PathBuf> {
    let profile = effort.profile();
    let version = bindgen_version(&fs::read_to_string(workspace.root.join("Cargo.lock"))?)?;
    let mut cargo = workspace.cargo();
    cargo.args([
        "build",
        "--package=hydrate",
        "--target=wasm32-unknown-unknown",
        "--profile",
        profile,
    ]);
    run(cargo.env("LEPTOS_OUTPUT_NAME", OUTPUT_NAME))?;

    let raw = workspace
        .target
        .join("wasm32-unknown-unknown")
        .join(profile)
        .join("hydrate.wasm");
    let module = fs::read(&raw).with_context(|| format!("cannot read {}", raw.display()))?;
    let mark = format!(
        "{} {profile} wasm-bindgen {version} wasm-opt {}",
        short_hash(&module),
        WASM_OPT.join(" ")
    );
    let work = workspace.target.join("site-work");
    let pkg = work.join("pkg");
    if fs::read_to_string(work.join("made-from")).is_ok_and(|made_from| made_from == mark) {
        return Ok(pkg);
    }

    if work.exists() {
        fs::remove_dir_all(&work).with_context(|| format!("cannot remove {}", work.display()))?;
    }
    fs::create_dir_all(&pkg)?;
    let main = work.join("main.wasm");
    let parts = split(&module, &main, &pkg)?;
    bind(&main, &pkg)?;
    if effort == Effort::Thorough {
        optimise(workspace, &pkg.join(format!("{OUTPUT_NAME}_bg.wasm")))?;
        for part in &parts {
            optimise(workspace, part)?;
        }
    }
    name_by_content(&pkg.join(format!("{PARTS}.js")), &parts)?;
    fs::write(work.join("made-from"), mark)?;
    Ok(pkg)
}

/// Cuts the parts off: `main` is left for wasm-bindgen, the parts and the script that loads them go into `pkg`.
fn split(module: &[u8], main: &Path, pkg: &Path) -> Result<Vec<PathBuf>> {
    let mut options = Options::new(module);
    options.output_dir = pkg;
    options.main_out_path = main;
    options.main_module = OUTPUT_NAME;
    options.link_name = PARTS;
    let split = match transform(options) {
        Ok(split) => split,
        Err(error) => bail!("the module cannot be cut into parts: {error:#}"),
    };
    fs::rename(pkg.join(PARTS), pkg.join(format!("{PARTS}.js")))?;

    fs::write(pkg.join(PART_FILES), serde_json::to_vec(&split.prefetch_map)?)?;

    let mut parts = split.split_modules;
    parts.sort();
    Ok(parts)
}

/// Makes the script ask for each part by the hash of its content, so that it may be kept for ever.
fn name_by_content(script: &Path, parts: &[PathBuf]) -> Result<()> {
    let mut text = fs::read_to_string(script)?;
    for part in parts {
        let name = part.file_name().unwrap_or_default().to_string_lossy();
        let hash = short_hash(&fs::read(part)?);
        text = text.replace(&format!("\"./{name}\""), &format!("\"./{name}?v={hash}\""));
    }
    fs::write(script, text)?;
    Ok(())
}

fn bind(raw: &Path, pkg: &Path) -> Result<()> {
    let mut bindgen = Bindgen::new();
    bindgen
        .input_path(raw)
        .out_name(OUTPUT_NAME)
        .typescript(false)
        // The parts find what they share by the linker's names.
        .keep_lld_exports(true)
        .demangle(false)
        .web(true)?;
    bindgen.generate(pkg).context("wasm-bindgen refused the module")
}

fn optimise(workspace: &Workspace, module: &Path) -> Result<()> {
    let wasm_opt = workspace.root.join("node_modules/.bin/wasm-opt");
    if !wasm_opt.exists() {
        bail!("{} is missing: run `npm ci`", wasm_opt.display());
    }

    let before = fs::metadata(module)?.len();
    run(Command::new(wasm_opt)
        .args(WASM_OPT)
        .arg(module)
        .arg("-o")
        .arg(module))?;
    let after = fs::metadata(module)?.len();
    say(&format!(
        "wasm-opt: {}: {} kB, from {} kB",
        module.file_stem().unwrap_or_default().to_string_lossy(),
        after / 1000,
        before / 1000
    ));
    Ok(())
}

/// The version both halves of wasm-bindgen have.
///
/// The module carries the schema of the `wasm-bindgen` it was compiled with; `wasm-bindgen-cli-support` reads
/// exactly its own.
fn bindgen_version(lock: &str) -> Result<String> {
    let in_module = locked_version(lock, "wasm-bindgen")?;
    let in_xtask = locked_version(lock, "wasm-bindgen-cli-support")?;
    if in_module != in_xtask {
        bail!(
            "Cargo.lock has wasm-bindgen {in_module} but wasm-bindgen-cli-support {in_xtask}, which cannot read \
             its modules: run `cargo update -p wasm-bindgen-cli-support --precise {in_module}`"
        );
    }
    Ok(in_module)
}

fn locked_version(lock: &str, name: &str) -> Result<String> {
    let lock: toml::Table = toml::from_str(lock).context("Cargo.lock is not TOML")?;
    let packages = lock
        .get("package")
        .and_then(toml::Value::as_array)
        .context("Cargo.lock has no packages")?;
    let package = packages
        .iter()
        .find(|package| package.get("name").and_then(toml::Value::as_str) == Some(name));
    let version = package
        .and_then(|package| package.get("version"))
        .and_then(toml::Value::as_str);
    Ok(version
        .with_context(|| format!("Cargo.lock has no {name}"))?
        .to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lock(module: &str, xtask: &str) -> String {
        format!(
            "[[package]]\nname = \"wasm-bindgen\"\nversion = \"{module}\"\n\n\
             [[package]]\nname = \"wasm-bindgen-cli-support\"\nversion = \"{xtask}\"\n"
        )
    }

    #[test]
    fn two_halves_of_wasm_bindgen_of_one_version_work_together() {
        assert_eq!(bindgen_version(&lock("0.2.130", "0.2.130")).unwrap(), "0.2.130");
    }

    #[test]
    fn two_versions_of_wasm_bindgen_name_the_remedy() {
        let error = bindgen_version(&lock("0.2.130", "0.2.131")).err().unwrap();

        assert!(error.to_string().contains("--precise 0.2.130"), "{error}");
    }
}
