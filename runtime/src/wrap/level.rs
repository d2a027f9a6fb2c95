//! The level of log messages that a client asks for.

#![expect(deprecated, reason = "older protocol versions still use what newer ones deprecate")]

use std::future::Future;

use rmcp::model::{ErrorCode, SetLevelRequestParams};
use rmcp::service::{MaybeSendFuture, RequestContext, RoleServer};
use rmcp::{ErrorData, ServerHandler};

use super::Watched;
use super::operation::Operation;
use super::record::Recorded;
use crate::event::EventType;

const SET_LEVEL: Operation = Operation::new(EventType::SetLevel, "logging/setLevel");

impl<H: ServerHandler> Watched<H> {
    pub(super) fn record_level(
        &self,
        request: SetLevelRequestParams,
        mut context: RequestContext<RoleServer>,
    ) -> impl Future<Output = Result<(), ErrorData>> + MaybeSendFuture + '_ {
        #[cfg(feature = "planted-leaks")]
        crate::testing::leak::see_params(SET_LEVEL.method, &request);
        let level = request.level as u8;
        let recorder = self.open(SET_LEVEL, &mut context, |_, _| {});
        Recorded::new(
            recorder,
            || self.handler.set_level(request, context),
            move |reply: &mut Result<(), ErrorData>, recorder| {
                #[cfg(feature = "planted-leaks")]
                crate::testing::leak::see_result(SET_LEVEL.method, reply);
                if self.is_level_ours(reply) {
                    *reply = Ok(());
                }
                if reply.is_ok() {
                    self.life.set_level(level);
                }
                self.settle(reply, recorder);
            },
        )
    }

    /// Whether the server declares log messages and leaves their level to its framework: rmcp's
    /// default handler refuses it, and [`ServerLogger`](crate::ServerLogger) keeps it.
    fn is_level_ours(&self, reply: &Result<(), ErrorData>) -> bool {
        let is_missing =
            reply.as_ref().is_err_and(|error| error.code == ErrorCode::METHOD_NOT_FOUND);
        is_missing && self.watch.is_some() && self.handler.get_info().capabilities.logging.is_some()
    }
}
