//! Precedence, off switches and the errors of wrong configuration (A2, A4, A5).

#[cfg(feature = "audit")]
mod ending;

use super::environment::Environment;
use super::{Watch, WatchBuilder};
use crate::destination::{Ack, Batch, Destination, SendError};
use crate::{Durability, LoopThresholds};

type Variables = &'static [(&'static str, &'static str)];

/// A builder that sees these variables and no others.
fn with(variables: Variables) -> WatchBuilder {
    Watch::builder().environment(move |name| {
        variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
    })
}

fn directory() -> tempfile::TempDir {
    tempfile::tempdir().expect("a directory")
}

#[test]
fn nothing_configured_is_off_and_makes_no_file() {
    let directory = directory();
    let record = directory.path().join("record");
    let watch = with(&[]).directory(record.clone()).build().expect("off is no error");
    assert!(!watch.is_enabled() && !record.exists());
}

#[test]
fn local_alone_is_a_valid_state() {
    let directory = directory();
    let watch = with(&[("TOOLWATCH_LOCAL", "1")])
        .directory(directory.path().to_owned())
        .build()
        .expect("local");
    assert!(watch.is_enabled());
    assert_eq!(watch.directory().as_deref(), Some(directory.path()));
}

#[test]
fn a4_the_off_switches_win_over_every_option() {
    for off in [&[("TOOLWATCH_ENABLED", "false")], &[("DO_NOT_TRACK", "1")]] {
        let directory = directory();
        let record = directory.path().join("record");
        let watch = with(off).local().directory(record.clone()).build().expect("off is no error");
        assert!(!watch.is_enabled() && !record.exists());
        assert_eq!(watch.flush(std::time::Duration::ZERO).delivered, 0);
        assert_eq!(watch.shutdown(std::time::Duration::ZERO).dropped, 0);
    }
}

#[test]
fn a5_an_empty_variable_counts_as_unset() {
    let watch = with(&[("TOOLWATCH_ENABLED", ""), ("TOOLWATCH_LOCAL", " ")])
        .build()
        .expect("nothing is set");
    assert!(!watch.is_enabled());
}

#[test]
fn a5_an_empty_option_counts_as_unset() {
    let watch = with(&[]).endpoint("").api_key("").directory("").server("", "1").build();
    assert!(!watch.expect("nothing is set").is_enabled());
    let directory = directory();
    let record: &'static str = directory.path().to_string_lossy().into_owned().leak();
    let variables = vec![("TOOLWATCH_DIR", record)].leak();
    let watch = with(variables).local().directory("").build().expect("built");
    assert_eq!(watch.directory().as_deref(), Some(directory.path()));
}

#[test]
fn a5_an_option_wins_over_its_variable() {
    let directory = directory();
    let builder = with(&[("TOOLWATCH_SAMPLE_RATE", "0.25"), ("TOOLWATCH_LENGTHS", "buckets")]);
    let watch = builder
        .local()
        .directory(directory.path().to_owned())
        .sample_rate(0.5)
        .build()
        .expect("built");
    let debug = format!("{watch:?}");
    assert!(debug.contains("sample_rate: 0.5") && debug.contains("lengths: Buckets"), "{debug}");
}

#[test]
fn a2_a_wrong_variable_is_named_without_its_value_and_counts_as_unset() {
    let lookup =
        |name: &str| (name == "TOOLWATCH_SAMPLE_RATE").then(|| "lots of secrets".to_owned());
    let mut environment = Environment::new(&lookup);
    assert_eq!(environment.rate("TOOLWATCH_SAMPLE_RATE"), None);
    let line = environment.line().expect("a warning");
    assert!(line.contains("TOOLWATCH_SAMPLE_RATE must be a number from 0 to 1"), "{line}");
    assert!(!line.contains("secrets") && !line.contains('\n'), "{line}");
}

#[track_caller]
fn check_error(builder: WatchBuilder, expected: &str) {
    let error = builder.build().expect_err("a wrong option is an error");
    assert!(error.is_configuration());
    assert!(error.to_string().contains(expected), "{error}");
}

#[test]
fn a2_wrong_options_are_errors_that_say_what_to_do() {
    check_error(with(&[]).sample_rate(1.5), "sample_rate must be a number from 0 to 1");
    check_error(with(&[]).max_batch_size(0), "max_batch_size must be from 1 to 1000");
    check_error(with(&[]).spool_max_bytes(1), "spool_max_bytes must be at least 65536");
    check_error(
        with(&[]).flush_interval(std::time::Duration::ZERO),
        "flush_interval must be longer than zero",
    );
    check_error(
        with(&[]).http_timeout(std::time::Duration::ZERO),
        "http_timeout must be longer than zero",
    );
    let every_call = LoopThresholds::default().with_repeat_run(1);
    check_error(with(&[]).loop_thresholds(every_call), "repeat_run must be 0 (off) or at least 2");
    check_error(with(&[]).local().durability(Durability::Memory), "remove local()");
    check_error(
        with(&[]).begin_records(true).durability(Durability::Memory),
        "remove begin_records()",
    );
    check_error(with(&[]).endpoint("http://127.0.0.1:9"), "set api_key or TOOLWATCH_API_KEY");
    check_error(with(&[]).api_key("k"), "set endpoint or TOOLWATCH_ENDPOINT");
}

#[test]
fn a2_half_an_endpoint_in_the_environment_leaves_the_watch_off() {
    let watch =
        with(&[("TOOLWATCH_ENDPOINT", "http://127.0.0.1:9")]).build().expect("the server goes on");
    assert!(!watch.is_enabled());
}

#[test]
fn a11_debug_hides_the_key() {
    let builder = with(&[]).endpoint("http://127.0.0.1:9").api_key("very-secret");
    assert!(!format!("{builder:?}").contains("very-secret"));
}

#[test]
fn a10_two_watches_of_one_process_count_apart() {
    let (first, second) = (directory(), directory());
    let first = with(&[]).local().directory(first.path().to_owned()).build().expect("built");
    let second = with(&[]).local().directory(second.path().to_owned()).build().expect("built");
    assert_ne!(first.0.as_ref().map(super::Active::id), second.0.as_ref().map(super::Active::id));
    assert_ne!(first.directory(), second.directory());
}

#[test]
fn a2_a_local_record_without_a_home_leaves_the_watch_off() {
    let watch = with(&[("TOOLWATCH_LOCAL", "1")]).server("docs", "1").build().expect("no error");
    assert!(!watch.is_enabled());
}

#[test]
fn the_default_directory_is_found_in_the_same_environment_as_the_settings() {
    let home = directory();
    let state = home.path().to_string_lossy().into_owned();
    let watch = Watch::builder()
        .environment(move |name| (name == "XDG_STATE_HOME").then(|| state.clone()))
        .server("docs/1", "1")
        .local()
        .build()
        .expect("built");
    assert_eq!(watch.directory(), Some(home.path().join("toolwatch").join("docs_1")));
}

#[test]
fn a5_begin_records_are_off_by_default_and_an_option_wins_over_memory() {
    let cases: [(Variables, Option<bool>, bool); 5] = [
        (&[], None, false),
        (&[("TOOLWATCH_BEGIN_RECORDS", "1")], None, true),
        (&[("TOOLWATCH_BEGIN_RECORDS", "1")], Some(false), false),
        (&[("TOOLWATCH_BEGIN_RECORDS", "1"), ("TOOLWATCH_DURABILITY", "memory")], None, false),
        (&[("TOOLWATCH_DURABILITY", "memory")], Some(true), true),
    ];
    for (variables, option, expect) in cases {
        let directory = directory();
        let mut builder = with(variables).directory(directory.path());
        builder = builder.destination(Nowhere);
        builder.begin_records = option;
        let watch = builder.build().expect("built");
        let debug = format!("{watch:?}");
        assert!(debug.contains(&format!("begin_records: {expect}")), "{variables:?}: {debug}");
        assert_eq!(watch.directory().is_some(), expect || variables.len() < 2, "{variables:?}");
    }
}

struct Nowhere;

impl Destination for Nowhere {
    fn name(&self) -> &str {
        "nowhere"
    }

    fn send(&mut self, _: &Batch<'_>) -> Result<Ack, SendError> {
        Ok(Ack::all())
    }
}

#[test]
fn f1_a_tag_of_a_watch_that_is_not_valid_is_an_error_that_says_which_rule() {
    let build = |key: &str, value: &str| {
        let directory = directory();
        with(&[]).local().directory(directory.path().to_owned()).tag(key, value).build()
    };
    for (key, value, rule) in [
        ("Region", "eu", "the key of a tag"),
        ("", "eu", "the key of a tag"),
        (&*"k".repeat(33), "eu", "the key of a tag"),
        ("region", "a\nb", "a value has 1 to 200 characters"),
        ("region", &*"v".repeat(201), "a value has 1 to 200 characters"),
    ] {
        let error = build(key, value).expect_err("refused");
        assert!(error.is_configuration() && error.to_string().contains(rule), "{error}");
    }
    assert!(build(&"k".repeat(32), &"v".repeat(200)).is_ok());
    let tagged = |count: usize| {
        let directory = directory();
        let builder = with(&[]).local().directory(directory.path().to_owned());
        (0..count).fold(builder, |builder, number| builder.tag(format!("k{number}"), "v")).build()
    };
    assert!(tagged(50).is_ok());
    assert!(tagged(51).expect_err("refused").to_string().contains("at most 50 tags"));
}
