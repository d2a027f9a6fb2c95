//! Whether the advertised tools change while a server runs, or between its runs.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::{Page, digest};
use crate::event::{Name, Surface, ToolDigest};

/// How many tools one event names with their digests.
const MAX_NAMED: usize = 128;

/// The last complete listing of a server type, and the one that is being paged through.
///
/// Clients that page through the lists of one server type at the same time share it, and a server
/// that lists other tools for other clients changes with each of them.
#[derive(Debug, Default)]
pub(crate) struct Drift(Mutex<Listed>);

#[derive(Debug, Default)]
struct Listed {
    /// The tools on the pages so far.
    pages: BTreeMap<Name, u64>,
    last: Option<u64>,
    /// The only page of the last complete listing, when it had one.
    whole: Option<Page>,
}

impl Drift {
    /// Notes one page. The answer comes with the last one.
    pub(crate) fn page(&self, page: &Page, is_first: bool, is_last: bool) -> Option<Surface> {
        let mut listed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if is_first {
            listed.pages.clear();
        }
        let is_whole = is_first && is_last;
        let is_the_last_again = listed.whole.as_ref().is_some_and(|last| Arc::ptr_eq(last, page));
        if let (true, true, Some(hash)) = (is_whole, is_the_last_again, listed.last) {
            return Some(Surface { hash, changed: false, tools: Vec::new() });
        }
        listed.pages.extend(page.iter().flatten().map(|tool| (tool.name, tool.digest)));
        if !is_last {
            return None;
        }
        let hash = digest::of_all(listed.pages.iter());
        let before = listed.last.replace(hash);
        listed.whole = is_whole.then(|| Arc::clone(page));
        let mut surface = Surface {
            hash,
            changed: before.is_some_and(|before| before != hash),
            tools: Vec::new(),
        };
        if before != Some(hash) {
            let digests = listed.pages.iter().take(MAX_NAMED);
            surface.tools =
                digests.map(|(name, hash)| ToolDigest { name: *name, hash: *hash }).collect();
        }
        listed.pages.clear();
        Some(surface)
    }
}
