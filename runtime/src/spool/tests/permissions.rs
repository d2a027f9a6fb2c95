//! Files and directories of others, and what looks like ours and is not.

use std::os::unix::fs::{PermissionsExt as _, chown, symlink};

use super::*;

/// A user who is not the one that runs the tests.
const NOBODY: u32 = 65_534;

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
    spool.quarantine(&payload(4), b"");
    let (directory, quarantine) = (home.path().join("spool"), home.path().join("spool/quarantine"));
    assert_eq!((mode(&directory), mode(&quarantine)), (0o700, 0o700));
    let entries = [&directory, &quarantine].map(|at| std::fs::read_dir(at).unwrap());
    let paths = entries.into_iter().flatten().map(|entry| entry.unwrap().path());
    let modes: Vec<_> = paths.filter(|path| path.is_file()).map(|path| mode(&path)).collect();
    assert_eq!(modes, [0o600; 4]);
}

/// The umask belongs to the process, so each is tried in one of its own.
#[test]
fn no_umask_opens_the_directory_or_a_file_to_others() {
    let this = std::env::current_exe().unwrap();
    for umask in ["000", "022", "077"] {
        let test = "spool::tests::permissions::directory_and_files_are_private";
        let script = format!("umask {umask} && exec \"$0\" \"$@\"");
        let mut command = std::process::Command::new("sh");
        let output = command.arg("-c").arg(script).arg(&this).args([test, "--exact"]).output();
        let output = output.unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && text.contains("1 passed"), "umask {umask}: {text}");
    }
}

/// Why the real disk refuses the directory of a home.
fn refusal(home: &Path) -> String {
    let error = RealDisk.check(&home.join("spool")).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::PermissionDenied);
    error.to_string()
}

#[test]
fn a_directory_that_others_can_write_to_is_refused_with_the_reason() {
    for (mode, is_refused) in [
        (0o777, true),
        (0o1777, true),
        (0o770, true),
        (0o702, true),
        (0o755, false),
        (0o700, false),
    ] {
        let home = tempfile::tempdir().unwrap();
        let directory = home.path().join("spool");
        std::fs::create_dir(&directory).unwrap();
        std::fs::set_permissions(&directory, std::fs::Permissions::from_mode(mode)).unwrap();
        let spool = spool(home.path(), 1 << 20);
        let news = spool.append(&payload(1));
        let files = std::fs::read_dir(&directory).unwrap().count();
        assert_eq!((files, news.is_some()), (usize::from(!is_refused), is_refused), "{mode:o}");
        if is_refused {
            let reason = "other users can write to the directory";
            assert_eq!(
                (refusal(home.path()).as_str(), &*news.unwrap().to_string()),
                (reason, reason)
            );
        }
    }
}

#[test]
fn a_file_that_no_process_could_lock_or_adopt_later_is_not_left_behind() {
    use crate::spool::{files, private, private::check_file};
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("new.seg");
    let make = |lock: fn(&std::fs::File) -> std::io::Result<bool>, is_private: bool| {
        files::make(&path, Writes::AtTheEnd, lock, |found| {
            // A mount that shows files as 0755 cannot be had in a test.
            let refused = private::refused("other users can read or write a file");
            if is_private { check_file(found) } else { Err(refused) }
        })
        .map(drop)
        .map_err(|error| error.kind())
    };
    use std::io::ErrorKind::{AlreadyExists, PermissionDenied, Unsupported};
    for (made, is_left) in [
        (make(|_| Err(Unsupported.into()), true), Err(Unsupported)),
        (make(|_| Ok(true), false), Err(PermissionDenied)),
    ] {
        assert_eq!((made, path.exists()), (is_left, false));
    }
    assert_eq!(make(|_| Ok(true), true), Ok(()));
    std::fs::remove_file(&path).unwrap();
    // Another process was faster, and the file is its own now.
    assert_eq!((make(|_| Ok(false), true), path.exists()), (Err(AlreadyExists), true));
}

/// Gives a path to another user, which only root can do; false where this is not root.
fn give_away(path: &Path) -> bool {
    let given = chown(path, Some(NOBODY), None).is_ok();
    if !given {
        eprintln!("SKIPPED: only root can give a file away");
    }
    given
}

#[test]
fn a_directory_of_another_user_is_refused_and_nothing_is_left_in_it() {
    let home = tempfile::tempdir().unwrap();
    let directory = home.path().join("spool");
    std::fs::create_dir(&directory).unwrap();
    if !give_away(&directory) {
        return;
    }
    let spool = spool(home.path(), 1 << 20);
    let news = spool.append(&payload(1)).unwrap();
    assert_eq!(news.to_string(), "the directory or a file in it belongs to another user");
    assert!(spool.begin(&payload(2)).is_none());
    assert_eq!(std::fs::read_dir(&directory).unwrap().count(), 0);
    assert_eq!(drain(&spool), [payload(1)], "it waited in memory");
}

#[test]
fn files_of_another_user_are_neither_read_nor_written() {
    let home = tempfile::tempdir().unwrap();
    let segment = orphan(home.path());
    if !give_away(&segment) {
        return;
    }
    let spool = spool(home.path(), 1 << 20);
    spool.adopt_orphans();
    assert_eq!((spool.stats().adopted().captured(), spool.stats().disk_errors), (0, 1));
    spool.quarantine(&payload(1), b"");
    let poison = home.path().join("spool/quarantine/poison.jsonl");
    let before = std::fs::read(&poison).unwrap();
    assert!(give_away(&poison) && segment.exists());
    spool.quarantine(&payload(2), b"");
    assert_eq!((std::fs::read(&poison).unwrap(), spool.stats().disk_errors), (before, 2));
}

#[test]
fn nothing_is_written_through_a_planted_name() {
    type Plant = fn(&Path, &Path);
    let plants: [Plant; 2] = [
        |path, other| symlink(other, path).unwrap(),
        |path, other| std::fs::hard_link(other, path).unwrap(),
    ];
    for plant in plants {
        let home = tempfile::tempdir().unwrap();
        let other = home.path().join("other");
        std::fs::write(&other, "mine").unwrap();
        std::fs::set_permissions(&other, std::fs::Permissions::from_mode(0o600)).unwrap();
        let segment = orphan(home.path());
        plant(&segment.with_extension("ack"), &other);
        std::fs::create_dir(home.path().join("spool/quarantine")).unwrap();
        plant(&home.path().join("spool/quarantine/poison.jsonl"), &other);
        let spool = spool(home.path(), 1 << 20);
        spool.adopt_orphans();
        let mut claim = spool.claim(LIMITS, true).unwrap();
        spool.settle(&mut claim, 1, Verdict::Delivered { rejected: 0 });
        spool.quarantine(&payload(9), b"");
        assert_eq!(std::fs::read(&other).unwrap(), b"mine");
        assert_eq!((spool.stats().adopted().delivered(), spool.stats().disk_errors), (1, 2));
    }
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
    assert_eq!(refusal(home.path()), "the directory is a symbolic link");
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
