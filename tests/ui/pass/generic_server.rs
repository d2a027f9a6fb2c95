//! A generic server and a generic parameter type.

use std::fmt::Debug;

use rmcp::handler::server::wrapper::{Json, Parameters};
use rmcp::{tool, tool_router};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use toolwatch::{Shape, watched_tool};

#[derive(Deserialize, Serialize, JsonSchema, Shape)]
struct Page<T> {
    item: T,
    exact: bool,
}

struct Server<T, const N: usize>(T);

#[tool_router]
impl<T, const N: usize> Server<T, N>
where
    T: Debug + DeserializeOwned + Serialize + JsonSchema + Send + Sync + 'static,
{
    #[watched_tool(args(item = omit, exact = value), deny_unlisted)]
    #[tool]
    async fn page(&self, Parameters(page): Parameters<Page<T>>) -> Result<Json<Page<T>>, String> {
        if page.exact { Ok(Json(page)) } else { Err(format!("{:?}", self.0)) }
    }
}

fn main() {
    Server::<String, 3>::tool_router();
    Server::<u8, 4>::tool_router();
}
