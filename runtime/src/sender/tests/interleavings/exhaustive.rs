//! The hand-over at its smallest, in every schedule that there is.

use shuttle::scheduler::DfsScheduler;
use shuttle::thread::spawn;

use super::{Plant, Timeouts, run};
use crate::sender::*;
use crate::spool::{ManualClock, Verdict};

/// More schedules than these scenes have: a scene that reaches it has grown.
const MOST: usize = 1_000_000;
const LIMITS: Limits = Limits { max_events: 10, max_bytes: 1 << 20 };
const LONG: Duration = Duration::from_secs(1_000_000);

fn spool() -> Arc<Spool> {
    let settings = Settings {
        directory: None,
        max_bytes: 0,
        memory_max_bytes: 1 << 20,
        keep_delivered: false,
        owner: Default::default(),
        common: Arc::from([]),
    };
    let disk = Arc::new(crate::spool::RealDisk);
    Arc::new(Spool::new(disk, Arc::new(ManualClock::default()), settings))
}

/// Takes what is there and says yes to it; returns how many that were.
fn send(spool: &Spool) -> usize {
    let Some(mut claim) = spool.claim(LIMITS, false) else { return 0 };
    let len = claim.len();
    spool.settle(&mut claim, len, Verdict::Delivered { rejected: 0 });
    len
}

/// A sender that goes to sleep while a caller appends is woken, whatever comes first.
fn wake() {
    let spool = spool();
    let caller = {
        let spool = Arc::clone(&spool);
        spawn(move || drop(spool.append(b"{}")))
    };
    spool.sleep(LONG, 1, 0);
    assert_eq!(send(&spool), 1, "woken without an event");
    caller.join().unwrap();
    assert!(spool.stats().is_balanced() && spool.stats().own().delivered() == 1);
}

/// A batch that is settled while a caller appends costs no event and no number.
fn settle() {
    let spool = spool();
    spool.append(b"{}");
    let caller = {
        let spool = Arc::clone(&spool);
        spawn(move || {
            spool.append(b"{}");
            assert!(spool.stats().is_balanced());
        })
    };
    let sent = send(&spool);
    caller.join().unwrap();
    assert_eq!(sent + send(&spool), 2);
    assert_eq!((spool.stats().own().delivered(), spool.stats().own().spooled()), (2, 0));
}

/// A flush that is asked for while the sender goes to sleep is heard, and hears of its end.
fn flush() {
    let spool = spool();
    let sender = {
        let spool = Arc::clone(&spool);
        spawn(move || {
            spool.sleep(LONG, u64::MAX, 0);
            spool.tell(|signal| signal.flushes_done = signal.flushes);
        })
    };
    spool.tell(|signal| signal.flushes += 1);
    assert!(spool.wait(LONG, |signal| signal.flushes_done >= 1));
    sender.join().unwrap();
}

#[track_caller]
fn exhaust(name: &str, scene: fn()) {
    let scheduler = DfsScheduler::new(Some(MOST), false);
    let schedules = run(scheduler, (Timeouts::Never, Plant::Nothing), scene);
    eprintln!("{name}: all {schedules} schedules");
    assert!(schedules < MOST);
}

#[test]
fn interleaved_in_every_way_an_event_wakes_the_sender() {
    exhaust("wake", wake);
}

#[test]
fn interleaved_in_every_way_a_batch_is_settled_beside_an_append() {
    exhaust("settle", settle);
}

#[test]
fn interleaved_in_every_way_a_flush_is_heard() {
    exhaust("flush", flush);
}
