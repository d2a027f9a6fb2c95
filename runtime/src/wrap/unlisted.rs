//! A call that may hold an intent, of a tool that neither a list nor `get_tool` has told of: a client
//! that listed the tools before the server was started anew calls like this.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use rmcp::ServerHandler;
use rmcp::model::{CallToolRequestParams, ListToolsResult, PaginatedRequestParams};
use rmcp::service::{RequestContext, RoleServer};

use super::Watched;
use super::tools::describe;
use crate::attach::ending::Reply;
use crate::capture::intent;
use crate::capture::losses::{self, Loss};
use crate::span::Ticket;
use crate::watch::{Active, IntentScope};

/// How many pages of a list are asked for.
const MAX_PAGES: usize = 64;

impl<H: ServerHandler> Watched<H> {
    /// Whether only a list can tell if this call, of an unknown tool, holds an intent.
    pub(super) fn needs_list(&self, request: &CallToolRequestParams) -> bool {
        let Some(watch) = &self.watch else { return false };
        let may_ask = match watch.intent_scope() {
            IntentScope::All => true,
            IntentScope::Only(tools) => tools.iter().any(|tool| *tool == *request.name),
            // The attribute takes the intent out by itself.
            IntentScope::Attributed | IntentScope::None => false,
        };
        may_ask
            && self.router.is_none()
            && request.arguments.as_ref().is_some_and(|given| given.contains_key(intent::KEY))
            && !self.surface.is_listed()
    }

    /// Asks the server for its tools, once, and makes the call what it is by then.
    pub(super) async fn list_and_call(
        &self,
        mut request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
        ticket: Option<Ticket>,
    ) -> Reply {
        if let Some(watch) = &self.watch {
            self.learn_all(watch, &context).await;
            self.describe_again(watch, &mut request, ticket);
        }
        self.handler.call_tool(request, context).await
    }

    async fn learn_all(&self, watch: &Active, context: &RequestContext<RoleServer>) {
        let mut request = None;
        for _ in 0..MAX_PAGES {
            let Some(page) = self.ask_for_page(request, context.clone()).await else { break };
            for tool in &page.tools {
                self.surface.tools.learn(tool, watch);
            }
            let Some(cursor) = page.next_cursor else { break };
            request = Some(PaginatedRequestParams::default().with_cursor(Some(cursor)));
        }
        self.surface.set_listed();
    }

    /// `None` when the server fails or panics: the call goes on as it came.
    async fn ask_for_page(
        &self,
        request: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Option<ListToolsResult> {
        let mut listing =
            pin!(losses::guarded(Loss::Shape, || self.handler.list_tools(request, context))?);
        poll_fn(|cx| match losses::guarded(Loss::Shape, || listing.as_mut().poll(cx)) {
            Some(polled) => polled.map(Result::ok),
            None => Poll::Ready(None),
        })
        .await
    }

    fn describe_again(
        &self,
        watch: &Active,
        request: &mut CallToolRequestParams,
        ticket: Option<Ticket>,
    ) {
        let Some(tool) = self.surface.tools.get(&request.name) else { return };
        let arguments = request.arguments.as_mut().filter(|_| tool.asks_intent);
        let intent = arguments.and_then(intent::take);
        let (Some(ticket), Some(entry)) = (ticket, tool.policy.entry()) else { return };
        let Some(mut span) = ticket.take_span() else { return };
        if let Some(event) = span.event_mut() {
            // What was captured of an unknown tool was compared with nothing.
            event.arguments = None;
            describe(event, watch, request, Some(entry), intent.as_deref());
        }
        ticket.set_captured_by(entry);
        ticket.put_span(span);
    }
}
