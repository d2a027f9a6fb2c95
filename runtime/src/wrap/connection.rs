//! What concerns a connection rather than an offer of the server: the handshake, subscriptions,
//! cancellations, and what the protocol does not define.

use std::cell::Cell;
use std::future::Future;

use rmcp::model::{
    CancelledNotificationParam, CustomNotification, CustomRequest, CustomResult, DiscoverResult,
    InitializeRequestParams, InitializeResult,
};
use rmcp::service::{
    MaybeSendFuture, NotificationContext, RequestContext, RoleServer, SubscriptionContext,
};
use rmcp::{ErrorData, ServerHandler};
use serde_json::Value;

use super::Watched;
use super::operation::Operation;
use super::record::{Recorded, Recorder};
use crate::capture::size;
use crate::event::{Detail, EventType, JsonKind, Label, Opaque, Subscription};
use crate::watch::Active;

const INITIALIZE: Operation = Operation::new(EventType::Initialize, "initialize");
const DISCOVER: Operation = Operation::new(EventType::Discover, "server/discover");
const LISTEN: Operation = Operation::new(EventType::Listen, "subscriptions/listen");
const CUSTOM: Operation = Operation::new(EventType::CustomRequest, "_other");

thread_local! {
    /// The watch that records the subscription which is being handed on.
    static LISTENING: Cell<Option<u64>> = const { Cell::new(None) };
}

/// Tells a wrapper of the same watch inside that a subscription is recorded already.
struct Listening(Option<u64>);

impl Listening {
    fn enter(watch: Option<u64>) -> Self {
        Self(LISTENING.replace(watch))
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        LISTENING.set(self.0);
    }
}

impl<H: ServerHandler> Watched<H> {
    pub(super) fn record_initialize(
        &self,
        request: InitializeRequestParams,
        mut context: RequestContext<RoleServer>,
    ) -> impl Future<Output = Result<InitializeResult, ErrorData>> + MaybeSendFuture + '_ {
        #[cfg(feature = "planted-leaks")]
        crate::testing::leak::see_params(INITIALIZE.method, &request);
        let recorder = self.open(INITIALIZE, &mut context, |event, _| {
            // Before the handshake only its own parameters know the client.
            let client = &request.client_info;
            event.caller.client_name = Some(Label::clean(&client.name));
            event.caller.client_version = Some(Label::clean(&client.version));
            let version = request.protocol_version.as_str();
            event.caller.protocol_version = Some(Label::clean(version));
        });
        let ticket = recorder.ticket().cloned();
        Recorded::new(
            recorder,
            || self.handler.initialize(request, context),
            move |reply: &mut Result<InitializeResult, ErrorData>, recorder| {
                if let (Ok(_), Some(ticket)) = (&*reply, ticket) {
                    self.life.set_initialized(ticket.caller());
                }
                reply.iter_mut().for_each(|info| self.declare_numbers(&mut info.capabilities));
                self.settle(reply, recorder);
            },
        )
    }

    pub(super) fn record_discover(
        &self,
        mut context: RequestContext<RoleServer>,
    ) -> impl Future<Output = Result<DiscoverResult, ErrorData>> + MaybeSendFuture + '_ {
        let recorder = self.open(DISCOVER, &mut context, |_, _| {});
        Recorded::new(
            recorder,
            || self.handler.discover(context),
            |reply: &mut Result<DiscoverResult, ErrorData>, recorder| {
                #[cfg(feature = "planted-leaks")]
                crate::testing::leak::see_result(DISCOVER.method, reply);
                reply.iter_mut().for_each(|found| self.declare_numbers(&mut found.capabilities));
                self.settle(reply, recorder);
            },
        )
    }

    /// A subscription lasts as long as its client wants it; its duration is no latency.
    pub(super) fn record_listen(
        &self,
        context: SubscriptionContext,
    ) -> impl Future<Output = Result<(), ErrorData>> + MaybeSendFuture + '_ {
        let accepted = context.accepted();
        #[cfg(feature = "planted-leaks")]
        crate::testing::leak::see_params(LISTEN.method, accepted);
        let count = |of: Option<bool>| u32::from(of == Some(true));
        let resources = accepted.resource_subscriptions.as_ref().map_or(0, Vec::len);
        let shape = Subscription {
            resources: u32::try_from(resources).unwrap_or(u32::MAX),
            lists: [
                count(accepted.tools_list_changed),
                count(accepted.prompts_list_changed),
                count(accepted.resources_list_changed),
            ],
        };
        // The context can be read but not changed: no ticket goes with it.
        let mut request = context.request_context().clone();
        let id = self.watch.as_ref().map(Active::id);
        let recorder = match id {
            Some(id) if LISTENING.get() == Some(id) => Recorder::off(),
            _ => self.open(LISTEN, &mut request, |event, _| {
                event.detail = Some(Box::new(Detail::Subscription(shape)));
            }),
        };
        Recorded::new(
            recorder,
            || {
                let _outer = Listening::enter(id);
                self.handler.listen(context)
            },
            |reply, recorder| self.settle(reply, recorder),
        )
    }

    pub(super) fn record_custom(
        &self,
        request: CustomRequest,
        mut context: RequestContext<RoleServer>,
    ) -> impl Future<Output = Result<CustomResult, ErrorData>> + MaybeSendFuture + '_ {
        #[cfg(feature = "planted-leaks")]
        crate::testing::leak::see_params(CUSTOM.method, &request);
        let recorder = self.open(CUSTOM, &mut context, |event, watch| {
            event.opaque = opaque(request.params.as_ref(), watch);
        });
        Recorded::new(
            recorder,
            || self.handler.on_custom_request(request, context),
            |reply, recorder| {
                #[cfg(feature = "planted-leaks")]
                crate::testing::leak::see_result(CUSTOM.method, reply);
                self.settle(reply, recorder);
            },
        )
    }

    pub(super) fn record_custom_notice(
        &self,
        notification: CustomNotification,
        mut context: NotificationContext<RoleServer>,
    ) -> impl Future<Output = ()> + MaybeSendFuture + '_ {
        #[cfg(feature = "planted-leaks")]
        crate::testing::leak::see_params("_notice", &notification);
        let recorder = self.open_notice("_other", &mut context, |event, watch| {
            event.opaque = opaque(notification.params.as_ref(), watch);
        });
        Recorded::new(
            recorder,
            || self.handler.on_custom_notification(notification, context),
            |(), recorder| recorder.finish_ok(),
        )
    }

    pub(super) fn record_cancelled(
        &self,
        notification: CancelledNotificationParam,
        mut context: NotificationContext<RoleServer>,
    ) -> impl Future<Output = ()> + MaybeSendFuture + '_ {
        let method = "notifications/cancelled";
        #[cfg(feature = "planted-leaks")]
        crate::testing::leak::see_params(method, &notification);
        let recorder = self.open_notice(method, &mut context, |event, watch| {
            let cancelled = notification.request_id.as_ref();
            event.request_id = cancelled.map(|id| watch.request_key(id));
        });
        Recorded::new(
            recorder,
            || self.handler.on_cancelled(notification, context),
            |(), recorder| recorder.finish_ok(),
        )
    }
}

/// The kind and the size of parameters that nothing declares.
fn opaque(params: Option<&Value>, watch: &Active) -> Option<Opaque> {
    let params = params?;
    let bytes = watch.lengths().of(size::of_value(params));
    Some(Opaque { kind: JsonKind::of(params), bytes })
}
