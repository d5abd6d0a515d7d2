//! What the site is made of: files of a folder, the stylesheet, the terminal widget.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

/// One file of the site. `name` is its path below the site's root, with `/`.
pub(super) struct Asset {
    pub(super) name: String,
    pub(super) bytes: Vec<u8>,
}

/// What the site takes from npm: file in `node_modules`, name in the site.
const XTERM: &[(&str, &str)] = &[
    ("@xterm/xterm/lib/xterm.mjs", "xterm/xterm.mjs"),
    ("@xterm/xterm/css/xterm.css", "xterm/xterm.css"),
    ("@xterm/addon-fit/lib/addon-fit.mjs", "xterm/addon-fit.mjs"),
    (
        "@xterm/addon-search/lib/addon-search.mjs",
        "xterm/addon-search.mjs",
    ),
];

/// Every file below `folder`, named below `prefix`.
pub(super) fn of_folder(prefix: &str, folder: &Path) -> Result<Vec<Asset>> {
    let mut assets = Vec::new();
    for path in files_below(folder)? {
        let below: Vec<_> = path
            .strip_prefix(folder)?
            .iter()
            .map(|part| part.to_string_lossy())
            .collect();
        let name = if prefix.is_empty() {
            below.join("/")
        } else {
            format!("{prefix}/{}", below.join("/"))
        };
        let bytes = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        assets.push(Asset { name, bytes });
    }
    Ok(assets)
}

/// All of `style/*.css` as one file: the tokens first, since the others use them, then by name.
pub(super) fn stylesheet(folder: &Path) -> Result<Asset> {
    let mut paths = files_below(folder)?;
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "css"));
    paths.sort_by_key(|path| (!path.ends_with("tokens.css"), path.clone()));

    let mut bytes = Vec::new();
    for path in paths {
        bytes.extend(fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?);
        bytes.push(b'\n');
    }
    Ok(Asset {
        name: "pkg/postern.css".to_owned(),
        bytes,
    })
}

/// The terminal widget and its addons, as npm installed them.
pub(super) fn xterm(node_modules: &Path) -> Result<Vec<Asset>> {
    let mut assets = Vec::new();
    for (file, name) in XTERM {
        let path = node_modules.join(file);
        let Ok(text) = fs::read_to_string(&path) else {
            bail!("{} is missing: run `npm ci`", path.display());
        };
        // The maps are not served, so nothing may ask for them.
        let lines = text
            .lines()
            .filter(|line| !line.starts_with("//# sourceMappingURL="));
        let text: String = lines.flat_map(|line| [line, "\n"]).collect();
        assets.push(Asset {
            name: (*name).to_owned(),
            bytes: text.into_bytes(),
        });
    }
    Ok(assets)
}

/// Files of a folder and its folders, by name. A folder that is not there has none.
pub(super) fn files_below(folder: &Path) -> Result<Vec<PathBuf>> {
    if !folder.exists() {
        return Ok(Vec::new());
    }
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(files_below(&path)?);
        } else {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stylesheet_begins_with_the_tokens() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("audit.css"), "b{}").unwrap();
        fs::write(folder.path().join("tokens.css"), "a{}").unwrap();
        fs::write(folder.path().join("notes.txt"), "no").unwrap();

        let asset = stylesheet(folder.path()).unwrap();

        assert_eq!(String::from_utf8(asset.bytes).unwrap(), "a{}\nb{}\n");
    }

    #[test]
    fn a_file_is_named_by_its_path_below_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("icons")).unwrap();
        fs::write(folder.path().join("icons/key.svg"), "<svg/>").unwrap();

        let assets = of_folder("pkg", folder.path()).unwrap();

        let names: Vec<_> = assets.iter().map(|asset| asset.name.as_str()).collect();
        assert_eq!(names, ["pkg/icons/key.svg"]);
    }

    #[test]
    fn a_missing_widget_names_the_remedy() {
        let folder = tempfile::tempdir().unwrap();

        let error = xterm(folder.path()).err().unwrap();

        assert!(error.to_string().ends_with("run `npm ci`"), "{error}");
    }
}
