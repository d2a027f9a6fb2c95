//! Limits and mounts of the whole process.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use toolwatch::testing::Reply;

use crate::child::{Plan, Served, run, segments, works};
use crate::row;

/// A user that owns nothing here.
const STRANGER: &str = "61234";

/// Whether mounts can be made in a name space of one's own.
fn can_mount(name: &str) -> bool {
    let works = works("unshare", &["-rm", "mount", "-t", "tmpfs", "none", "/mnt"]);
    if !works {
        row::skip(name, "no mounts in a name space of one's own (unshare -rm)");
    }
    works
}

/// A plan whose spool is on a file system of its own, of this size.
fn on_tmpfs(name: &'static str, home: &Path, size: &str) -> Plan {
    let mount = format!("mount -t tmpfs -o size={size} none '{}' && exec \"$@\"", home.display());
    let launcher = ["unshare", "-rm", "sh", "-c", &mount, "sh"];
    Plan::new(name).through(launcher).with("TOOLWATCH_DIR", home.join("spool"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_disk_is_full() {
    let name = "the disk is full (tmpfs)";
    if !can_mount(name) {
        return;
    }
    let home = tempfile::tempdir().expect("a directory");
    let mut served = Served::start(on_tmpfs(name, home.path(), "96k")).await;
    served.receiver.always(Reply::status(503));
    served.rounds(40).await;
    let full = served.numbers();
    assert!(full.get("memory_fallbacks") > 0 && full.get("disk_errors") > 0, "{full:?}");
    served.sh(&format!("mount -o remount,size=64m '{}'", home.path().display()));
    let (captured, fallbacks) = (full.get("captured"), full.get("memory_fallbacks"));
    served
        .rounds_until(|now| {
            now.get("captured") - captured > now.get("memory_fallbacks") - fallbacks
        })
        .await;
    served.receiver.always(Reply::status(202));
    served.check_delivered().await;
    served.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_disk_is_read_only() {
    let name = "the disk becomes read-only, and writable again";
    if !can_mount(name) {
        return;
    }
    let home = tempfile::tempdir().expect("a directory");
    let path = home.path().display().to_string();
    let mut served = Served::start(on_tmpfs(name, home.path(), "16m")).await;
    served.sh(&format!("mount -o remount,ro '{path}'"));
    served.rounds(2).await;
    let during = served.numbers();
    assert_eq!(during.get("memory_fallbacks"), 16, "{during:?}");
    served.sh(&format!("mount -o remount,rw '{path}'"));
    served.rounds_until(|now| now.get("captured") > now.get("memory_fallbacks")).await;
    served.check_delivered().await;
    served.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writes_are_short() {
    let name = "writes are short (a limit on the size of files)";
    if !works("prlimit", &["--version"]) {
        return row::skip(name, "there is no prlimit");
    }
    let mut served = Served::start(Plan::new(name)).await;
    served.receiver.always(Reply::status(503));
    served.rounds(1).await;
    let segment = segments(&served.spool()).remove(0);
    let len = std::fs::metadata(&segment).expect("the segment").len();
    let id = served.id().to_string();
    // Room for a part of the next record.
    run("prlimit", &["--pid", &id, &format!("--fsize={}:", len + 100)]);
    served.rounds(2).await;
    let during = served.numbers();
    assert_eq!(during.get("memory_fallbacks"), 16, "{during:?}");
    assert_eq!(std::fs::metadata(&segment).expect("the segment").len(), len, "it is cut back");
    run("prlimit", &["--pid", &id, "--fsize=unlimited:"]);
    served.rounds_until(|now| now.get("captured") > now.get("memory_fallbacks") + 8).await;
    served.receiver.always(Reply::status(202));
    served.check_delivered().await;
    served.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_may_not_be_written() {
    let name = "no file may be written (ulimit -f 0)";
    if !works("prlimit", &["--version"]) {
        return row::skip(name, "there is no prlimit");
    }
    // The first byte would bring SIGXFSZ.
    let mut served = Served::start(Plan::new(name).through(["prlimit", "--fsize=0:"])).await;
    served.rounds(2).await;
    let during = served.numbers();
    assert_eq!(during.get("memory_fallbacks"), 16, "{during:?}");
    run("prlimit", &["--pid", &served.id().to_string(), "--fsize=unlimited:"]);
    served.rounds_until(|now| now.get("captured") > now.get("memory_fallbacks")).await;
    served.check_delivered().await;
    served.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn descriptors_run_out() {
    let name = "descriptors run out";
    if !works("prlimit", &["--version"]) {
        return row::skip(name, "there is no prlimit");
    }
    let mut served = Served::start(Plan::new(name).through(["prlimit", "--nofile=64"])).await;
    served.ask("hoard");
    served.rounds(2).await;
    served.wait_for(|now| now.get("retries") > 0).await;
    let during = served.numbers();
    assert_eq!(during.get("memory_fallbacks"), 16, "{during:?}");
    assert!(during.get("retries") > 0 && during.get("delivered") == 0, "{during:?}");
    served.ask("release");
    served.rounds_until(|now| now.get("captured") > now.get("memory_fallbacks")).await;
    served.check_delivered().await;
    served.end().await;
}

/// What runs a program as another user, where this one is root, whom limits and permissions do not
/// bind; nothing where it is not. None, and a line that says so, where that cannot be.
fn stranger(name: &str, home: &Path) -> Option<Vec<String>> {
    if std::fs::metadata("/proc/self").expect("the process").uid() != 0 {
        return Some(vec!["env".to_owned()]);
    }
    let user = [format!("--reuid={STRANGER}"), format!("--regid={STRANGER}")];
    let setpriv = ["setpriv".to_owned()].into_iter().chain(user);
    let setpriv: Vec<_> = setpriv.chain(["--clear-groups".to_owned()]).collect();
    let owner = format!("{STRANGER}:{STRANGER}");
    let can_run = works_as(&setpriv, &["test", "-x", env!("CARGO_BIN_EXE_faulty")]);
    if can_run && works("chown", &[&owner, &home.to_string_lossy()]) {
        return Some(setpriv);
    }
    row::skip(name, "root is not bound, and no other user can run the server (setpriv)");
    None
}

/// Whether a command works as this user.
fn works_as(user: &[String], command: &[&str]) -> bool {
    let words: Vec<&str> = user.iter().map(String::as_str).chain(command.iter().copied()).collect();
    works(words[0], &words[1..])
}

/// How many threads and processes the user of a process may have.
fn threads_limit(id: u32) -> String {
    let limits = std::fs::read_to_string(format!("/proc/{id}/limits")).expect("its limits");
    let line = limits.lines().find_map(|line| line.strip_prefix("Max processes")).expect("a line");
    line.split_whitespace().next().expect("a limit").to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn threads_are_refused() {
    let name = "threads are refused";
    if !works("prlimit", &["--version"]) {
        return row::skip(name, "there is no prlimit");
    }
    let home = tempfile::tempdir().expect("a directory");
    let Some(user) = stranger(name, home.path()) else { return };
    let limit = |id: u32, limit: &str| {
        assert!(works_as(&user, &["prlimit", "--pid", &id.to_string(), limit]), "{limit}");
    };
    let plan = Plan::new(name).through(&user).with("TOOLWATCH_DIR", home.path().join("spool"));
    let mut usual = String::new();
    let prepare = |id: u32| {
        usual = format!("--nproc={}:", threads_limit(id));
        limit(id, "--nproc=1:");
    };
    let mut served = Served::start_after(plan, prepare).await;
    served.rounds(2).await;
    let during = served.numbers();
    assert!(during.get("thread_failures") > 0, "{during:?}");
    assert_eq!((during.get("delivered"), during.get("spooled")), (0, 16), "{during:?}");
    limit(served.id(), &usual);
    // Calls ask for the thread again.
    served.rounds_until(|now| now.get("delivered") > 0).await;
    served.check_delivered().await;
    served.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_umask_takes_everything() {
    let name = "umask 0777";
    let home = tempfile::tempdir().expect("a directory");
    let Some(user) = stranger(name, home.path()) else { return };
    let plan = Plan::new(name).through(&user).with("TOOLWATCH_DIR", home.path().join("spool"));
    let plan = plan.through(["sh", "-c", "umask 0777; exec \"$@\"", "sh"]);
    let mut served = Served::start(plan).await;
    served.receiver.always(Reply::status(503));
    served.rounds(2).await;
    let during = served.numbers();
    assert_eq!((during.get("memory_fallbacks"), during.get("disk_errors")), (0, 0), "{during:?}");
    let spool = home.path().join("spool");
    let mode = |path: &Path| std::fs::metadata(path).expect("it is there").mode() & 0o777;
    assert_eq!((mode(&spool), mode(&spool.join("key"))), (0o700, 0o600));
    assert!(segments(&spool).iter().all(|segment| mode(segment) == 0o600));
    served.receiver.always(Reply::status(202));
    served.check_delivered().await;
    served.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_home_cannot_be_written() {
    // Not even root makes directories there.
    let plan = Plan::new("HOME cannot be written").with("TOOLWATCH_DIR", "");
    let plan = plan.with("XDG_STATE_HOME", "").with("HOME", "/sys");
    let mut served = Served::start(plan).await;
    served.rounds(2).await;
    let numbers = served.check_delivered().await;
    assert_eq!(numbers.get("memory_fallbacks"), 16);
    served.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn there_is_no_home_in_the_environment() {
    let plan = Plan::new("no HOME in the environment").with("TOOLWATCH_DIR", "");
    let mut served = Served::start(plan.with("XDG_STATE_HOME", "").with("HOME", "")).await;
    served.rounds(2).await;
    served.check_delivered().await;
    served.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_address_space_is_limited() {
    let name = "the address space is limited to 256 MiB";
    if !works("prlimit", &["--version"]) {
        return row::skip(name, "there is no prlimit");
    }
    let limit = format!("--as={}", 256 << 20);
    let mut served = Served::start(Plan::new(name).through(["prlimit", &limit])).await;
    served.rounds(5).await;
    let numbers = served.check_delivered().await;
    assert_eq!(numbers.get("memory_fallbacks"), 0);
    served.end().await;
}
