//! Identifiers: event ids (UUIDv7, RFC 9562), trace and span ids (W3C Trace Context).

use std::fmt;
use std::sync::Once;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use super::sealed::closed;

/// The id of one event: a UUIDv7, made at capture and the same on every delivery attempt.
///
/// ```
/// use toolwatch::event::EventId;
/// let (first, second) = (EventId::fresh(), EventId::fresh());
/// assert!(first != second && first.to_string().len() == 36);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EventId(pub(crate) [u8; 16]);

/// Nanoseconds since the Unix epoch.
///
/// ```
/// use std::time::{Duration, UNIX_EPOCH};
/// use toolwatch::event::Timestamp;
/// let moment = Timestamp::from(UNIX_EPOCH + Duration::from_micros(1_500_000));
/// assert_eq!(moment.to_string(), "1970-01-01T00:00:01.500000Z");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp(pub(crate) u64);

closed!(EventId, Timestamp);

impl EventId {
    /// Makes an id for the present moment.
    #[must_use]
    pub fn fresh() -> Self {
        Self::at(Timestamp::now())
    }

    /// Makes an id for a moment: 48 bits of milliseconds, 12 bits of the millisecond's fraction
    /// (RFC 9562 section 6.2, method 3), 62 bits that no other id of any process has.
    pub(crate) fn at(time: Timestamp) -> Self {
        let (millis, below) = (time.0 / 1_000_000, time.0 % 1_000_000);
        let fraction = below * 4096 / 1_000_000;
        let high = (millis << 16) | 0x7000 | fraction;
        let low = (0b10 << 62) | (unique() >> 2);
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&high.to_be_bytes());
        bytes[8..].copy_from_slice(&low.to_be_bytes());
        Self(bytes)
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&super::encode::json::uuid_text(self.0)))
    }
}

impl fmt::Debug for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EventId({self})")
    }
}

impl From<SystemTime> for Timestamp {
    fn from(time: SystemTime) -> Self {
        let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
        Self(u64::try_from(since.as_nanos()).unwrap_or(u64::MAX))
    }
}

/// RFC 3339 in UTC with microseconds.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&super::encode::time::text(self.0)))
    }
}

impl Timestamp {
    /// The present moment by the system's clock.
    #[must_use]
    pub fn now() -> Self {
        SystemTime::now().into()
    }

    /// Nanoseconds since the Unix epoch.
    #[must_use]
    pub const fn as_unix_nanos(self) -> u64 {
        self.0
    }
}

impl super::Trace {
    /// A span of its own below this one.
    pub(crate) fn child(&self) -> Self {
        let span_id = (unique() | 1).to_be_bytes();
        Self { span_id, parent_span_id: Some(self.span_id), link: None, ..*self }
    }

    /// A trace that nobody else is part of.
    pub(crate) fn fresh() -> Self {
        let halves = u128::from(unique()) << 64 | u128::from(unique() | 1);
        let span_id = (unique() | 1).to_be_bytes();
        let trace_id = halves.to_be_bytes();
        Self { trace_id, span_id, parent_span_id: None, is_sampled: true, link: None }
    }
}

/// 64 bits that are not repeated within this process, and by chance only in another one:
/// a counter from a random start, mixed by a bijection.
pub(crate) fn unique() -> u64 {
    START.call_once(start_anew);
    mix(NEXT.fetch_add(1, Ordering::Relaxed))
}

static START: Once = Once::new();
static NEXT: AtomicU64 = AtomicU64::new(0);

/// Starts from another random number. A copy of a process would repeat the numbers of the original.
pub(super) fn start_anew() {
    NEXT.store(random_seed(), Ordering::Relaxed);
}

fn random_seed() -> u64 {
    getrandom::u64().unwrap_or_else(|_| {
        let time = Timestamp::now().0;
        mix(time ^ u64::from(std::process::id()).rotate_left(32))
    })
}

/// The finaliser of SplitMix64.
fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}
