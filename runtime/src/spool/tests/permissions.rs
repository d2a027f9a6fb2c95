//! Files and directories of others, and what looks like ours and is not.

use std::os::unix::fs::{PermissionsExt as _, symlink};

use super::*;

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// A directory with one orphaned segment, and its path.
fn orphan(home: &Path) -> std::path::PathBuf {
    let spool = spool(home, 1 << 20);
    (0..3).for_each(|number| {
        spool.append(&payload(number));
    });
    segment_files(home).remove(0)
}

#[test]
fn directory_and_files_are_private() {
    let home = tempfile::tempdir().unwrap();
    let spool = spool(home.path(), 1 << 20);
    (0..3).for_each(|number| {
        spool.append(&payload(number));
    });
    let mut claim = spool.claim(LIMITS, false).unwrap();
    spool.settle(&mut claim, 1, Verdict::Delivered { rejected: 0 });
    let _begun = spool.begin(&payload(3)).unwrap();
    assert_eq!(mode(&home.path().join("spool")), 0o700);
    let entries = std::fs::read_dir(home.path().join("spool")).unwrap();
    let modes: Vec<_> = entries.map(|entry| mode(&entry.unwrap().path())).collect();
    assert_eq!(modes, [0o600; 3]);
}

#[test]
fn a_segment_that_is_a_link_or_readable_by_others_is_not_adopted() {
    type Plant = fn(&Path, &Path);
    // A symbolic link is not even listed; the others are tried, and counted as an error.
    let plants: [Plant; 3] = [
        |path, other| {
            std::fs::rename(path, other).unwrap();
            symlink(other, path).unwrap();
        },
        |path, other| std::fs::hard_link(path, other).unwrap(),
        |path, _| std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o644)).unwrap(),
    ];
    for (plant, errors) in plants.into_iter().zip([0, 1, 1]) {
        let home = tempfile::tempdir().unwrap();
        let path = orphan(home.path());
        plant(&path, &home.path().join("other"));
        let spool = spool(home.path(), 1 << 20);
        spool.adopt_orphans();
        assert_eq!(spool.stats().adopted().captured(), 0);
        assert_eq!((spool.stats().disk_errors, path.symlink_metadata().is_ok()), (errors, true));
    }
}

#[test]
fn a_directory_that_is_a_link_is_refused() {
    let home = tempfile::tempdir().unwrap();
    std::fs::create_dir(home.path().join("elsewhere")).unwrap();
    symlink(home.path().join("elsewhere"), home.path().join("spool")).unwrap();
    let spool = spool(home.path(), 1 << 20);
    spool.append(&payload(1));
    assert_eq!(
        (
            spool.stats().memory_fallbacks,
            std::fs::read_dir(home.path().join("elsewhere")).unwrap().count()
        ),
        (1, 0)
    );
}
