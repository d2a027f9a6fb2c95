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
