//! Replays what fuzzing `gateway` has found worth keeping.

#[cfg(test)]
#[path = "../../../fuzz/shared/gateway.rs"]
mod shared;

#[test]
fn the_corpus_of_gateway_holds() {
    let corpus = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/corpus/gateway");
    let mut all = shared::Understood::default();
    for entry in std::fs::read_dir(corpus).unwrap() {
        let understood = shared::run(&std::fs::read(entry.unwrap().path()).unwrap());
        all.greetings += understood.greetings;
        all.lines += understood.lines;
        all.calls += understood.calls;
        all.rules += understood.rules;
    }

    // It is still about the words there are.
    assert!(all.greetings >= 5, "{all:?}");
    assert!(all.lines >= 5, "{all:?}");
    assert!(all.calls >= 8, "{all:?}");
    assert!(all.rules >= 10, "{all:?}");
}
