//! A router that was handed over: its tools are known before anybody lists them, and are listed as
//! rmcp's `#[tool_handler]` lists them.

use std::sync::Arc;

use rmcp::ServerHandler;
use rmcp::handler::server::router::tool::ToolRouter;
use rmcp::model::{CacheScope, ListToolsResult, ProtocolVersion, ResultType};
use rmcp::service::{RequestContext, RoleServer};

use super::surface::Surface;
use crate::watch::Active;

impl Surface {
    /// Learns the tools of a router, those that are disabled included. The same router is looked at
    /// once, however many sessions it serves.
    pub(super) fn learn_router<H: ServerHandler>(
        &self,
        router: &Arc<ToolRouter<H>>,
        watch: &Active,
    ) {
        if self.has_seen(Arc::as_ptr(router).addr()) {
            return;
        }
        for route in router.map.values() {
            self.tools.learn(&route.attr, watch);
        }
    }
}

/// One page with all tools.
pub(super) fn list<H: ServerHandler>(
    router: &ToolRouter<H>,
    context: &RequestContext<RoleServer>,
) -> ListToolsResult {
    let has_cache_hints =
        context.protocol_version().is_some_and(|version| version >= ProtocolVersion::V_2026_07_28);
    let mut page = ListToolsResult::with_all_items(router.list_all());
    page.result_type = Some(ResultType::COMPLETE);
    page.ttl_ms = has_cache_hints.then_some(0);
    page.cache_scope = has_cache_hints.then_some(CacheScope::Public);
    page
}
