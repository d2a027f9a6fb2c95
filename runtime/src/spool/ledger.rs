//! The account of every event: captured = delivered + spooled + dropped{reason}, always.
//!
//! All numbers change under the spool's one lock, so no reader ever sees them out of balance.

use std::collections::BTreeMap;
use std::fmt;

macro_rules! reasons {
    ($( $(#[$attr:meta])* $variant:ident = $text:literal, )*) => {
        /// Why an event was given up.
        ///
        /// ```
        /// assert_eq!(toolwatch::DropReason::SpoolFull.as_str(), "spool_full");
        /// ```
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum DropReason { $( $(#[$attr])* $variant, )* }

        impl DropReason {
            /// Every reason, in a stable order.
            pub const ALL: &'static [Self] = &[ $( Self::$variant, )* ];

            /// The name on the wire and in metrics.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $( Self::$variant => $text, )* }
            }
        }
    };
}

reasons! {
    /// Left out by the sampling rate.
    Sampled = "sampled",
    /// The spool had reached its cap, and this event was among the oldest.
    SpoolFull = "spool_full",
    /// The memory queue had reached its cap, and this event was the oldest.
    MemoryFull = "memory_full",
    /// The destination took the batch and rejected this event.
    Rejected = "rejected",
    /// The destination refuses this event by itself; it is in the quarantine file.
    Poison = "poison",
    /// The destination answered with a final status.
    HttpStatus = "http_status",
    /// The record on disk was damaged.
    Damaged = "damaged",
    /// The record was the torn tail of a segment.
    Torn = "torn",
    /// The event could not be encoded.
    Encode = "encode",
    /// The event was larger than a segment may hold.
    TooLarge = "too_large",
    /// The event was in memory, or came, when the watch had been shut down.
    Shutdown = "shutdown",
}

const REASONS: usize = DropReason::ALL.len();

/// How many distinct status codes are told apart; HTTP knows fewer.
const MAX_STATUSES: usize = 64;

/// One side of the account.
///
/// ```
/// let stats = toolwatch::Stats::default();
/// assert_eq!(stats.own().captured(), 0);
/// ```
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    captured: u64,
    delivered: u64,
    spooled: u64,
    dropped: [u64; REASONS],
}

impl Tally {
    /// Events that entered this account: captured by this process or, in the adopted account, found
    /// in segments of dead processes.
    #[must_use]
    pub const fn captured(&self) -> u64 {
        self.captured
    }

    /// Events that a destination acknowledged.
    #[must_use]
    pub const fn delivered(&self) -> u64 {
        self.delivered
    }

    /// Events that wait, on disk or in memory, the batch in flight included.
    #[must_use]
    pub const fn spooled(&self) -> u64 {
        self.spooled
    }

    /// Events given up for one reason.
    #[must_use]
    pub const fn dropped(&self, reason: DropReason) -> u64 {
        self.dropped[reason as usize]
    }

    /// Events given up for any reason.
    #[must_use]
    pub fn dropped_total(&self) -> u64 {
        self.dropped.iter().sum()
    }

    /// Whether the account is in balance. It always is; tests ask.
    #[must_use]
    pub fn is_balanced(&self) -> bool {
        self.captured == self.delivered + self.spooled + self.dropped_total()
    }

    /// Takes events in that now wait.
    pub(super) const fn take(&mut self, count: u64) {
        self.captured += count;
        self.spooled += count;
    }

    /// Takes events in that are given up at once.
    pub(super) const fn refuse(&mut self, count: u64, reason: DropReason) {
        self.captured += count;
        self.dropped[reason as usize] += count;
    }

    /// Waiting events were acknowledged.
    pub(super) fn deliver(&mut self, count: u64) {
        let count = self.leave(count);
        self.delivered += count;
    }

    /// Waiting events are given up.
    pub(super) fn give_up(&mut self, count: u64, reason: DropReason) {
        let count = self.leave(count);
        self.dropped[reason as usize] += count;
    }

    /// Adds another account: sums of balanced ones are balanced.
    fn add(&mut self, other: &Self) {
        self.captured += other.captured;
        self.delivered += other.delivered;
        self.spooled += other.spooled;
        self.dropped.iter_mut().zip(other.dropped).for_each(|(mine, more)| *mine += more);
    }

    fn leave(&mut self, count: u64) -> u64 {
        debug_assert!(count <= self.spooled, "more events leave than wait");
        let count = count.min(self.spooled);
        self.spooled -= count;
        count
    }
}

impl fmt::Debug for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let dropped: BTreeMap<_, _> = DropReason::ALL
            .iter()
            .map(|&reason| (reason.as_str(), self.dropped(reason)))
            .filter(|&(_, count)| count > 0)
            .collect();
        f.debug_struct("Tally")
            .field("captured", &self.captured)
            .field("delivered", &self.delivered)
            .field("spooled", &self.spooled)
            .field("dropped", &dropped)
            .finish()
    }
}

/// The numbers of one watch: what it captured, and what became of it.
///
/// Events of this process are under [`Stats::own`], those adopted from dead processes under
/// [`Stats::adopted`]. Both are in balance in every snapshot. With several destinations each has an
/// account of its own, and in the sum an event counts once for each.
///
/// ```
/// assert!(toolwatch::Stats::default().is_balanced());
/// ```
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Stats {
    pub(super) own: Tally,
    pub(super) adopted: Tally,
    pub(super) statuses: BTreeMap<u16, u64>,
    /// Events of this process that went to memory because the disk did not take them.
    pub memory_fallbacks: u64,
    /// Failed operations on files.
    pub disk_errors: u64,
    /// Calls without a begin record although these are on: the event was too long, too many calls
    /// were under way, or the disk refused it.
    pub begins_missed: u64,
    /// Batches that a destination took.
    pub batches: u64,
    /// Attempts that have to be repeated.
    pub retries: u64,
    /// Panics of destinations and callbacks that were contained.
    pub panics: u64,
    /// Threads that the system refused to start.
    pub thread_failures: u64,
    /// Intents, values, schema checks and error fingerprints that were left out of an event, and
    /// whole events, because code that capture called panicked; and tags, properties and events of
    /// the author's own that were left out because they are not valid, too many, or late; and spans
    /// and metrics at which the application's OpenTelemetry provider panicked. One count for the
    /// whole process.
    pub capture_faults: u64,
    /// Lines of the structured log that were left out because nobody read them in time.
    pub log_dropped: u64,
}

impl Stats {
    /// The account of the events that this process captured.
    #[must_use]
    pub const fn own(&self) -> &Tally {
        &self.own
    }

    /// The account of the events found in segments of dead processes.
    #[must_use]
    pub const fn adopted(&self) -> &Tally {
        &self.adopted
    }

    /// How many events were dropped by final statuses, by status: those of HTTP from 100 on, and
    /// those of gRPC up to 16.
    #[must_use]
    pub const fn statuses(&self) -> &BTreeMap<u16, u64> {
        &self.statuses
    }

    /// Whether both accounts are in balance.
    #[must_use]
    pub fn is_balanced(&self) -> bool {
        self.own.is_balanced() && self.adopted.is_balanced()
    }

    /// Adds the numbers of another destination.
    pub(crate) fn add(&mut self, other: &Self) {
        self.own.add(&other.own);
        self.adopted.add(&other.adopted);
        other.statuses.iter().for_each(|(status, count)| self.count_status(*status, *count));
        self.memory_fallbacks += other.memory_fallbacks;
        self.disk_errors += other.disk_errors;
        self.begins_missed += other.begins_missed;
        self.batches += other.batches;
        self.retries += other.retries;
        self.panics += other.panics;
        self.thread_failures += other.thread_failures;
    }

    pub(super) fn tally(&mut self, adopted: bool) -> &mut Tally {
        if adopted { &mut self.adopted } else { &mut self.own }
    }

    pub(super) fn count_status(&mut self, status: u16, count: u64) {
        if self.statuses.len() < MAX_STATUSES || self.statuses.contains_key(&status) {
            *self.statuses.entry(status).or_default() += count;
        }
    }

    /// The three numbers of the events that this process captured.
    pub(crate) fn delivery(&self) -> Delivery {
        Delivery {
            delivered: self.own.delivered,
            spooled: self.own.spooled,
            dropped: self.own.dropped_total(),
        }
    }
}

/// What became of the captured events, as `flush` and `shutdown` tell it.
///
/// ```
/// assert_eq!(toolwatch::Delivery::default().delivered, 0);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Delivery {
    /// Events that a destination acknowledged.
    pub delivered: u64,
    /// Events that are on disk (or in memory) and will be sent later.
    pub spooled: u64,
    /// Events that were given up; [`Stats`] tells why.
    pub dropped: u64,
}
