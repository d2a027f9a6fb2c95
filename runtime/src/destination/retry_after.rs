//! Reads the `Retry-After` header.

use std::time::{Duration, SystemTime};

/// The wait that a header asks for, in seconds, which may have a fraction, or as an HTTP date; none when it is neither.
/// Clamping is the retry decision's business.
pub(crate) fn parse(value: &str, now: SystemTime) -> Option<Duration> {
    let value = value.trim();
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        // More digits than fit are simply very long.
        return Some(Duration::from_secs(value.parse().unwrap_or(u64::MAX)));
    }
    if let Some(fraction) = fraction(value) {
        return Some(fraction);
    }
    let date = httpdate::parse_http_date(value).ok()?;
    Some(date.duration_since(now).unwrap_or_default())
}

/// Seconds with a fraction: no standard has them, but services send them.
fn fraction(value: &str) -> Option<Duration> {
    let (whole, part) = value.split_once('.')?;
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(part) {
        return None;
    }
    Some(Duration::try_from_secs_f64(value.parse().ok()?).unwrap_or(Duration::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_and_dates_are_read_and_garbage_is_not() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        for (value, expect) in [
            ("0", Some(0)),
            (" 120 ", Some(120)),
            ("99999999999999999999999", Some(u64::MAX)),
            ("Sun, 06 Nov 1994 08:49:47 GMT", Some(10)),
            ("Tue, 06 Nov 1984 08:49:47 GMT", Some(0)),
            ("-5", None),
            ("1.5.2", None),
            (".5", None),
            ("5.", None),
            ("1e3", None),
            ("5, 7", None),
            ("inf", None),
            ("NaN", None),
            ("soon", None),
            ("", None),
            ("Sun, 06 Nov", None),
        ] {
            assert_eq!(parse(value, now), expect.map(Duration::from_secs), "{value}");
        }
        assert_eq!(parse("1.5", now), Some(Duration::from_millis(1500)));
        let huge = format!("{}.0", "9".repeat(400));
        assert_eq!(parse(&huge, now), Some(Duration::MAX));
    }
}
