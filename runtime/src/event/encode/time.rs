//! The calendar, without a dependency.

use super::json::pair;

/// Appends a moment, in nanoseconds since the Unix epoch, as RFC 3339 in UTC with microseconds.
pub(crate) fn write(nanos: u64, out: &mut Vec<u8>) {
    out.extend_from_slice(&text(nanos));
}

/// A moment, in nanoseconds since the Unix epoch, as RFC 3339 in UTC with microseconds: ASCII.
pub(crate) fn text(nanos: u64) -> [u8; 27] {
    let (seconds, below) = (nanos / 1_000_000_000, nanos % 1_000_000_000);
    let (year, month, day) = civil(seconds / 86_400);
    let clock = seconds % 86_400;
    let mut out = *b"YYYY-MM-DDTHH:MM:SS.ffffffZ";
    let micros = below / 1000;
    let pairs = [
        (0, year / 100),
        (2, year % 100),
        (5, month),
        (8, day),
        (11, clock / 3600),
        (14, clock / 60 % 60),
        (17, clock % 60),
        (20, micros / 10_000),
        (22, micros / 100 % 100),
        (24, micros % 100),
    ];
    for (at, number) in pairs {
        out[at..at + 2].copy_from_slice(&pair(number));
    }
    out
}

/// Year, month and day of a day since 1970-01-01 in the Gregorian calendar.
///
/// The year starts in March, so that the leap day is the last of it, and eras of 400 years have
/// the same days.
const fn civil(days: u64) -> (u64, u64, u64) {
    const DAYS_TO_1970: u64 = 719_468;
    const ERA: u64 = 146_097;
    let days = days + DAYS_TO_1970;
    let (era, day) = (days / ERA, days % ERA);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day_of_month = day - (153 * month + 2) / 5 + 1;
    let is_next_year = month >= 10;
    let month = if is_next_year { month - 9 } else { month + 3 };
    (era * 400 + year + is_next_year as u64, month, day_of_month)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_day_of_600_years_follows_the_day_before() {
        let is_leap = |year: u64| {
            year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
        };
        let (mut year, mut month, mut day) = (1970, 1, 1);
        for days in 0..220_000 {
            assert_eq!(civil(days), (year, month, day));
            let length = match month {
                2 => 28 + u64::from(is_leap(year)),
                4 | 6 | 9 | 11 => 30,
                _ => 31,
            };
            day += 1;
            if day > length {
                (day, month) = (1, month + 1);
            }
            if month > 12 {
                (month, year) = (1, year + 1);
            }
        }
    }
}
