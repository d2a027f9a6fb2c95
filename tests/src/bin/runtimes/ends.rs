//! Runtime and watch end in every order, also while calls are in flight.

use std::time::Duration;

use rmcp::ServiceExt;
use serde_json::json;
use tokio::runtime::Runtime;
use toolwatch::{Stats, Watch};
use toolwatch_tests::observed::call;
use toolwatch_tests::server::watched;

use crate::calls::{client, custom, make, session};
use crate::on_tokio::{FLUSH, end, one_thread, threads};

/// Builds a watch of its own beside the given one, and drops it within the runtime.
pub(crate) fn built_and_dropped_inside(watch: Watch) -> Stats {
    let stats = one_thread().block_on(async {
        session(&watch, 3).await;
        let stats = watch.stats();
        drop(watch);
        let second = Watch::builder().server("runtimes", "1.2.3").build().expect("a watch");
        session(&second, 3).await;
        tokio::spawn(async move {
            custom(&second);
            drop(second);
        })
        .await
        .expect("a task");
        stats
    });
    assert_eq!(stats.own().captured(), 3);
    stats
}

pub(crate) fn runtime_dropped_first(watch: Watch) -> Stats {
    for runtime in [one_thread(), threads(2)] {
        let client = runtime.block_on(async {
            let client = client(&watch).await;
            make(&client, 4).await;
            client
        });
        drop(runtime);
        // Its task is gone, and so is the server's.
        drop(client);
        custom(&watch);
        watch.flush(FLUSH);
        custom(&watch);
    }
    end(&watch)
}

/// The last handle is the server's, which the runtime drops.
pub(crate) fn watch_dropped_first(watch: Watch) -> Stats {
    let runtime = threads(1);
    let client = runtime.block_on(client(&watch));
    runtime.block_on(make(&client, 3));
    let stats = watch.stats();
    drop(watch);
    runtime.block_on(make(&client, 3));
    drop(client);
    drop(runtime);
    stats
}

/// The guard of the installed watch goes while calls still come.
pub(crate) fn installed_dropped_first(watch: Watch) -> Stats {
    let kept = watch.clone();
    let installed = watch.install().expect("the first watch");
    let runtime = threads(1);
    let client = runtime.block_on(async {
        let (near, far) = tokio::io::duplex(1 << 16);
        tokio::spawn(async move {
            let running = watched::Server.serve(far).await.expect("a server");
            running.waiting().await.ok();
        });
        ().serve(near).await.expect("a client")
    });
    runtime.block_on(make(&client, 3));
    drop(installed);
    // Later events stay on disk, for the next process.
    runtime.block_on(make(&client, 3));
    drop(client);
    drop(runtime);
    let stats = kept.stats();
    assert_eq!(stats.own().captured(), 6);
    stats
}

/// Leaves calls in flight: of a tool that waits, and of one whose client has not read on.
async fn leave_in_flight(watch: &Watch) {
    let client = client(watch).await;
    make(&client, 4).await;
    let waiting = async {
        let wait = || call(&client, "wait", json!({ "text": "", "times": 60_000 }));
        drop(tokio::join!(wait(), wait(), wait()));
    };
    // Long enough for the calls to reach their tools.
    tokio::time::timeout(Duration::from_secs(1), waiting).await.expect_err("they wait");
    tokio::spawn(async move {
        std::future::pending::<()>().await;
        drop(client);
    });
}

fn shut_down(watch: &Watch, how: fn(Runtime)) -> Stats {
    for runtime in [one_thread(), threads(2)] {
        runtime.block_on(leave_in_flight(watch));
        let busy = watch.clone();
        runtime.spawn_blocking(move || {
            // Still at work when the runtime ends.
            std::thread::sleep(Duration::from_millis(100));
            busy.flush(FLUSH);
        });
        how(runtime);
        watch.flush(FLUSH);
    }
    end(watch)
}

pub(crate) fn shutdown_background(watch: Watch) -> Stats {
    shut_down(&watch, Runtime::shutdown_background)
}

pub(crate) fn shutdown_timeout(watch: Watch) -> Stats {
    shut_down(&watch, |runtime| runtime.shutdown_timeout(Duration::from_millis(20)))
}

/// Neither shut down nor dropped: the process just ends.
pub(crate) fn never_dropped(watch: Watch) -> Stats {
    let runtime = threads(1);
    runtime.block_on(session(&watch, 5));
    custom(&watch);
    let stats = watch.stats();
    std::mem::forget((watch, runtime));
    stats
}
