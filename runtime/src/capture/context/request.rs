//! One request as the author's hooks see it: who asks for what, and over what, without the arguments.

use std::fmt;

use http::HeaderMap;
use http::request::Parts;
use rmcp::model::{Extensions, Implementation, MetaObject, NotificationMetaObject};
use rmcp::service::{NotificationContext, Peer, RequestContext, RoleServer};

use super::{client, transport};
use crate::event::{Caller, Label, Name, Transport};

/// A request, or a notification, as the hooks of a [`WatchBuilder`](crate::WatchBuilder) see it.
///
/// It is a view of the one request that is being served: nothing in it comes from a request before.
/// It has no argument values. What a hook takes from `headers`, `meta` and `extension` is the
/// caller's; of what a hook returns, only what its option says is recorded. `Debug` prints the
/// method alone.
///
/// ```
/// use toolwatch::{RequestInfo, Watch};
///
/// let tenant = |request: &RequestInfo<'_>| {
///     let header = request.headers()?.get("x-tenant-session")?;
///     header.to_str().ok().map(str::to_owned)
/// };
/// # let _ =
/// Watch::builder().session_resolver(tenant);
/// ```
#[derive(Clone, Copy)]
pub struct RequestInfo<'a> {
    method: &'static str,
    tool: Option<Name>,
    carrier: Carrier<'a>,
    default_transport: Transport,
}

/// What rmcp hands over with a message.
#[derive(Clone, Copy)]
enum Carrier<'a> {
    Request(&'a RequestContext<RoleServer>),
    Notification(&'a NotificationContext<RoleServer>),
}

impl<'a> RequestInfo<'a> {
    /// A request. `tool` is its tool's registered name: `None` where no tool of that name is known,
    /// because then the name is the caller's text.
    pub(crate) const fn of_request(
        method: &'static str,
        tool: Option<Name>,
        request: &'a RequestContext<RoleServer>,
        default_transport: Transport,
    ) -> Self {
        Self { method, tool, carrier: Carrier::Request(request), default_transport }
    }

    /// A notification.
    pub(crate) const fn of_notification(
        method: &'static str,
        notification: &'a NotificationContext<RoleServer>,
        default_transport: Transport,
    ) -> Self {
        let carrier = Carrier::Notification(notification);
        Self { method, tool: None, carrier, default_transport }
    }

    /// The JSON-RPC method, such as `tools/call`.
    #[must_use]
    pub const fn method(&self) -> &'static str {
        self.method
    }

    /// The tool's name as the server registered it; `None` for other methods and unknown tools.
    #[must_use]
    pub fn tool(&self) -> Option<&'static str> {
        self.tool.map(Name::as_str)
    }

    /// The client's name, as this request says it, or else the handshake of its connection.
    #[must_use]
    pub fn client_name(&self) -> Option<Label> {
        self.client().client_name
    }

    /// The client's version, from the same place as its name.
    #[must_use]
    pub fn client_version(&self) -> Option<Label> {
        self.client().client_version
    }

    /// What the request came over; see [`detect_transport`](crate::detect_transport). Where the
    /// request does not tell, it is what [`WatchBuilder::transport`](crate::WatchBuilder::transport)
    /// says.
    #[must_use]
    pub fn transport(&self) -> Transport {
        transport::told(self.extensions()).unwrap_or(self.default_transport)
    }

    /// The headers of the HTTP request; `None` over other transports.
    #[must_use]
    pub fn headers(&self) -> Option<&'a HeaderMap> {
        self.parts().map(|parts| &parts.headers)
    }

    /// A value that the transport or a middleware has attached: to the message, or else to the HTTP
    /// request, as `axum::Extension` does. What an authenticating layer leaves is found here.
    #[must_use]
    pub fn extension<T: Send + Sync + 'static>(&self) -> Option<&'a T> {
        attached(self.extensions())
    }

    /// The `_meta` of the message.
    #[must_use]
    pub fn meta(&self) -> &'a MetaObject {
        match self.carrier {
            Carrier::Request(request) => &request.meta,
            Carrier::Notification(notification) => of_notification(notification),
        }
    }

    /// The client that rmcp knows for this message, by its era.
    pub(super) fn known_client(&self) -> Option<Implementation> {
        match self.carrier {
            Carrier::Request(request) => request.client_info(),
            Carrier::Notification(_) => None,
        }
    }

    pub(super) fn peer(&self) -> &'a Peer<RoleServer> {
        match self.carrier {
            Carrier::Request(request) => &request.peer,
            Carrier::Notification(notification) => &notification.peer,
        }
    }

    pub(super) fn parts(&self) -> Option<&'a Parts> {
        self.extensions().get()
    }

    fn extensions(&self) -> &'a Extensions {
        match self.carrier {
            Carrier::Request(request) => &request.extensions,
            Carrier::Notification(notification) => &notification.extensions,
        }
    }

    fn client(&self) -> Caller {
        let mut caller = Caller::default();
        client::read(self, &mut caller);
        caller
    }
}

/// The `_meta` of a notification. rmcp 3.9 takes it out of the message when it has emptied the
/// extensions that hold it, so that the context's own is empty and the extensions have it.
fn of_notification(notification: &NotificationContext<RoleServer>) -> &MetaObject {
    match notification.extensions.get::<NotificationMetaObject>() {
        Some(meta) => meta,
        None => &notification.meta,
    }
}

/// A value among a message's extensions, or else among those of the HTTP request that carried it.
pub(super) fn attached<T: Send + Sync + 'static>(extensions: &Extensions) -> Option<&T> {
    extensions.get().or_else(|| extensions.get::<Parts>()?.extensions.get())
}

impl fmt::Debug for RequestInfo<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RequestInfo({})", self.method)
    }
}
