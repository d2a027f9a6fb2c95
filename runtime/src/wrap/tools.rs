//! Calls of tools, with the attribute or without.

use std::future::Future;
use std::sync::Arc;

use rmcp::handler::server::tool::ToolCallContext;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, ErrorCode, Tool,
};
use rmcp::service::{MaybeSendFuture, RequestContext, RoleServer};
use rmcp::{ErrorData, ServerHandler};

use super::Watched;
use super::missing::{self, Report};
use super::operation::{MAX_INTENT_CHARS, Operation, UNKNOWN};
use super::record::{Either, Recorded, Recorder};
use super::surface::{KnownTool, Policy};
use crate::attach::ending::{self, Reply};
use crate::attach::{Entry, arguments};
use crate::capture::context::is_continuation;
use crate::capture::intent;
use crate::capture::losses::{self, Loss};
use crate::event::{Event, EventType, Outcome};
use crate::span::Ticket;
use crate::watch::Active;

const CALL: Operation = Operation::new(EventType::ToolCall, "tools/call");

impl<H: ServerHandler> Watched<H> {
    #[inline]
    pub(super) fn record_call(
        &self,
        mut request: CallToolRequestParams,
        mut context: RequestContext<RoleServer>,
    ) -> impl Future<Output = Reply> + MaybeSendFuture + '_ {
        #[cfg(feature = "planted-leaks")]
        crate::testing::leak::see_params(CALL.method, &request);
        // Both may ask the author's `get_tool`, which no call of the client's has asked for.
        let find = || self.watch.as_ref().and_then(|watch| self.find_tool(&request.name, watch));
        let tool = losses::guarded(Loss::Shape, find).flatten();
        let was_disabled = self.router.as_ref().is_some_and(|of| of.is_disabled(&request.name));
        let report_of = || tool.as_ref().map_or_else(|| self.report_of(&request), |_| Report::No);
        let report = losses::guarded(Loss::Shape, report_of).unwrap_or(Report::No);
        let is_report = matches!(report, Report::Certain);
        let needs_list = tool.is_none() && !is_report && self.needs_list(&request);
        let recorder = self.open_call(&mut request, &mut context, tool.as_deref(), is_report);
        let is_refused = recorder.ticket().is_some_and(Ticket::is_refused);
        let ticket = recorder.ticket().filter(|_| needs_list).cloned();
        Recorded::new(
            recorder,
            move || {
                if is_refused || is_report {
                    let reply =
                        if is_refused { Err(ending::refused()) } else { Ok(missing::reply()) };
                    return Either::First { future: std::future::ready(reply) };
                }
                let future = match needs_list {
                    true => Either::First { future: self.list_and_call(request, context, ticket) },
                    false => Either::Second { future: self.serve_call(request, context) },
                };
                Either::Second { future }
            },
            move |reply: &mut Reply, recorder| match report {
                Report::Possible { intent } if is_unknown(reply) => {
                    *reply = Ok(missing::reply());
                    self.settle_report(reply, recorder, intent.as_deref());
                }
                _ => self.settle_call(reply, recorder, tool.as_deref(), was_disabled),
            },
        )
    }

    /// Calls the handler, or the router that was handed over.
    #[inline]
    fn serve_call(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> impl Future<Output = Reply> + MaybeSendFuture + '_ {
        match &self.router {
            Some(router) => {
                let context = ToolCallContext::new(&self.handler, request, context);
                Either::First { future: router.call(context) }
            }
            None => Either::Second { future: self.handler.call_tool(request, context) },
        }
    }

    /// The tool of this name, looked up where it was not listed yet.
    pub(super) fn find_tool(&self, name: &str, watch: &Active) -> Option<Arc<KnownTool>> {
        if let Some(known) = self.surface.tools.get(name) {
            return Some(known);
        }
        let tool = self.own_tool(name)?;
        if tool.name != name {
            return None;
        }
        self.surface.tools.learn(&tool, watch)
    }

    /// The tool as the server itself defines it.
    pub(super) fn own_tool(&self, name: &str) -> Option<Tool> {
        match &self.router {
            Some(router) => router.get(name).cloned(),
            None => self.handler.get_tool(name),
        }
    }

    /// The tool as the wrapper advertises it.
    pub(super) fn advertised_tool(&self, name: &str) -> Option<Tool> {
        let own = self.own_tool(name);
        let Some(watch) = &self.watch else { return own };
        let Some(mut tool) = own else { return self.missing_tool_named(name) };
        if let Some(known) = self.surface.tools.learn(&tool, watch) {
            known.advertise(&mut tool);
        }
        Some(tool)
    }

    fn open_call(
        &self,
        request: &mut CallToolRequestParams,
        context: &mut RequestContext<RoleServer>,
        tool: Option<&KnownTool>,
        is_report: bool,
    ) -> Recorder {
        let Some(watch) = &self.watch else { return Recorder::off() };
        let asks = is_report || tool.is_some_and(|tool| tool.asks_intent);
        let arguments = request.arguments.as_mut().filter(|_| asks);
        let intent = arguments.and_then(intent::take);
        #[cfg(feature = "planted-leaks")]
        intent.iter().for_each(|text| {
            crate::testing::leak::see(crate::testing::leak::Leak::WrappedIntent, text);
        });
        let is_skipped = tool.is_some_and(|tool| matches!(tool.policy, Policy::Skipped));
        if is_skipped {
            context.extensions.insert(Ticket::silent(watch));
            return Recorder::off();
        }
        let entry = tool.and_then(|tool| tool.policy.entry());
        let name = entry.map(Entry::name).or(tool.map(|tool| tool.name));
        let recorder = self.open_named(CALL, name, context, |event, watch| {
            event.is_continuation =
                is_continuation(request.input_responses.as_ref(), request.request_state.as_ref());
            describe(event, watch, request, entry, intent.as_deref());
            if is_report {
                event.event_type = EventType::MissingTool;
                event.name = self.missing_tool_name();
            }
        });
        if let (Some(ticket), Some(entry)) = (recorder.ticket(), entry) {
            ticket.set_captured_by(entry);
        }
        recorder
    }

    /// Makes the event of a call that the server knows no tool for that of a report.
    fn settle_report(&self, reply: &Reply, recorder: &mut Recorder, intent: Option<&str>) {
        recorder.finish(Outcome::Ok, |watch, event| {
            event.event_type = EventType::MissingTool;
            event.name = self.missing_tool_name();
            event.intent = intent.and_then(|text| watch.record_intent(text, MAX_INTENT_CHARS));
            ending::of_wrapped(reply, Outcome::Ok, |read| read(&watch.hasher(event.name.as_str())))
        });
    }

    fn settle_call(
        &self,
        reply: &Reply,
        recorder: &mut Recorder,
        tool: Option<&KnownTool>,
        was_disabled: bool,
    ) {
        if recorder.ticket().is_none() {
            return;
        }
        let outcome = self.outcome(reply, tool, was_disabled);
        #[cfg(feature = "planted-leaks")]
        crate::testing::leak::see_reply(reply);
        recorder.finish(outcome, |watch, event| {
            let entry = tool.and_then(|tool| tool.policy.entry());
            ending::of_wrapped(reply, outcome, |read| match entry {
                Some(entry) => entry.with_hasher(watch, read),
                None => read(&watch.hasher(event.name.as_str())),
            })
        });
    }

    /// Whether a tool that was advertised once is there no more. A server without `get_tool` says so
    /// with its error alone.
    fn is_gone(&self, tool: &KnownTool) -> bool {
        self.own_tool(tool.name.as_str()).is_none()
    }

    /// How a call ended, as far as its reply and what is known of the tool tell.
    fn outcome(&self, reply: &Reply, tool: Option<&KnownTool>, was_disabled: bool) -> Outcome {
        match reply {
            Err(error) if is_not_found(error) && was_disabled => Outcome::DisabledTool,
            // It was advertised once, and is refused now.
            Err(error) if is_not_found(error) && tool.is_some_and(|of| self.is_gone(of)) => {
                Outcome::DisabledTool
            }
            Err(error) if is_not_found(error) && tool.is_none() => Outcome::UnknownTool,
            Ok(CallToolResponse::Complete(result)) if is_refused(result) => {
                Outcome::InvalidArguments
            }
            reply => ending::outcome(reply),
        }
    }
}

/// Writes what a call holds, without a value. What another wrapper has captured is replaced.
pub(super) fn describe(
    event: &mut Event,
    watch: &Active,
    request: &mut CallToolRequestParams,
    entry: Option<&Entry>,
    intent: Option<&str>,
) {
    let Some(entry) = entry else {
        event.name = UNKNOWN;
        event.arguments = Some(arguments::capture_undeclared(watch, &mut request.arguments));
        let record = |text: &str| watch.record_intent(text, MAX_INTENT_CHARS);
        event.intent = intent.and_then(record).or(event.intent.take());
        return;
    };
    entry.describe(event, &mut request.arguments, watch, intent);
}

/// rmcp's routers answer calls of unknown and of disabled tools like this; so do servers written by
/// hand that follow the specification's example.
fn is_not_found(error: &ErrorData) -> bool {
    let says_so = || {
        let message = error.message.to_ascii_lowercase();
        message.starts_with("tool not found") || message.starts_with("unknown tool")
    };
    error.code == ErrorCode::METHOD_NOT_FOUND
        || (error.code == ErrorCode::INVALID_PARAMS && says_so())
}

fn is_unknown(reply: &Reply) -> bool {
    reply.as_ref().is_err_and(is_not_found)
}

/// Whether rmcp has refused the arguments: it answers those with the error flag.
fn is_refused(result: &CallToolResult) -> bool {
    let first = result.content.first();
    result.is_error == Some(true)
        && matches!(first, Some(ContentBlock::Text(text)) if text.text.starts_with(ending::REFUSED))
}
