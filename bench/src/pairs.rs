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

use crate::direct::objects;
use crate::lines;
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
        provide_tls();
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

/// Gives the process a TLS provider, although nothing here speaks TLS.
///
/// toolwatch's `http` feature turns on reqwest's `rustls-no-provider`. Any other reqwest client of
/// the build then panics when it is made in a process without a provider.
pub fn provide_tls() {
    rustls::crypto::ring::default_provider().install_default().ok();
}

/// Serves the kind over stdio until the client is gone.
pub async fn serve_stdio(kind: &str) -> Result<(), Failure> {
    match kind {
        "plain" => drop(plain::Server::new().serve(rmcp::transport::stdio()).await?.waiting().await?),
        _ => drop(watched::Server::new().serve(rmcp::transport::stdio()).await?.waiting().await?),
    }
    Ok(())
}

/// Serves both kinds over HTTP on a thread of their own, and returns the address.
pub fn serve_http() -> Result<String, Failure> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    listener.set_nonblocking(true)?;
    let url = format!("http://{}", listener.local_addr()?);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    std::thread::Builder::new().name("http-server".to_owned()).spawn(move || {
        runtime.block_on(async {
            let (plain, watched) = (plain::Server::new(), watched::Server::new());
            let router = axum::Router::new()
                .nest_service("/plain", service(plain))
                .nest_service("/watched", service(watched));
            let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
            axum::serve(listener, router).await
        })
    })?;
    Ok(url)
}

fn service<H: Routed>(handler: H) -> StreamableHttpService<H, LocalSessionManager> {
    StreamableHttpService::new(move || Ok(handler.clone()), LocalSessionManager::default().into(), Default::default())
}
