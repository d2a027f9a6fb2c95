//! Written-out futures.

use rmcp::{tool, tool_router};
use toolwatch::watched_tool;
use std::future::Future;
use std::pin::Pin;

type MyBoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

struct Server;

#[tool_router]
impl Server {
    #[watched_tool]
    #[tool]
    fn search(&self) -> Pin<Box<dyn Future<Output = Result<String, String>> + Send + '_>> {
        Box::pin(async move { Ok(String::new()) })
    }

    #[watched_tool]
    #[tool]
    fn boxed<'a>(&'a self) -> MyBoxFuture<'a, ()> {
        Box::pin(async move {})
    }

    #[watched_tool]
    #[tool]
    fn returned() -> impl Future<Output = String> + Send {
        async { String::new() }
    }
}

fn main() {
    Server::tool_router();
}
