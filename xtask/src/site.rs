//! The site: everything the browser fetches that is not a page, in `<target>/site`.
//!
//! Layout: `pkg/` (our wasm, its JavaScript, our stylesheet), `xterm/` (the terminal widget from npm, psql's widths) and
//! the files of `public/`. Beside each file that gains by it lie its `.br` and `.gz`. `manifest.json` maps
//! each logical name to the first 16 hex digits of its SHA-256, from which the server makes immutable URLs.

mod assets;
mod folder;
mod wasm;
mod widths;

use std::time::Instant;

use anyhow::Result;

use crate::say;
use crate::workspace::Workspace;

/// How hard to optimise and compress.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effort {
    /// For the debug build: what changed is compiled again, in seconds.
    Quick,
    /// For what is embedded in a release: as small as it gets, in minutes.
    Thorough,
}

/// Builds what has changed since the last call.
#[expect(clippy::disallowed_methods, reason = "a build step tells how long it took")]
pub(crate) fn build(workspace: &Workspace, effort: Effort) -> Result<()> {
    let started = Instant::now();

    let pkg = wasm::build(workspace, effort)?;
    let mut assets = assets::of_folder("pkg", &pkg)?;
    assets.push(assets::stylesheet(&workspace.root.join("style"))?);
    assets.extend(assets::xterm(&workspace.root.join("node_modules"))?);
    assets.push(widths::module());
    assets.extend(assets::of_folder("", &workspace.root.join("public"))?);
    let written = folder::publish(&workspace.target.join("site"), &assets, effort)?;

    let seconds = started.elapsed().as_secs_f32();
    say(&format!(
        "site: {} files, {written} of them new, in {seconds:.1} s",
        assets.len()
    ));
    Ok(())
}
