//! A module without a prelude, with what `#[tool]` itself needs.

#[derive(serde::Deserialize, schemars::JsonSchema, toolwatch::Shape, toolwatch::Reveal)]
enum Order {
    New,
    Old,
}

mod bare {
    #![no_implicit_prelude]

    use ::rmcp::handler::server::wrapper::Parameters;
    use ::rmcp::{tool, tool_router};
    use ::std::boxed::Box;
    use ::std::convert::Into;
    use ::std::marker::Send;
    use ::std::option::Option::None;
    use ::std::string::String;
    use ::toolwatch::watched_tool;

    use ::rmcp;
    use ::schemars;

    #[derive(::serde::Deserialize, ::schemars::JsonSchema, ::toolwatch::Shape)]
    pub(crate) struct Search {
        query: String,
        order: super::Order,
        nested: ::std::option::Option<Box<Search>>,
    }

    pub(crate) struct Server;

    #[tool_router(vis = "pub(crate)")]
    impl Server {
        #[watched_tool(args(query = len, order = value, nested.order = value, nested.query = len), deny_unlisted)]
        #[tool]
        async fn search(&self, Parameters(search): Parameters<Search>) -> String {
            let Search { query, order: _, nested: _ } = search;
            query
        }

        #[watched_tool(skip)]
        #[tool]
        async fn skipped(&self) -> String {
            String::new()
        }
    }
}

fn main() {
    bare::Server::tool_router();
    let _ = (Order::New, Order::Old);
}
