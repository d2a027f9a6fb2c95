//! What a service says about the account's quota, and what follows from it.

use super::*;
use QuotaStatus::{Exceeded, HardLimit, Warning};

fn quota(status: &str) -> Answer {
    body(format!(r#"{{"accepted":1,"quota":{{"limit":10,"remaining":1,"status":"{status}"}}}}"#))
}

/// A hard limit that ends so many seconds after the clock's start.
fn limit(reset: &str) -> Answer {
    body(format!(r#"{{"quota":{{"status":"hard_limit","reset":{reset}}}}}"#))
}

/// Events at 0, 5 s, 10 s and so on, so that each answer is one of its own.
fn several(name: &str, answers: impl IntoIterator<Item = Answer>) -> Case {
    let answers: Vec<_> = answers.into_iter().collect();
    let count = answers.len() as u64;
    let mut of = case(name).answers(answers).delivered(count).sends(1000, 0..1);
    for number in 1..count {
        of = of.act(number * 5_000, Act::Capture(1)).sends(number * 5_000, number..number + 1);
    }
    of
}

const START: u64 = 1_800_000_000;

pub(super) fn cases() -> Vec<Case> {
    let mut cases = vec![
        several("quota_ok_tells_nobody", [quota("ok"), quota("ok")]),
        several("quota_warning_is_told_once", [quota("warning"), quota("warning")])
            .quotas([Warning]),
        several("quota_exceeded_is_told_once", [quota("exceeded"), quota("exceeded")])
            .quotas([Exceeded]),
        several("quota_that_grows_worse_is_told_each_time", [quota("warning"), quota("exceeded")])
            .quotas([Warning, Exceeded]),
        several("quota_that_recovers_is_not_told", [quota("exceeded"), quota("ok")])
            .quotas([Exceeded]),
        several(
            "quota_that_comes_again_is_told_again",
            [quota("warning"), quota("ok"), quota("warning")],
        )
        .quotas([Warning, Warning]),
        several(
            "quota_that_is_not_repeated_stays",
            [quota("warning"), body("{}"), quota("warning")],
        )
        .quotas([Warning]),
        several("quota_of_an_unknown_status_is_none", [quota("purple")]),
        several("quota_of_another_case_is_none", [quota("WARNING")]),
        several("quota_without_a_status_is_none", [body(r#"{"quota":{"remaining":0}}"#)]),
        several("quota_that_is_a_text_is_none", [body(r#"{"quota":"hard_limit"}"#)]),
        several("quota_that_is_null_is_none", [body(r#"{"quota":null}"#)]),
        several(
            "quota_with_garbage_beside_its_status_counts",
            [body(r#"{"quota":{"status":"warning","limit":-1,"remaining":"x","reset":[]}}"#)],
        )
        .quotas([Warning]),
    ];
    cases.extend(limits());
    cases.extend(samples());
    cases
}

/// A hard limit pauses sending: until its reset, five minutes without one, an hour at most.
fn limits() -> Vec<Case> {
    let paused = |name: &str, reset: &str, second: u64| {
        let of = case(name).answers([limit(reset)]).act(2_000, Act::Capture(60)).delivered(61);
        let of = of.until(4_000_000).quotas([HardLimit]);
        of.sends(1000, 0..1).sends(second, 1..51).sends(second, 51..61)
    };
    let again = case("hard_limit_again_pauses_again").answers([limit("0"), limit("0")]);
    let again = again.act(2_000, Act::Capture(1)).act(302_000, Act::Capture(1)).delivered(3);
    let again = again.sends(1000, 0..1).sends(301_000, 1..2).sends(601_000, 2..3);
    let flushed = case("hard_limit_holds_against_a_flush").answers([limit("null")]);
    let flushed = flushed.act(2_000, Act::Capture(1)).act(3_000, Act::Flush).delivered(2);
    let over = case("hard_limit_that_is_over_lets_events_pass").answers([limit("0"), quota("ok")]);
    let over = over.act(2_000, Act::Capture(1)).act(400_000, Act::Capture(1)).delivered(3);
    vec![
        paused("hard_limit_without_a_reset_pauses_five_minutes", "null", 301_000),
        paused("hard_limit_pauses_until_its_reset", &(START + 60).to_string(), 60_000),
        paused(
            "hard_limit_pauses_until_its_reset_in_ms",
            &((START + 60) * 1000).to_string(),
            60_000,
        ),
        paused("hard_limit_pauses_until_a_date", "\"2027-01-15T08:01:00Z\"", 60_000),
        paused("hard_limit_pauses_until_a_http_date", "\"Fri, 15 Jan 2027 08:01:00 GMT\"", 60_000),
        paused("hard_limit_pauses_an_hour_at_most", &(START + 86_400).to_string(), 3_601_000),
        paused("hard_limit_whose_reset_is_over_pauses_five_minutes", "1700000000", 301_000),
        paused("hard_limit_whose_reset_is_now_pauses_five_minutes", "1800000001", 301_000),
        paused("hard_limit_whose_reset_is_garbage_pauses_five_minutes", "\"soon\"", 301_000),
        paused("hard_limit_whose_reset_does_not_fit_pauses_five_minutes", "-1", 301_000),
        again.quotas([HardLimit]),
        flushed.sends(1000, 0..1).sends(301_000, 1..2).quotas([HardLimit]),
        over.sends(1000, 0..1).sends(301_000, 1..2).sends(400_000, 2..3).quotas([HardLimit]),
    ]
}

/// What a quota does to the calls that follow.
fn samples() -> Vec<Case> {
    let kept = (0..).find(|&key| keep(key, 1.0, false, Exceeded).is_some()).unwrap_or_default();
    let left = (0..).find(|&key| keep(key, 1.0, false, Exceeded).is_none()).unwrap_or_default();
    let asked = |status: &str, key, is_error, expect| {
        let name = format!("quota_{status}_gives_{key}_the_weight_{expect:?}_error_{is_error}");
        let of =
            case(name).answers([quota(status)]).act(2_000, Act::Keep { key, is_error, expect });
        of.sends_at([1000])
    };
    // A period that ends a minute after the clock's start.
    let period = |status: &str| {
        let reset = START + 60;
        body(format!(r#"{{"quota":{{"status":"{status}","reset":{reset}}}}}"#))
    };
    let keep = |expect| Act::Keep { key: left, is_error: false, expect };
    let ends = |status: &str| {
        let of = case(format!("quota_{status}_ends_with_its_period")).answers([period(status)]);
        of.act(59_900, keep(None)).act(60_000, keep(Some(1.0))).sends_at([1000])
    };
    let again = case("quota_of_the_next_period_is_told_again");
    let again = again.answers([period("exceeded"), quota("exceeded")]).delivered(2);
    let again = again.act(65_000, Act::Capture(1)).act(66_000, keep(None));
    vec![
        ends("exceeded").quotas([Exceeded]),
        ends("hard_limit").quotas([HardLimit]),
        again.sends(1000, 0..1).sends(65_000, 1..2).quotas([Exceeded, Exceeded]),
        asked("ok", left, false, Some(1.0)),
        asked("warning", left, false, Some(1.0)).quotas([Warning]),
        asked("exceeded", left, false, None).quotas([Exceeded]),
        asked("exceeded", kept, false, Some(10.0)).quotas([Exceeded]),
        asked("exceeded", left, true, Some(1.0)).quotas([Exceeded]),
        asked("hard_limit", left, false, None).quotas([HardLimit]),
        asked("hard_limit", left, true, Some(1.0)).quotas([HardLimit]),
    ]
}
