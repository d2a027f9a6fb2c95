//! How long things took, in bounded room.

/// Durations kept of one thing; past it every second one is dropped, so percentiles become estimates.
const MAX_DURATIONS: usize = 16 * 1024;

/// Durations, thinned evenly once there are too many.
#[derive(Clone, Debug, Default)]
pub(super) struct Durations {
    kept: Vec<f64>,
    stride_log2: u32,
    seen: u64,
}

impl Durations {
    pub(super) fn push(&mut self, duration: f64) {
        if self.seen.is_multiple_of(1 << self.stride_log2) && duration.is_finite() {
            self.kept.push(duration);
        }
        self.seen += 1;
        if self.kept.len() >= MAX_DURATIONS {
            let mut index = 0;
            self.kept.retain(|_| {
                index += 1;
                index % 2 == 1
            });
            self.stride_log2 += 1;
        }
    }

    /// The durations that half and 95 of 100 do not exceed.
    pub(super) fn percentiles(&self) -> (f64, f64) {
        let mut sorted = self.kept.clone();
        sorted.sort_unstable_by(f64::total_cmp);
        let at = |percent: usize| {
            let rank = (sorted.len() * percent).div_ceil(100);
            sorted.get(rank.saturating_sub(1)).copied().unwrap_or_default()
        };
        (at(50), at(95))
    }
}
