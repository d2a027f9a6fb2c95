//! A watched stdio server that is built with `panic = "abort"`: `aborting [destination|callback]`.
//!
//! Its tool `panic` panics; with an argument so does a destination of the author's, or a callback.

use rmcp::handler::server::wrapper::Parameters;
use rmcp::transport::stdio;
use rmcp::{ServiceExt, tool, tool_router};
use schemars::JsonSchema;
use serde::Deserialize;
use toolwatch::destination::{Ack, Batch, Destination, SendError};
use toolwatch::{Shape, Watch, watched_tool};

#[derive(Debug, Deserialize, JsonSchema, Shape)]
struct Text {
    /// Any text.
    text: String,
}

#[derive(Clone)]
struct Server;

#[tool_router(server_handler)]
impl Server {
    /// Echo the text.
    #[watched_tool]
    #[tool]
    async fn echo(&self, Parameters(text): Parameters<Text>) -> String {
        text.text
    }

    /// Panic.
    #[watched_tool]
    #[tool]
    async fn panic(&self, Parameters(text): Parameters<Text>) -> String {
        assert!(text.text.is_empty(), "on purpose");
        text.text
    }
}

/// What the author has written beside the tools.
struct Author {
    panics: bool,
}

impl Destination for Author {
    fn name(&self) -> &str {
        "author"
    }

    fn send(&mut self, _: &Batch<'_>) -> Result<Ack, SendError> {
        assert!(!self.panics, "a destination, on purpose");
        Err(SendError::status(401))
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let builder = Watch::builder().server("aborting", "1.2.3");
    let builder = match std::env::args().nth(1).as_deref() {
        Some("destination") => builder.destination(Author { panics: true }),
        // A refused key is told to the operator.
        Some("callback") => builder
            .destination(Author { panics: false })
            .on_error(|_| panic!("a callback, on purpose")),
        _ => builder,
    };
    let _watch = builder.build()?.install()?;
    Server.serve(stdio()).await?.waiting().await?;
    Ok(())
}
