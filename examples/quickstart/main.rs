//! Starts a watched MCP server as a child process, drives it over stdio with a real client through
//! the calls that agents make, and prints what toolwatch saw.
//!
//! Run it with `cargo run -p toolwatch-examples --example quickstart`. Nothing is sent anywhere:
//! the events are read back from the server's local record.

mod script;
mod server;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rmcp::ServiceExt;
use rmcp::transport::TokioChildProcess;
use tokio::process::Command;
use toolwatch::local::{Reader, Summary};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    if std::env::args().nth(1).as_deref() == Some("serve") {
        return server::serve().await;
    }
    let directory = record_directory();
    drive(&directory).await?;
    print_record(&directory)?;
    Ok(())
}

/// A directory of this run alone. It is kept, so that `report` can read it again.
fn record_directory() -> PathBuf {
    std::env::temp_dir().join(format!("toolwatch-quickstart-{}", std::process::id()))
}

/// Starts the server and runs the script against it.
async fn drive(directory: &Path) -> Result<(), Box<dyn Error>> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("serve").env("TOOLWATCH_LOCAL", "1").env("TOOLWATCH_DIR", directory);
    // A panic of a tool is part of the script: its backtrace would only hide the progress.
    command.env("RUST_BACKTRACE", "0");
    let (transport, _) =
        TokioChildProcess::builder(command).stderr(std::process::Stdio::null()).spawn()?;
    eprintln!("started a watched MCP server as a child process, over stdio");
    let mut client = script::client().serve(transport).await?;
    script::run(&client).await?;
    client.close_with_timeout(Duration::from_secs(5)).await?;
    eprintln!("stopped the server\n");
    Ok(())
}

/// What the less obvious columns of the table count.
const COLUMNS: &str = "\
errors    calls that failed, panicked, or were cancelled
invalid   calls whose arguments did not fit the tool's schema
unknown   calls with arguments that the tool does not have
repeats   calls with the same arguments as the one before
loops     calls in which the model was stuck: repeats, equal errors, two calls in turn
re-reads  reads of a resource that the session had read before
p50, p95  half and 95 of 100 of the calls took at most this long";

/// Reads the local record back, as `report` does for any server.
fn print_record(directory: &Path) -> Result<(), Box<dyn Error>> {
    let summary = Summary::of(Reader::open(directory)?);
    println!("what toolwatch saw:\n\n{summary}\n");
    println!("{COLUMNS}\n");
    println!(
        "the same for any server: cargo run -p toolwatch-examples --example report -- --dir {}",
        directory.display()
    );
    Ok(())
}
