//! The smallest watched server: one tool, over stdio.
//!
//! Start it from an MCP client with `TOOLWATCH_LOCAL=1` in its environment, and read the record
//! with the example `report`.

use std::error::Error;

use rmcp::handler::server::wrapper::Parameters;
use rmcp::transport::stdio;
use rmcp::{ServiceExt, tool, tool_router};
use schemars::JsonSchema;
use serde::Deserialize;
use toolwatch::{Shape, Watch, watched_tool};

#[derive(Clone)]
struct Greeter;

#[derive(Deserialize, JsonSchema, Shape)]
struct Greet {
    /// Whom to greet.
    name: String,
}

#[tool_router(server_handler)]
impl Greeter {
    /// Greet somebody by name.
    #[watched_tool]
    #[tool]
    async fn greet(&self, Parameters(greet): Parameters<Greet>) -> String {
        format!("Hello, {}!", greet.name)
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let _watch =
        Watch::builder().server("greeter", env!("CARGO_PKG_VERSION")).build()?.install()?;
    Greeter.serve(stdio()).await?.waiting().await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    //! A unit test calls the tool's body directly, without rmcp and without toolwatch.

    use super::*;

    #[tokio::test]
    async fn the_body_of_a_watched_tool_can_be_called_directly() {
        let reply = Greeter.greet_unwatched(Parameters(Greet { name: "Ada".to_owned() })).await;
        assert_eq!(reply, "Hello, Ada!");
    }
}
