//! Calls through a server's router alone, without transport and service loop: what the watched call
//! costs when nothing else has a say.

use std::io;

use rmcp::handler::server::tool::ToolCallContext;
use rmcp::model::{CallToolRequestParams, JsonObject, RequestId};
use rmcp::service::{Peer, RequestContext, RoleServer, RunningService};
use rmcp::ServiceExt;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::runtime::{Builder, Runtime};

use crate::lines;
use crate::server::{Routed, Search};

/// A server that shook hands and then is called through its router.
pub struct Direct<H: Routed> {
    runtime: Runtime,
    handler: H,
    peer: Peer<RoleServer>,
    _running: RunningService<RoleServer, H>,
    _client: DuplexStream,
}

impl<H: Routed> Direct<H> {
    /// Starts a server on the calling thread.
    pub fn start() -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let handler = H::new();
        let (mut client, server) = tokio::io::duplex(1 << 16);
        let (initialize, initialized) = lines::handshake();
        let running = runtime.block_on(async {
            client.write_all(&initialize).await?;
            client.write_all(&initialized).await?;
            handler.clone().serve(server).await.map_err(io::Error::other)
        })?;
        let client = runtime.block_on(async move {
            client.read(&mut [0; 4096]).await?;
            io::Result::Ok(client)
        })?;
        Ok(Self { runtime, handler, peer: running.peer().clone(), _running: running, _client: client })
    }

    /// Calls the tool once with each of these arguments, `count` calls in all.
    pub fn call(&self, arguments: &[JsonObject], count: usize) {
        self.runtime.block_on(async {
            for index in 0..count {
                let params = CallToolRequestParams::new("search").with_arguments(arguments[index % arguments.len()].clone());
                let context = RequestContext::new(RequestId::Number(index as i64), self.peer.clone());
                let context = ToolCallContext::new(&self.handler, params, context);
                let reply = self.handler.router().call(context).await;
                assert!(std::hint::black_box(reply).is_ok());
            }
        });
    }
}

/// Argument objects as rmcp parses them, and the length of the first as JSON.
pub fn objects(make: impl Fn(usize) -> Search, distinct: usize) -> (Vec<JsonObject>, Vec<u8>) {
    let objects = (0..distinct).map(|index| match serde_json::to_value(make(index)) {
        Ok(Value::Object(object)) => object,
        _ => JsonObject::new(),
    });
    (objects.collect(), serde_json::to_vec(&make(0)).unwrap_or_default())
}
