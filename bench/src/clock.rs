//! Clocks that count the processor's time, so that a neighbour on the machine is not measured.

use std::fs;
use std::time::Duration;

use rustix::time::{ClockId, Timespec, clock_gettime};

/// The processor time of the calling thread.
pub fn thread_cpu() -> Duration {
    duration(clock_gettime(ClockId::ThreadCPUTime))
}

/// The processor time of the whole process.
pub fn process_cpu() -> Duration {
    duration(clock_gettime(ClockId::ProcessCPUTime))
}

fn duration(time: Timespec) -> Duration {
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0))
}

/// The processor time of this process's threads whose name begins so.
///
/// The kernel counts it in nanoseconds in `schedstat`, exact whenever the thread is not running.
pub fn named_cpu(prefix: &str) -> Duration {
    Duration::from_nanos(tasks("self", prefix).map(|task| first_number(&task, "schedstat")).sum())
}

/// The processor time of a child process's living threads.
pub fn child_cpu(process: u32) -> Duration {
    Duration::from_nanos(tasks(&process.to_string(), "").map(|task| first_number(&task, "schedstat")).sum())
}

/// How often the threads of this name went to sleep: at least once per wake-up.
pub fn named_sleeps(prefix: &str) -> u64 {
    tasks("self", prefix).map(|task| status_number(&format!("{task}/status"), "voluntary_ctxt_switches:")).sum()
}

/// The names of this process's threads.
pub fn thread_names() -> Vec<String> {
    tasks("self", "").filter_map(|task| fs::read_to_string(format!("{task}/comm")).ok()).map(|name| name.trim().to_owned()).collect()
}

/// The memory that the process occupies, in bytes.
pub fn resident_bytes() -> u64 {
    status_number("/proc/self/status", "VmRSS:") * 1024
}

fn tasks(process: &str, prefix: &str) -> impl Iterator<Item = String> {
    let prefix = prefix.to_owned();
    let entries = fs::read_dir(format!("/proc/{process}/task")).into_iter().flatten().flatten();
    entries.map(|entry| entry.path().to_string_lossy().into_owned()).filter(move |task| {
        fs::read_to_string(format!("{task}/comm")).is_ok_and(|name| name.starts_with(&prefix))
    })
}

fn first_number(task: &str, file: &str) -> u64 {
    let text = fs::read_to_string(format!("{task}/{file}")).unwrap_or_default();
    text.split_whitespace().next().and_then(|number| number.parse().ok()).unwrap_or(0)
}

fn status_number(path: &str, key: &str) -> u64 {
    let text = fs::read_to_string(path).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(key));
    line.and_then(|rest| rest.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}
