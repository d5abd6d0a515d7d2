//! Keeps the linker's relocations: cutting the module into parts needs them. `xtask site` leaves them away.

fn main() {
    println!("cargo::rustc-link-arg-cdylib=--emit-relocs");
}
