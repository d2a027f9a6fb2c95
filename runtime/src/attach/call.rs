//! A call on its way through the watched handler.
//!
//! `Call` is the only extractor of a rewritten handler. `open` captures the arguments and rebuilds
//! rmcp's context, `part` runs one extractor of the author, `run` the author's body, and `reply`
//! records the event and hands the reply on unchanged.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;
use rmcp::ErrorData;
use rmcp::handler::server::common::FromContextPart;
use rmcp::handler::server::tool::ToolCallContext;
use rmcp::model::{CallToolRequestParams, CallToolResponse};
use rmcp::service::{RequestContext, RoleServer};

use super::{Entry, ending};
use crate::capture::context::{self, RequestInfo};
use crate::capture::failure::Fault;
use crate::capture::intent;
use crate::capture::losses::{self, Loss};
use crate::event::{self, ErrorKind, EventId, Failure, Outcome, Timestamp};
use crate::shape::Exposed;
use crate::span::{self, CallSpan, Ending, Ticket};
use crate::watch::Active;

/// A whole call, taken out of rmcp's context.
pub struct Call {
    params: CallToolRequestParams,
    request: RequestContext<RoleServer>,
}

impl<S> FromContextPart<ToolCallContext<'_, S>> for Call {
    fn from_context_part(context: &mut ToolCallContext<'_, S>) -> Result<Self, ErrorData> {
        let mut params = CallToolRequestParams::new(std::mem::take(&mut context.name));
        params.arguments = context.arguments.take();
        params.input_responses = context.input_responses.take();
        params.request_state = context.request_state.take();
        Ok(Self { params, request: take_request(&mut context.request_context) })
    }
}

/// Takes the request's context without copying its metadata and extensions.
fn take_request(context: &mut RequestContext<RoleServer>) -> RequestContext<RoleServer> {
    let meta = std::mem::take(&mut context.meta);
    let extensions = std::mem::take(&mut context.extensions);
    let mut taken = context.clone();
    taken.meta = meta;
    taken.extensions = extensions;
    taken
}

impl Call {
    /// Captures what the call holds and prepares the author's extractors.
    ///
    /// # Errors
    ///
    /// A call that an audit log must know of and could not take is refused.
    pub fn open<'s, S>(
        mut self,
        service: &'s S,
        entry: &'static Entry,
    ) -> Result<Opened<'s, S>, ErrorData> {
        // Who has wrapped the server records it, whatever watch is installed.
        let ticket = self.request.extensions.get::<Ticket>();
        let wrapped = ticket.map(|ticket| (ticket.take_span(), ticket.is_captured_by(entry)));
        // A wrapper that knows this entry has taken the intent out, or does not ask for it.
        let asks = entry.is_injected() && !matches!(wrapped, Some((_, true)));
        let intent = self.params.arguments.as_mut().filter(|_| asks).and_then(intent::take);
        let span = match wrapped {
            Some((Some(span), true)) => span,
            Some((Some(span), false)) => self.capture_again(span, entry, intent.as_deref()),
            Some((None, _)) => CallSpan::disabled(),
            None => match Active::of_request(&self.request.extensions) {
                Some(watch) if !watch.is_skipped(&self.info(&watch, entry)) => {
                    self.capture(watch, entry, intent.as_deref())
                }
                _ => CallSpan::disabled(),
            },
        };
        let context = ToolCallContext::new(service, self.params, self.request);
        let mut opened = Opened { span, entry, context };
        if opened.span.is_refused() {
            let error = ending::refused();
            opened.refuse(&error);
            return Err(error);
        }
        Ok(opened)
    }

    fn info(&self, watch: &Active, entry: &'static Entry) -> RequestInfo<'_> {
        watch.request_info("tools/call", Some(entry.name()), &self.request)
    }

    fn capture(&mut self, watch: Active, entry: &'static Entry, intent: Option<&str>) -> CallSpan {
        #[cfg(feature = "planted-leaks")]
        crate::testing::leak::see_call(
            &self.params,
            &self.request.meta,
            intent,
            &entry.input_schema(),
        );
        entry.warn_once(&watch);
        let mut event = event::reused();
        event.started = Timestamp::now();
        event.id = EventId::at(event.started);
        let info = self.info(&watch, entry);
        (event.trace, event.caller) = watch.read_context(&info);
        let around = watch.surroundings(&info);
        event.request_id = Some(watch.request_key(&self.request.id));
        event.is_continuation = context::is_continuation(
            self.params.input_responses.as_ref(),
            self.params.request_state.as_ref(),
        );
        entry.describe(&mut event, &mut self.params.arguments, &watch, intent);
        CallSpan::open(watch, event, self.request.ct.clone(), &around)
    }

    /// Captures the call of a span that the wrapper has opened by this entry: the wrapper could not
    /// know that the tool has one.
    fn capture_again(
        &mut self,
        mut span: CallSpan,
        entry: &'static Entry,
        intent: Option<&str>,
    ) -> CallSpan {
        let watch = span.watch().cloned();
        if let (Some(watch), Some(event)) = (watch, span.event_mut()) {
            entry.describe(event, &mut self.params.arguments, &watch, intent);
            span.begin_again();
        }
        span
    }
}

/// A call whose arguments were captured and whose extractors have yet to run.
pub struct Opened<'s, S> {
    span: CallSpan,
    entry: &'static Entry,
    context: ToolCallContext<'s, S>,
}

impl<'s, S> Opened<'s, S> {
    /// Runs one of the author's extractors.
    ///
    /// # Errors
    ///
    /// The extractor's own error, unchanged, after it was recorded.
    pub fn part<T>(
        &mut self,
        extract: impl FnOnce(&mut ToolCallContext<'s, S>) -> Result<T, ErrorData>,
    ) -> Result<T, ErrorData> {
        let context = &mut self.context;
        span::leave_ticket::<T>(&mut self.span, &mut context.request_context.extensions);
        let part = span::lend(&mut self.span, || extract(context));
        if let Err(error) = &part {
            self.refuse(error);
        }
        part
    }

    fn refuse(&mut self, error: &ErrorData) {
        #[cfg(feature = "planted-leaks")]
        crate::testing::leak::see_error(error);
        let (outcome, kind) = ending::of_extractor(error);
        // rmcp turns a refusal of the arguments into a result, so that the client sees no code.
        let code = (outcome != Outcome::InvalidArguments).then_some(error.code.0);
        let failure = self.failure(kind, code);
        let span = std::mem::replace(&mut self.span, CallSpan::disabled());
        span.finish(outcome, Ending { result: None, failure });
    }

    fn failure(&mut self, kind: ErrorKind, code: Option<i32>) -> Option<Failure> {
        let watch = self.span.watch()?;
        Some(self.entry.with_hasher(watch, |hasher| ending::describe(kind, code, None, hasher)))
    }

    /// Records the value that the rule with this index releases. `reveal` is the author's code,
    /// and only a watch that is on may cost its time.
    pub fn expose(&mut self, rule: usize, reveal: impl FnOnce() -> Option<Exposed>) {
        let entry = self.entry;
        let Some(watch) = self.span.watch() else { return };
        if !entry.with_plan(watch, |plan| plan.may_expose(rule)) {
            return;
        }
        let Some(arguments) = self.span.event_mut().and_then(|event| event.arguments.as_mut())
        else {
            return;
        };
        if let Some(value) = losses::guarded(Loss::Reveal, reveal).flatten() {
            self.entry.plan().expose(rule, value, arguments);
        }
    }

    /// Leaves the context behind: what follows is the author's body.
    #[must_use]
    pub fn start(self) -> Running {
        Running { span: self.span, entry: self.entry }
    }
}

/// A call whose body is about to run.
pub struct Running {
    span: CallSpan,
    entry: &'static Entry,
}

impl Running {
    /// Runs an async body.
    pub fn run<F: Future>(self, body: F) -> Watched<F> {
        Watched { span: self.span, entry: self.entry, body }
    }

    /// Runs a sync body.
    pub fn run_sync<R>(mut self, body: impl FnOnce() -> R) -> Finished<R> {
        self.span.start();
        let output = self.span.in_user_code(body);
        Finished { span: self.span, entry: self.entry, output }
    }
}

pin_project! {
    /// A call whose async body runs.
    ///
    /// Written out instead of an `async fn`, whose state would hold the body twice: every call
    /// pays for the size of its future.
    pub struct Watched<F> {
        span: CallSpan,
        entry: &'static Entry,
        #[pin]
        body: F,
    }
}

impl<F: Future> Future for Watched<F> {
    type Output = Finished<F::Output>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        this.span.start();
        this.span.in_user_code(|| this.body.poll(cx)).map(|output| Finished {
            span: std::mem::replace(this.span, CallSpan::disabled()),
            entry: this.entry,
            output,
        })
    }
}

/// A call whose body has returned.
pub struct Finished<R> {
    span: CallSpan,
    entry: &'static Entry,
    output: R,
}

impl<R> Finished<R> {
    /// What the author's body returned.
    pub fn output(&self) -> &R {
        &self.output
    }
}

impl<R> Finished<R> {
    /// Records the event and converts the output as rmcp would have.
    ///
    /// The conversion comes from the expansion, so that an output which rmcp cannot convert is an
    /// error that names rmcp's trait and not this method.
    ///
    /// # Errors
    ///
    /// The JSON-RPC error that the author's output converts to.
    pub fn reply(
        self,
        fault: Option<Fault>,
        convert: impl FnOnce(R) -> Result<CallToolResponse, ErrorData>,
    ) -> Result<CallToolResponse, ErrorData> {
        let Self { mut span, entry, output } = self;
        let reply = span.in_user_code(|| convert(output));
        #[cfg(feature = "planted-leaks")]
        crate::testing::leak::see_reply(&reply);
        if let Some(watch) = span.watch() {
            let read = || {
                entry.with_hasher(watch, |hasher| ending::of_reply(&reply, fault.as_ref(), hasher))
            };
            let read = losses::guarded(Loss::Shape, read);
            let (outcome, ending) =
                read.unwrap_or_else(|| (ending::outcome(&reply), Ending::default()));
            span.finish(outcome, ending);
        }
        reply
    }
}
