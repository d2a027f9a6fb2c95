//! Decides which events are kept. Pure, and the same for all events of one session or trace.

use super::contract::QuotaStatus;

/// What is left of the rate for successes when the quota is exceeded.
const EXCEEDED_FACTOR: f64 = 0.1;

/// The weight of an event that is kept, or none: how many events it stands for.
///
/// `key` is the session's or trace's key, so that a session is kept or left out as a whole. Errors
/// are always kept, with weight 1.
pub(crate) fn keep(key: u64, rate: f64, is_error: bool, quota: QuotaStatus) -> Option<f64> {
    if is_error {
        return Some(1.0);
    }
    let rate = if rate.is_nan() { 1.0 } else { rate.clamp(0.0, 1.0) };
    let rate = match quota {
        QuotaStatus::Ok | QuotaStatus::Warning => rate,
        // The hard limit pauses sending; what is spooled meanwhile should not flood the next period.
        QuotaStatus::Exceeded | QuotaStatus::HardLimit => rate * EXCEEDED_FACTOR,
    };
    if rate >= 1.0 {
        return Some(1.0);
    }
    (unit(key) < rate).then(|| 1.0 / rate)
}

/// The key as a number in 0..1 that is evenly distributed even when keys are not.
fn unit(key: u64) -> f64 {
    let mixed = (key ^ (key >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    // 53 bits are exact in an f64.
    ((mixed ^ (mixed >> 32)) >> 11) as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share(rate: f64, quota: QuotaStatus) -> f64 {
        (0..10_000).filter(|&key| keep(key, rate, false, quota).is_some()).count() as f64 / 10_000.0
    }

    #[test]
    fn errors_are_always_kept() {
        for rate in [0.0, 0.5, f64::NAN, -1.0] {
            assert_eq!(keep(7, rate, true, QuotaStatus::Exceeded), Some(1.0));
        }
    }

    #[test]
    fn the_share_of_successes_is_the_rate() {
        assert!((share(0.25, QuotaStatus::Ok) - 0.25).abs() < 0.02);
        assert!((share(1.0, QuotaStatus::Exceeded) - 0.1).abs() < 0.02);
        assert!((share(0.5, QuotaStatus::HardLimit) - 0.05).abs() < 0.01);
        assert!(share(0.0, QuotaStatus::Ok) == 0.0 && share(1.0, QuotaStatus::Warning) == 1.0);
        assert!(share(f64::NAN, QuotaStatus::Ok) == 1.0 && share(7.0, QuotaStatus::Ok) == 1.0);
    }

    #[test]
    fn weights_make_up_for_what_is_left_out() {
        let total: f64 = (0..10_000).filter_map(|key| keep(key, 0.2, false, QuotaStatus::Ok)).sum();
        assert!((total - 10_000.0).abs() < 1_000.0, "{total}");
    }
}
