//! One fuzzer for all targets: `FUZZ_TARGET` chooses one, see `fuzz/run`.

#![no_main]

mod attribute;

// The macros' own modules: a crate of macros exports nothing else.
#[path = "../../macros/src/args/mod.rs"]
mod args;
#[path = "../../macros/src/closed.rs"]
mod closed;
#[path = "../../macros/src/diagnostics.rs"]
mod diagnostics;
#[path = "../../macros/src/expand/mod.rs"]
mod expand;
#[path = "../../macros/src/forms.rs"]
mod forms;
#[path = "../../macros/src/item.rs"]
mod item;
#[path = "../../macros/src/reveal.rs"]
mod reveal;
#[path = "../../macros/src/rules.rs"]
mod rules;
#[path = "../../macros/src/shape/mod.rs"]
mod shape;
#[path = "../../macros/src/tool_attr.rs"]
mod tool_attr;
#[path = "../../macros/src/watch/mod.rs"]
mod watch;

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use toolwatch::fuzzing::{TARGETS, Target};

/// The targets in the macros, which cannot be in a library.
const MACROS: &[(&str, Target)] =
    &[("attribute", attribute::attribute), ("derive", attribute::derive)];

static CHOSEN: LazyLock<Target> = LazyLock::new(|| {
    let name = std::env::var("FUZZ_TARGET").unwrap_or_default();
    let mut targets = TARGETS.iter().chain(MACROS);
    match targets.find(|(target, _)| *target == name) {
        Some((_, target)) => *target,
        None => {
            let names: Vec<_> = TARGETS.iter().chain(MACROS).map(|(name, _)| *name).collect();
            panic!("FUZZ_TARGET is one of {}", names.join(" "))
        }
    }
});

fuzz_target!(|data: &[u8]| CHOSEN(data));
