//! Names of the author that look like names of an expansion.

use rmcp::{tool, tool_router};
use toolwatch::watched_tool;

#[allow(dead_code, non_upper_case_globals, reason = "only there to be in the way")]
mod names {
    pub(crate) const Some: u8 = 0;
    pub(crate) const Ok: u8 = 0;
    pub(crate) struct Option;
    pub(crate) struct Entry;
    pub(crate) struct Call;
    pub(crate) const SITE: u8 = 1;
}

struct Server;

#[tool_router]
impl Server {
    #[watched_tool]
    #[tool]
    async fn search(&self, __toolwatch_call: rmcp::model::JsonObject) -> String {
        use crate::names::{Call, Entry, Option, SITE};
        let _ = (Call, Entry, Option, SITE, names::Some, names::Ok);
        format!("{}", __toolwatch_call.len())
    }
}

fn main() {
    Server::tool_router();
}
