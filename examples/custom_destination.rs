//! A destination of one's own: events go wherever the author's code takes them.
//!
//! This one appends each event to a file, one JSON object per line. Batching, retries, the spool
//! and the accounting of losses are the same as for the built-in destinations.

use std::error::Error;
use std::fs::File;
use std::io::Write;
use std::time::Duration;

use rmcp::model::CallToolRequestParams;
use rmcp::{ServiceExt, tool, tool_router};
use toolwatch::{Ack, Batch, Destination, SendError, Watch, watched_tool};

struct JsonLines(File);

impl Destination for JsonLines {
    fn name(&self) -> &str {
        "json-lines"
    }

    fn send(&mut self, batch: &Batch<'_>) -> Result<Ack, SendError> {
        for event in batch.events() {
            let written = self.0.write_all(&event).and_then(|()| self.0.write_all(b"\n"));
            written.map_err(|_| SendError::unreachable())?;
        }
        Ok(Ack::all())
    }
}

#[derive(Clone)]
struct Clock;

#[tool_router(server_handler)]
impl Clock {
    /// Tell how long the server has been up.
    #[watched_tool]
    #[tool]
    fn uptime(&self) -> String {
        "a moment".to_owned()
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let directory = std::env::temp_dir().join(format!("toolwatch-custom-{}", std::process::id()));
    std::fs::create_dir_all(&directory)?;
    let lines = directory.join("events.jsonl");
    let watch = Watch::builder()
        .server("clock", "1.0.0")
        .directory(directory.join("spool"))
        .destination(JsonLines(File::create(&lines)?))
        .build()?
        .install()?;

    let (server, client) = tokio::io::duplex(64 * 1024);
    let server = tokio::spawn(async move { Clock.serve(server).await });
    let client = ().serve(client).await?;
    client.call_tool(CallToolRequestParams::new("uptime")).await?;
    client.cancel().await?;
    server.await??;

    let delivery = watch.shutdown(Duration::from_secs(2));
    println!("{delivery:?}");
    print!("{}", std::fs::read_to_string(&lines)?);
    std::fs::remove_dir_all(directory)?;
    Ok(())
}
