//! Directories and files that are wrong from the start, or that somebody takes away.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use toolwatch::WatchBuilder;
use toolwatch::testing::Reply;

use crate::here::{Here, PATIENCE};
use crate::row::Numbers;

/// Runs rounds over a directory that is made ready first, and returns the numbers: everything has
/// to be delivered, with files or without.
async fn check_delivered(
    name: &'static str,
    set: impl FnOnce(WatchBuilder, &Path) -> WatchBuilder,
) -> Numbers {
    let home = tempfile::tempdir().expect("a directory");
    let mut here = Here::start(name, |builder, _| set(builder, home.path())).await;
    here.rounds(2).await;
    here.check_delivered().await
}

fn segments(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let paths = entries.map(|entry| entry.path());
    paths.filter(|path| path.extension().is_some_and(|ending| ending == "seg")).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_directory_is_not_utf_8() {
    let numbers = check_delivered("the directory's path is not UTF-8", |builder, home| {
        builder.directory(home.join(OsStr::from_bytes(b"sp\xff\xfeol")))
    });
    assert_eq!(numbers.await.get("memory_fallbacks"), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_directorys_path_is_too_long() {
    let numbers = check_delivered("the directory's path is too long", |builder, home| {
        let part = "d".repeat(200);
        builder.directory((0..30).fold(home.to_owned(), |path, _| path.join(&part)))
    });
    let numbers = numbers.await;
    assert_eq!(numbers.get("memory_fallbacks"), 16);
    assert!(numbers.get("disk_errors") > 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_directory_is_deep() {
    let numbers = check_delivered("the directory's path has 3,000 bytes", |builder, home| {
        let part = "d".repeat(200);
        builder.directory((0..15).fold(home.to_owned(), |path, _| path.join(&part)))
    });
    assert_eq!(numbers.await.get("memory_fallbacks"), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_directory_is_a_file() {
    let numbers = check_delivered("the directory is a file", |builder, home| {
        fs::write(home.join("file"), "mine").expect("a file");
        builder.directory(home.join("file"))
    });
    assert_eq!(numbers.await.get("memory_fallbacks"), 16);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn there_is_no_home() {
    // Without the directory of the harness, and in an environment without variables.
    let mut here = Here::start("no HOME and no state directory", |builder, _| {
        builder.directory(PathBuf::new())
    })
    .await;
    assert_eq!(here.watch.directory(), None);
    here.rounds(2).await;
    here.check_delivered().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_install_key_is_damaged() {
    let numbers = check_delivered("the install key is damaged", |builder, home| {
        fs::write(home.join("key"), "short").expect("a file");
        fs::set_permissions(home.join("key"), fs::Permissions::from_mode(0o600)).expect("private");
        builder.directory(home)
    });
    assert_eq!(numbers.await.get("memory_fallbacks"), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_install_key_cannot_be_read() {
    let numbers = check_delivered("the install key is a directory", |builder, home| {
        fs::create_dir(home.join("key")).expect("a directory");
        builder.directory(home)
    });
    assert_eq!(numbers.await.get("memory_fallbacks"), 0);
}

/// A server whose collector is away, with one round in its spool.
async fn with_backlog(name: &'static str) -> (Here, PathBuf) {
    let mut here = Here::start(name, |builder, _| builder).await;
    here.receiver.always(Reply::status(503));
    here.rounds(1).await;
    let spool = here.directory.path().join("spool");
    assert_eq!(segments(&spool).len(), 1);
    (here, spool)
}

/// Waits until the spool has noticed that its segment is gone, which it looks for every 5 s, and a
/// call has made another one.
async fn wait_for_another_segment(here: &mut Here, spool: &Path) {
    let deadline = Instant::now() + PATIENCE;
    while segments(spool).is_empty() {
        assert!(Instant::now() < deadline, "a new segment is made");
        tokio::time::sleep(Duration::from_millis(250)).await;
        here.rounds(1).await;
    }
}

async fn check_recovery(here: &mut Here) {
    here.receiver.always(Reply::status(202));
    let deadline = Instant::now() + PATIENCE;
    while here.watch.flush(Duration::from_secs(1)).spooled > 0 && Instant::now() < deadline {}
    here.check_delivered().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_segment_is_removed() {
    let (mut here, spool) = with_backlog("the segment is removed while in use").await;
    fs::remove_file(&segments(&spool)[0]).expect("removed");
    wait_for_another_segment(&mut here, &spool).await;
    check_recovery(&mut here).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_directory_is_removed() {
    let (mut here, spool) = with_backlog("the directory is removed while in use").await;
    fs::remove_dir_all(&spool).expect("removed");
    wait_for_another_segment(&mut here, &spool).await;
    check_recovery(&mut here).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_directory_becomes_a_file() {
    let (mut here, spool) = with_backlog("the directory becomes a file while in use").await;
    fs::remove_dir_all(&spool).expect("removed");
    fs::write(&spool, "a file").expect("a file");
    let deadline = Instant::now() + PATIENCE;
    while here.numbers().get("memory_fallbacks") == 0 {
        assert!(Instant::now() < deadline, "events go to memory");
        tokio::time::sleep(Duration::from_millis(250)).await;
        here.rounds(1).await;
    }
    fs::remove_file(&spool).expect("removed");
    wait_for_another_segment(&mut here, &spool).await;
    check_recovery(&mut here).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_segment_is_removed_before_the_end() {
    let (mut here, spool) = with_backlog("the segment is removed, and the process ends").await;
    fs::remove_file(&segments(&spool)[0]).expect("removed");
    let delivery = here.watch.shutdown(Duration::from_millis(50));
    assert_eq!((delivery.delivered, delivery.spooled, delivery.dropped), (0, 0, 8));
    here.rounds(1).await;
    let numbers = here.check_now().await;
    assert_eq!(numbers.get("dropped.damaged"), 8, "no process will find them");
    assert_eq!(numbers.get("spooled"), 8, "those of later calls it will");
}
