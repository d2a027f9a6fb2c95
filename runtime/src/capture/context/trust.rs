//! How far the trace context of a caller is trusted.

use crate::event::{Link, Trace};

/// What becomes of the trace context that a request brings along.
///
/// A caller chooses it: on a server that strangers can call, a context can put their requests into
/// other people's traces.
///
/// ```
/// assert_eq!(toolwatch::RemoteParent::default(), toolwatch::RemoteParent::Parent);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RemoteParent {
    /// The request is a part of its caller's trace.
    #[default]
    Parent,
    /// The request has a trace of its own, with a link to its caller's.
    Link,
    /// The request has a trace of its own.
    Ignore,
}

impl RemoteParent {
    /// The trace of a request, by the one that it asked for.
    pub(super) fn apply(self, asked: Trace) -> Trace {
        match (self, asked.parent_span_id) {
            (Self::Parent, _) | (_, None) => asked,
            (Self::Link, Some(span_id)) => {
                let link =
                    Some(Link { trace_id: asked.trace_id, span_id, is_sampled: asked.is_sampled });
                Trace { link, ..Trace::fresh() }
            }
            (Self::Ignore, Some(_)) => Trace::fresh(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_context_is_a_parent_a_link_or_nothing() {
        let asked = Trace { parent_span_id: Some([3; 8]), is_sampled: false, ..Trace::fresh() };
        let parent = RemoteParent::Parent.apply(asked);
        assert_eq!((parent.trace_id, parent.parent_span_id), (asked.trace_id, Some([3; 8])));
        let linked = RemoteParent::Link.apply(asked);
        let link = Link { trace_id: asked.trace_id, span_id: [3; 8], is_sampled: false };
        assert_eq!(linked.link, Some(link));
        let ignored = RemoteParent::Ignore.apply(asked);
        assert_eq!(ignored.link, None);
        for own in [linked, ignored] {
            assert!(own.trace_id != asked.trace_id && own.parent_span_id.is_none());
            assert!(own.is_sampled, "a trace of our own");
        }
        let fresh = Trace::fresh();
        assert_eq!(RemoteParent::Ignore.apply(fresh).trace_id, fresh.trace_id);
    }
}
