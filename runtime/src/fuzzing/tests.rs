//! Replays what the fuzzer has kept, so that what it once found stays found.

use std::path::Path;

use super::TARGETS;

/// Every input of the corpus goes through its target.
#[test]
fn the_corpus_of_every_fuzz_target_passes() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus");
    for (name, target) in TARGETS {
        let inputs: Vec<_> = std::fs::read_dir(corpus.join(name))
            .unwrap_or_else(|error| panic!("{name}: {error}"))
            .map(|entry| entry.unwrap().path())
            .collect();
        assert!(!inputs.is_empty(), "{name} has no corpus");
        for input in &inputs {
            let bytes = std::fs::read(input).unwrap();
            let run = std::panic::catch_unwind(|| target(&bytes));
            assert!(run.is_ok(), "{name}: {}", input.display());
        }
        eprintln!("{name}: {} inputs", inputs.len());
    }
}
