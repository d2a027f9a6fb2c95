//! A whole impl from `macro_rules!`, with every token from it or from outside.

use rmcp::handler::server::wrapper::Parameters;
use rmcp::{tool, tool_router};
use toolwatch::watched_tool;

macro_rules! server {
    ($server:ident, $tool:ident, $types:ident, $field:ident, $level:ident, $text:literal, $ty:ty) => {
        #[derive(serde::Deserialize, schemars::JsonSchema, toolwatch::Shape)]
        struct $types {
            $field: $ty,
            inner: bool,
        }

        struct $server;

        #[tool_router]
        impl $server {
            /// From a macro.
            #[watched_tool(args($field = $level, inner = value), intent(required, text = $text), tags(from = $text))]
            #[tool(title = $text)]
            async fn $tool(&self, Parameters($types { $field, inner }): Parameters<$types>) -> String {
                format!("{:?} {inner}", $field)
            }

            #[watched_tool]
            #[tool]
            fn fixed(&self) -> String {
                let call = "local";
                call.to_owned()
            }
        }
    };
}

server!(First, search, Search, query, len, "Why?", String);
server!(Second, find, Find, number, kind, "What for?", Option<u32>);

fn main() {
    First::tool_router();
    Second::tool_router();
}
