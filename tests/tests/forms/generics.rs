//! Generic servers, generic parameter types, several routers, whole impls from `macro_rules!`.

use std::fmt::Debug;

use rmcp::handler::server::router::tool::ToolRouter;
use rmcp::handler::server::wrapper::{Json, Parameters};
use rmcp::{ServerHandler, tool, tool_handler, tool_router};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::json;
use toolwatch::{Shape, watched_tool};

use super::harness::compare;

pub(crate) trait Stored:
    Clone + Default + Debug + DeserializeOwned + Serialize + JsonSchema + Send + Sync + 'static
{
}
impl Stored for String {}
impl Stored for u16 {}

#[derive(Deserialize, Serialize, JsonSchema, Shape)]
pub(crate) struct Page<T> {
    item: T,
    count: Option<u8>,
}

/// Writes a generic server, watched or not. rmcp's `server_handler` does not take generics.
macro_rules! generic {
    ($name:ident, $($watch:tt)*) => {
        struct $name<T>(T);

        #[tool_router]
        impl<T: Stored> $name<T> {
            $($watch)*
            #[tool]
            async fn page(&self, Parameters(page): Parameters<Page<T>>) -> Result<Json<Page<T>>, String> {
                match page.count {
                    Some(_) => Ok(Json(page)),
                    None => Err(format!("{:?}", self.0)),
                }
            }
        }

        #[tool_handler]
        impl<T: Stored> ServerHandler for $name<T> {}
    };
}

generic!(PlainPages,);
generic!(WatchedPages, #[watched_tool(args(count = kind, item = omit), deny_unlisted)]);

#[tokio::test]
async fn one_generic_server_keeps_the_schemas_of_each_type_apart() {
    let words = [("page", json!({"item": "a", "count": 1})), ("page", json!({"item": 7}))];
    compare(PlainPages(String::new()), WatchedPages(String::new()), &words).await;
    let numbers = [("page", json!({"item": 7})), ("page", json!({"item": "a"}))];
    compare(PlainPages(9_u16), WatchedPages(9_u16), &numbers).await;
}

/// Writes a server with two routers, watched or not.
macro_rules! two_routers {
    ($name:ident, $($watch:tt)*) => {
        #[derive(Clone)]
        struct $name {
            tool_router: ToolRouter<Self>,
        }

        #[tool_router(router = first)]
        impl $name {
            $($watch)*
            #[tool]
            async fn one(&self, Parameters(page): Parameters<Page<String>>) -> String {
                page.item
            }
        }

        #[tool_router(router = second, vis = "pub(crate)")]
        impl $name {
            $($watch)*
            #[rmcp::tool(name = "two.named")]
            fn two(&self) -> String {
                "two".into()
            }
        }

        impl $name {
            fn new() -> Self {
                Self { tool_router: Self::first() + Self::second() }
            }
        }

        #[tool_handler(router = self.tool_router)]
        impl ServerHandler for $name {}
    };
}

two_routers!(Plain,);
two_routers!(Watched, #[watched_tool]);

#[tokio::test]
async fn two_routers_are_added_to_one() {
    let calls = [
        ("one", json!({"item": "a"})),
        ("one", json!({})),
        ("two.named", json!({})),
        ("two", json!({})),
    ];
    compare(Plain::new(), Watched::new(), &calls).await;
}
