//! The whole way over HTTP, against a receiver on the loopback interface.

use super::*;
use crate::destination::{HttpDestination, IngestClient, QuotaStatus};
use crate::testing::{Receiver, Reply};

fn over_http(config: PipelineConfig, receiver: &Receiver, timeout: Duration) -> Pipeline {
    let flush_interval = Duration::from_millis(5);
    start(PipelineConfig { flush_interval, ..config }, receiver, timeout)
}

fn start(config: PipelineConfig, receiver: &Receiver, timeout: Duration) -> Pipeline {
    let client = IngestClient::builder(receiver.endpoint(), "key")
        .timeout(timeout)
        .gzip(true)
        .build()
        .unwrap();
    let destination = Some(Box::new(HttpDestination::new(client)) as Box<dyn Destination>);
    Pipeline::start(PipelineConfig { destination, ..config }).unwrap()
}

#[test]
fn a_batch_is_compressed_signed_and_carries_the_loss_report() {
    let (home, receiver) = (tempfile::tempdir().unwrap(), Receiver::start().unwrap());
    let pipeline = over_http(config(home.path()), &receiver, PATIENCE);
    pipeline.count_dropped(DropReason::Sampled);
    pipeline.append(&event(1));
    pipeline.append(&event(2));
    assert_eq!(pipeline.flush(PATIENCE).delivered, 2);
    let request = &receiver.requests()[0];
    assert_eq!(request.target(), "POST /v1/events");
    assert_eq!(request.header("authorization"), Some("Bearer key"));
    assert_eq!(request.header("content-encoding"), Some("gzip"));
    let body = request.json();
    assert_eq!(body["sdk"]["name"], "toolwatch");
    assert_eq!(body["report"]["dropped"]["sampled"], 1);
    assert_eq!(body["events"][0]["server_name"], "docs");
}

#[test]
fn every_failure_is_retried_with_the_same_bytes_until_it_succeeds() {
    for reply in [
        Reply::status(429).header("retry-after", "0"),
        Reply::status(503),
        Reply::status(408),
        Reply::reset(),
        Reply::hang(),
    ] {
        let (home, receiver) = (tempfile::tempdir().unwrap(), Receiver::start().unwrap());
        receiver.script([reply.clone()]);
        // They go together, however long it takes to append them.
        let flush_interval = Duration::from_secs(3600);
        let config = PipelineConfig { flush_interval, ..config(home.path()) };
        let pipeline = start(config, &receiver, Duration::from_millis(200));
        (0..3).for_each(|number| pipeline.append(&event(number)));
        wait_until(|| {
            pipeline.flush(Duration::from_millis(50));
            pipeline.stats().own().delivered() == 3
        });
        let ids: Vec<_> = receiver.requests().iter().map(|request| request.event_ids()).collect();
        assert!(
            ids.len() >= 2 && ids.windows(2).all(|pair| pair[0] == pair[1]),
            "{reply:?}: {ids:?}"
        );
        assert!(pipeline.stats().retries >= 1);
    }
}

#[test]
fn a_reply_that_is_huge_compressed_cut_or_no_json_is_still_a_yes() {
    for reply in [
        Reply::status(200).endless(),
        Reply::status(200).body(vec![b' '; 100_000]),
        Reply::status(200).header("content-encoding", "gzip").body("garbage"),
        Reply::status(200).body("{\"rejected\": 1}").cut(),
        Reply::status(204),
    ] {
        let (home, receiver) = (tempfile::tempdir().unwrap(), Receiver::start().unwrap());
        receiver.always(reply);
        let pipeline = over_http(config(home.path()), &receiver, PATIENCE);
        pipeline.append(&event(1));
        assert_eq!(pipeline.flush(PATIENCE).delivered, 1);
        assert_eq!(receiver.requests().len(), 1);
    }
}

#[test]
fn a_redirect_is_not_followed_and_a_refused_key_keeps_the_events() {
    let elsewhere = Receiver::start().unwrap();
    for reply in [
        Reply::status(307).header("location", &elsewhere.endpoint()),
        Reply::status(401),
        Reply::status(403),
    ] {
        let (home, receiver) = (tempfile::tempdir().unwrap(), Receiver::start().unwrap());
        receiver.always(reply);
        let pipeline = over_http(config(home.path()), &receiver, PATIENCE);
        pipeline.append(&event(1));
        wait_until(|| pipeline.stats().retries == 1);
        let start = Instant::now();
        assert_eq!(pipeline.flush(PATIENCE).spooled, 1);
        assert!(start.elapsed() < PATIENCE / 2, "nothing can be sent, so nobody waits");
        assert_eq!(receiver.requests().len(), 1);
    }
    assert!(elsewhere.requests().is_empty());
}

#[test]
fn one_poison_event_never_costs_its_batch() {
    let (home, receiver) = (tempfile::tempdir().unwrap(), Receiver::start().unwrap());
    receiver.decide(|request| match request.event_ids().contains(&"00000017".to_owned()) {
        true => Reply::status(400),
        false => Reply::status(202),
    });
    let pipeline = over_http(config(home.path()), &receiver, PATIENCE);
    (0..50).for_each(|number| pipeline.append(&event(number)));
    let delivery = pipeline.flush(PATIENCE);
    assert_eq!((delivery.delivered, delivery.spooled, delivery.dropped), (49, 0, 1));
    assert_eq!(pipeline.stats().own().dropped(DropReason::Poison), 1);
    let line = std::fs::read_to_string(home.path().join("spool/quarantine/poison.jsonl")).unwrap();
    assert_eq!(id(line.trim_end().as_bytes()), "00000017");
}

#[test]
fn a_final_status_drops_the_batch_and_is_counted() {
    let (home, receiver) = (tempfile::tempdir().unwrap(), Receiver::start().unwrap());
    receiver.always(Reply::status(422));
    let pipeline = over_http(config(home.path()), &receiver, PATIENCE);
    (0..3).for_each(|number| pipeline.append(&event(number)));
    assert_eq!(pipeline.flush(PATIENCE).dropped, 3);
    assert_eq!(pipeline.stats().statuses().get(&422), Some(&3));
}

#[test]
fn a_quota_is_told_once_per_status_and_a_panicking_callback_resends_nothing() {
    let (home, receiver) = (tempfile::tempdir().unwrap(), Receiver::start().unwrap());
    let reply = |status: &str| {
        Reply::status(200).body(format!(
            "{{\"rejected\":0,\"quota\":{{\"status\":\"{status}\",\"remaining\":5}}}}"
        ))
    };
    receiver.script(["warning", "warning", "ok", "exceeded", "hard_limit"].map(reply));
    let told = Arc::new(AtomicU64::new(0));
    let seen = Arc::clone(&told);
    let callback: config::OnQuota = Arc::new(move |quota| {
        seen.fetch_add(1, Ordering::Relaxed);
        assert!(quota.status().is_ok(), "a callback of the author's that panics");
    });
    let pipeline = over_http(
        PipelineConfig { on_quota_warning: Some(callback), ..config(home.path()) },
        &receiver,
        PATIENCE,
    );
    for number in 0..5 {
        pipeline.append(&event(number));
        pipeline.flush(PATIENCE);
    }
    wait_until(|| pipeline.stats().panics == 3);
    assert_eq!((told.load(Ordering::Relaxed), receiver.requests().len()), (3, 5));
    assert_eq!(pipeline.quota_status().unwrap().status(), QuotaStatus::HardLimit);
    pipeline.append(&event(9));
    assert_eq!(pipeline.flush(PATIENCE).spooled, 1, "the hard limit pauses sending");
    assert_eq!(pipeline.sample(1, 1.0, true), Some(1.0));
}
