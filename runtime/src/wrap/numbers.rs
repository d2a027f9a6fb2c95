//! The resource `metrics://server`: the server's own numbers, for a client that asks.
//!
//! It is advertised only when the author asks for it, and never in the place of a resource of the
//! author's with the same URI.

use rmcp::ErrorData;
use rmcp::model::{
    ListResourcesResult, ReadResourceResponse, ReadResourceResult, Resource, ResourceContents,
    ServerCapabilities,
};

use super::Watched;
use crate::watch::Active;

const URI: &str = "metrics://server";
const NAME: &str = "server_metrics";
const DESCRIPTION: &str =
    "How often, how long and how badly each tool of this server ran since it was started.";

impl<H> Watched<H> {
    fn with_numbers(&self) -> Option<&Active> {
        self.active().filter(|watch| watch.has_metrics_resource())
    }

    /// Requests for it are named by it.
    pub(super) fn learn_numbers(&self) {
        if self.with_numbers().is_some() {
            self.surface().places.learn_resources(std::iter::once((URI, NAME)));
        }
    }

    /// Whoever has a resource has the capability.
    pub(super) fn declare_numbers(&self, capabilities: &mut ServerCapabilities) {
        if self.with_numbers().is_some() {
            capabilities.resources.get_or_insert_default();
        }
    }

    /// Adds it to the last page of a list, unless the author's own is on it.
    pub(super) fn list_numbers(&self, page: &mut ListResourcesResult) {
        let is_last = page.next_cursor.is_none();
        let is_free = || page.resources.iter().all(|resource| resource.uri != URI);
        if is_last && self.with_numbers().is_some() && is_free() {
            let resource = Resource::new(URI, NAME)
                .with_description(DESCRIPTION)
                .with_mime_type("application/json");
            page.resources.push(resource);
        }
    }

    /// Answers a read that the author's handler has refused.
    pub(super) fn answer_numbers(
        &self,
        is_asked: bool,
        reply: &mut Result<ReadResourceResponse, ErrorData>,
    ) {
        if let (true, Err(_), Some(watch)) = (is_asked, &*reply, self.with_numbers()) {
            let text = watch.registry().snapshot().to_json(&watch.event_counts());
            let contents = ResourceContents::text(text, URI).with_mime_type("application/json");
            let result = ReadResourceResult::new(vec![contents]);
            *reply = Ok(ReadResourceResponse::Complete(result.with_ttl_ms(0)));
        }
    }
}

/// Whether this is the URI of the resource.
pub(super) fn is_numbers(uri: &str) -> bool {
    uri == URI
}
