//! Replays what fuzzing `startup` has found worth keeping.

#[path = "../../../fuzz/shared/startup.rs"]
mod shared;

#[test]
fn the_corpus_of_startup_holds() {
    let corpus = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/corpus/startup");
    let mut all = shared::Understood::default();
    for entry in std::fs::read_dir(corpus).unwrap() {
        let understood = shared::run(&std::fs::read(entry.unwrap().path()).unwrap());
        all.openings += understood.openings;
        all.logins += understood.logins;
    }

    // Some of it begins connections, on either side.
    assert!(all.openings >= 5, "{all:?}");
    assert!(all.logins >= 3, "{all:?}");
}
