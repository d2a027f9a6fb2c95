//! A batch that was taken in part: `{accepted, rejected}` in every form.

use super::*;

pub(super) fn cases() -> Vec<Case> {
    let rows: [(&str, &str, u64); 26] = [
        ("says_nothing", "", 0),
        ("is_no_json", "<html>ok</html>", 0),
        ("is_cut", r#"{"rejected": 3"#, 0),
        ("is_null", "null", 0),
        ("is_a_number", "7", 0),
        ("is_a_list", r#"[{"rejected":3}]"#, 0),
        ("rejects_none", r#"{"accepted":10,"rejected":0}"#, 0),
        ("rejects_some", r#"{"accepted":7,"rejected":3}"#, 3),
        ("rejects_all", r#"{"accepted":0,"rejected":10}"#, 10),
        ("only_rejects", r#"{"rejected":4}"#, 4),
        ("only_accepts", r#"{"accepted":6}"#, 4),
        ("accepts_none", r#"{"accepted":0}"#, 10),
        ("accepts_more_than_was_sent", r#"{"accepted":99}"#, 0),
        ("rejects_more_than_was_sent", r#"{"rejected":99}"#, 10),
        ("rejects_more_than_fits", r#"{"rejected":18446744073709551615}"#, 10),
        ("rejects_more_than_64_bits", r#"{"rejected":99999999999999999999999}"#, 0),
        ("rejects_less_than_none", r#"{"rejected":-3}"#, 0),
        ("accepts_less_than_none", r#"{"accepted":-3}"#, 0),
        ("rejects_a_fraction", r#"{"rejected":1.5}"#, 0),
        ("rejects_a_text", r#"{"rejected":"3"}"#, 0),
        ("lists_the_rejected", r#"{"rejected":[{"event_id":"1"},{"event_id":"2"}]}"#, 2),
        ("contradicts_itself", r#"{"accepted":10,"rejected":3}"#, 3),
        ("rejects_twice", r#"{"rejected":1,"rejected":3}"#, 3),
        ("hides_it_below", r#"{"data":{"rejected":3}}"#, 0),
        ("has_members_of_its_own", r#"{"id":"x","rejected":3,"errors":[[[]]]}"#, 3),
        ("has_blanks_around", "\n {\"rejected\" : 3 }\r\n", 3),
    ];
    let mut cases = Vec::new();
    for (name, reply, rejected) in rows {
        let of = case(format!("reply_{name}")).events(10).answers([body(reply)]).sends(1000, 0..10);
        let of = of.delivered(10 - rejected);
        cases.push(if rejected > 0 { of.dropped(DropReason::Rejected, rejected) } else { of });
    }
    let deep = format!("{}{}", "[".repeat(30_000), "]".repeat(30_000));
    let wide = format!("{{\"rejected\":[{}0]}}", "0,".repeat(30_000));
    let of = case("reply_nests_deeply").events(10).answers([body(deep)]);
    cases.push(of.sends(1000, 0..10));
    let of = case("reply_lists_more_than_was_sent").events(10).answers([body(wide)]);
    cases.push(of.sends(1000, 0..10).delivered(0).dropped(DropReason::Rejected, 10));
    let name = "rejected_events_are_not_sent_again";
    let of = case(name).events(10).answers([body(r#"{"rejected":10}"#)]).delivered(1);
    let of = of.act(5_000, Act::Capture(1)).sends(1000, 0..10).sends(5_000, 10..11);
    cases.push(of.dropped(DropReason::Rejected, 10));
    let name = "a_refusal_says_nothing_about_single_events";
    let refusal = Answer::Http { status: 503, headers: vec![], body: r#"{"rejected":1}"#.into() };
    let of = case(name).events(10).answers([refusal]).sends(1000, 0..10).sends(1500, 0..10);
    cases.push(of);
    cases
}
