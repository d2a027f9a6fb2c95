//! One case of the suite `runtimes`, in a process of its own: `runtimes CASE`.
//!
//! The watch is set up by variables. At its end the process says on one line of stdout which events
//! there must be, and how the account stood when the case last saw it.

mod calls;
mod ends;
mod foreign;
mod on_tokio;

use serde_json::json;
use toolwatch::{Stats, Watch};

type Case = fn(Watch) -> Stats;

const CASES: &[(&str, Case)] = &[
    ("current_thread", on_tokio::current_thread),
    ("multi_thread_1", |watch| on_tokio::multi_thread(watch, 1)),
    ("multi_thread_4", |watch| on_tokio::multi_thread(watch, 4)),
    ("flush_inside_block_on", on_tokio::flush_inside_block_on),
    ("flush_in_block_in_place", on_tokio::flush_in_block_in_place),
    ("spawn_blocking", on_tokio::spawn_blocking),
    ("local_set", on_tokio::local_set),
    ("several_runtimes", on_tokio::several_runtimes),
    ("built_and_dropped_inside", ends::built_and_dropped_inside),
    ("runtime_dropped_first", ends::runtime_dropped_first),
    ("watch_dropped_first", ends::watch_dropped_first),
    ("installed_dropped_first", ends::installed_dropped_first),
    ("shutdown_background", ends::shutdown_background),
    ("shutdown_timeout", ends::shutdown_timeout),
    ("never_dropped", ends::never_dropped),
    ("no_runtime", foreign::no_runtime),
    ("dropped_with_a_thread", foreign::dropped_with_a_thread),
    ("callback_flushes", foreign::callback_flushes),
    ("drain", on_tokio::drain),
    ("smol", foreign::smol),
    ("smol_on_four_threads", foreign::smol_on_four_threads),
];

fn main() {
    let name = std::env::args().nth(1).unwrap_or_default();
    let case = CASES.iter().find(|(of, _)| *of == name);
    let (_, case) = case.unwrap_or_else(|| panic!("no case `{name}`"));
    let watch = Watch::builder().server("runtimes", "1.2.3").build().expect("a watch");
    assert!(watch.is_enabled(), "the variables turn the watch off");
    let stats = case(watch);
    let (calls, customs) = calls::made();
    let own = stats.own();
    let line = json!({
        "calls": calls,
        "customs": customs,
        "balanced": stats.is_balanced(),
        "captured": own.captured(),
        "dropped": own.dropped_total(),
    });
    println!("{line}");
}
