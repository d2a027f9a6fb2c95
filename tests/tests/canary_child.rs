//! Promise: nothing of a caller's data is on stderr or beside the protocol on stdout, with `debug`
//! on and every level of `tracing`, and wrong settings are reported without their values.

use toolwatch_tests::canary::child;
use toolwatch_tests::canary::needle::Kind;

#[test]
fn a_child_process_writes_no_users_data_to_its_pipes() {
    for seed in 0..3 {
        let verdict = child::run(env!("CARGO_BIN_EXE_canary_child"), seed, None)
            .expect("the suite's own machinery");
        assert!(verdict.leaks.is_empty(), "seed {seed}: {:#?}", verdict.leaks);
        assert!(verdict.excepted.contains(&Kind::ApiKey), "requests arrived");
    }
}
