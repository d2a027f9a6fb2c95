//! What the call path asks the hooks of a watch.

use std::time::{Duration, Instant};

use rmcp::model::RequestId;
use rmcp::service::{NotificationContext, RequestContext, RoleServer};

use super::{Identifying, IdentityLevel};
use crate::capture::context::{self, RequestInfo};
use crate::capture::plan::Plan;
use crate::event::{Caller, Name, RequestKey, SessionKey, Trace};
use crate::watch::Active;

impl Active {
    /// A request as hooks see it. `tool` is a registered name, or `None`.
    pub(crate) fn request_info<'a>(
        &self,
        method: &'static str,
        tool: Option<Name>,
        request: &'a RequestContext<RoleServer>,
    ) -> RequestInfo<'a> {
        RequestInfo::of_request(method, tool, request, self.settings().transport)
    }

    /// A notification as hooks see it.
    pub(crate) fn notification_info<'a>(
        &self,
        method: &'static str,
        notification: &'a NotificationContext<RoleServer>,
    ) -> RequestInfo<'a> {
        RequestInfo::of_notification(method, notification, self.settings().transport)
    }

    /// Whether the author wants no event of this request.
    pub(crate) fn is_skipped(&self, request: &RequestInfo<'_>) -> bool {
        self.settings().hooks.skip.covers(request)
    }

    /// The tools that the author has named as skipped, whether there are such tools or not.
    pub(crate) fn skipped_tools(&self) -> impl Iterator<Item = &str> {
        self.settings().hooks.skip.tools.iter().map(String::as_str)
    }

    /// The methods that the author has named as skipped.
    pub(crate) fn skipped_methods(&self) -> impl Iterator<Item = &str> {
        self.settings().hooks.skip.methods.iter().map(String::as_str)
    }

    /// Reads a request's trace and caller.
    pub(crate) fn read_context(&self, request: &RequestInfo<'_>) -> (Trace, Caller) {
        let resolver = self.settings().hooks.resolver.as_deref();
        context::read(request, self.install_hasher(), resolver, self.settings().remote_parent)
    }

    /// What tells this request from others of its connection.
    pub(crate) fn request_key(&self, id: &RequestId) -> RequestKey {
        context::request_key(id, self.install_hasher())
    }

    /// Asks who calls; `None` without a hook, or when it panics. The answer comes by polling.
    pub(crate) fn identify(&self, request: &RequestInfo<'_>) -> Option<Identifying> {
        let hooks = &self.settings().hooks;
        Identifying::ask(hooks.identify.as_deref()?, request, hooks.identify_timeout)
    }

    /// The session of an identified caller, for a request that took so long and tells no session.
    pub(crate) fn session_of_caller(
        &self,
        principal: u64,
        caller: &Caller,
        took: Duration,
    ) -> SessionKey {
        let hooks = &self.settings().hooks;
        let ended = Instant::now();
        let came = ended.checked_sub(took).unwrap_or(ended);
        let who = (principal, caller.client_name.clone());
        hooks.callers.find(who, (came, ended), hooks.session_gap)
    }

    /// The plan of a tool for this watch: the one that was compiled, unless a hook lowers it. The
    /// plan lives as long as the process, so its place tells it from others.
    pub(crate) fn with_plan<R>(&self, tool: Name, plan: &Plan, read: impl FnOnce(&Plan) -> R) -> R {
        match &self.settings().hooks.lower {
            None => read(plan),
            Some(lower) => read(&lower.plan(tool, plan)),
        }
    }

    /// The plan of a tool that is compiled for this watch alone.
    pub(crate) fn lowered(&self, tool: Name, plan: Plan) -> Plan {
        match &self.settings().hooks.lower {
            None => plan,
            Some(lower) => lower.lowered(tool, &plan),
        }
    }

    pub(super) fn identity_level(&self) -> IdentityLevel {
        self.settings().hooks.identity_level
    }

    pub(super) fn hash_of_identity(&self, id: &str) -> u64 {
        self.install_hasher().text("identity", id)
    }
}
