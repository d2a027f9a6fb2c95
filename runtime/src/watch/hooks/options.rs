//! The hooks as options of a watch.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use super::{FieldInfo, IdentityLevel, Lower};
use crate::capture::context::RequestInfo;
use crate::shape::Level;
use crate::watch::WatchBuilder;

impl WatchBuilder {
    /// Says which session a request belongs to, before everything else that could tell. The answer
    /// is recorded as a keyed hash; `None`, and an empty one, leave it to the request.
    ///
    /// It runs in the call, so it has to be quick and must not wait; when it panics, its answer is
    /// missing and counted.
    pub fn session_resolver(
        mut self,
        resolver: impl Fn(&RequestInfo<'_>) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        self.hooks.resolver = Some(Arc::new(resolver));
        self
    }

    /// How long an identified caller may be quiet, with one client, before its next request counts
    /// as another session; a request after exactly this time still belongs. Only for requests that
    /// tell no session themselves, and whose caller [`identify`](Self::identify) knows.
    pub fn session_gap(mut self, session_gap: Duration) -> Self {
        self.hooks.session_gap = session_gap;
        self
    }

    /// Says who calls. The id is recorded as [`identity_level`](Self::identity_level) says; `None`,
    /// and an empty one, record nothing.
    ///
    /// The hook runs in the call and must not wait; what takes time belongs into the future that it
    /// returns, which owns what it needs. No call waits for that future: it is asked beside the
    /// handler, and given up when the handler has ended or
    /// [`identify_timeout`](Self::identify_timeout) has passed. An error, a panic and an answer that
    /// was given up cost the identity and nothing else, and are counted.
    ///
    /// ```
    /// # #[derive(Clone)] struct Principal(String);
    /// # let _ =
    /// toolwatch::Watch::builder().identify(|request| {
    ///     let principal = request.extension::<Principal>().cloned();
    ///     async move { Ok::<_, std::convert::Infallible>(principal.map(|principal| principal.0)) }
    /// });
    /// ```
    pub fn identify<F, E>(
        mut self,
        hook: impl Fn(&RequestInfo<'_>) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Result<Option<String>, E>> + Send + 'static,
    {
        self.hooks.identify = Some(Arc::new(move |request| {
            let answering = hook(request);
            Box::pin(async move { answering.await.map_err(drop) })
        }));
        self
    }

    /// How much of an identity is recorded.
    pub fn identity_level(mut self, identity_level: IdentityLevel) -> Self {
        self.hooks.identity_level = identity_level;
        self
    }

    /// How long an identity is asked for.
    pub fn identify_timeout(mut self, identify_timeout: Duration) -> Self {
        self.hooks.identify_timeout = identify_timeout;
        self
    }

    /// Leaves the calls of these tools out, by their registered names. Adds to those named before.
    pub fn skip_tools<T: Into<String>>(mut self, tools: impl IntoIterator<Item = T>) -> Self {
        self.hooks.skip.tools.extend(tools.into_iter().map(Into::into));
        self
    }

    /// Leaves these methods out, such as `ping` or `notifications/progress`. Adds to those named
    /// before.
    pub fn skip_methods<T: Into<String>>(mut self, methods: impl IntoIterator<Item = T>) -> Self {
        self.hooks.skip.methods.extend(methods.into_iter().map(Into::into));
        self
    }

    /// Leaves out each request for which this says so. It runs in the call, so it has to be quick and
    /// must not wait; when it panics, the request is left out, because what should stay private is
    /// not known, and counted.
    pub fn skip_if(
        mut self,
        predicate: impl Fn(&RequestInfo<'_>) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.hooks.skip.predicate = Some(Arc::new(predicate));
        self
    }

    /// Lowers the levels of declared fields for this watch. It is asked once per field when a tool is
    /// first called, and says the level that the field may have at most: it can take away, and never
    /// raise what the rules of the tool and the types of its parameters allow. When it panics, the
    /// field is omitted, and counted.
    ///
    /// ```
    /// # let _ =
    /// toolwatch::Watch::builder().lower(|field| match field.path() {
    ///     "patient" => toolwatch::Level::Omit,
    ///     _ => toolwatch::Level::Len,
    /// });
    /// ```
    pub fn lower(
        mut self,
        lower: impl Fn(&FieldInfo<'_>) -> Level + Send + Sync + 'static,
    ) -> Self {
        self.hooks.lower = Some(Lower::new(Box::new(lower)));
        self
    }
}
