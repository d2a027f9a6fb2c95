//! Promise: no header, address, cookie or session id of a request over HTTP leaves.

use toolwatch_tests::canary::http;
use toolwatch_tests::canary::needle::Kind;

#[test]
fn nothing_of_a_request_over_http_leaves() {
    for seed in 0..3 {
        let (verdict, stats) = http::run(seed).expect("the suite's own machinery");
        assert!(verdict.leaks.is_empty(), "seed {seed}: {:#?}", verdict.leaks);
        assert_eq!(stats.own().captured(), 12, "one event per call");
        assert!(verdict.excepted.contains(&Kind::ApiKey), "events were sent");
        assert!(verdict.excepted.contains(&Kind::Label), "the client is labelled");
    }
}
