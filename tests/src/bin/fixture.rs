//! The fixture server over stdio, as a child process of the suites:
//! `fixture watched|patient|plain|exit|forgotten`.

use std::time::Duration;

use rmcp::ServiceExt;
use rmcp::transport::stdio;
use toolwatch_tests::server::{plain, watched};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    match std::env::args().nth(1).as_deref() {
        Some("plain") => {
            plain::Server.serve(stdio()).await?.waiting().await?;
        }
        Some("exit") => {
            let _watch = toolwatch::Watch::builder().build()?.install()?;
            watched::Server.serve(stdio()).await?.waiting().await?;
            #[expect(clippy::disallowed_methods, reason = "is the host's exit code kept?")]
            std::process::exit(7);
        }
        Some("patient") => {
            let watch = toolwatch::Watch::builder().server("fixture", "1.2.3").build()?;
            let _installed = watch.clone().install()?;
            watched::Server.serve(stdio()).await?.waiting().await?;
            // An answer that is on its way is waited for, however busy the machine is.
            watch.shutdown(Duration::from_secs(60));
        }
        Some("forgotten") => {
            let _watch = toolwatch::Watch::builder().build()?;
            watched::Server.serve(stdio()).await?.waiting().await?;
        }
        _ => {
            let _watch =
                toolwatch::Watch::builder().server("fixture", "1.2.3").build()?.install()?;
            watched::Server.serve(stdio()).await?.waiting().await?;
        }
    }
    Ok(())
}
