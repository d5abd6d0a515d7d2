//! Says where the built site is: beside the profile folder in the target folder.

use std::error::Error;
use std::path::Path;

fn main() -> Result<(), Box<dyn Error>> {
    let out = std::env::var_os("OUT_DIR").ok_or("cargo sets no OUT_DIR")?;
    // <target>/<profile>/build/<crate>/out
    let target = Path::new(&out)
        .ancestors()
        .nth(4)
        .ok_or("cargo lays out the target folder in another way")?;

    println!("cargo::rustc-env=POSTERN_SITE={}", target.join("site").display());
    println!("cargo::rerun-if-changed=build.rs");

    Ok(())
}
