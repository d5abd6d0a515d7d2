//! Replays what fuzzing `streams` has found worth keeping.

#[cfg(test)]
#[path = "../../../fuzz/shared/streams.rs"]
mod shared;

#[test]
fn the_corpus_of_streams_holds() {
    let corpus = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/corpus/streams");
    let mut all = shared::Taken::default();
    for entry in std::fs::read_dir(corpus).unwrap() {
        let taken = shared::run(&std::fs::read(entry.unwrap().path()).unwrap());
        all.streams += taken.streams;
        all.bytes += taken.bytes;
    }

    // Some of it opens streams and is read from them.
    assert!(all.streams >= 5, "{all:?}");
    assert!(all.bytes >= 10, "{all:?}");
}
