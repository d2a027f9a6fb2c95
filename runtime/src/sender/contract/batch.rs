//! A run of events on its way out.

use crate::spool::{Claim, Stats, splice};

/// Events to be sent together.
///
/// ```
/// use toolwatch::destination::Batch;
/// fn lines(batch: &Batch<'_>) -> Vec<u8> {
///     let mut out = Vec::new();
///     for event in batch.events() {
///         out.extend_from_slice(&event);
///         out.push(b'\n');
///     }
///     out
/// }
/// ```
pub struct Batch<'a> {
    claim: &'a Claim,
    count: usize,
    stats: &'a Stats,
}

impl<'a> Batch<'a> {
    pub(crate) const fn new(claim: &'a Claim, count: usize, stats: &'a Stats) -> Self {
        Self { claim, count, stats }
    }

    /// How many events there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.count.min(self.claim.len())
    }

    /// Whether there are none, which the sender never sends.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The numbers of this watch at this moment: the loss report.
    #[must_use]
    pub const fn stats(&self) -> &Stats {
        self.stats
    }

    /// The events, each as one JSON object.
    pub fn events(&self) -> impl Iterator<Item = Vec<u8>> {
        self.claim.payloads(self.count).map(|payload| {
            let mut event = Vec::new();
            splice(payload, self.claim.common(), &mut event);
            event
        })
    }

    /// Appends the batch to `out` as `{"sdk": ..., "report": ..., "events": [...]}`.
    pub fn write_json(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(SDK.as_bytes());
        out.extend_from_slice(b",\"report\":");
        self.stats.write_report(out);
        out.extend_from_slice(b",\"events\":[");
        for (index, payload) in self.claim.payloads(self.count).enumerate() {
            if index > 0 {
                out.push(b',');
            }
            splice(payload, self.claim.common(), out);
        }
        out.extend_from_slice(b"]}");
    }
}

impl std::fmt::Debug for Batch<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Batch").field("len", &self.len()).finish_non_exhaustive()
    }
}

/// How every batch begins.
pub(crate) const SDK: &str =
    concat!("{\"sdk\":{\"name\":\"toolwatch\",\"version\":\"", env!("CARGO_PKG_VERSION"), "\"}");
