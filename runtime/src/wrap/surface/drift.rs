//! Whether the advertised tools change while a server runs, or between its runs.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use super::{KnownTool, digest};
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
}

impl Drift {
    /// Notes one page. The answer comes with the last one.
    pub(crate) fn page<'t>(
        &self,
        tools: impl Iterator<Item = &'t KnownTool>,
        is_first: bool,
        is_last: bool,
    ) -> Option<Surface> {
        let mut listed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if is_first {
            listed.pages.clear();
        }
        listed.pages.extend(tools.map(|tool| (tool.name, tool.digest)));
        if !is_last {
            return None;
        }
        let hash = digest::of_all(listed.pages.iter());
        let before = listed.last.replace(hash);
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
