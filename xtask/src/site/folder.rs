//! The folder the server reads: files, their compressed forms, the manifest. Only what changed is written.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};

use super::Effort;
use super::assets::{Asset, files_below};

const MANIFEST: &str = "manifest.json";
/// Beside the manifest: with which effort each file was compressed. The server does not read it.
const STATE: &str = ".compressed.json";
/// Below this many bytes a compressed form saves no packet.
const WORTH_COMPRESSING: usize = 1024;

/// Makes `site` hold exactly `assets`. Returns how many of them were new or changed.
pub(super) fn publish(site: &Path, assets: &[Asset], effort: Effort) -> Result<usize> {
    let before = read_map(&site.join(STATE));
    let mut manifest = BTreeMap::new();
    let mut state = BTreeMap::new();
    let mut expected = vec![site.join(MANIFEST), site.join(STATE)];
    let mut written = 0;

    for asset in assets {
        let hash = short_hash(&asset.bytes);
        let mark = format!("{hash} {}", effort.mark());
        let path = site.join(&asset.name);
        let forms = if is_worth_compressing(asset) {
            vec![beside(&path, "br"), beside(&path, "gz")]
        } else {
            vec![]
        };

        let known =
            before.get(&asset.name) == Some(&mark) && path.exists() && forms.iter().all(|form| form.exists());
        if !known {
            if let [br, gz] = forms.as_slice() {
                write(br, &brotli(&asset.bytes, effort)?)?;
                write(gz, &gzip(&asset.bytes, effort)?)?;
            }
            write(&path, &asset.bytes)?;
            written += 1;
        }
        manifest.insert(asset.name.clone(), hash);
        state.insert(asset.name.clone(), mark);
        expected.push(path);
        expected.extend(forms);
    }

    for path in files_below(site)? {
        if !expected.contains(&path) {
            fs::remove_file(&path).with_context(|| format!("cannot remove {}", path.display()))?;
        }
    }
    write(&site.join(STATE), &serde_json::to_vec_pretty(&state)?)?;
    write(&site.join(MANIFEST), &serde_json::to_vec_pretty(&manifest)?)?;
    Ok(written)
}

impl Effort {
    fn mark(self) -> &'static str {
        match self {
            Self::Quick => "quick",
            Self::Thorough => "thorough",
        }
    }
}

/// The first 16 hex digits of the SHA-256.
pub(super) fn short_hash(bytes: &[u8]) -> String {
    let mut hash = hex::encode(Sha256::digest(bytes));
    hash.truncate(16);
    hash
}

fn is_worth_compressing(asset: &Asset) -> bool {
    let squeezed_already = [".png", ".woff2", ".ico", ".webp"];
    asset.bytes.len() >= WORTH_COMPRESSING
        && !squeezed_already.iter().any(|ending| asset.name.ends_with(ending))
}

fn brotli(bytes: &[u8], effort: Effort) -> Result<Vec<u8>> {
    let quality = match effort {
        Effort::Quick => 5,
        Effort::Thorough => 11,
    };
    let mut packed = Vec::new();
    let mut encoder = brotli::CompressorWriter::new(&mut packed, 64 * 1024, quality, 22);
    encoder.write_all(bytes)?;
    encoder.flush()?;
    drop(encoder);
    Ok(packed)
}

fn gzip(bytes: &[u8], effort: Effort) -> Result<Vec<u8>> {
    let level = match effort {
        Effort::Quick => Compression::fast(),
        Effort::Thorough => Compression::best(),
    };
    let mut encoder = GzEncoder::new(Vec::new(), level);
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?)
}

/// Writes beside the file and renames, so that a running server never reads half of it.
fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    if fs::read(path).is_ok_and(|present| present == bytes) {
        return Ok(());
    }
    let temporary = beside(path, "new");
    let write_and_rename = || -> std::io::Result<()> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(&temporary, bytes)?;
        fs::rename(&temporary, path)
    };
    write_and_rename().with_context(|| format!("cannot write {}", path.display()))
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    name.into()
}

/// A file that is missing or damaged says nothing: everything is written again.
fn read_map(path: &Path) -> BTreeMap<String, String> {
    fs::read(path)
        .ok()
        .and_then(|bytes| serde_json::from_slice(&bytes).ok())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    fn asset(name: &str, text: &str) -> Asset {
        Asset {
            name: name.to_owned(),
            bytes: text.as_bytes().to_vec(),
        }
    }

    #[test]
    fn only_what_changed_is_written() {
        let site = tempfile::tempdir().unwrap();
        let assets = [asset("pkg/a.js", "let a;"), asset("b.txt", "b")];

        assert_eq!(publish(site.path(), &assets, Effort::Quick).unwrap(), 2);
        assert_eq!(publish(site.path(), &assets, Effort::Quick).unwrap(), 0);
        assert_eq!(publish(site.path(), &assets, Effort::Thorough).unwrap(), 2);
    }

    #[test]
    fn what_is_gone_from_the_sources_is_gone_from_the_site() {
        let site = tempfile::tempdir().unwrap();

        publish(
            site.path(),
            &[asset("a.txt", "a"), asset("b.txt", "b")],
            Effort::Quick,
        )
        .unwrap();
        publish(site.path(), &[asset("b.txt", "b")], Effort::Quick).unwrap();

        assert!(!site.path().join("a.txt").exists());
        assert_eq!(
            read_map(&site.path().join(MANIFEST)),
            BTreeMap::from([("b.txt".into(), short_hash(b"b"))])
        );
    }

    #[test]
    fn both_compressed_forms_unpack_to_the_file() {
        let site = tempfile::tempdir().unwrap();
        let text = "select 1;\n".repeat(500);

        publish(site.path(), &[asset("a.css", &text)], Effort::Quick).unwrap();

        let mut unpacked = String::new();
        let gz = fs::File::open(site.path().join("a.css.gz")).unwrap();
        flate2::read::GzDecoder::new(gz)
            .read_to_string(&mut unpacked)
            .unwrap();
        assert_eq!(unpacked, text);

        unpacked.clear();
        let br = fs::File::open(site.path().join("a.css.br")).unwrap();
        brotli::Decompressor::new(br, 4096)
            .read_to_string(&mut unpacked)
            .unwrap();
        assert_eq!(unpacked, text);
    }
}
