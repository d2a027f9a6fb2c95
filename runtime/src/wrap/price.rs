//! Whether a server builds its tool router anew in every request, as rmcp's default does.

use rmcp::ServerHandler;

use super::Watched;
use super::surface::Policy;
use crate::attach::times_asked;

impl<H: ServerHandler> Watched<H> {
    /// Looks a tool up and sees whether that asked the attributes for their schemas. It takes a tool
    /// with the attribute to notice.
    pub(crate) fn rebuilds_its_router(&self) -> bool {
        let tools = self.surface.tools.all();
        let tool = tools.iter().find(|tool| matches!(tool.policy, Policy::Attribute(_)));
        let Some(tool) = tool else { return false };
        if self.router.is_some() {
            return false;
        }
        let before = times_asked();
        let _ = self.handler.get_tool(tool.name.as_str());
        times_asked() != before
    }
}
