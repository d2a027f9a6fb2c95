//! What a line says by itself, whatever stood before it. Most of the cost of a check is here, and
//! any thread can do it.

use std::ops::Range;

use super::json;
use crate::audit::record::{Header, Line};

/// A line that has the spelling of a record. Nothing says yet that its MAC is right.
pub(super) struct Look {
    pub(super) header: Header,
    /// Where the body stands in the line.
    body: Range<usize>,
    pub(super) mac: [u8; 32],
    /// What the MAC covers.
    pub(super) sealed: [u8; 32],
    /// What the next record names as `prev`.
    pub(super) digest: [u8; 32],
    /// Whether all readers read the same in the body.
    pub(super) is_strict: bool,
}

impl Look {
    /// Looks at a line without its newline; `None` when it has not the spelling of a record.
    pub(super) fn at(bytes: &[u8]) -> Option<Self> {
        let line = Line::parse(bytes)?;
        let (sealed, digest) = line.digests();
        Some(Self {
            header: line.header,
            body: line.body_range(),
            mac: line.mac,
            sealed,
            digest,
            is_strict: json::is_strict(line.body),
        })
    }

    /// The body, of the line that was looked at.
    pub(super) fn body<'a>(&self, line: &'a [u8]) -> &'a [u8] {
        line.get(self.body.clone()).unwrap_or_default()
    }
}
