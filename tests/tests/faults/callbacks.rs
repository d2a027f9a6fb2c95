//! Callbacks of the author's that panic, block, or call back into the watch.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;
use toolwatch::testing::Reply;
use toolwatch::{Exposed, Level, Reveal, Watch};
use toolwatch_tests::observed::offline;
use toolwatch_tests::server::plain;

use crate::here::{Here, PATIENCE};
use crate::row::Fault;
use crate::session::{Session, replies};

const BOTH: usize = 2 * crate::session::CALLS;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_error_panics() {
    let mut here = Here::start("on_error panics", |builder, _| {
        builder.on_error(|_| panic!("fault: on_error"))
    })
    .await;
    here.rounds(1).await;
    here.watch.flush(PATIENCE);
    here.receiver.script([Reply::status(401)]);
    here.rounds(2).await;
    here.watch.flush(PATIENCE);
    let numbers = here.check_now().await;
    assert!(numbers.get("panics") > 0);
    assert_eq!(numbers.get("captured"), here.session.calls as u64);
    assert_eq!(numbers.get("spooled"), BOTH as u64, "a refused key pauses for five minutes");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_quota_warning_panics() {
    let mut here = Here::start("on_quota_warning panics", |builder, fault| {
        builder.on_quota_warning(move |_| fault.strike())
    })
    .await;
    let body = json!({ "quota": { "limit": 100, "remaining": 3, "status": "warning" } });
    here.fault.begin();
    here.receiver.script([Reply::status(200).body(body.to_string())]);
    here.rounds(2).await;
    let numbers = here.check_delivered().await;
    assert_eq!(numbers.get("panics"), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_intent_filter_panics() {
    let here = Here::start("intent_filter panics", |builder, fault| {
        builder.intent_filter(move |text| {
            fault.strike();
            Some(text.to_owned())
        })
    })
    .await;
    here.fault.begin();
    // `echo` alone: it does not show the argument that a watch takes out.
    let healthy = Session::with(plain::Server).await;
    for session in [&here.session, &healthy] {
        let arguments = json!({ "text": "x", "context": "why" });
        assert!(replies(&session.client, "echo", arguments).await);
    }
    here.watch.flush(PATIENCE);
    let numbers = here.numbers();
    crate::row::print(here.name, 1, 0, here.session.bytes() == healthy.bytes(), &numbers);
    assert_eq!((numbers.get("captured"), numbers.get("delivered")), (1, 1));
    assert!(numbers.get("capture_faults") > 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn identify_panics() {
    let mut here = Here::start("identify panics", |builder, fault| {
        builder.identify(move |_| {
            fault.strike();
            std::future::ready(Ok::<_, ()>(Some("ann".to_owned())))
        })
    })
    .await;
    here.suffer().await;
    assert!(here.check_delivered().await.get("capture_faults") >= BOTH as u64);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_future_of_identify_panics() {
    let mut here = Here::start("the future of identify panics", |builder, fault| {
        builder.identify(move |_| {
            let fault = Arc::clone(&fault);
            async move {
                fault.strike();
                Ok::<_, ()>(Some("ann".to_owned()))
            }
        })
    })
    .await;
    here.suffer().await;
    assert!(here.check_delivered().await.get("capture_faults") >= BOTH as u64);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn identify_never_answers() {
    let mut here = Here::start("identify never answers", |builder, fault| {
        builder.identify(move |_| {
            let fault = Arc::clone(&fault);
            async move {
                if fault.is_on() {
                    std::future::pending::<()>().await;
                }
                Ok::<_, ()>(Some("ann".to_owned()))
            }
        })
    })
    .await;
    here.suffer().await;
    assert!(here.check_delivered().await.get("capture_faults") >= BOTH as u64);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_session_resolver_panics() {
    let mut here = Here::start("session_resolver panics", |builder, fault| {
        builder.session_resolver(move |_| {
            fault.strike();
            Some("session".to_owned())
        })
    })
    .await;
    here.suffer().await;
    assert!(here.check_delivered().await.get("capture_faults") >= BOTH as u64);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn skip_if_panics() {
    let mut here = Here::start("skip_if panics", |builder, fault| {
        builder.skip_if(move |_| {
            fault.strike();
            false
        })
    })
    .await;
    here.suffer().await;
    let numbers = here.check().await;
    // What may have been private is left out, and counted.
    assert_eq!(numbers.get("delivered"), BOTH as u64);
    assert!(numbers.get("capture_faults") >= BOTH as u64);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lower_panics() {
    let mut here = Here::start("lower panics", |builder, fault| {
        fault.begin();
        builder.lower(move |_| {
            fault.strike();
            Level::Value
        })
    })
    .await;
    here.rounds(2).await;
    assert!(here.check_delivered().await.get("capture_faults") > 0);
}

/// A value that must not be revealed at the moment.
struct Moody(Arc<Fault>);

impl Reveal for Moody {
    const REASON: &'static str = "it says nothing about anyone";

    fn reveal(&self) -> Option<Exposed> {
        self.0.strike();
        Some(Exposed::int(1))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reveal_panics() {
    let mut here =
        Here::start("reveal of a property and of a tag panics", |builder, _| builder).await;
    here.fault.begin();
    let value = Moody(Arc::clone(&here.fault));
    here.rounds(1).await;
    here.watch.event("moody").property("value", &value).tag_revealed("tag", &value).record();
    here.fault.end();
    here.watch.event("moody").property("value", &value).tag_revealed("tag", &value).record();
    let numbers = here.check().await;
    assert_eq!(numbers.get("delivered"), here.session.calls as u64 + 2);
    assert!(numbers.get("capture_faults") >= 2);
}

/// A payload that panics again when it is dropped, as one with a guard in it may.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            std::panic::panic_any(());
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn callbacks_panic_with_a_payload_that_panics() {
    let mut here = Here::start("a payload that panics when dropped", |builder, fault| {
        let (other, third) = (Arc::clone(&fault), Arc::clone(&fault));
        let strike = |fault: &Fault| {
            if fault.is_on() {
                std::panic::panic_any(Bomb);
            }
        };
        builder
            .session_resolver(move |_| {
                strike(&fault);
                None
            })
            .on_error(move |_| strike(&other))
            .identify(move |_| {
                let third = Arc::clone(&third);
                async move {
                    strike(&third);
                    Ok::<_, ()>(None)
                }
            })
    })
    .await;
    here.suffer().await;
    here.fault.begin();
    here.receiver.script([Reply::status(401)]);
    here.watch.event("one.more").record();
    here.watch.flush(PATIENCE);
    let numbers = here.check_now().await;
    assert!(numbers.get("capture_faults") >= 2 * BOTH as u64, "{numbers:?}");
    assert_eq!(numbers.get("panics"), 1);
    assert_eq!(numbers.get("captured"), here.session.calls as u64 + 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_environment_panics() {
    let name = "the look-up of variables panics";
    let mut here = Here::start(name, |builder, _| {
        builder.environment(|name| match name {
            "TOOLWATCH_INTENT" => panic!("fault: the look-up"),
            _ => None,
        })
    })
    .await;
    here.rounds(2).await;
    here.check_delivered().await;
    let watch = offline().environment(|_| panic!("fault: every look-up")).build();
    assert!(!watch.expect("no error").is_enabled(), "nothing is configured");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_error_calls_back_into_the_watch() {
    let watch = Arc::<std::sync::OnceLock<Watch>>::default();
    let known = Arc::clone(&watch);
    let mut here = Here::start("on_error calls the watch", move |builder, _| {
        builder.on_error(move |_| {
            if let Some(watch) = known.get() {
                assert!(watch.stats().is_balanced());
                watch.event("from.the.callback").record();
                watch.flush(Duration::from_millis(50));
            }
        })
    })
    .await;
    let _ = watch.set(here.watch.clone());
    here.rounds(1).await;
    here.watch.flush(PATIENCE);
    here.receiver.script([Reply::status(403)]);
    here.rounds(1).await;
    let before = Instant::now();
    here.watch.flush(PATIENCE);
    assert!(before.elapsed() < PATIENCE / 2, "it waits for itself: {:?}", before.elapsed());
    let numbers = here.check_now().await;
    assert_eq!(numbers.get("captured"), here.session.calls as u64 + 1);
}
