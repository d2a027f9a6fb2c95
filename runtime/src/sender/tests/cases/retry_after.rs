//! `Retry-After` in every form: what it says, what it may say, and what it must not do.

use std::time::SystemTime;

use super::*;

/// An HTTP date so many seconds after the clock's start.
fn date(seconds: i64) -> String {
    let start = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
    let distance = Duration::from_secs(seconds.unsigned_abs());
    httpdate::fmt_http_date(if seconds < 0 { start - distance } else { start + distance })
}

pub(super) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    let long = "9".repeat(400);
    // The first attempt is at 1 s; without a header the second would be at 1.5 s.
    let rows: [(&str, &[&str], u64); 33] = [
        ("is_missing", &[], 1_500),
        ("is_a_second", &["1"], 2_000),
        ("is_seconds", &["7"], 8_000),
        ("has_blanks_around", &["  7\t"], 8_000),
        ("has_leading_zeros", &["0007"], 8_000),
        ("is_at_the_bound", &["300"], 301_000),
        ("is_over_the_bound", &["301"], 301_000),
        ("is_a_day", &["86400"], 301_000),
        ("does_not_fit_64_bits", &["99999999999999999999"], 301_000),
        ("has_400_digits", &[&long], 301_000),
        ("is_zero_and_the_backoff_holds", &["0"], 1_500),
        ("is_negative", &["-7"], 1_500),
        ("has_a_plus", &["+7"], 1_500),
        ("is_a_fraction", &["2.5"], 3_500),
        ("is_a_fraction_below_the_floor", &["0.001"], 1_500),
        ("is_a_fraction_of_zero", &["0.0"], 1_500),
        ("is_a_broken_fraction", &["2."], 1_500),
        ("has_a_unit", &["7s"], 1_500),
        ("is_hexadecimal", &["0x10"], 1_500),
        ("is_exponential", &["1e3"], 1_500),
        ("is_infinite", &["inf"], 1_500),
        ("is_a_word", &["soon"], 1_500),
        ("is_empty", &[""], 1_500),
        ("is_no_ascii", &["\u{0667}"], 1_500),
        ("is_a_list", &["7, 9"], 1_500),
        ("is_a_date_to_come", &[&date(31)], 31_000),
        ("is_a_date_over_the_bound", &[&date(86_400)], 301_000),
        ("is_a_date_that_is_over", &[&date(-86_400)], 1_500),
        ("is_a_date_of_now", &[&date(1)], 1_500),
        ("is_a_date_in_the_old_form", &["Friday, 15-Jan-27 08:00:31 GMT"], 31_000),
        ("is_a_date_of_no_calendar", &["Fri, 32 Jan 2027 08:00:31 GMT"], 1_500),
        ("comes_twice_and_the_longer_holds", &["7", "20"], 21_000),
        ("comes_twice_and_one_is_garbage", &["soon", "20"], 21_000),
    ];
    for (name, values, second) in rows {
        let answers = [wait(503, values)];
        cases.push(case(format!("retry_after_{name}")).answers(answers).sends_at([1000, second]));
    }
    for code in [408, 425, 429, 500, 502, 504] {
        let name = format!("retry_after_holds_beside_{code}");
        cases.push(case(name).answers([wait(code, &["9"])]).sends_at([1000, 10_000]));
    }
    let name = "retry_after_beside_401_does_not_end_the_pause";
    cases.push(case(name).answers([wait(401, &["1"])]).sends_at([1000, 301_000]).told(1));
    let name = "retry_after_beside_404_keeps_nothing";
    let last = case(name).answers([wait(404, &["1"])]).sends_at([1000]).delivered(0);
    cases.push(last.dropped(DropReason::HttpStatus, 1).statuses(404, 1));
    let name = "retry_after_zero_on_each_attempt_does_not_stop_the_backoff";
    let zeros = case(name).answers([0; 4].map(|_| wait(429, &["0"])));
    cases.push(zeros.sends_at([1000, 1500, 2500, 4500, 8500]));
    let name = "retry_after_holds_against_a_flush";
    let asked = case(name).answers([wait(429, &["9"])]).act(2000, Act::Flush);
    cases.push(asked.sends_at([1000, 10_000]));
    let name = "retry_after_holds_against_a_full_batch";
    let asked = case(name).answers([wait(429, &["9"])]).act(2000, Act::Capture(60));
    cases.push(
        asked
            .sends(1000, 0..1)
            .sends(10_000, 0..1)
            .sends(10_000, 1..51)
            .sends(10_000, 51..61)
            .delivered(61),
    );
    cases
}
