//! Calls, and waiting for them, on every shape of tokio's runtime.

use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::task::{JoinSet, LocalSet};
use toolwatch::{Stats, Watch};

use crate::calls::{custom, session};

/// How long a case waits for the collector, which may never answer.
pub(crate) const FLUSH: Duration = Duration::from_millis(300);

pub(crate) fn one_thread() -> Runtime {
    Builder::new_current_thread().enable_all().build().expect("a runtime")
}

pub(crate) fn threads(workers: usize) -> Runtime {
    Builder::new_multi_thread().worker_threads(workers).enable_all().build().expect("a runtime")
}

/// The last look at the account.
pub(crate) fn end(watch: &Watch) -> Stats {
    watch.shutdown(FLUSH);
    watch.stats()
}

pub(crate) fn current_thread(watch: Watch) -> Stats {
    one_thread().block_on(session(&watch, 8));
    end(&watch)
}

pub(crate) fn multi_thread(watch: Watch, workers: usize) -> Stats {
    threads(workers).block_on(async {
        let mut sessions = JoinSet::new();
        for _ in 0..6 {
            let watch = watch.clone();
            sessions.spawn(async move {
                session(&watch, 5).await;
                custom(&watch);
            });
        }
        while let Some(ended) = sessions.join_next().await {
            ended.expect("a session");
        }
    });
    end(&watch)
}

/// Blocks the one thread that everything runs on, in the middle of sessions.
pub(crate) fn flush_inside_block_on(watch: Watch) -> Stats {
    let stats = one_thread().block_on(async {
        for _ in 0..2 {
            session(&watch, 3).await;
            custom(&watch);
            watch.flush(FLUSH);
        }
        tokio::spawn({
            let watch = watch.clone();
            async move { watch.flush(FLUSH) }
        })
        .await
        .expect("a flush in a task");
        end(&watch)
    });
    assert!(stats.is_balanced());
    stats
}

pub(crate) fn flush_in_block_in_place(watch: Watch) -> Stats {
    threads(1).block_on(async {
        let of_task = watch.clone();
        let flushing = tokio::spawn(async move {
            session(&of_task, 3).await;
            tokio::task::block_in_place(|| of_task.flush(FLUSH));
            session(&of_task, 3).await;
        });
        flushing.await.expect("the task");
        tokio::task::block_in_place(|| end(&watch))
    })
}

pub(crate) fn spawn_blocking(watch: Watch) -> Stats {
    threads(2).block_on(async {
        session(&watch, 3).await;
        let mut blocking = JoinSet::new();
        for _ in 0..8 {
            let watch = watch.clone();
            blocking.spawn_blocking(move || {
                custom(&watch);
                watch.flush(FLUSH);
                custom(&watch);
            });
        }
        while let Some(ended) = blocking.join_next().await {
            ended.expect("a blocking task");
        }
        let last = watch.clone();
        tokio::task::spawn_blocking(move || end(&last)).await.expect("the end")
    })
}

pub(crate) fn local_set(watch: Watch) -> Stats {
    let runtime = one_thread();
    let local = LocalSet::new();
    local.block_on(&runtime, async {
        let mut sessions = JoinSet::new();
        for _ in 0..3 {
            // Something that may not leave its thread, across the awaits.
            let watch = std::rc::Rc::new(watch.clone());
            sessions.spawn_local(async move {
                session(&watch, 4).await;
                custom(&watch);
                watch.flush(FLUSH);
            });
        }
        while let Some(ended) = sessions.join_next().await {
            ended.expect("a session");
        }
    });
    drop(local);
    end(&watch)
}

/// Four runtimes under one watch, which end at their own times.
pub(crate) fn several_runtimes(watch: Watch) -> Stats {
    std::thread::scope(|scope| {
        for number in 0..4 {
            let watch = &watch;
            scope.spawn(move || {
                let runtime = if number % 2 == 0 { one_thread() } else { threads(2) };
                runtime.block_on(session(watch, 3 + number));
                watch.flush(FLUSH);
                runtime.block_on(session(watch, 2));
            });
        }
    });
    end(&watch)
}

/// Sends what others have left, and nothing of its own.
pub(crate) fn drain(watch: Watch) -> Stats {
    let deadline = std::time::Instant::now() + Duration::from_secs(20);
    let is_empty = || {
        let adopted = watch.stats().adopted().spooled();
        adopted == 0 && watch.stats().adopted().captured() > 0
    };
    while !is_empty() && std::time::Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(2));
    }
    end(&watch)
}
