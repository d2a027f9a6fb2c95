//! Segments that are settled, or that the cap evicts, on a disk that does not let them go.

use super::*;

struct World {
    home: tempfile::TempDir,
    faults: Arc<Faults>,
    clock: Arc<ManualClock>,
    keep: bool,
}

impl World {
    fn new(keep: bool) -> Self {
        let home = tempfile::tempdir().unwrap();
        Self { home, faults: Arc::default(), clock: Arc::default(), keep }
    }

    fn spool(&self, cap: u64) -> Spool {
        let disk = Arc::new(FaultyDisk { faults: Arc::clone(&self.faults) });
        let settings = Settings { keep_delivered: self.keep, ..settings(self.home.path(), cap) };
        Spool::new(disk, Arc::clone(&self.clock) as Arc<dyn Clock>, settings)
    }

    fn refuse(&self, removal: bool, acknowledgement: bool) {
        self.faults.no_remove.store(removal, Ordering::Relaxed);
        self.faults.no_ack.store(acknowledgement, Ordering::Relaxed);
    }

    fn files(&self) -> usize {
        std::fs::read_dir(self.home.path().join("spool")).unwrap().count()
    }

    fn bytes(&self) -> u64 {
        let files = segment_files(self.home.path());
        files.iter().map(|path| path.metadata().unwrap().len()).sum()
    }
}

/// Looks for orphans as often as a minute and a half brings, and returns what is sent of them.
fn look_again(spool: &Spool) -> Vec<Vec<u8>> {
    (0..3)
        .flat_map(|_| {
            assert!(!spool.adopt_orphans());
            drain(spool)
        })
        .collect()
}

#[test]
fn a_segment_that_cannot_be_removed_is_sent_once_and_goes_later() {
    for no_ack in [false, true] {
        let world = World::new(false);
        let spool = world.spool(1 << 20);
        fill(&spool, 0..3);
        spool.sync(Duration::ZERO);
        world.refuse(true, no_ack);
        assert_eq!(drain(&spool), [0, 1, 2].map(payload));
        let errors = spool.stats().disk_errors;
        assert_eq!(errors, 1 + u64::from(no_ack), "each refusal is counted");
        assert!(look_again(&spool).is_empty() && world.files() > 0);
        assert!(spool.stats().disk_errors > errors, "the removal was tried again");
        assert_eq!(spool.stats().adopted().captured(), 0);
        world.refuse(false, false);
        spool.adopt_orphans();
        assert_eq!(world.files(), 0);
    }
}

#[test]
fn what_could_not_be_removed_is_nothing_to_send_for_the_next_process() {
    let world = World::new(false);
    let before = world.spool(1 << 20);
    fill(&before, 0..3);
    before.sync(Duration::ZERO);
    world.refuse(true, true);
    assert_eq!(drain(&before).len(), 3);
    // The last try: the acknowledgement is taken by now.
    world.refuse(true, false);
    before.close();
    before.release();
    let next = world.spool(1 << 20);
    assert!(look_again(&next).is_empty() && world.files() > 0);
    world.refuse(false, false);
    next.adopt_orphans();
    assert_eq!(world.files(), 0);
}

#[test]
fn a_record_whose_acknowledgement_is_refused_is_not_sent_again() {
    let world = World::new(true);
    let spool = world.spool(1 << 20);
    fill(&spool, 0..3);
    spool.sync(Duration::ZERO);
    world.refuse(false, true);
    assert_eq!(drain(&spool).len(), 3);
    assert!(look_again(&spool).is_empty());
    world.refuse(false, false);
    assert!(look_again(&spool).is_empty());
    assert_eq!(world.files(), 2, "the record and its acknowledgement");
    drop(spool);
    assert!(look_again(&world.spool(1 << 20)).is_empty());
}

#[test]
fn what_the_cap_cannot_remove_is_neither_given_up_nor_outgrown() {
    let (world, cap) = (World::new(false), 64 * 1024);
    fill(&world.spool(cap), 0..500);
    let spool = world.spool(cap);
    world.refuse(true, false);
    for number in 500..3_000 {
        spool.append(&payload(number));
        world.clock.advance(Duration::from_secs(1));
    }
    let stats = spool.stats();
    assert!(stats.is_balanced() && stats.own().dropped(DropReason::MemoryFull) > 0);
    let evicted = |stats: &Stats| {
        stats.own().dropped(DropReason::SpoolFull) + stats.adopted().dropped(DropReason::SpoolFull)
    };
    assert_eq!((evicted(&stats), world.bytes() <= cap), (0, true));
    assert!(stats.disk_errors > 0);
    spool.adopt_orphans();
    assert_eq!(spool.stats().adopted().captured(), 500, "the backlog is there");
    world.refuse(false, false);
    world.clock.advance(Duration::from_secs(60));
    fill(&spool, 3_000..3_100);
    let stats = spool.stats();
    assert!(evicted(&stats) > 0 && world.bytes() <= cap, "{stats:?}");
    assert_eq!(drain(&spool).len() as u64, stats.own().spooled() + stats.adopted().spooled());
}

#[test]
fn the_cap_opens_no_segment_that_it_does_not_evict() {
    let (world, cap) = (World::new(true), 64 * 1024);
    fill(&world.spool(cap), 0..2_000);
    let delivered = world.spool(cap);
    fill(&delivered, 2_000..2_003);
    delivered.sync(Duration::ZERO);
    assert_eq!(drain(&delivered).len(), 3);
    drop(delivered);
    let before = segment_files(world.home.path());
    world.faults.adoptions.store(0, Ordering::Relaxed);
    let spool = world.spool(cap);
    fill(&spool, 0..300);
    assert!(!before.last().unwrap().exists(), "what was delivered goes first, though not oldest");
    let evicted = before.iter().filter(|path| !path.exists()).count();
    assert!((2..before.len()).contains(&evicted), "{evicted} of {}", before.len());
    // With some room for a lock that a copy of this process holds for a while.
    let adoptions = world.faults.adoptions.load(Ordering::Relaxed);
    assert!(adoptions < before.len() as i64, "{adoptions} to evict {evicted}");
}

#[test]
fn a_torn_record_that_making_room_cuts_off_is_counted_once() {
    let (world, cap) = (World::new(true), 64 * 1024);
    let before = world.spool(cap);
    fill(&before, 0..50);
    let mut claim = before.claim(LIMITS, false).unwrap();
    before.settle(&mut claim, 10, Verdict::Delivered { rejected: 0 });
    drop(before);
    let torn = segment_files(world.home.path()).remove(0);
    let file = std::fs::OpenOptions::new().append(true).open(&torn).unwrap();
    crate::spool::disk::DiskFile::append(&file, &frame::FRAME_MAGIC).unwrap();
    drop(file);
    let spool = world.spool(cap);
    // Other segments are older, and are evicted, or not, before this one.
    std::fs::rename(&torn, torn.with_file_name("ffffffff.seg")).unwrap();
    std::fs::rename(torn.with_extension("ack"), torn.with_file_name("ffffffff.ack")).unwrap();
    fill(&spool, 0..1_500);
    assert!(torn.with_file_name("ffffffff.seg").exists());
    assert_eq!(spool.stats().adopted().captured(), 1);
    spool.adopt_orphans();
    let adopted = *spool.stats().adopted();
    assert_eq!((adopted.dropped(DropReason::Torn), adopted.spooled()), (1, 40));
}
