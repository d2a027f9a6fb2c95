//! How fast a log is verified, by the clock and in processor time, and what its parts cost alone.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

use sha2::{Digest as _, Sha256};
use toolwatch::audit::{VerificationKey, Verifier};
use toolwatch_bench::clock::process_cpu;

/// Runs of each, of which the fastest counts: a neighbour only makes runs slower.
const RUNS: usize = 3;

/// Verifies the log and prints the times per 1,000,000 records.
pub fn run(key: &VerificationKey, log: &Path, published: &Path) {
    let verify = |verifier: Verifier<'_>| {
        let report = verifier.verify(log).expect("a report");
        assert!(report.verdict().is_intact(), "{:?}", report.damages());
        report
    };
    let report = verify(Verifier::new(key).checkpoints(published));
    let (records, checkpoints) = (report.records(), report.checkpoints());
    let mut bytes = 0;
    let mut stages: [(&str, Box<dyn FnMut()>); 4] = [
        ("reading alone", Box::new(|| bytes = read(log, |_| ()))),
        ("reading and one SHA-256, one thread", Box::new(|| hash(log))),
        ("verification without checkpoints", Box::new(|| drop(verify(Verifier::new(key))))),
        ("verification (bar: 5 s)", Box::new(|| drop(verify(Verifier::new(key).checkpoints(published))))),
    ];
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let mut lines = Vec::new();
    for (name, stage) in &mut stages {
        let times = (0..RUNS).map(|_| {
            let (start, cpu) = (Instant::now(), process_cpu());
            stage();
            (start.elapsed(), process_cpu() - cpu)
        });
        let times: Vec<_> = times.collect();
        let per_million = |seconds: f64| seconds * 1e6 / records as f64;
        let wall = times.iter().map(|(wall, _)| wall).min().expect("a run").as_secs_f64();
        let cpu = times.iter().map(|(_, cpu)| cpu).min().expect("a run").as_secs_f64();
        lines.push(format!("  {name:46} {:6.2} s   {:6.2} s", per_million(wall), per_million(cpu)));
    }
    drop(stages);
    println!(
        "verified {records} records, {} MiB, {checkpoints} signed checkpoints, {cores} cores, the best of {RUNS} runs",
        bytes >> 20
    );
    println!("per 1,000,000 records:{:28}clock   CPU (user and system)", "");
    lines.iter().for_each(|line| println!("{line}"));
}

fn hash(log: &Path) {
    let mut hash = Sha256::new();
    read(log, |bytes| hash.update(bytes));
    assert_ne!(hash.finalize()[..], [0; 32]);
}

/// Reads all segments, and tells their bytes.
fn read(log: &Path, mut take: impl FnMut(&[u8])) -> u64 {
    let entries = std::fs::read_dir(log).expect("the log").map(|entry| entry.expect("a file").path());
    let is_segment = |path: &PathBuf| path.extension().is_some_and(|ending| ending == "jsonl");
    let (mut buffer, mut sum) = (vec![0; 512 * 1024], 0);
    for path in entries.filter(is_segment) {
        let mut file = File::open(path).expect("a segment");
        loop {
            let have = file.read(&mut buffer).expect("bytes");
            if have == 0 {
                break;
            }
            sum += have as u64;
            take(&buffer[..have]);
        }
    }
    sum
}
