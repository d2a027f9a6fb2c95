//! What a server advertises, as far as its own lists have told.
//!
//! One surface serves all instances of one handler type under one watch: a streamable HTTP server
//! makes an instance per session, or even per request. Names enter it from the author's lists and
//! routers only, never from a request.

mod digest;
mod drift;
mod names;
mod tools;
mod twins;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

pub(crate) use drift::Drift;
pub(crate) use names::Places;
pub(crate) use tools::{KnownTool, Page, Policy, Tools};

/// How many tools, prompts, resources and templates one server may have, each. What is beyond is
/// recorded under `_unknown`.
pub(crate) const MAX_KNOWN: usize = 4096;

/// How many routers of one server type are remembered as looked at.
const MAX_ROUTERS: usize = 16;

/// Everything that one server type has advertised.
#[derive(Debug, Default)]
pub(crate) struct Surface {
    pub(crate) tools: Tools,
    pub(crate) places: Places,
    pub(crate) drift: Drift,
    /// Whether the server has checked itself.
    is_checked: AtomicBool,
    /// Whether a whole list was seen, or asked for.
    is_listed: AtomicBool,
    /// Whether a list has told of the missing-tool report.
    is_report_advertised: AtomicBool,
    /// Where the routers are that were looked at.
    routers: Mutex<Vec<usize>>,
}

impl Surface {
    /// Whether this is the first time that somebody asks.
    pub(crate) fn check_now(&self) -> bool {
        !self.is_checked.swap(true, Ordering::Relaxed)
    }

    pub(crate) fn set_listed(&self) {
        self.is_listed.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_listed(&self) -> bool {
        self.is_listed.load(Ordering::Relaxed)
    }

    pub(crate) fn set_report_advertised(&self) {
        self.is_report_advertised.store(true, Ordering::Relaxed);
    }

    pub(crate) fn has_advertised_report(&self) -> bool {
        self.is_report_advertised.load(Ordering::Relaxed)
    }

    /// Whether this address was noted before; it is from now on. The last ones are remembered.
    pub(crate) fn has_seen(&self, router: usize) -> bool {
        let mut routers = self.routers.lock().unwrap_or_else(PoisonError::into_inner);
        if routers.contains(&router) {
            return true;
        }
        if routers.len() >= MAX_ROUTERS {
            routers.remove(0);
        }
        routers.push(router);
        false
    }
}
