//! The resources that one session has read.

/// How many distinct resources of a session are remembered: those that were read last. At most
/// 2 KiB a session, and nothing for one that never reads.
pub(super) const MAX_RESOURCES: usize = 256;

/// What one read is in its session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reads {
    /// Whether the session has read this resource before, among the last 256 distinct ones.
    pub(crate) is_reread: bool,
    /// Reads of the session so far, this one included.
    pub(crate) reads: u32,
    /// How many of them were re-reads.
    pub(crate) rereads: u32,
}

/// What is remembered of one session's reads.
#[derive(Debug, Default)]
pub(super) struct Resources {
    /// Keyed hashes of URIs, the one that was read last at the end.
    last: Vec<u64>,
    reads: u32,
    rereads: u32,
}

impl Resources {
    /// Notes a read of the resource whose URI has this hash.
    pub(super) fn push(&mut self, hash: u64) -> Reads {
        let known = self.last.iter().rposition(|known| *known == hash);
        match known {
            Some(place) => self.last[place..].rotate_left(1),
            None if self.last.len() < MAX_RESOURCES => self.last.push(hash),
            None => {
                self.last[0] = hash;
                self.last.rotate_left(1);
            }
        }
        let is_reread = known.is_some();
        self.reads = self.reads.saturating_add(1);
        self.rereads = self.rereads.saturating_add(is_reread.into());
        Reads { is_reread, reads: self.reads, rereads: self.rereads }
    }
}
