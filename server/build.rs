//! Says where the built site is: beside the profile folder in the target folder.

use std::path::PathBuf;

fn main() {
    let out = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    // <target>/<profile>/build/<crate>/out
    let target = out
        .ancestors()
        .nth(4)
        .expect("cargo's layout of the target folder");

    println!("cargo::rustc-env=POSTERN_SITE={}", target.join("site").display());
    println!("cargo::rerun-if-changed=build.rs");
}
