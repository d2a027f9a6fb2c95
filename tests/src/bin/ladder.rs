//! A watched server as authors write its end: `ladder orderly|handles|stubborn`.
//!
//! The first knows only the end of stdin, the second also ends at SIGINT and SIGTERM, and the third
//! ends at nothing.

use rmcp::ServiceExt;
use rmcp::transport::stdio;
use toolwatch_tests::server::watched;

type Outcome = Result<(), Box<dyn std::error::Error>>;

fn main() -> Outcome {
    match std::env::args().nth(1).as_deref() {
        Some("handles") => handles(),
        Some("stubborn") => stubborn(),
        _ => orderly(),
    }
}

fn install() -> Result<toolwatch::Installed, toolwatch::Error> {
    toolwatch::Watch::builder().server("ladder", "1.2.3").build()?.install()
}

#[tokio::main(flavor = "current_thread")]
async fn orderly() -> Outcome {
    let _watch = install()?;
    watched::Server.serve(stdio()).await?.waiting().await?;
    Ok(())
}

/// Waits for SIGINT or SIGTERM.
#[cfg(unix)]
async fn asked_to_end() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut interrupt, mut terminate) =
        (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    tokio::select! {
        _ = interrupt.recv() => Ok(()),
        _ = terminate.recv() => Ok(()),
    }
}

#[cfg(not(unix))]
async fn asked_to_end() -> std::io::Result<()> {
    tokio::signal::ctrl_c().await
}

#[tokio::main]
async fn handles() -> Outcome {
    let watch = install()?;
    // Before the first message: hosts may be quick.
    let asked = tokio::spawn(asked_to_end());
    let service = watched::Server.serve(stdio()).await?;
    tokio::select! {
        ended = service.waiting() => drop(ended?),
        asked = asked => asked??,
    }
    drop(watch);
    #[expect(clippy::disallowed_methods, reason = "the runtime would wait for the read of stdin")]
    std::process::exit(0);
}

#[tokio::main(flavor = "current_thread")]
async fn stubborn() -> Outcome {
    let _watch = install()?;
    tokio::spawn(async {
        while asked_to_end().await.is_ok() {
            // The handlers stay in place between two calls.
        }
    });
    watched::Server.serve(stdio()).await?.waiting().await?;
    std::future::pending().await
}
