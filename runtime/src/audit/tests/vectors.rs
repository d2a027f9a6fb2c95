//! The test vectors of `docs/spec/audit.md`: a small log whose every byte follows from its keys and
//! a clock, and what each of some changes has to be found as. `TOOLWATCH_TEST_VECTORS=write` writes
//! them anew.

use std::io::Write as _;

use serde_json::{Value, json};

use super::python::Python;
use super::*;
use crate::audit::checkpoint::SigningKey;
use crate::audit::key::{SIGNING_PREFIX, Secret, write_new};

const VECTORS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/audit/vectors");
const ROOT: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
const LOG_ID: &str = "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff";
const SEED: &str = "202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f";

/// A log with these keys.
fn fixed() -> World {
    let home = tempfile::tempdir().unwrap();
    let log = home.path().join("log");
    let text = format!("toolwatch-audit-verify-v1 {LOG_ID} {ROOT}");
    let public = SigningKey::new(&Secret::from_hex(SEED.as_bytes()).unwrap()).public();
    let key = VerificationKey::from_text(&text).unwrap().with_public(public);
    crate::system::make_directory(&log).unwrap();
    write_new(&RealDisk, &log.join("sealing.key"), *key.log(), key.chain()).unwrap();
    let options = &mut std::fs::OpenOptions::new();
    let mut file =
        crate::system::create_private(options.write(true), &log.join("signing.key")).unwrap();
    file.write_all(format!("{SIGNING_PREFIX} {SEED}\n").as_bytes()).unwrap();
    World::with(home, key)
}

/// Every type of record, two epochs by count and one by time, a rotation, a death and a recovery.
fn write_log(world: &World) {
    let builder = world.builder().begin_records().max_segment_bytes(16_384);
    let first = builder.server("demo", "1.0").build().unwrap();
    for number in 0..60 {
        first.begin(&body(number)).unwrap();
        append(&first, number..number + 1);
        world.clock.advance(Duration::from_millis(2));
    }
    first.begin(&body(60)).unwrap();
    first.tick();
    world.kill(first);
    let second = world.start();
    append(&second, 61..63);
    world.clock.advance(Duration::from_secs(11));
    second.tick();
    world.faults.full.store(true, Ordering::Relaxed);
    append(&second, 63..65);
    world.faults.full.store(false, Ordering::Relaxed);
    append(&second, 65..66);
    drop(second);
}

const FIRST: &str = "log/lane-00000000-0000.jsonl";
const SECOND: &str = "log/lane-00000001-0000.jsonl";

/// A file, a piece of one of its lines, and what stands there instead.
const CASES: [(&str, &str, usize, &str, &str); 10] = [
    ("a value", FIRST, 7, "\"outcome\":\"ok\"", "\"outcome\":\"no\""),
    ("white space", FIRST, 8, "\"seq\":7,", "\"seq\": 7,"),
    ("a number otherwise", FIRST, 9, "\"n\":3", "\"n\":3.0"),
    ("a key twice", FIRST, 10, "{\"event_id\"", "{\"n\":9,\"event_id\""),
    ("another time", FIRST, 11, "\"time\":\"2026", "\"time\":\"2025"),
    ("another epoch", SECOND, 7, "\"epoch\":1", "\"epoch\":0"),
    ("no seal of the epoch before", SECOND, 6, "\"sealed\"", "\"sealet\""),
    ("another log", SECOND, 2, LOG_ID, "00000000000000000000000000000000"),
    ("another writer", SECOND, 2, "\"writer_id\":1,\"epoch\"", "\"writer_id\":0,\"epoch\""),
    ("a checkpoint of another size", "checkpoints", 2, "1", "2"),
];

fn change(world: &World, file: &str, line: usize, from: &str, to: &str) {
    let path = world.home.path().join(file);
    let text = std::fs::read_to_string(&path).unwrap();
    let mut lines: Vec<String> = text.split_inclusive('\n').map(str::to_owned).collect();
    assert!(lines[line - 1].contains(from), "{file}:{line}: {}", lines[line - 1]);
    lines[line - 1] = lines[line - 1].replacen(from, to, 1);
    std::fs::write(path, lines.concat()).unwrap();
}

/// Runs each case on the log, by both verifiers, and returns what is to be expected of them.
fn cases(world: &World) -> Value {
    let mut python = Python::start();
    let (key, published) = (world.home.path().join("key"), world.published());
    let run = |case: &(&str, &str, usize, &str, &str), python: &mut Option<Python>| {
        let (name, file, line, from, to) = *case;
        let whole = std::fs::read(world.home.path().join(file)).unwrap();
        change(world, file, line, from, to);
        let report = world.verify();
        if let Some(python) = python {
            python.agrees(&report, &key, &world.log(), Some(&published));
        }
        std::fs::write(world.home.path().join(file), whole).unwrap();
        let report: Value = serde_json::from_str(&report.to_json()).unwrap();
        json!({ "name": name, "file": file, "line": line, "from": from, "to": to,
            "verdict": report["verdict"], "damages": report["damages"] })
    };
    Value::Array(CASES.iter().map(|case| run(case, &mut python)).collect())
}

#[test]
fn the_vectors_are_what_the_keys_and_the_clock_make() {
    let world = fixed();
    write_log(&world);
    let report = world.check_intact();
    assert_eq!((report.lanes().len(), report.lanes()[0].segments > 1), (2, true));
    let cases = cases(&world);
    assert!(cases.as_array().unwrap().iter().all(|case| case["verdict"] == "damaged"));
    let mut files = vec!["key".to_owned(), "checkpoints".to_owned()];
    let mut names: Vec<_> = std::fs::read_dir(world.log())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".jsonl"))
        .collect();
    names.sort();
    files.extend(names.into_iter().map(|name| format!("log/{name}")));
    let texts = files.iter().map(|file| std::fs::read_to_string(world.home.path().join(file)));
    let mut made: Vec<(String, String)> =
        files.iter().cloned().zip(texts.map(Result::unwrap)).collect();
    made.push(("cases.json".to_owned(), format!("{cases:#}\n")));
    let keys =
        json!({ "root": ROOT, "log_id": LOG_ID, "signing_seed": SEED, "keys": derived(&world) });
    made.push(("keys.json".to_owned(), format!("{keys:#}\n")));
    let vectors = Path::new(VECTORS);
    for (file, text) in made {
        if std::env::var_os("TOOLWATCH_TEST_VECTORS").is_some() {
            std::fs::create_dir_all(vectors.join("log")).unwrap();
            std::fs::write(vectors.join(&file), &text).unwrap();
        }
        let committed = std::fs::read_to_string(vectors.join(&file)).unwrap_or_default();
        assert!(committed == text, "{file} differs: a changed format is a new version");
    }
}

/// Each step of the derivation once.
fn derived(world: &World) -> Value {
    let mut chain = world.key.chain();
    let mut found = serde_json::Map::new();
    for writer in 0..2 {
        found.insert(format!("chain {writer}"), chain.secret.to_hex().as_str().into());
        let mut key = chain.writer();
        for epoch in 0..2 {
            let name = format!("writer {writer}, epoch {epoch}");
            let seals =
                [key.seal(&[0; 32]), key.seal_end(&[0; 32]), key.checkpoints().seal(b"text")];
            let [record, end, checkpoint] = seals.map(|seal| hex::encode(&seal));
            found.insert(
                name,
                json!({ "record MAC of 32 zeros": record, "seal of the end at 32 zeros": end,
                    "checkpoint MAC of `text`": checkpoint }),
            );
            key.advance();
        }
        chain.advance();
    }
    Value::Object(found)
}
