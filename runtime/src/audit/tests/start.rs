//! What a start does beside others, with the files that it finds.

use super::*;
use crate::spool::{Disk, DiskFile};
use std::io;

/// A disk that notices, at each lane that a start looks at, whether another could start now.
struct Watched {
    disk: RealDisk,
    sealing_key: PathBuf,
    was_free: Arc<Mutex<Vec<bool>>>,
}

impl Disk for Watched {
    fn prepare(&self, directory: &Path) -> io::Result<bool> {
        self.disk.prepare(directory)
    }

    fn check(&self, directory: &Path) -> io::Result<()> {
        self.disk.check(directory)
    }

    fn list(&self, directory: &Path) -> io::Result<Vec<(String, u64)>> {
        self.disk.list(directory)
    }

    fn create(&self, path: &Path, writes: Writes) -> io::Result<Arc<dyn DiskFile>> {
        self.disk.create(path, writes)
    }

    fn adopt(&self, path: &Path, writes: Writes) -> io::Result<Option<Arc<dyn DiskFile>>> {
        if *path != self.sealing_key {
            let key = self.disk.adopt(&self.sealing_key, Writes::AtPositions)?;
            self.was_free.lock().unwrap().push(key.is_some());
            key.inspect(|key| key.unlock());
        }
        self.disk.adopt(path, writes)
    }

    fn peruse(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        self.disk.peruse(path)
    }

    fn open_ack(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        self.disk.open_ack(path)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.disk.remove(path)
    }

    fn sync_directory(&self, directory: &Path) -> io::Result<()> {
        self.disk.sync_directory(directory)
    }
}

#[test]
fn others_can_start_while_the_lanes_of_the_dead_are_read() {
    let world = World::new();
    for number in 0..3 {
        let audit = world.start();
        append(&audit, number * 10..number * 10 + 5);
        world.kill(audit);
    }
    let was_free = Arc::default();
    let disk = Watched {
        disk: RealDisk,
        sealing_key: world.log().join("sealing.key"),
        was_free: Arc::clone(&was_free),
    };
    let clock = Arc::clone(&world.clock);
    drop(world.builder().world(Arc::new(disk), clock).build().unwrap());
    // The third start has seen the end of the first lane, and so on; this one that of the last.
    assert_eq!(*was_free.lock().unwrap(), [true]);
    let open = key::peruse(&RealDisk, &world.log().join("sealing.key")).unwrap().open;
    assert_eq!(open, [3], "the lanes that were looked after are off the list");
    let report = world.check_intact();
    let ends: Vec<_> = report.lanes().iter().map(|lane| lane.end).collect();
    assert_eq!(ends[..3], [LaneEnd::Recovered; 3]);
}

#[test]
fn a_dead_lane_with_a_line_without_end_is_read_in_pieces() {
    let world = World::new();
    let audit = world.builder().begin_records().build().unwrap();
    audit.begin(&body(0)).unwrap();
    append(&audit, 1..4);
    world.kill(audit);
    let path = world.segment(0, 0);
    let whole = std::fs::read(&path).unwrap();
    std::fs::write(&path, [whole.clone(), vec![b'x'; 3_000_000]].concat()).unwrap();
    drop(world.start());
    assert_eq!(std::fs::read(&path).unwrap(), whole, "what was torn is cut off");
    let own = std::fs::read_to_string(world.segment(1, 0)).unwrap();
    assert!(own.contains("\"size\":5,") && own.contains("\"torn_bytes\":3000000,"), "{own}");
    assert!(own.contains(",\"interrupted\":1}"), "{own}");
    world.check_intact();
}

#[cfg(unix)]
#[test]
fn a_key_of_the_server_that_others_could_read_or_have_planted_is_refused() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let world = World::new();
    for name in ["sealing.key", "signing.key"] {
        let (key, kept) = (world.log().join(name), world.home.path().join(name));
        let allow = |mode| {
            std::fs::set_permissions(&key, std::fs::Permissions::from_mode(mode)).unwrap();
        };
        allow(0o644);
        assert!(world.builder().build().unwrap_err().is_storage(), "{name} is readable");
        allow(0o600);
        std::fs::rename(&key, &kept).unwrap();
        symlink(&kept, &key).unwrap();
        assert!(world.builder().build().unwrap_err().is_storage(), "{name} is a link");
        std::fs::remove_file(&key).unwrap();
        std::fs::hard_link(&kept, &key).unwrap();
        assert!(world.builder().build().unwrap_err().is_storage(), "{name} has a second name");
        std::fs::remove_file(&kept).unwrap();
    }
    drop(world.start());
    world.check_intact();
}

/// Copies a log that is written to, as `docs/guides/deployment.md` says; much is written `meanwhile`.
fn copy_in_order(world: &World, to: &Path, meanwhile: impl Fn()) {
    let _ = std::fs::remove_dir_all(to);
    std::fs::create_dir_all(to.join("audit")).unwrap();
    std::fs::copy(world.published(), to.join("checkpoints")).unwrap();
    meanwhile();
    let key = to.join("audit/sealing.key");
    // A start may write one slot between the copying of the two.
    while key::peruse(&RealDisk, &key).is_err() {
        std::fs::copy(world.log().join("sealing.key"), &key).unwrap();
    }
    meanwhile();
    let names = std::fs::read_dir(world.log()).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<String> = names.map(|name| name.into_string().unwrap()).collect();
    names.retain(|name| lane::parse_name(name).is_some());
    names.sort();
    for (number, name) in names.iter().rev().enumerate() {
        if (1..4).contains(&number) {
            meanwhile();
        }
        std::fs::copy(world.log().join(name), to.join("audit").join(name)).unwrap();
    }
}

#[test]
fn a_copy_in_the_order_of_the_guide_verifies_whatever_is_written_meanwhile() {
    let world = World::with_key(keygen);
    drop(world.start());
    let (copy, mut copies) = (world.home.path().join("copy"), 0);
    let written = AtomicI64::new(0);
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            for round in 0..60 {
                let builder = world.builder().begin_records().max_segment_bytes(16_384);
                let audit = builder.build().unwrap();
                for number in round * 100..round * 100 + 60 {
                    audit.begin(&body(number)).unwrap();
                    append(&audit, number..number + 1);
                    written.fetch_add(1, Ordering::Relaxed);
                    world.clock.advance(Duration::from_millis(100));
                    audit.tick();
                }
                if round % 2 == 0 { world.kill(audit) } else { drop(audit) }
            }
        });
        let meanwhile = || {
            let enough = written.load(Ordering::Relaxed) + 70;
            while written.load(Ordering::Relaxed) < enough && !writer.is_finished() {
                std::thread::sleep(Duration::from_micros(100));
            }
        };
        while copies == 0 || !writer.is_finished() {
            copy_in_order(&world, &copy, meanwhile);
            let verifier = Verifier::new(&world.key).checkpoints(copy.join("checkpoints"));
            let report = verifier.verify(&copy.join("audit")).unwrap();
            assert_eq!(report.verdict(), Verdict::Intact, "{:?}", report.damages());
            copies += 1;
        }
    });
    eprintln!("audit: {copies} copies of a log that was written to, all intact");
}
