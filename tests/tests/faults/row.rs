//! One line of the table, and what must hold in each.

use std::collections::BTreeMap;
use std::io::{self, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};
use toolwatch::{DropReason, Stats, Tally};

/// A fault that comes and goes.
#[derive(Debug, Default)]
pub(crate) struct Fault(AtomicBool);

impl Fault {
    pub(crate) fn begin(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    pub(crate) fn end(&self) {
        self.0.store(false, Ordering::Relaxed);
    }

    pub(crate) fn is_on(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Panics while the fault is there.
    pub(crate) fn strike(&self) {
        assert!(!self.is_on(), "fault: on purpose");
    }
}

/// From now on panics of faults print nothing.
#[expect(clippy::disallowed_methods, reason = "the process belongs to the suite")]
pub(crate) fn keep_quiet() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            let payload = panic.payload();
            let text = payload.downcast_ref::<&str>().copied();
            let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
            // A fault's own payload is no text, and neither is it news.
            if text.is_some_and(|text| !text.starts_with("fault:")) {
                usual(panic);
            }
        }));
    });
}

/// The counters of a watch by their names, and its account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Numbers(pub(crate) BTreeMap<String, u64>);

impl Numbers {
    pub(crate) fn of(stats: &Stats) -> Self {
        let mut numbers = BTreeMap::new();
        for (side, tally) in [("", stats.own()), ("adopted.", stats.adopted())] {
            enter(&mut numbers, side, tally);
        }
        for (name, count) in [
            ("memory_fallbacks", stats.memory_fallbacks),
            ("disk_errors", stats.disk_errors),
            ("retries", stats.retries),
            ("panics", stats.panics),
            ("thread_failures", stats.thread_failures),
            ("capture_faults", stats.capture_faults),
        ] {
            numbers.insert(name.to_owned(), count);
        }
        assert!(stats.is_balanced(), "{stats:?}");
        Self(numbers)
    }

    /// The same as a child sent them.
    pub(crate) fn of_json(json: &Value) -> Self {
        let members = json.as_object().expect("numbers");
        let numbers = members.iter().map(|(name, count)| {
            (name.clone(), count.as_u64().unwrap_or_else(|| panic!("{name}: {count}")))
        });
        Self(numbers.collect())
    }

    pub(crate) fn get(&self, name: &str) -> u64 {
        self.0.get(name).copied().unwrap_or_default()
    }

    /// Checks that the own account is in balance.
    #[track_caller]
    pub(crate) fn check_balance(&self) {
        let of = |name| self.get(name);
        let known = of("delivered") + of("spooled") + of("dropped");
        assert_eq!(of("captured"), known, "{self:?}");
    }
}

fn enter(numbers: &mut BTreeMap<String, u64>, side: &str, tally: &Tally) {
    for (name, count) in [
        ("captured", tally.captured()),
        ("delivered", tally.delivered()),
        ("spooled", tally.spooled()),
        ("dropped", tally.dropped_total()),
    ] {
        numbers.insert(format!("{side}{name}"), count);
    }
    for reason in DropReason::ALL {
        numbers.insert(format!("{side}dropped.{}", reason.as_str()), tally.dropped(*reason));
    }
}

/// Prints one line of the table and holds what every fault must keep.
#[track_caller]
pub(crate) fn print(name: &str, calls: usize, failed: usize, equal: bool, numbers: &Numbers) {
    let seen: BTreeMap<_, _> =
        numbers.0.iter().filter(|(name, count)| **count > 0 && *name != "captured").collect();
    let captured = numbers.get("captured");
    let told = if equal { "equal" } else { "DIFFERENT" };
    println!(
        "fault: {name} | {calls} calls, {failed} failed | replies {told} | {captured} events | {}",
        json!(seen)
    );
    assert_eq!(failed, 0, "{name}: calls failed");
    assert!(equal, "{name}: replies differ from those of the healthy twin");
    numbers.check_balance();
}

/// Says that this machine cannot make the fault, past the capture of the test runner: a test that
/// shows nothing must not look like one that does.
pub(crate) fn skip(name: &str, reason: &str) {
    let _ = writeln!(io::stderr().lock(), "\nSKIPPED the fault \"{name}\": {reason}");
}
