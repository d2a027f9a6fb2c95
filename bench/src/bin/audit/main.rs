//! The audit log: what an append costs whoever waits for it, and how fast a log is verified.
//!
//! Bars: the 99th percentile of an append at most 20 us, 1,000,000 records verified in at most 5 s.
//! Both are times by the clock, of one run on the real disk, with a checkpoint every 100 records,
//! signed and made durable by the log's own thread. Beside an append stands what no log can
//! undercut: one `write(2)` of the same bytes, without and with a thread that makes them durable as
//! often. Beside the verification stand its processor time and its parts alone. `--records N` for
//! another number of records.

mod append;
mod verify;

use toolwatch::audit::keygen_signed;

fn main() {
    let mut words = std::env::args().skip_while(|word| word != "--records").skip(1);
    let records = words.next().and_then(|count| count.parse().ok()).unwrap_or(1_000_000);
    let home = tempfile::tempdir().expect("a directory");
    let (log, published) = (home.path().join("log"), home.path().join("checkpoints"));
    let key = keygen_signed(&log).expect("keys");
    append::run(home.path(), &log, &published, records);
    verify::run(&key, &log, &published);
}
