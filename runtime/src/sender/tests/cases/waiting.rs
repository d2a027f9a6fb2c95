//! When batches go: company, full batches, backoff with full jitter, flushes, pauses, reports.

use super::*;

fn broken(times: usize) -> impl Iterator<Item = Answer> {
    (0..times).map(|_| status(503))
}

pub(super) fn cases() -> Vec<Case> {
    let mut cases = company();
    // Full jitter: the wait is evenly spread below a bound that doubles from 0.5 s to 60 s.
    for (share, moments) in [
        (0.0, [1000, 1000, 1000, 1000]),
        (0.25, [1000, 1125, 1375, 1875]),
        (0.5, [1000, 1250, 1750, 2750]),
        (1.0, [1000, 1500, 2500, 4500]),
    ] {
        let of = case(format!("backoff_with_the_share_{share}")).jitter(share).answers(broken(3));
        cases.push(of.sends_at(moments));
    }
    let of = case("backoff_doubles_up_to_a_minute").answers(broken(10)).told(1);
    let bounds = [500, 1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000];
    let moments = bounds.iter().scan(1000, |at, bound| {
        *at += bound;
        Some(*at)
    });
    cases.push(of.sends_at(std::iter::once(1000).chain(moments)));
    let of = case("backoff_begins_anew_after_a_success");
    let of = of.answers([status(503), status(503), status(200), status(503)]);
    let of = of.act(10_000, Act::Capture(1)).delivered(2).sends_at([1000, 1500, 2500]);
    cases.push(of.sends(10_000, 1..2).sends(10_500, 1..2));
    let of = case("four_failures_are_not_told").answers(broken(4));
    cases.push(of.sends_at([1000, 1500, 2500, 4500, 8500]));
    let of = case("an_episode_is_told_once_and_the_next_one_again").told(2);
    let of = of.answers(broken(6).chain([status(200)]).chain(broken(5)));
    let of = of.act(100_000, Act::Capture(1)).delivered(2);
    let of = of.sends_at([1000, 1500, 2500, 4500, 8500, 16_500, 32_500]);
    let second = [100_000, 100_500, 101_500, 103_500, 107_500, 115_500];
    cases.push(second.into_iter().fold(of, |of, at| of.sends(at, 1..2)));
    cases.extend(flushes());
    cases.extend(pauses());
    cases
}

/// Events wait one interval for company, or until a batch is full.
fn company() -> Vec<Case> {
    let report = case("what_was_left_out_is_in_the_report").act(500, Act::Sample(7));
    vec![
        case("an_event_waits_one_interval").sends_at([1000]),
        case("events_of_one_interval_go_together")
            .act(400, Act::Capture(1))
            .act(900, Act::Capture(1))
            .delivered(3)
            .sends(1000, 0..3),
        case("a_full_batch_goes_at_once").events(50).sends(0, 0..50),
        case("one_event_less_than_a_batch_waits").events(49).sends(1000, 0..49),
        case("the_rest_of_a_burst_waits_for_company")
            .events(120)
            .sends(0, 0..50)
            .sends(0, 50..100)
            .sends(1000, 100..120),
        case("a_batch_that_fills_up_goes_then")
            .events(30)
            .act(400, Act::Capture(20))
            .delivered(50)
            .sends(400, 0..50),
        report.sends_at([1000]).dropped(DropReason::Sampled, 7),
        case("nothing_is_sent_when_nothing_waits")
            .events(0)
            .act(0, Act::Sample(3))
            .act(10_000, Act::Flush)
            .dropped(DropReason::Sampled, 3),
        case("memory_is_sent_like_files")
            .in_memory()
            .events(3)
            .answers(broken(2))
            .sends(1000, 0..3)
            .sends(1500, 0..3)
            .sends(2500, 0..3),
    ]
}

fn flushes() -> Vec<Case> {
    vec![
        case("a_flush_sends_at_once").act(100, Act::Flush).sends_at([100]),
        case("a_flush_shortens_a_backoff_for_one_attempt")
            .answers(broken(4))
            .act(9_000, Act::Flush)
            .sends_at([1000, 1500, 2500, 4500, 8500]),
        case("a_flush_in_a_backoff_tries_once_and_then_keeps_to_it")
            .answers(broken(5))
            .act(5_000, Act::Flush)
            .sends_at([1000, 1500, 2500, 4500, 5000, 13_000])
            .told(1),
        case("a_flush_does_not_shorten_a_pause")
            .answers([status(401)])
            .act(5_000, Act::Flush)
            .sends_at([1000, 301_000])
            .told(1),
        case("a_full_batch_does_not_shorten_a_backoff")
            .answers(broken(4))
            .act(5_000, Act::Capture(60))
            .delivered(61)
            .sends_at([1000, 1500, 2500, 4500, 8500])
            .sends(8500, 1..51)
            .sends(8500, 51..61),
    ]
}

fn pauses() -> Vec<Case> {
    vec![
        case("a_pause_ends_with_the_first_yes_and_all_goes")
            .answers([status(401)])
            .act(2_000, Act::Capture(60))
            .delivered(61)
            .told(1)
            .sends(1000, 0..1)
            .sends(301_000, 0..1)
            .sends(301_000, 1..51)
            .sends(301_000, 51..61),
        case("a_pause_that_lasts_is_told_once")
            .answers((0..3).map(|_| status(403)))
            .told(1)
            .sends_at([1000, 301_000, 601_000, 901_000]),
        case("the_next_pause_is_told_again")
            .answers([status(401), status(200), status(401)])
            .act(310_000, Act::Capture(1))
            .delivered(2)
            .told(2)
            .sends_at([1000, 301_000])
            .sends(310_000, 1..2)
            .sends(610_000, 1..2),
        case("a_pause_keeps_events_for_the_next_process")
            .answers([status(401)])
            .until(200_000)
            .sends_at([1000])
            .delivered(0)
            .spooled(1)
            .told(1),
        case("a_pause_after_failures_does_not_shorten_to_a_backoff")
            .answers([status(503), status(401), status(503)])
            .told(1)
            .sends_at([1000, 1500, 301_500, 303_500]),
    ]
}
