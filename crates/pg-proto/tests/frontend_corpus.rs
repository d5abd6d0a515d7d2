//! Replays what fuzzing `frontend` has found worth keeping.

#[path = "../../../fuzz/shared/frontend.rs"]
mod shared;

#[test]
fn the_corpus_of_frontend_holds() {
    let corpus = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/corpus/frontend");
    let mut n_inputs = 0;
    for entry in std::fs::read_dir(corpus).unwrap() {
        shared::run(&std::fs::read(entry.unwrap().path()).unwrap());
        n_inputs += 1;
    }

    assert!(n_inputs > 0);
}
