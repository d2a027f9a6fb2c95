//! The second way in: a wrapper around a whole server.
//!
//! [`Watched`] forwards every method of rmcp's `ServerHandler` unchanged and records each request
//! and notification as one event. A tool call opens its span here and leaves it in the request's
//! [`Ticket`]: a tool with `#[watched_tool]` takes it from there and finishes it by its own policy,
//! any other tool's span is finished here.

mod connection;
mod handler;
mod level;
mod life;
mod listing;
mod missing;
mod numbers;
mod operation;
mod price;
mod read;
mod record;
mod router;
mod surface;
mod tools;
mod unlisted;

use std::any::TypeId;
use std::fmt;
use std::sync::Arc;

use rmcp::ServerHandler;
use rmcp::handler::server::router::tool::ToolRouter;

use crate::watch::{Active, Watch};
use life::Life;
pub(crate) use missing::MissingTool;
pub(crate) use surface::{KnownTool, Policy, Surface};

/// A server whose every operation is recorded: what [`Watch::wrap`] returns.
///
/// It serves wherever the handler itself would, over any transport of rmcp.
pub struct Watched<H> {
    handler: H,
    router: Option<Arc<ToolRouter<H>>>,
    watch: Option<Active>,
    surface: Arc<Surface>,
    life: Arc<Life>,
}

impl Watch {
    /// Records every operation of a server: calls of tools with and without the attribute, lists,
    /// resources, prompts, completions, notifications, sessions.
    ///
    /// Replies and errors stay as they are, and tools with `#[watched_tool]` keep their policy. A
    /// watch that is off forwards and does nothing else. Over streamable HTTP, wrap in the factory
    /// that makes the handler of each session: `move || Ok(watch.wrap(Docs::new()))`.
    ///
    /// What `tools/list` advertises is learned as it is listed. A tool that is called before anybody
    /// has listed it is looked up with `get_tool`; where a hand-written server leaves that out, such
    /// a call is recorded under the name `_unknown`. One that may hold an intent makes the wrapper list
    /// the tools first, once, so that the handler does not see it.
    ///
    /// Requests that rmcp answers by itself never reach a handler, and so are not recorded: those
    /// with an unsupported protocol version, and methods of the other protocol era.
    ///
    /// ```
    /// use rmcp::ServerHandler;
    ///
    /// struct Docs;
    /// impl ServerHandler for Docs {}
    ///
    /// let watch = toolwatch::Watch::disabled();
    /// let server = watch.wrap(Docs);
    /// // server.serve(rmcp::transport::stdio()).await?.waiting().await?;
    /// # let _ = server;
    /// ```
    pub fn wrap<H: ServerHandler>(&self, handler: H) -> Watched<H> {
        self.attach(handler, None)
    }

    /// The same for a server that hands its tools over, so that lists, calls and lookups are served
    /// from one router.
    ///
    /// rmcp's default `#[tool_handler]` builds the router anew in every request; a server that hands
    /// it over is the faster for being watched. Over streamable HTTP build the router once, as an
    /// `Arc`, outside the factory. `list_tools`, `call_tool` and `get_tool` of the handler itself are
    /// not called.
    ///
    /// ```
    /// use rmcp::{tool, tool_handler, tool_router, ServerHandler};
    ///
    /// struct Docs;
    ///
    /// #[tool_router]
    /// impl Docs {
    ///     /// Says that all is well.
    ///     #[tool]
    ///     async fn health(&self) -> String { "ok".into() }
    /// }
    ///
    /// #[tool_handler]
    /// impl ServerHandler for Docs {}
    ///
    /// let watch = toolwatch::Watch::disabled();
    /// let server = watch.wrap_with_router(Docs, Docs::tool_router());
    /// # let _ = server;
    /// ```
    pub fn wrap_with_router<H: ServerHandler>(
        &self,
        handler: H,
        router: impl Into<Arc<ToolRouter<H>>>,
    ) -> Watched<H> {
        self.attach(handler, Some(router.into()))
    }

    fn attach<H: ServerHandler>(
        &self,
        handler: H,
        router: Option<Arc<ToolRouter<H>>>,
    ) -> Watched<H> {
        let watch = self.active().cloned();
        let surface = watch.as_ref().map(|watch| watch.surface(TypeId::of::<H>()));
        let surface = surface.unwrap_or_default();
        if let (Some(watch), Some(router)) = (&watch, &router) {
            surface.learn_router(router, watch);
        }
        let life = Arc::new(Life::new(watch.clone()));
        let watched = Watched { handler, router, watch, surface, life };
        watched.learn_numbers();
        // All tools of a router are known at once; others are known after the first list.
        if let (Some(watch), true) = (&watched.watch, watched.router.is_some())
            && watched.surface.check_now()
        {
            watched.report_names(watch);
        }
        watched
    }
}

impl<H> Watched<H> {
    /// The handler inside.
    pub const fn handler(&self) -> &H {
        &self.handler
    }

    pub(crate) fn surface(&self) -> &Surface {
        &self.surface
    }

    pub(crate) const fn active(&self) -> Option<&Active> {
        self.watch.as_ref()
    }
}

impl<H: Clone> Clone for Watched<H> {
    fn clone(&self) -> Self {
        Self {
            handler: self.handler.clone(),
            router: self.router.clone(),
            watch: self.watch.clone(),
            surface: Arc::clone(&self.surface),
            // A clone serves a connection of its own.
            life: Arc::new(Life::new(self.watch.clone())),
        }
    }
}

impl<H> fmt::Debug for Watched<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        #[cfg(feature = "planted-leaks")]
        crate::testing::leak::print(crate::testing::leak::Leak::WatchedDebug, f)?;
        f.debug_struct("Watched")
            .field("handler", &std::any::type_name::<H>())
            .field("is_enabled", &self.watch.is_some())
            .field("has_router", &self.router.is_some())
            .finish_non_exhaustive()
    }
}
