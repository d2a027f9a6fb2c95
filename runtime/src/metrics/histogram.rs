//! Durations in bounded room: counts between fixed bounds for exporters, and finer ones for
//! percentiles.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Upper bounds of the exported buckets, in nanoseconds. From 10 ms on they are the bounds that the
/// MCP conventions advise for `mcp.server.operation.duration`; those below are ours, because many
/// tools answer faster than their first bucket ends.
pub(crate) const BOUNDS_NS: [u64; 19] = [
    100_000,
    500_000,
    1_000_000,
    2_000_000,
    5_000_000,
    10_000_000,
    20_000_000,
    50_000_000,
    100_000_000,
    200_000_000,
    500_000_000,
    1_000_000_000,
    2_000_000_000,
    5_000_000_000,
    10_000_000_000,
    30_000_000_000,
    60_000_000_000,
    120_000_000_000,
    300_000_000_000,
];

/// One count per bound, and one for what is over the last.
pub(crate) const BUCKETS: usize = BOUNDS_NS.len() + 1;

/// Durations, counted between [`BOUNDS_NS`].
#[derive(Debug)]
pub(super) struct Histogram {
    buckets: [AtomicU64; BUCKETS],
    sum_ns: AtomicU64,
}

impl Histogram {
    pub(super) const fn new() -> Self {
        Self { buckets: [const { AtomicU64::new(0) }; BUCKETS], sum_ns: AtomicU64::new(0) }
    }

    pub(super) fn record(&self, duration_ns: u64) {
        let bucket = BOUNDS_NS.partition_point(|&bound| bound < duration_ns);
        self.sum_ns.fetch_add(duration_ns, Relaxed);
        self.buckets[bucket].fetch_add(1, Relaxed);
    }

    pub(super) fn read(&self) -> Durations {
        let buckets = std::array::from_fn(|at| self.buckets[at].load(Relaxed));
        Durations { buckets, sum_ns: self.sum_ns.load(Relaxed) }
    }
}

/// How often operations took how long.
///
/// Counts are not cumulative. The count of all is their sum, so that no exporter shows a total that
/// its buckets do not make up.
///
/// ```
/// let durations = toolwatch::metrics::Durations::default();
/// assert_eq!((durations.count(), durations.mean_ms()), (0, None));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Durations {
    pub(crate) buckets: [u64; BUCKETS],
    pub(crate) sum_ns: u64,
}

impl Durations {
    /// How many there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.buckets.iter().sum()
    }

    /// All of them together, in seconds.
    #[must_use]
    pub fn sum_seconds(&self) -> f64 {
        self.sum_ns as f64 / 1e9
    }

    /// The average, in milliseconds; `None` without any.
    #[must_use]
    pub fn mean_ms(&self) -> Option<f64> {
        let count = self.count();
        (count > 0).then(|| self.sum_ns as f64 / 1e6 / count as f64)
    }

    /// The upper bound of each bucket in seconds and how many durations are at most that long. The
    /// last bound is infinite.
    ///
    /// ```
    /// let durations = toolwatch::metrics::Durations::default();
    /// assert_eq!(durations.buckets().last(), Some((f64::INFINITY, 0)));
    /// ```
    pub fn buckets(&self) -> impl Iterator<Item = (f64, u64)> + '_ {
        let bounds = BOUNDS_NS.iter().map(|&bound| bound as f64 / 1e9).chain([f64::INFINITY]);
        bounds.zip(self.buckets.iter().scan(0, |sum, count| {
            *sum += count;
            Some(*sum)
        }))
    }

    /// Adds those of another.
    pub(crate) fn add(&mut self, other: &Self) {
        self.buckets.iter_mut().zip(other.buckets).for_each(|(mine, more)| *mine += more);
        self.sum_ns += other.sum_ns;
    }
}

/// Sub-buckets of each power of two: a percentile is off by at most a 32nd.
const STEPS: usize = 16;
/// The first power of two that is divided: what is below 1,024 ns counts as that.
const FIRST_POWER: usize = 10;
/// Powers of two that are told apart: up to 2^42 ns, 73 minutes.
const POWERS: usize = 32;

/// Durations at a resolution of a 16th of their power of two.
#[derive(Debug)]
pub(super) struct Fine([AtomicU64; STEPS * POWERS]);

impl Fine {
    pub(super) fn new() -> Self {
        Self([const { AtomicU64::new(0) }; STEPS * POWERS])
    }

    pub(super) fn record(&self, duration_ns: u64) {
        self.0[Self::place(duration_ns)].fetch_add(1, Relaxed);
    }

    fn place(duration_ns: u64) -> usize {
        let duration = duration_ns.max(1 << FIRST_POWER);
        let power = duration.ilog2() as usize;
        let step = (duration >> (power - 4)) as usize & (STEPS - 1);
        ((power - FIRST_POWER) * STEPS + step).min(STEPS * POWERS - 1)
    }

    /// The middle of a place, in nanoseconds.
    fn middle(place: usize) -> f64 {
        let width = (1_u64 << (place / STEPS + FIRST_POWER - 4)) as f64;
        width * ((STEPS + place % STEPS) as f64 + 0.5)
    }

    /// The durations, in milliseconds, that so many of 100 do not exceed; zeros without any.
    pub(super) fn percentiles_ms<const N: usize>(&self, percents: [u64; N]) -> [f64; N] {
        let counts: Vec<u64> = self.0.iter().map(|count| count.load(Relaxed)).collect();
        let total: u64 = counts.iter().sum();
        percents.map(|percent| {
            let rank = (total * percent).div_ceil(100);
            let mut seen = 0;
            let place = counts.iter().position(|count| {
                seen += count;
                seen >= rank && seen > 0
            });
            place.map_or(0.0, |place| Self::middle(place) / 1e6)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_belongs_to_its_bucket_and_the_total_is_the_sum() {
        let histogram = Histogram::new();
        for duration in [0, 100_000, 100_001, 300_000_000_000, 300_000_000_001, u64::MAX >> 1] {
            histogram.record(duration);
        }
        let read = histogram.read();
        assert_eq!((read.buckets[0], read.buckets[1], read.buckets[18]), (2, 1, 1));
        assert_eq!((read.buckets[19], read.count()), (2, 6));
        assert_eq!(read.buckets().last(), Some((f64::INFINITY, 6)));
        assert_eq!(read.buckets().next(), Some((0.0001, 2)));
    }

    #[test]
    fn percentiles_are_off_by_at_most_a_thirty_second() {
        let fine = Fine::new();
        assert_eq!(fine.percentiles_ms([50]), [0.0]);
        (1..=10_000_u64).for_each(|n| fine.record(n * 10_000));
        for (percent, got) in [50, 95, 99].into_iter().zip(fine.percentiles_ms([50, 95, 99])) {
            let exact = f64::from(percent) * 1.0;
            assert!((got / exact - 1.0).abs() < 1.0 / 32.0, "p{percent} is {got}, not {exact}");
        }
    }

    #[test]
    fn the_shortest_and_the_longest_durations_have_a_place() {
        let fine = Fine::new();
        [0, 1, 1 << 10, u64::MAX].into_iter().for_each(|n| fine.record(n));
        assert_eq!(fine.0.iter().map(|n| n.load(Relaxed)).sum::<u64>(), 4);
        assert_eq!(fine.0[STEPS * POWERS - 1].load(Relaxed), 1);
    }
}
