//! 400 and 413: the batch is halved until the service takes it, or one event is left.

use super::*;

pub(super) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for code in [400, 413] {
        let of = case(format!("{code}_once_halves_the_batch")).events(8).answers([status(code)]);
        cases.push(of.sends(1000, 0..8).sends(1000, 0..4).sends(1000, 4..8));
        let of = case(format!("{code}_for_two_sends_each_alone")).events(2);
        let of = of.answers([Answer::TooLarge(code, 1)]);
        cases.push(of.sends(1000, 0..2).sends(1000, 0..1).sends(1000, 1..2));
        let of = case(format!("{code}_for_an_odd_batch_loses_none")).events(5);
        let of = of.answers([status(code)]).sends(1000, 0..5).sends(1000, 0..2);
        cases.push(of.sends(1000, 2..5));
        let of = case(format!("{code}_for_more_than_two_finds_the_size")).events(6);
        let of = of.answers([Answer::TooLarge(code, 2)]).sends(1000, 0..6).sends(1000, 0..3);
        let of = of.sends(1000, 0..1).sends(1000, 1..3).sends(1000, 3..6);
        cases.push(of.sends(1000, 3..4).sends(1000, 4..6));
    }
    for (place, poison, attempts) in [
        ("first", 0, vec![0..4, 0..2, 0..1, 1..3, 3..4]),
        ("second", 1, vec![0..4, 0..2, 0..1, 1..3, 1..2, 2..4]),
        ("last", 3, vec![0..4, 0..2, 2..4, 2..3, 3..4]),
    ] {
        let of = case(format!("a_poison_event_is_found_in_the_{place}_place")).events(4);
        let of = of.answers([Answer::Poison(400, poison)]).delivered(3);
        let of = of.dropped(DropReason::Poison, 1);
        cases.push(attempts.into_iter().fold(of, |of, events| of.sends(1000, events)));
    }
    let name = "each_event_of_a_batch_of_poison_is_quarantined";
    let of = case(name).events(3).answers((0..9).map(|_| status(400))).delivered(0);
    let of = of.sends(1000, 0..3).sends(1000, 0..1).sends(1000, 1..3).sends(1000, 1..2);
    cases.push(of.sends(1000, 2..3).dropped(DropReason::Poison, 3));
    let name = "a_half_that_meets_a_broken_service_waits";
    let of = case(name).events(4).answers([status(413), status(503)]);
    cases.push(of.sends(1000, 0..4).sends(1000, 0..2).sends(1500, 0..2).sends(1500, 2..4));
    let name = "a_half_that_is_rejected_in_part_is_counted";
    let of = case(name).events(4).answers([status(413), body(r#"{"rejected":1}"#)]);
    let of = of.sends(1000, 0..4).sends(1000, 0..2).sends(1000, 2..4).delivered(3);
    cases.push(of.dropped(DropReason::Rejected, 1));
    let name = "batches_grow_back_after_a_split";
    let of = case(name).events(100).answers([status(413)]);
    let of = of.sends(0, 0..50).sends(0, 0..25).sends(0, 25..50).sends(0, 50..100);
    cases.push(of);
    cases
}
