//! Every class of status, and no status at all.

use super::*;

pub(super) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for code in 200..=206 {
        let name = format!("status_{code}_is_a_yes");
        cases.push(case(name).events(3).answers([status(code)]).sends(1000, 0..3));
    }
    // A wrong endpoint or a refused key: only the operator can mend it, so the events wait.
    for code in [300, 301, 302, 303, 304, 305, 307, 308, 399, 401, 403] {
        let name = format!("status_{code}_pauses_and_is_told_once");
        let paused = case(name).answers([status(code), status(code)]).told(1);
        cases.push(paused.sends_at([1000, 301_000, 601_000]));
    }
    for code in [400, 413] {
        let name = format!("status_{code}_for_one_event_is_quarantined");
        let alone = case(name).answers([status(code)]).sends_at([1000]);
        cases.push(alone.delivered(0).dropped(DropReason::Poison, 1));
    }
    for code in [408, 425, 429, 500, 501, 502, 503, 504, 505, 507, 511, 520, 599] {
        let name = format!("status_{code}_is_retried");
        cases.push(case(name).answers([status(code)]).sends_at([1000, 1500]));
    }
    for code in [402, 404, 405, 406, 409, 410, 411, 412, 414, 415, 418, 421, 422, 431, 451, 499] {
        let name = format!("status_{code}_is_final");
        let last = case(name).events(3).answers([status(code)]).sends(1000, 0..3).statuses(code, 3);
        cases.push(last.delivered(0).dropped(DropReason::HttpStatus, 3));
    }
    for code in [0, 1, 100, 101, 102, 199, 600, 700, 999, u16::MAX] {
        let name = format!("nonsense_{code}_is_retried");
        cases.push(case(name).answers([status(code)]).sends_at([1000, 1500]));
    }
    let errors = [
        ("no_connection", SendError::unreachable()),
        ("no_answer_in_time", SendError::timeout()),
        ("no_client", SendError::set_up()),
        ("a_closed_client", SendError::closed()),
    ];
    for (name, error) in errors {
        let answers = [Answer::Error(error)];
        cases.push(case(format!("{name}_is_retried")).answers(answers).sends_at([1000, 1500]));
    }
    // It would fail for ever, and hold up all that stands behind it.
    let alone = case("no_json_is_put_aside").answers([Answer::Error(SendError::encode())]);
    cases.push(alone.sends_at([1000]).delivered(0).dropped(DropReason::Poison, 1));
    let name = "a_destination_that_panics_is_asked_again";
    cases.push(case(name).answers([Answer::Panic]).sends_at([1000, 1500]).panics(1));
    let name = "a_final_status_costs_its_own_batch_alone";
    let two = case(name).events(60).answers([status(404)]).sends(0, 0..50).sends(1000, 50..60);
    let two = two.delivered(10).dropped(DropReason::HttpStatus, 50).statuses(404, 50);
    cases.push(two);
    let name = "final_statuses_are_counted_each";
    let two = case(name).events(60).answers([status(404), status(410)]).delivered(0);
    let two = two.sends(0, 0..50).sends(1000, 50..60).dropped(DropReason::HttpStatus, 60);
    cases.push(two.statuses(404, 50).statuses(410, 10));
    cases
}
