//! A real client of rmcp and a server, over each transport.

use std::any::Any;
use std::error::Error;
use std::sync::Arc;

use rmcp::model::CallToolRequestParams;
use rmcp::service::{Peer, RoleClient};
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::{StreamableHttpClientTransport, StreamableHttpService, TokioChildProcess};
use rmcp::{ServerHandler, ServiceExt};
use tokio::process::Command;
use tokio::task::JoinSet;
use toolwatch::Watch;

use crate::direct::objects;
use crate::lines;
use crate::many::one;
use crate::server::{Routed, plain, watched};

type Failure = Box<dyn Error + Send + Sync>;

/// A client that is connected to a server.
pub struct Pair {
    peer: Peer<RoleClient>,
    params: Arc<Vec<CallToolRequestParams>>,
    /// The process of the server, when it has one of its own.
    pub child: Option<u32>,
    _kept: Vec<Box<dyn Any>>,
}

impl Pair {
    fn new(peer: Peer<RoleClient>, child: Option<u32>, kept: Vec<Box<dyn Any>>) -> Self {
        let (objects, _) = objects(lines::arguments, lines::DISTINCT);
        let params = objects.into_iter().map(|object| CallToolRequestParams::new("search").with_arguments(object));
        Self { peer, params: Arc::new(params.collect()), child, _kept: kept }
    }

    /// Client and server on this runtime.
    pub async fn duplex<H: ServerHandler>(handler: H) -> Result<Self, Failure> {
        let (near, far) = tokio::io::duplex(1 << 18);
        let (server, client) = tokio::join!(handler.serve(far), ().serve(near));
        let (server, client) = (server?, client?);
        Ok(Self::new(client.peer().clone(), None, vec![Box::new(server), Box::new(client)]))
    }

    /// A server as a child process: this program again, with `--serve kind`.
    pub async fn child(kind: &str, mode: &str) -> Result<Self, Failure> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["--serve", kind, "--mode", mode]);
        let transport = TokioChildProcess::new(command)?;
        let child = transport.id();
        let client = ().serve(transport).await?;
        Ok(Self::new(client.peer().clone(), child, vec![Box::new(client)]))
    }

    /// A client of a server at this address.
    pub async fn http(url: String) -> Result<Self, Failure> {
        let client = ().serve(StreamableHttpClientTransport::from_uri(url)).await?;
        Ok(Self::new(client.peer().clone(), None, vec![Box::new(client)]))
    }

    /// Makes `count` calls, `depth` at a time.
    pub async fn call(&self, count: usize, depth: usize) {
        let mut callers = JoinSet::new();
        for caller in 0..depth {
            let (peer, params) = (self.peer.clone(), Arc::clone(&self.params));
            callers.spawn(async move {
                for index in 0..count / depth {
                    let reply = peer.call_tool(params[(caller + index) % params.len()].clone()).await;
                    assert!(reply.is_ok_and(|reply| reply.is_error != Some(true)), "a call failed");
                }
            });
        }
        while let Some(done) = callers.join_next().await {
            done.expect("no caller panics");
        }
    }
}

/// Does the same with the server of each kind. A macro, because the kinds are of several types.
///
/// `plain`, `watched`, `wrapped` and `wrapped-attribute` keep their router; `default` has rmcp's
/// default handler, and `router` is the same server with its router handed over.
macro_rules! with_kind {
    ($kind:expr, $watch:expr, |$server:ident| $run:expr, else $otherwise:expr) => {
        match $kind {
            "plain" | "control" => { let $server = plain::Server::new(); $run }
            "watched" => { let $server = watched::Server::new(); $run }
            "wrapped" => { let $server = $watch.wrap(plain::Server::new()); $run }
            "wrapped-attribute" => { let $server = $watch.wrap(watched::Server::new()); $run }
            "default" => { let $server = one::Server; $run }
            "router" => { let $server = $watch.wrap_with_router(one::Server, one::Server::tool_router()); $run }
            _ => $otherwise,
        }
    };
}

/// Every kind of server, the control last.
pub const KINDS: [&str; 7] = ["plain", "watched", "wrapped", "wrapped-attribute", "default", "router", "control"];

/// A pair of this kind over duplex.
pub async fn duplex(kind: &str, watch: &Watch) -> Result<Pair, Failure> {
    with_kind!(kind, watch, |server| Pair::duplex(server).await, else Err(kind.into()))
}

/// Serves the kind over stdio until the client is gone.
pub async fn serve_stdio(kind: &str, watch: &Watch) -> Result<(), Failure> {
    with_kind!(kind, watch, |server| {
        server.serve(rmcp::transport::stdio()).await?.waiting().await?;
        Ok(())
    }, else Err(kind.into()))
}

/// Serves every kind over HTTP on a thread of their own, and returns the address.
pub fn serve_http(watch: &Watch) -> Result<String, Failure> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    listener.set_nonblocking(true)?;
    let url = format!("http://{}", listener.local_addr()?);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut router = axum::Router::new();
    for kind in KINDS {
        let path = format!("/{kind}");
        router = with_kind!(kind, watch, |server| router.nest_service(&path, service(server)), else router);
    }
    std::thread::Builder::new().name("http-server".to_owned()).spawn(move || {
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
            axum::serve(listener, router).await
        })
    })?;
    Ok(url)
}

fn service<H: ServerHandler + Clone>(handler: H) -> StreamableHttpService<H, LocalSessionManager> {
    StreamableHttpService::new(move || Ok(handler.clone()), LocalSessionManager::default().into(), Default::default())
}
