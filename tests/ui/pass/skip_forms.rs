//! Tools that are never captured, in the forms that a tool has: they list what they always did.

use std::sync::Arc;

use rmcp::handler::server::tool::schema_for_output;
use rmcp::handler::server::wrapper::{Json, Parameters};
use rmcp::model::{JsonObject, Tool};
use rmcp::{tool, tool_router};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use toolwatch::watched_tool;

mod watch {
    pub(crate) use ::toolwatch as again;
}

#[derive(Deserialize, Serialize, JsonSchema)]
struct Page<T> {
    item: T,
}

fn schema<A, B>() -> JsonObject {
    JsonObject::new()
}

/// Writes a server whose tools are skipped, or have no attribute of toolwatch.
macro_rules! server {
    ($name:ident, [$($skip:tt)*], [$($again:tt)*]) => {
        struct $name<T>(T);

        #[tool_router]
        impl<T: DeserializeOwned + Serialize + JsonSchema + Send + Sync + 'static> $name<T> {
            /// Typed in and out.
            $($skip)*
            #[tool(title = "A page")]
            async fn page(&self, Parameters(page): Parameters<Page<T>>) -> Result<Json<Page<T>>, String> {
                let _ = &self.0;
                Ok(Json(page))
            }

            $($again)*
            #[tool(input_schema = schema::<Vec<u8>, (u8, u8)>(), output_schema = schema_for_output::<u8>(),)]
            async fn schemas(&self) -> String {
                String::new()
            }

            $($skip)*
            #[tool()]
            #[must_use]
            fn nothing() -> String {
                String::new()
            }
        }
    };
}

server!(Plain, [], []);
server!(Skipped, [#[watched_tool(skip)]], [#[watched_tool(skip, crate = watch::again)]]);

/// A fn outside an impl block.
#[watched_tool(skip)]
#[tool]
fn free() -> String {
    String::new()
}

fn listed(tools: Vec<Tool>) -> Vec<String> {
    tools.iter().map(|tool| serde_json::to_string(tool).expect("a tool is JSON")).collect()
}

fn main() {
    let numbers = Skipped::<u16>::tool_router().list_all();
    let texts = Skipped::<String>::tool_router().list_all();
    assert_eq!(listed(numbers.clone()), listed(Plain::<u16>::tool_router().list_all()));
    assert_eq!(listed(texts.clone()), listed(Plain::<String>::tool_router().list_all()));
    assert_ne!(listed(numbers.clone()), listed(texts));
    for (one, again) in numbers.iter().zip(Skipped::<u16>::tool_router().list_all()) {
        assert!(Arc::ptr_eq(&one.input_schema, &again.input_schema), "{}", one.name);
    }
    assert_eq!(free() + &Skipped::<u16>::nothing(), "");
    assert_eq!(free_tool_attr().name, "free");
}
