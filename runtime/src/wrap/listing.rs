//! Lists: counted, and learned from.

use std::future::Future;

use rmcp::model::{
    ListPromptsResult, ListResourceTemplatesResult, ListResourcesResult, ListSkillsResult,
    ListToolsResult, PaginatedRequestParams,
};
use rmcp::service::{MaybeSendFuture, RequestContext, RoleServer};
use rmcp::{ErrorData, ServerHandler};

use super::Watched;
use super::operation::Operation;
use super::record::{Either, Recorded, Recorder};
use crate::event::{Detail, EventType, Listing, Outcome, Surface};
use crate::span::Ending;
use crate::watch::Active;

const TOOLS: Operation = Operation::new(EventType::ToolsList, "tools/list");
const PROMPTS: Operation = Operation::new(EventType::PromptsList, "prompts/list");
const RESOURCES: Operation = Operation::new(EventType::ResourcesList, "resources/list");
const TEMPLATES: Operation = Operation::new(EventType::TemplatesList, "resources/templates/list");
const SKILLS: Operation = Operation::new(EventType::SkillsList, "skills/list");

type Page = Option<PaginatedRequestParams>;

/// A kind of list whose entries are learned, or only counted, and to which something may be added.
macro_rules! lists {
    ($( $name:ident, $method:ident, $operation:ident, $result:ident, $items:ident, $learn:expr, $add:expr; )*) => {$(
        pub(super) fn $name(
            &self,
            request: Page,
            mut context: RequestContext<RoleServer>,
        ) -> impl Future<Output = Result<$result, ErrorData>> + MaybeSendFuture + '_ {
            #[cfg(feature = "planted-leaks")]
            crate::testing::leak::see_params($operation.method, &request);
            let is_continued = is_continued(&request);
            let recorder = self.open($operation, &mut context, |_, _| {});
            Recorded::new(
                recorder,
                || self.handler.$method(request, context),
                move |reply: &mut Result<$result, ErrorData>, recorder| {
                    #[cfg(feature = "planted-leaks")]
                    crate::testing::leak::see_result($operation.method, reply);
                    if let (Ok(reply), Some(watch)) = (&*reply, &self.watch) {
                        let learn: fn(&Self, &$result, &Active) = $learn;
                        learn(self, reply, watch);
                    }
                    let add: fn(&Self, &mut $result) = $add;
                    reply.iter_mut().for_each(|reply| add(self, reply));
                    self.settle_with(reply, recorder, Outcome::Ok, |reply, event| {
                        let has_more = reply.next_cursor.is_some();
                        event.detail = listing(reply.$items.len(), is_continued, has_more, None);
                        Ending::default()
                    });
                },
            )
        }
    )*};
}

impl<H: ServerHandler> Watched<H> {
    lists! {
        record_prompts_list, list_prompts, PROMPTS, ListPromptsResult, prompts, |this, reply, watch| {
            this.surface.places.learn_prompts(&reply.prompts, watch);
        }, |_, _| {};
        record_resources_list, list_resources, RESOURCES, ListResourcesResult, resources, |this, reply, _| {
            let named = reply.resources.iter().map(|of| (of.uri.as_str(), of.name.as_str()));
            this.surface.places.learn_resources(named);
        }, Self::list_numbers;
        record_templates_list, list_resource_templates, TEMPLATES, ListResourceTemplatesResult,
            resource_templates, |this, reply, _| {
            this.surface.places.learn_templates(&reply.resource_templates);
        }, |_, _| {};
        record_skills_list, list_skills, SKILLS, ListSkillsResult, skills, |_, _, _| {}, |_, _| {};
    }

    pub(super) fn record_tools_list(
        &self,
        request: Page,
        mut context: RequestContext<RoleServer>,
    ) -> impl Future<Output = Result<ListToolsResult, ErrorData>> + MaybeSendFuture + '_ {
        let is_continued = is_continued(&request);
        let recorder = self.open(TOOLS, &mut context, |_, _| {});
        Recorded::new(
            recorder,
            || self.serve_tools_list(request, context),
            move |reply: &mut Result<ListToolsResult, ErrorData>, recorder| {
                self.settle_tools_list(reply, recorder, is_continued);
            },
        )
    }

    /// Lists the router that was handed over as rmcp's `#[tool_handler]` would, or asks the handler.
    fn serve_tools_list(
        &self,
        request: Page,
        context: RequestContext<RoleServer>,
    ) -> impl Future<Output = Result<ListToolsResult, ErrorData>> + MaybeSendFuture + '_ {
        match &self.router {
            Some(router) => {
                let listed = super::router::list(router, &context);
                Either::First { future: std::future::ready(Ok(listed)) }
            }
            None => Either::Second { future: self.handler.list_tools(request, context) },
        }
    }

    fn settle_tools_list(
        &self,
        reply: &mut Result<ListToolsResult, ErrorData>,
        recorder: &mut Recorder,
        is_continued: bool,
    ) {
        let mut surface = None;
        if let Ok(reply) = reply {
            surface = self.advertise(reply, !is_continued);
        }
        self.settle_with(reply, recorder, Outcome::Ok, |reply, event| {
            let has_more = reply.next_cursor.is_some();
            event.detail = listing(reply.tools.len(), is_continued, has_more, surface);
            Ending::default()
        });
    }

    /// Learns a page of tools and makes it what the wrapper advertises.
    fn advertise(&self, page: &mut ListToolsResult, is_first: bool) -> Option<Surface> {
        let watch = self.watch.as_ref()?;
        let is_last = page.next_cursor.is_none();
        let known = self.surface.tools.learn_page(&mut page.tools, watch);
        for (tool, known) in page.tools.iter_mut().zip(&*known) {
            if let Some(known) = known {
                known.advertise(tool);
            }
        }
        if let Some(report) = self.missing_tool(is_last) {
            self.surface.set_report_advertised();
            page.tools.push(report);
        }
        if is_last {
            self.surface.set_listed();
        }
        if is_last && self.surface.check_now() {
            self.report_names(watch);
        }
        self.surface.drift.page(&known, is_first, is_last)
    }
}

fn is_continued(request: &Page) -> bool {
    request.as_ref().is_some_and(|page| page.cursor.is_some())
}

fn listing(
    items: usize,
    is_continued: bool,
    has_more: bool,
    surface: Option<Surface>,
) -> Option<Box<Detail>> {
    let listing = Listing { items: items as u64, is_continued, has_more, surface };
    Some(Box::new(Detail::Listing(listing)))
}
