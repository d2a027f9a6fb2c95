//! Resources, prompts and completions.

use std::future::Future;

use rmcp::model::{
    CompleteRequestParams, CompleteResult, GetPromptRequestParams, GetPromptResponse,
    ReadResourceRequestParams, ReadResourceResponse, Reference, ResourceContents,
};
use rmcp::service::{MaybeSendFuture, RequestContext, RoleServer};
use rmcp::{ErrorData, ServerHandler};

use super::Watched;
use super::numbers::is_numbers;
use super::operation::{Operation, UNKNOWN};
use super::record::{Recorded, Recorder};
use crate::attach::arguments;
use crate::capture::context::is_continuation;
use crate::capture::size;
use crate::event::{
    CompletionShape, Detail, Event, EventType, Name, Outcome, ResourceAccess, ResultShape,
};
use crate::span::Ending;
use crate::watch::Active;

const READ: Operation = Operation::new(EventType::ResourceRead, "resources/read");
const PROMPT: Operation = Operation::new(EventType::PromptGet, "prompts/get");
const COMPLETION: Operation = Operation::new(EventType::Completion, "completion/complete");

impl<H: ServerHandler> Watched<H> {
    pub(super) fn record_read(
        &self,
        request: ReadResourceRequestParams,
        mut context: RequestContext<RoleServer>,
    ) -> impl Future<Output = Result<ReadResourceResponse, ErrorData>> + MaybeSendFuture + '_ {
        #[cfg(feature = "planted-leaks")]
        crate::testing::leak::see_params(READ.method, &request);
        let recorder = self.open_uri(READ, &request.uri, &mut context);
        let asks_numbers = is_numbers(&request.uri);
        Recorded::new(
            recorder,
            || self.handler.read_resource(request, context),
            move |reply: &mut Result<ReadResourceResponse, ErrorData>, recorder| {
                self.answer_numbers(asks_numbers, reply);
                let outcome = match reply {
                    Ok(ReadResourceResponse::InputRequired(_)) => Outcome::InputRequired,
                    _ => Outcome::Ok,
                };
                self.settle_with(reply, recorder, outcome, measure_read);
            },
        )
    }

    /// Opens a request that names a resource.
    pub(super) fn open_uri(
        &self,
        operation: Operation,
        uri: &str,
        context: &mut RequestContext<RoleServer>,
    ) -> Recorder {
        #[cfg(feature = "planted-leaks")]
        crate::testing::leak::see(crate::testing::leak::Leak::Uri, uri);
        self.open(operation, context, |event, watch| {
            let places = &self.surface.places;
            let template = places.template(uri);
            event.name = places.resource(uri).or(template).unwrap_or(UNKNOWN);
            let mut resource = ResourceAccess {
                scheme: places.scheme(uri),
                template,
                uri_chars: watch.lengths().of(uri.chars().count() as u64),
                ..ResourceAccess::default()
            };
            if operation.event_type == EventType::ResourceRead {
                // The hash is compared here and goes no further.
                let hash = watch.install_hash("uri", uri.as_bytes());
                if let Some(reads) = watch.observe_read(&event.caller, hash) {
                    resource.cache_hit = Some(reads.is_reread);
                    resource.session_reads = reads.reads;
                    resource.session_rereads = reads.rereads;
                }
            }
            event.detail = Some(Box::new(Detail::Resource(resource)));
        })
    }

    pub(super) fn record_prompt(
        &self,
        mut request: GetPromptRequestParams,
        mut context: RequestContext<RoleServer>,
    ) -> impl Future<Output = Result<GetPromptResponse, ErrorData>> + MaybeSendFuture + '_ {
        #[cfg(feature = "planted-leaks")]
        crate::testing::leak::see_params(PROMPT.method, &request);
        let known = self.surface.places.prompt(&request.name);
        let recorder = self.open(PROMPT, &mut context, |event, watch| {
            event.is_continuation =
                is_continuation(request.input_responses.as_ref(), request.request_state.as_ref());
            let arguments = &mut request.arguments;
            (event.name, event.arguments) = match &known {
                Some(known) => {
                    let captured = known.entry.capture_arguments(arguments, watch);
                    (known.name, Some(captured))
                }
                None => (UNKNOWN, Some(arguments::capture_undeclared(watch, arguments))),
            };
        });
        Recorded::new(
            recorder,
            || self.handler.get_prompt(request, context),
            |reply: &mut Result<GetPromptResponse, ErrorData>, recorder| {
                #[cfg(feature = "planted-leaks")]
                if let Ok(GetPromptResponse::Complete(result)) = &*reply {
                    crate::testing::leak::see_answer(PROMPT.method, result);
                }
                let outcome = match reply {
                    Ok(GetPromptResponse::InputRequired(_)) => Outcome::InputRequired,
                    _ => Outcome::Ok,
                };
                self.settle_with(reply, recorder, outcome, |reply, _| Ending {
                    result: Some(crate::capture::result::of_prompt(reply)),
                    failure: None,
                });
            },
        )
    }

    pub(super) fn record_completion(
        &self,
        request: CompleteRequestParams,
        mut context: RequestContext<RoleServer>,
    ) -> impl Future<Output = Result<CompleteResult, ErrorData>> + MaybeSendFuture + '_ {
        #[cfg(feature = "planted-leaks")]
        crate::testing::leak::see_params(COMPLETION.method, &request);
        let recorder = self.open(COMPLETION, &mut context, |event, watch| {
            let (name, shape) = self.completion(&request, watch);
            event.name = name;
            event.detail = Some(Box::new(Detail::Completion(shape)));
        });
        Recorded::new(
            recorder,
            || self.handler.complete(request, context),
            |reply: &mut Result<CompleteResult, ErrorData>, recorder| {
                #[cfg(feature = "planted-leaks")]
                crate::testing::leak::see_result(COMPLETION.method, reply);
                self.settle_with(reply, recorder, Outcome::Ok, |reply, event| {
                    if let Some(Detail::Completion(shape)) = event.detail.as_deref_mut() {
                        let values = reply.completion.values.len();
                        shape.values = Some(u32::try_from(values).unwrap_or(u32::MAX));
                        shape.has_more = reply.completion.has_more;
                    }
                    Ending::default()
                });
            },
        )
    }

    fn completion(
        &self,
        request: &CompleteRequestParams,
        watch: &Active,
    ) -> (Name, CompletionShape) {
        let places = &self.surface.places;
        let argument = request.argument.name.as_str();
        let (reference, name, argument) = match &request.r#ref {
            Reference::Prompt(prompt) => {
                let known = places.prompt(&prompt.name);
                let declared = known.as_ref().and_then(|known| known.argument(argument));
                ("prompt", known.map(|known| known.name), declared)
            }
            Reference::Resource(resource) => {
                let known = places.template_named(&resource.uri);
                let declared = known.and_then(|known| places.variable(known, argument));
                ("resource", known, declared)
            }
            _ => ("_other", None, None),
        };
        let given = request.context.as_ref().and_then(|context| context.arguments.as_ref());
        let shape = CompletionShape {
            reference,
            argument,
            value_chars: watch.lengths().of(request.argument.value.chars().count() as u64),
            context_keys: given.map_or(0, |given| u32::try_from(given.len()).unwrap_or(u32::MAX)),
            values: None,
            has_more: None,
        };
        (name.unwrap_or(UNKNOWN), shape)
    }
}

fn measure_read(reply: &ReadResourceResponse, event: &mut Event) -> Ending {
    let bytes = match reply {
        ReadResourceResponse::Complete(result) => {
            #[cfg(feature = "planted-leaks")]
            crate::testing::leak::see_answer(READ.method, result);
            if let Some(Detail::Resource(resource)) = event.detail.as_deref_mut() {
                result.contents.iter().for_each(|content| count(content, resource));
            }
            size::of_serialized(result)
        }
        ReadResourceResponse::InputRequired(result) => size::of_serialized(result),
        _ => 0,
    };
    Ending { result: Some(ResultShape { bytes, ..ResultShape::default() }), failure: None }
}

fn count(content: &ResourceContents, resource: &mut ResourceAccess) {
    let (kind, bytes) = match content {
        ResourceContents::TextResourceContents { text, .. } => (0, text.len()),
        ResourceContents::BlobResourceContents { blob, .. } => (1, blob.len()),
        _ => return,
    };
    resource.contents[kind] = resource.contents[kind].saturating_add(1);
    resource.content_bytes = resource.content_bytes.saturating_add(bytes as u64);
}
