//! The fixture server as a child process of the canary suite, or with the argument `whole` a wrapped
//! server: its stderr has everything that toolwatch says at level TRACE, and nothing of the default
//! panic hook.

use rmcp::ServiceExt;
use rmcp::transport::stdio;
use toolwatch_tests::canary::{logs, panics};
use toolwatch_tests::server::watched;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    logs::collect();
    panics::keep_quiet();
    #[cfg(feature = "planted-leaks")]
    toolwatch_tests::canary::child::plant_from_environment();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .thread_name(panics::QUIET)
        .enable_all()
        .build()?;
    if std::env::args().nth(1).as_deref() == Some("whole") {
        // On a thread whose panics are on purpose.
        let served = runtime.spawn(toolwatch_tests::canary::whole::child::serve());
        return runtime.block_on(served)?.map_err(|error| error as Box<dyn std::error::Error>);
    }
    let watch = toolwatch::Watch::builder().server("canary-child", "1.2.3").build()?.install()?;
    let served = runtime.block_on(async {
        watched::Server.serve(stdio()).await?.waiting().await?;
        Ok::<(), Box<dyn std::error::Error>>(())
    });
    watch.flush(std::time::Duration::from_secs(2));
    eprintln!("{watch:?}");
    drop(watch);
    eprint!("{}", logs::take());
    served
}
