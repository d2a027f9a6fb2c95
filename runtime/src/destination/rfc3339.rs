//! Reads times as RFC 3339 writes them, in UTC.

/// Nanoseconds since the epoch; `None` for what is no such time, or lies before it.
pub(super) fn parse_nanos(text: &str) -> Option<u64> {
    let field = |range: std::ops::Range<usize>| text.get(range)?.parse::<i64>().ok();
    let rest = text.strip_suffix('Z').or_else(|| text.strip_suffix("+00:00"))?;
    let (year, month, day) = (field(0..4)?, field(5..7)?, field(8..10)?);
    let seconds = field(11..13)? * 3600 + field(14..16)? * 60 + field(17..19)?;
    let fraction = match rest.get(19..)?.strip_prefix('.') {
        Some(digits) => nanos_of_fraction(digits)?,
        None => 0,
    };
    let days = days_from_civil(year, month, day);
    let seconds = u64::try_from(days * 86_400 + seconds).ok()?;
    seconds.checked_mul(1_000_000_000)?.checked_add(fraction)
}

/// Digits beyond the ninth are left out.
fn nanos_of_fraction(digits: &str) -> Option<u64> {
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let digits = digits.get(..9).unwrap_or(digits);
    let scale = 10_u64.pow(9 - u32::try_from(digits.len()).ok()?);
    digits.parse().ok().map(|number: u64| number * scale)
}

/// Days from 1970-01-01 in the proleptic Gregorian calendar, with years that begin in March.
const fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::parse_nanos;

    #[test]
    fn what_an_event_writes_is_read_back_and_garbage_is_not() {
        for (text, expect) in [
            ("1970-01-01T00:00:00Z", Some(0)),
            ("2026-11-21T06:44:51.123456Z", Some(1_795_243_491_123_456_000)),
            ("2026-11-06T21:20:00.5+00:00", Some(1_794_000_000_500_000_000)),
            ("2026-11-06T21:20:00.1234567899Z", Some(1_794_000_000_123_456_789)),
            ("1969-12-31T23:59:59Z", None),
            ("2026-11-06T21:20:00.Z", None),
            ("2026-11-06T21:20:00.5xZ", None),
            ("2026-11-06T21:20:00.12345678\u{e9}Z", None),
            ("2026-11-06T21:20:00+02:00", None),
            ("\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}Z", None),
            ("2026-11-06", None),
            ("", None),
        ] {
            assert_eq!(parse_nanos(text), expect, "{text}");
        }
    }
}
