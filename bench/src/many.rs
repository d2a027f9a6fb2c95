//! Servers with 1, 10 and 100 tools that leave everything to rmcp's `#[tool_handler]`, as its
//! documentation shows it: the router is built anew in every request.
//!
//! The tools of one server differ in their names alone: a macro that writes a hundred of them costs
//! minutes to compile. Their router is built by the same steps for each tool that `#[tool_router]`
//! writes. One tool is `search`, so that all servers answer the same calls.

use std::borrow::Cow;

use rmcp::handler::server::router::tool::ToolRouter;
use rmcp::handler::server::wrapper::Parameters;
use rmcp::{ServerHandler, tool, tool_handler, tool_router};

use crate::server::{Search, answer};

macro_rules! many {
    ($(#[$doc:meta])* $module:ident, $count:literal, [$(#[$watched:meta])*]) => {
        $(#[$doc])*
        pub mod $module {
            use super::*;

            /// The server.
            #[derive(Clone)]
            pub struct Server;

            #[tool_router(router = router_of_one)]
            impl Server {
                /// Search the documentation.
                $(#[$watched])*
                #[tool]
                async fn search(&self, Parameters(search): Parameters<Search>) -> String {
                    answer(&search)
                }
            }

            impl Server {
                /// All tools.
                pub fn tool_router() -> ToolRouter<Self> {
                    NAMES[..$count].iter().fold(ToolRouter::new(), |router, name| {
                        let mut tool = Self::search_tool_attr();
                        tool.name = Cow::Borrowed(name);
                        router.with_route((tool, Self::search))
                    })
                }
            }

            #[tool_handler]
            impl ServerHandler for Server {}
        }
    };
}

many! {
    /// One tool, not watched.
    one, 1, []
}
many! {
    /// One tool with the attribute.
    one_watched, 1, [#[toolwatch::watched_tool]]
}
many! {
    /// Ten tools, not watched.
    ten, 10, []
}
many! {
    /// Ten tools with the attribute.
    ten_watched, 10, [#[toolwatch::watched_tool]]
}
many! {
    /// A hundred tools, not watched.
    hundred, 100, []
}
many! {
    /// A hundred tools with the attribute.
    hundred_watched, 100, [#[toolwatch::watched_tool]]
}

#[rustfmt::skip]
const NAMES: [&str; 100] = [
    "search", "search_01", "search_02", "search_03", "search_04", "search_05", "search_06", "search_07", "search_08", "search_09",
    "search_10", "search_11", "search_12", "search_13", "search_14", "search_15", "search_16", "search_17", "search_18", "search_19",
    "search_20", "search_21", "search_22", "search_23", "search_24", "search_25", "search_26", "search_27", "search_28", "search_29",
    "search_30", "search_31", "search_32", "search_33", "search_34", "search_35", "search_36", "search_37", "search_38", "search_39",
    "search_40", "search_41", "search_42", "search_43", "search_44", "search_45", "search_46", "search_47", "search_48", "search_49",
    "search_50", "search_51", "search_52", "search_53", "search_54", "search_55", "search_56", "search_57", "search_58", "search_59",
    "search_60", "search_61", "search_62", "search_63", "search_64", "search_65", "search_66", "search_67", "search_68", "search_69",
    "search_70", "search_71", "search_72", "search_73", "search_74", "search_75", "search_76", "search_77", "search_78", "search_79",
    "search_80", "search_81", "search_82", "search_83", "search_84", "search_85", "search_86", "search_87", "search_88", "search_89",
    "search_90", "search_91", "search_92", "search_93", "search_94", "search_95", "search_96", "search_97", "search_98", "search_99",
];
