//! No runtime at all, another one than tokio, and callbacks on the sender's thread.

use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use rmcp::model::{CallToolRequestParams, JsonObject, RequestId};
use rmcp::service::{Peer, RequestContext};
use rmcp::{RoleServer, ServerHandler, ServiceExt};
use serde_json::json;
use toolwatch::{Stats, Watch};
use toolwatch_tests::server::watched;

use crate::calls::{custom, next_text};
use crate::on_tokio::{FLUSH, end, one_thread};

pub(crate) fn no_runtime(watch: Watch) -> Stats {
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..10 {
                    custom(&watch);
                }
                watch.flush(FLUSH);
                custom(&watch);
            });
        }
    });
    end(&watch)
}

thread_local! {
    static LAST: OnceLock<Watch> = const { OnceLock::new() };
}

/// The last handle goes with the variables of a thread, when nothing of them may be used any more.
pub(crate) fn dropped_with_a_thread(watch: Watch) -> Stats {
    custom(&watch);
    let stats = watch.stats();
    let last = std::thread::spawn(move || {
        LAST.with(|last| last.set(watch).expect("the first"));
        LAST.with(|last| custom(last.get().expect("a watch")));
    });
    last.join().expect("the thread ends");
    stats
}

/// A callback that waits for the thread it runs on.
pub(crate) fn callback_flushes(watch: Watch) -> Stats {
    custom(&watch);
    drop(watch);
    let slot = Arc::<Mutex<Option<Watch>>>::default();
    let of_callback = Arc::clone(&slot);
    let builder = Watch::builder().server("runtimes", "1.2.3").on_error(move |_| {
        if let Some(watch) = &*of_callback.lock().expect("no panic") {
            // It must not wait for itself, however long it may.
            watch.flush(Duration::MAX);
            custom(watch);
        }
    });
    let watch = builder.build().expect("a watch");
    *slot.lock().expect("no panic") = Some(watch.clone());
    for _ in 0..5 {
        custom(&watch);
        watch.flush(FLUSH);
    }
    // No event is under way when the events are counted.
    *slot.lock().expect("no panic") = None;
    end(&watch)
}

/// What a request brings along, of a connection whose runtime is gone.
fn peer() -> Peer<RoleServer> {
    one_thread().block_on(async {
        let (near, far) = tokio::io::duplex(1 << 16);
        let (server, client) = tokio::join!(watched::Server.serve(far), ().serve(near));
        let peer = server.expect("a server").peer().clone();
        drop(client);
        peer
    })
}

/// Calls the handler of a wrapped server, as a runtime that rmcp does not know would.
async fn call(server: &impl ServerHandler, peer: &Peer<RoleServer>) {
    let mut arguments = JsonObject::new();
    arguments.insert("text".to_owned(), json!(next_text()));
    let params = CallToolRequestParams::new("echo").with_arguments(arguments);
    let context = RequestContext::new(RequestId::Number(7), peer.clone());
    server.call_tool(params, context).await.expect("a reply");
}

pub(crate) fn smol(watch: Watch) -> Stats {
    let (peer, server) = (peer(), watch.wrap(watched::Server));
    smol::block_on(async {
        for _ in 0..5 {
            call(&server, &peer).await;
        }
        custom(&watch);
        watch.flush(FLUSH);
        let last = watch.clone();
        smol::unblock(move || {
            custom(&last);
            end(&last)
        })
        .await
    })
}

pub(crate) fn smol_on_four_threads(watch: Watch) -> Stats {
    let (peer, server) = (peer(), watch.wrap(watched::Server));
    let executor = smol::Executor::new();
    let (stop, stopped) = smol::channel::bounded::<()>(1);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| smol::block_on(executor.run(stopped.recv())));
        }
        smol::block_on(async {
            let one = |number: usize| {
                let (server, peer, watch) = (&server, &peer, &watch);
                async move {
                    call(server, peer).await;
                    smol::future::yield_now().await;
                    custom(watch);
                    if number.is_multiple_of(8) {
                        watch.flush(FLUSH);
                    }
                }
            };
            let tasks: Vec<_> = (0..32).map(|number| executor.spawn(one(number))).collect();
            for task in tasks {
                task.await;
            }
        });
        drop(stop);
    });
    end(&watch)
}
